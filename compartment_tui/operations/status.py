"""What is live now, and how it does."""

from collections.abc import Iterable, Mapping, Sequence

from compartment_tui.domain.config import EnvironmentConfig, Kind, ProjectConfig
from compartment_tui.domain.deployment import Deployment, EnvironmentState, Health, Instance
from compartment_tui.domain.errors import EngineUnreachable, NotFound, RecordInvalid
from compartment_tui.domain.health import judge, judge_held
from compartment_tui.domain.history import spec_of
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variables import NameChanges, compare, fingerprints, resolve, values
from compartment_tui.domain.views import (
    EnvironmentStatus,
    EnvironmentView,
    HeldCandidate,
    ServiceStatus,
    worst_of,
)
from compartment_tui.operations.asking import Asked
from compartment_tui.operations.scope import key_and_config, recovered, state_of
from compartment_tui.ports import EdgeInfo, World


def status(world: World, *, environment: str, services: Sequence[str] = ()) -> EnvironmentStatus:
    """What is live now; with the engine away, what the local copy of the record says, marked stale.

    Raises NotFound (no such service), EngineUnreachable (and there is no copy).
    """
    key, config = key_and_config(world, environment)
    try:
        return _status(world, config, key, services)
    except EngineUnreachable:
        copy = world.project.copy(key)
        if copy is None:
            raise
        state, written = copy
        names = _names(config, state, services)
        rows = tuple(_recorded_only(config, state, name) for name in names)
        protected = config.environment(key.environment).protected
        return EnvironmentStatus(key=key, services=rows, protected=protected, stale=written)


def _status(
    world: World, config: ProjectConfig, key: EnvironmentKey, services: Sequence[str]
) -> EnvironmentStatus:
    record = Asked(lambda: state_of(world, key))
    tables = Asked(world.edge.tables)
    instances = world.engine.instances(key)
    edge = world.edge.info()
    holder = world.locks.holder(key)
    state, table = record.answer(), tables.answer().get(key, RouteTable())
    around = _Around(world, config, state, instances, table, edge)
    names = _names(config, state, services)
    return EnvironmentStatus(
        key=key,
        services=tuple(around.service(name) for name in names),
        protected=config.environment(key.environment).protected,
        holder=holder.holder if holder else None,
        journal=None if holder else state.journal,
        rebuilt=state.rebuilt,
    )


class _Around:
    """What one look at the engine found, for putting the rows together."""

    def __init__(
        self,
        world: World,
        config: ProjectConfig,
        state: EnvironmentState,
        instances: Iterable[Instance],
        table: RouteTable,
        edge: EdgeInfo | None,
    ) -> None:
        self.world = world
        self.config = config
        self.state = state
        self.here = {one.deployment: one for one in instances}
        self.table = table
        self.edge_runs = edge is not None and edge.running

    def service(self, name: str) -> ServiceStatus:
        spec = self.config.service(name)
        active, latest = _active_and_latest(self.state, name)
        health, reason = self._health(active, latest)
        return ServiceStatus(
            service=name,
            kind=spec.kind if spec else _kind(active or latest),
            active=active,
            latest=latest,
            instance=self.here.get(active.id) if active else None,
            health=health,
            reason=reason,
            url=url(active.host, self.config) if active else None,
            declared=spec is not None,
            drift=self._drift(name, active) if spec else NameChanges(),
            rollback_to=self._way_back(active),
            held=self._held(name, active),
        )

    def _held(self, name: str, active: Deployment | None) -> HeldCandidate | None:
        held = self.state.held_deployment(name)
        if held is None:
            return None
        instance = self.here.get(held.id)
        health, reason = judge_held(
            held=held,
            instance=instance,
            stop_first=spec_of(held).stop_first,
            table=self.table,
            edge_runs=self.edge_runs,
            now=self.world.clock.now(),
        )
        return HeldCandidate(
            deployment=held,
            health=health,
            reason=reason,
            url=url(held.preview, self.config),
            instance=instance,
            changes=compare(active.fingerprints if active else {}, held.fingerprints),
        )

    def environment(self, *, declared: bool) -> EnvironmentView:
        """The whole in one line."""
        state = self.state
        both = (_active_and_latest(state, name) for name in _names(self.config, state, ()))
        return EnvironmentView(
            key=state.key,
            protected=self.config.environment(state.key.environment).protected,
            declared=declared,
            active=len(state.active),
            health=worst_of(self._health(active, latest)[0] for active, latest in both),
            last=state.runs[-1] if state.runs else None,
        )

    def _health(self, active: Deployment | None, latest: Deployment | None) -> tuple[Health, str]:
        return judge(
            active=active,
            latest=latest,
            instance=self.here.get(active.id) if active else None,
            table=self.table,
            edge_runs=self.edge_runs,
            now=self.world.clock.now(),
        )

    def _way_back(self, active: Deployment | None) -> str | None:
        """What a rollback leads to, if anything is left of it: retention may have been there."""
        previous = self.state.deployments.get((active and active.previous) or "")
        if previous is None:
            return None
        left = previous.id in self.here or (
            previous.image and self.world.engine.image(previous.image) is not None
        )
        return previous.id if left else None

    def _drift(self, name: str, active: Deployment | None) -> NameChanges:
        """What differs in the file from what runs; a sealed value is unknown, never changed."""
        if active is None:
            return NameChanges()
        environment = self.config.environment(self.state.key.environment)
        return drift(environment, name, active, self.world.records.fingerprint_key())


def drift(
    environment: EnvironmentConfig, service: str, active: Deployment, fingerprint_key: bytes
) -> NameChanges:
    """Which variables the file has now and the active deployment has not, or differently."""
    rows = resolve(environment.layers(service))
    unknown = {row.key for row in rows if row.winner.value is None}
    before = {name: mark for name, mark in active.fingerprints.items() if name not in unknown}
    return compare(before, fingerprints(values(rows), fingerprint_key))


def _active_and_latest(
    state: EnvironmentState, service: str
) -> tuple[Deployment | None, Deployment | None]:
    return state.active_deployment(service), next(iter(state.of_service(service)), None)


def _recorded_only(config: ProjectConfig, state: EnvironmentState, name: str) -> ServiceStatus:
    active, latest = _active_and_latest(state, name)
    health, reason = judge(active=active, latest=latest)
    return ServiceStatus(
        service=name,
        kind=_kind(active or latest),
        active=active,
        latest=latest,
        instance=None,
        health=health,
        reason=reason,
        url=None,
        declared=config.service(name) is not None,
        held=_recorded_held(state, name),
    )


def _recorded_held(state: EnvironmentState, name: str) -> HeldCandidate | None:
    held = state.held_deployment(name)
    if held is None:
        return None
    reason = "held; not known while the engine is away"
    return HeldCandidate(deployment=held, health=Health.PENDING, reason=reason, url=None)


def _names(
    config: ProjectConfig, state: EnvironmentState, services: Sequence[str]
) -> tuple[str, ...]:
    """The file's services in order, then those that only run or wait; or the ones asked for."""
    declared = [spec.name for spec in config.services]
    undeclared = sorted({*state.active, *state.held} - set(declared))
    known = [*declared, *undeclared]
    for name in services:
        if name not in known:
            raise NotFound(
                f"there is no service {show(name)}", hint=f"there are: {', '.join(known) or 'none'}"
            )
    return tuple(name for name in known if not services or name in services)


def _kind(deployment: Deployment | None) -> Kind:
    return spec_of(deployment).kind if deployment else Kind.WEB


def url(host: str | None, config: ProjectConfig) -> str | None:
    """Where a host is reached in a browser; the standard port is left out."""
    if host is None:
        return None
    port = config.edge.http_port
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def declared_environments(world: World) -> tuple[EnvironmentView, ...]:
    """What the file names, and what the local copies say of it: for when the engine is away.

    Raises ProjectFileInvalid, NotFound (no such file).
    """
    config = world.project.config()
    views = []
    for one in config.environments:
        key = EnvironmentKey(config.name, one.name)
        copy = world.project.copy(key)
        state = copy[0] if copy else EnvironmentState(key=key)
        views.append(
            EnvironmentView(
                key=key,
                protected=one.protected,
                declared=True,
                active=len(state.active),
                health=Health.PENDING,
                last=state.runs[-1] if state.runs else None,
            )
        )
    return tuple(views)


def environments(world: World) -> tuple[EnvironmentView, ...]:
    """Declared environments in file order, then those only on the engine, the newest run first.

    However many there are, the engine is asked the same few questions.
    Raises RecordInvalid when one of their records cannot be read.
    """
    config = world.project.config()
    records = Asked(lambda: world.records.read_all(config.name))
    tables = Asked(world.edge.tables)
    here = _by_key(world.engine.instances(project=config.name))
    edge = world.edge.info()
    states = _readable(records.answer())
    declared = [EnvironmentKey(config.name, one.name) for one in config.environments]
    views = []
    for key in dict.fromkeys([*declared, *states, *here]):
        instances, table = here.get(key, ()), tables.answer().get(key, RouteTable())
        state = states.get(key) or recovered(key, instances, table, world.clock.now())
        around = _Around(world, config, state, instances, table, edge)
        views.append(around.environment(declared=key in declared))
    others = sorted(views[len(declared) :], key=_newest_first)
    return (*views[: len(declared)], *others)


def _newest_first(view: EnvironmentView) -> tuple[float, str]:
    newest = -view.last.created.timestamp() if view.last else 0.0
    return newest, view.key.environment


def _readable(
    records: Mapping[EnvironmentKey, EnvironmentState | RecordInvalid],
) -> dict[EnvironmentKey, EnvironmentState]:
    """Raises RecordInvalid, naming the environment, when one of them is not."""
    found = {}
    for key, record in records.items():
        if isinstance(record, RecordInvalid):
            raise RecordInvalid(
                f"the record of {show(key.environment)} cannot be read: {record.message}",
                hint=record.hint,
            ) from record
        found[key] = record
    return found


def _by_key(instances: Iterable[Instance]) -> dict[EnvironmentKey, list[Instance]]:
    found: dict[EnvironmentKey, list[Instance]] = {}
    for one in instances:
        found.setdefault(one.key, []).append(one)
    return found
