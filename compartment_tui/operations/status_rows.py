"""Status rows, built from one snapshot of the engine."""

from collections.abc import Iterable, Sequence

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.config import Kind, ProjectConfig
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Health,
    Instance,
)
from compartment_tui.domain.health import judge, judge_held
from compartment_tui.domain.names import no_such_service
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.public_side import Treatment
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variable import (
    NameChanges,
    compare,
    exposed_keys,
)
from compartment_tui.domain.variables.drift import drift
from compartment_tui.domain.views import (
    EnvironmentView,
    HeldCandidate,
    Left,
    ServiceStatus,
    worst_of,
)
from compartment_tui.ports import EdgeInfo, World


class StatusRows:
    """What one look at the engine found, for putting the rows together."""

    def __init__(
        self,
        world: World,
        config: ProjectConfig,
        record: EnvironmentRecord,
        instances: Iterable[Instance],
        table: RouteTable,
        edge: EdgeInfo | None,
        *,
        changing: bool = False,
    ) -> None:
        """`changing`: somebody is at it, so what is missing may be on its way."""
        self.world = world
        self.config = config
        self.record = record
        self.here = own_instances(record, instances)
        self.table = table
        self.edge_runs = edge is not None and edge.running
        self.changing = changing

    def service(self, name: str) -> ServiceStatus:
        spec = self.config.service(name)
        active, latest = active_and_latest(self.record, name)
        health, reason = self._health(active, latest)
        before = self.record.deployments.get((active and active.previous) or "")
        left = self.left(before) if before else None
        in_file = self.config.replicas_of(self.record.key.environment, name)
        scale = self.record.scales.get(name)
        return ServiceStatus(
            service=name,
            kind=spec.kind if spec else kind_of(active or latest),
            active=active,
            latest=latest,
            instance=self.here.get(active.id) if active else None,
            health=health,
            reason=reason,
            url=self._url(active),
            domains=self._domains(active),
            maintenance=self._treatment(active).maintenance,
            access=self._treatment(active).access,
            declared=spec is not None,
            drift=self._drift(name, active) if spec else NameChanges(),
            rollback_to=before.id if before and left is not Left.GONE else None,
            rollback_left=left,
            held=self._held(name, active),
            scaled=scale if scale is not None and scale.file == in_file else None,
            in_file=in_file if spec else None,
        )

    def _treatment(self, active: Deployment | None) -> Treatment:
        """How its visitors' requests are treated."""
        return self.table.public.treatment((active and active.host) or "")

    def _url(self, active: Deployment | None) -> str | None:
        """Where it is reached: the first of its domains in the file, else its own host."""
        if active is None or active.host is None:
            return None
        hosts = self.table.public.hosts_of(active.host)
        if not hosts:
            return None
        own = self.config.environment(self.record.key.environment).public.get(active.service)
        first = next((host for host in (own.domains if own else ()) if host in hosts), hosts[0])
        return self.table.public.url(first, self.config.edge.http_port)

    def _domains(self, active: Deployment | None) -> tuple[str, ...]:
        """Its other addresses."""
        if active is None or active.host is None:
            return ()
        port, public = self.config.edge.http_port, self.table.public
        urls = (public.url(host, port) for host in public.hosts_of(active.host))
        return tuple(one for one in urls if one != self._url(active))

    def _held(self, name: str, active: Deployment | None) -> HeldCandidate | None:
        held = self.record.held_deployment(name)
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
            changes=compare(
                active.fingerprints if active else {},
                held.fingerprints,
                exposed=exposed_keys(
                    active.sensitive if active else None, held.sensitive, held.fingerprints
                ),
            ),
        )

    def environment(self, *, declared: bool) -> EnvironmentView:
        """The whole in one line."""
        record = self.record
        names = service_names(self.config, record, ())
        resting = {name for name in record.active if self._rests(name)}
        both = (active_and_latest(record, name) for name in names if name not in resting)
        return EnvironmentView(
            key=record.key,
            protected=self.config.environment(record.key.environment).protected,
            declared=declared,
            active=len(record.active),
            health=worst_of(self._health(active, latest)[0] for active, latest in both),
            resting=len(resting),
            maintenance=any(one.maintenance for one in self.table.public.treatments),
            last=record.runs[-1] if record.runs else None,
            owner=record.owner,
        )

    def _rests(self, name: str) -> bool:
        active = self.record.active_deployment(name)
        instance = self.here.get(active.id) if active else None
        half_way = instance is not None and instance.any_running
        return active is not None and active.resting and not half_way

    def _health(self, active: Deployment | None, latest: Deployment | None) -> tuple[Health, str]:
        return judge(
            active=active,
            latest=latest,
            instance=self.here.get(active.id) if active else None,
            table=self.table,
            edge_runs=self.edge_runs,
            now=self.world.clock.now(),
            changing=self.changing,
        )

    def left(self, one: Deployment) -> Left:
        """What of a deployment is there: retention, or somebody's prune, may have been."""
        return what_is_left(self.world, one, self.here.get(one.id))

    def _drift(self, name: str, active: Deployment | None) -> NameChanges:
        """What differs in the file from what runs; a sealed value is unknown, never changed."""
        if active is None:
            return NameChanges()
        environment = self.config.environment(self.record.key.environment)
        return drift(environment, name, active, self.world.records.fingerprint_key())


def what_is_left(world: World, one: Deployment, instance: Instance | None) -> Left:
    """What of a deployment is there, of which the engine has that instance."""
    if instance is not None and instance.can_start:
        return Left.CONTAINER
    there = one.image and world.engine.image(one.image) is not None
    return Left.IMAGE if there else Left.GONE


def active_and_latest(
    record: EnvironmentRecord, service: str
) -> tuple[Deployment | None, Deployment | None]:
    """What is live of a service, and what was made last of it."""
    return record.active_deployment(service), next(iter(record.of_service(service)), None)


def service_names(
    config: ProjectConfig, record: EnvironmentRecord, services: Sequence[str]
) -> tuple[str, ...]:
    """The file's services in order, then those that only run or wait; or the ones asked for."""
    declared = [spec.name for spec in config.services]
    undeclared = sorted({*record.active, *record.held} - set(declared))
    known = [*declared, *undeclared]
    for name in services:
        if name not in known:
            raise no_such_service(name, known)
    return tuple(name for name in known if not services or name in services)


def kind_of(deployment: Deployment | None) -> Kind:
    """The kind of a service that the file may no longer name."""
    return spec_of(deployment).kind if deployment else Kind.WEB


def url(host: str | None, config: ProjectConfig) -> str | None:
    """Where a host is reached in a browser; the standard port is left out."""
    if host is None:
        return None
    port = config.edge.http_port
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"
