"""What the pretended machine remembers."""

import hashlib

from compartment_tui.adapters.memory.container import Container
from compartment_tui.adapters.memory.host import Host
from compartment_tui.domain.deployment import Deployment, EnvironmentState, Stage, Status, Trigger
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, active_name, show
from compartment_tui.domain.routes import RouteTable


class MemoryRecords:
    """`Records` on a `Host`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self, key: EnvironmentKey) -> EnvironmentState | None:
        return read_record(self._host, key)

    def shelved(self, key: EnvironmentKey) -> tuple[EnvironmentState, ...]:
        return tuple(reversed(self._host.shelves.get(key, [])))

    def environments(self, project: str) -> tuple[EnvironmentKey, ...]:
        return tuple(sorted(key for key in self._host.records if key.project == project))

    def fingerprint_key(self) -> bytes:
        return hashlib.sha256(b"the pretended machine").digest()

    def forget(self, key: EnvironmentKey) -> None:
        state = self._host.records.pop(key, None)
        self._host.shelves.pop(key, None)
        if state is not None:
            self._host.kept_audit[key] = state.audit


def read_record(host: Host, key: EnvironmentKey) -> EnvironmentState | None:
    """The record as it lies there. Raises RecordInvalid."""
    if key in host.invalid_records:
        raise RecordInvalid(f"the record of {show(key.environment)} cannot be read")
    return host.records.get(key)


def rebuilt_record(host: Host, key: EnvironmentKey) -> EnvironmentState:
    """A first record; made again from routes and labels when there are containers without one."""
    kept = tuple(one for one in host.containers.values() if one.key == key)
    table = host.documents.get(key, RouteTable())
    active = {one.service: one.deployment for one in kept if _is_active(one, table)}
    return EnvironmentState(
        key=key,
        active=active,
        deployments={one.deployment: _history(one, table) for one in kept},
        audit=host.kept_audit.get(key, ()),
        rebuilt=bool(kept),
    )


def _is_active(container: Container, table: RouteTable) -> bool:
    """A routed service is active where its route leads; any other by the name it bears."""
    if container.birth.plan.spec.kind.routed:
        return table.leads_to(container.deployment)
    return container.name == active_name(container.service, container.key)


def _history(container: Container, table: RouteTable) -> Deployment:
    plan, active = container.birth.plan, _is_active(container, table)
    hosts = (route.host for route in table.routes if route.deployment == plan.deployment)
    at_rest = Stage.HELD if container.running else Stage.STOPPED
    return Deployment(
        id=plan.deployment,
        run=plan.run,
        service=plan.service,
        created=container.birth.created,
        trigger=Trigger.DEPLOY,
        spec=container.spec,
        image=container.birth.image.id,
        port=container.birth.port,
        host=next(hosts, None),
        provenance=plan.provenance,
        fingerprints=dict(plan.fingerprints),
        status=Status.SUCCEEDED,
        stage=Stage.ACTIVE if active else at_rest,
    )
