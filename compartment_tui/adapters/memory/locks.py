"""The locks of the pretended machine."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Self

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.container import replica_key
from compartment_tui.adapters.memory.host import (
    Host,
    TakenEngineLock,
    TakenLock,
    disk_full,
    edge_away,
)
from compartment_tui.adapters.memory.records import read_record, rebuilt_record
from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import EnvironmentRecord, Health, Instance
from compartment_tui.domain.engine import LockInfo
from compartment_tui.domain.errors import (
    EdgeNotConfirmed,
    EngineProblem,
    Locked,
    LockLost,
)
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.refusal import Cause, Refusal, Reply, judged, unanswered
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.wait import WaitCount

ENGINE_LOCK_PATIENCE = timedelta(seconds=60)
ENGINE_LOCK_PAUSE = timedelta(milliseconds=200)


class MemoryLocks:
    """`Locks` on a `Host`, taken in the name of one process."""

    def __init__(self, host: Host, process: str) -> None:
        self._host = host
        self._process = process
        self._begun: dict[EnvironmentKey, MemoryEnvironmentLock] = {}

    @contextmanager
    def ahead(self, key: EnvironmentKey, *, actor: str, purpose: str) -> Iterator[None]:
        edge = self._host.edge
        if edge is not None and key in edge.attached:
            with suppress(Locked, EngineProblem):  # `environment` tries again, and tells
                self._begun[key] = self.environment(key, actor=actor, purpose=purpose)
        try:
            yield
        finally:
            unused = self._begun.pop(key, None)
            if unused is not None:
                unused.__exit__()

    def environment(
        self, key: EnvironmentKey, *, actor: str, purpose: str
    ) -> "MemoryEnvironmentLock":
        begun = self._begun.pop(key, None)
        if begun is not None:
            return begun
        taken = self._host.locks.get(key)
        if taken is not None:
            raise _locked(
                f"{show(key.environment)} of {key.project}", taken.info.holder, taken.info
            )
        if self._host.edge is None or not self._host.edge.running:
            raise edge_away(EngineProblem)
        info = LockInfo(key=key, holder=actor, purpose=purpose, since=self._host.clock.now())
        lock = TakenLock(process=self._process, info=info)
        self._host.locks[key] = lock
        self._host.tell_of_lock(key, "start")
        return MemoryEnvironmentLock(self._host, lock)

    def engine(self, *, actor: str) -> "MemoryEngineLock":
        clock = self._host.clock
        deadline = clock.monotonic() + ENGINE_LOCK_PATIENCE
        while self._host.engine_lock is not None and clock.monotonic() < deadline:
            clock.sleep(ENGINE_LOCK_PAUSE)
        taken = self._host.engine_lock
        if taken is not None:
            raise Locked(
                f"the engine is being changed by {taken.actor}",
                holder=taken.actor,
                since=taken.since,
                hint="wait until it is done",
            )
        lock = TakenEngineLock(process=self._process, actor=actor, since=clock.now())
        self._host.engine_lock = lock
        return MemoryEngineLock(self._host, lock)

    def holder(self, key: EnvironmentKey) -> LockInfo | None:
        taken = self._host.locks.get(key)
        return taken.info if taken else None

    def break_lock(self, key: EnvironmentKey) -> bool:
        taken = self._host.locks.pop(key, None)
        if taken is not None:
            self._host.tell_of_lock(key, "destroy")
        return taken is not None


def _locked(what: str, holder: str, info: LockInfo) -> Locked:
    return Locked(
        f"{what} is being changed by {holder} ({info.purpose}) since {info.since:%H:%M:%S} UTC",
        holder=holder,
        since=info.since,
        hint="wait, or take the lock away with `lock release`",
    )


class MemoryEnvironmentLock:
    """`EnvironmentLock`: works only while the host still knows this very lock."""

    def __init__(self, host: Host, lock: TakenLock) -> None:
        self._host = host
        self._lock = lock
        self._key = lock.info.key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._host.locks.get(self._key) is self._lock:
            del self._host.locks[self._key]
            self._host.tell_of_lock(self._key, "destroy")

    def confirm(self) -> None:
        if self._host.locks.get(self._key) is not self._lock:
            raise LockLost(
                f"the lock of {show(self._key.environment)} is no longer ours",
                hint="somebody released it; `resume` finishes or reverts what is left",
            )

    def read_ahead(self) -> None:
        """Nothing takes time here."""

    def read_record(self) -> EnvironmentRecord:
        self.confirm()
        return read_record(self._host, self._key) or rebuilt_record(self._host, self._key)

    def write_record(self, state: EnvironmentRecord) -> None:
        self._before_writing()
        self._host.records[self._key] = state
        self._host.invalid_records.discard(self._key)

    def archive(self, old: EnvironmentRecord) -> None:
        self._before_writing()
        self._host.archives.setdefault(self._key, []).append(old)

    def routes(self) -> RouteTable:
        self.confirm()
        return self._host.documents.get(self._key, RouteTable())

    def write_routes(self, table: RouteTable) -> None:
        self._before_writing()
        self._host.documents[self._key] = table
        self._host.reload_soon()

    def write_record_and_routes(self, state: EnvironmentRecord, table: RouteTable) -> bool:
        self.write_record(state)
        self.write_routes(table)
        return self.documents_readable()

    def keep_copy(self) -> str:
        if self._host.copy_problem or self._host.home is None:
            return self._host.copy_problem
        try:
            record, table = self.read_record(), self.routes()
        except LockLost as error:
            return error.message
        at = self._host.clock.now()
        self._host.record_copies[self._key] = RecordCopy(record=record, table=table, at=at)
        return ""

    def inner_ports(self) -> tuple[int, ...]:
        self.confirm()
        return self._host.edge.inner_ports(self._key) if self._host.edge else ()

    def documents_readable(self) -> bool:
        self.confirm()
        return not self._host.unreadable

    def in_force(self, table: RouteTable) -> bool:
        self.confirm()
        if self._host.edge is None or not self._host.edge.running:
            raise edge_away(EdgeNotConfirmed)
        return self._host.in_force.get(self._key, RouteTable()) == table

    def waited(self, hosts: Mapping[str, Collection[str]]) -> Mapping[str, WaitCount]:
        self.confirm()
        if self._host.edge is None or not self._host.edge.running:
            raise edge_away(EdgeNotConfirmed)
        return {service: self._waited(service, its) for service, its in hosts.items()}

    def proof(self) -> str:
        self.confirm()
        if self._host.edge is None or not self._host.edge.running:
            raise edge_away(EdgeNotConfirmed)
        return self._host.proof

    def certificates(self) -> Mapping[str, datetime]:
        self.confirm()
        return self._host.certificates()

    def write_certificates(self, certificates: Sequence[OwnCertificate]) -> bool:
        self._before_writing()
        new = self._host.own_certificates.get(self._key, ()) != tuple(certificates)
        self._host.own_certificates[self._key] = tuple(certificates)
        return new

    def order_failures(self, within: timedelta) -> Mapping[str, str]:
        self.confirm()
        return self._host.order_failures()

    def _waited(self, service: str, hosts: Collection[str]) -> WaitCount:
        inside = (self._key, service)
        waited = (one for one in self._host.visitors if one.waited)
        came = [one for one in waited if one.host in hosts or one.inside == inside]
        failed = [one for one in came if one.answered_by is None and not one.waits_for]
        return WaitCount(requests=len(came), failed=len(failed))

    def ready(self, instance: Instance, readiness: Readiness, port: int | None) -> Refusal | None:
        self.confirm()
        if self._host.edge is None or not self._host.edge.running:
            return Refusal(detail="the edge does not run, so nobody can ask")
        replica = replica_key(instance.deployment, instance.number)
        container = self._host.containers.get(replica)
        if container is None:
            return Refusal(detail="its container is gone")
        reason, behaviour = container.probe(), container.behaviour
        if readiness.kind is ReadinessKind.COMMAND:
            return _failed_command(readiness, behaviour, reason)
        port = readiness.port or port
        if port is None:
            return Refusal(detail="no port to ask at is known")
        if readiness.kind is ReadinessKind.HTTP and (reason is None or reason.isdecimal()):
            reply = Reply(status=int(reason or 200), location=behaviour.location if reason else "")
            return judged(readiness, port, reply)
        if reason is None:
            return None
        cause = Cause.CLOSED if reason == "connection refused" else Cause.OTHER
        return unanswered(readiness, port, reason, cause)

    def _before_writing(self) -> None:
        self.confirm()
        if self._host.disk_full:
            raise disk_full()


def _failed_command(
    readiness: Readiness, behaviour: Behaviour, reason: str | None
) -> Refusal | None:
    """What a command in the container says: the image's own check, or one from the file."""
    own = readiness.command == behaviour.check_command
    if own and behaviour.check_missing:
        program = behaviour.check_missing
        detail = f"it cannot run: {program} is not in the image"
        return Refusal(detail=detail, cause=Cause.MISSING, program=program)
    if own and reason is None and behaviour.check is Health.UNHEALTHY:
        return Refusal(detail=f"exit code 1: {behaviour.check_output}")
    return None if reason is None else Refusal(detail=f"exit code 1: {reason}")


class MemoryEngineLock:
    """`EngineLock` on a `Host`."""

    def __init__(self, host: Host, lock: TakenEngineLock) -> None:
        self._host = host
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._host.engine_lock is self._lock:
            self._host.engine_lock = None
