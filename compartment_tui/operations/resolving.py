"""Variables as a service gets them, compared with what runs. Nothing here changes anything."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import EngineUnreachable, NotFound
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.variables import Resolved, Sensitivity, resolve
from compartment_tui.domain.views import VariableState, VariableView
from compartment_tui.operations.scope import key_and_config, state_of
from compartment_tui.ports import World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """What the active deployment was given: fingerprints by key, None when nothing is active.

    `known` is False while the engine is away.
    """

    known: bool = True
    fingerprints: Mapping[str, str] | None = None
    fingerprint_key: bytes = field(default=b"", repr=False)


def resolved(world: World, *, environment: str, service: str) -> tuple[VariableView, ...]:
    """Every key the service has, requires or had, in alphabetical order.

    With the engine away the file's values stand there, and whether they run is unknown. Raises
    NotFound (no such service).
    """
    key, config = key_and_config(world, environment)
    running = _Running(known=False)
    with suppress(EngineUnreachable):
        running = _running(world, config, key, service)
    rows = {row.key: row for row in resolve(config.environment(key.environment).layers(service))}
    spec = config.service(service)
    requires = set(spec.requires) if spec else set()
    names = {*rows, *requires, *(running.fingerprints or ())}
    return tuple(
        _declared(rows[name], running) if name in rows else _undeclared(name, name in requires)
        for name in sorted(names)
    )


def _running(world: World, config: ProjectConfig, key: EnvironmentKey, service: str) -> _Running:
    state = state_of(world, key)
    if config.service(service) is None and service not in state.active:
        known = ", ".join(dict.fromkeys([*(one.name for one in config.services), *state.active]))
        raise NotFound(f"there is no service {show(service)}", hint=f"there are: {known or 'none'}")
    active = state.active_deployment(service)
    if active is None:
        return _Running()
    return _Running(
        fingerprints=active.fingerprints, fingerprint_key=world.records.fingerprint_key()
    )


def _declared(row: Resolved, running: _Running) -> VariableView:
    return VariableView(
        key=row.key,
        value=row.winner.value,
        sensitivity=row.winner.sensitivity,
        scope=row.scope,
        shadowed=row.shadowed,
        state=_state(row, running),
    )


def _state(row: Resolved, running: _Running) -> VariableState:
    value = row.winner.value
    if value is None or not running.known:
        return VariableState.UNKNOWN
    if running.fingerprints is None:
        return VariableState.NOT_DEPLOYED
    before = running.fingerprints.get(row.key)
    if before is None:
        return VariableState.NEW
    same = before == value.fingerprint(running.fingerprint_key)
    return VariableState.RUNNING if same else VariableState.CHANGED


def _undeclared(name: str, required: bool) -> VariableView:
    """A key that no scope has: required, which matters more, or only known to what runs."""
    return VariableView(
        key=name,
        value=None,
        sensitivity=Sensitivity.PLAIN,
        scope=None,
        shadowed=None,
        state=VariableState.MISSING if required else VariableState.REMOVED,
    )
