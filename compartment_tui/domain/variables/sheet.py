"""All variables of one environment at one moment: what the file declares, and what runs with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig
from compartment_tui.domain.variable import Resolved, Sensitivity, Variable, resolve
from compartment_tui.domain.variables.views import VariableState, VariableView


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the variables of an environment are judged by; nothing has to be asked any more.

    `known` is False while the engine is away, or the record unreadable: then nobody can tell what
    runs.
    """

    environment: str
    config: ProjectConfig
    running: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fingerprints by key, of every service with an active deployment."""
    fingerprint_key: bytes = field(default=b"", repr=False)
    known: bool = True
    unknown_recipients: tuple[str, ...] = ()
    """As `Readers.unknown`: they could read what is sealed next."""

    @property
    def services(self) -> tuple[str, ...]:
        """In the order of the file, then those that only run."""
        declared = (one.name for one in self.config.services)
        return tuple(dict.fromkeys((*declared, *sorted(self.running))))

    @property
    def table(self) -> EnvironmentConfig:
        """What the file says about the environment."""
        return self.config.environment(self.environment)

    def requires(self, service: str) -> frozenset[str]:
        spec = self.config.service(service)
        return frozenset(spec.requires) if spec else frozenset()

    def resolved(self, service: str, key: str) -> Resolved | None:
        """What one key comes to for a service; None when no scope declares it."""
        layers = self.table.layers(service)
        rows = resolve({scope: {key: held[key]} for scope, held in layers.items() if key in held})
        return rows[0] if rows else None

    def rows(self, service: str) -> Mapping[str, Resolved]:
        """By key, what the service gets."""
        return {row.key: row for row in resolve(self.table.layers(service))}

    def views(self, service: str) -> tuple[VariableView, ...]:
        """Every key the service has, requires or had, in alphabetical order."""
        rows = self.rows(service)
        requires = self.requires(service)
        names = {*rows, *requires, *self.running.get(service, {})}
        return tuple(
            self._declared(service, rows[name])
            if name in rows
            else _undeclared(name, required=name in requires)
            for name in sorted(names)
        )

    def _declared(self, service: str, row: Resolved) -> VariableView:
        return VariableView(
            key=row.key,
            value=row.winner.value,
            sensitivity=row.winner.sensitivity,
            scope=row.scope,
            shadowed=row.shadowed,
            state=self.state(service, row.winner),
        )

    def states(self, services: Iterable[str], variable: Variable) -> frozenset[VariableState]:
        """How one value compares with what each of these services runs with."""
        value, key = variable.value, variable.key
        if value is None or not self.known:
            return frozenset((VariableState.UNKNOWN,))
        fingerprint = value.fingerprint(self.fingerprint_key)
        return frozenset(_state(self.running.get(one), key, fingerprint) for one in services)

    def state(self, service: str, variable: Variable) -> VariableState:
        """How the value in force compares with what the service runs with."""
        (state,) = self.states((service,), variable)
        return state


def _state(running: Mapping[str, str] | None, key: str, fingerprint: str) -> VariableState:
    if running is None:
        return VariableState.NOT_DEPLOYED
    before = running.get(key)
    if before is None:
        return VariableState.NEW
    return VariableState.RUNNING if before == fingerprint else VariableState.CHANGED


def _undeclared(name: str, *, required: bool) -> VariableView:
    """A key that no scope has: required, which matters more, or only known to what runs."""
    return VariableView(
        key=name,
        value=None,
        sensitivity=Sensitivity.PLAIN,
        scope=None,
        shadowed=None,
        state=VariableState.MISSING if required else VariableState.REMOVED,
    )
