"""Lock, pen and probe of one changing operation, in one container that dies with its holder.

It is the lock because its name is taken; the pen because only it mounts what it writes, so nobody
writes after losing the lock; the probe because it stands in the edge's network.
"""

import errno
import io
import os
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self, TypeVar

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing, disk_full
from compartment_tui.adapters.docker.api.helper_shell import SHELL_IMAGE, Answer, Shell, ShellGone
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import (
    FINGERPRINT_KEY,
    KEY_FILE,
    ROUTES,
    ResourceNames,
    archive_path,
    audit_path,
    certificates_path,
    index_path,
    inner_path,
    record_path,
    route_path,
    standing_path,
    unfinished_path,
)
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.edge.edge_container import (
    EdgeContainer,
    edge_away,
    find_edge,
)
from compartment_tui.adapters.docker.edge.edge_namespace import EdgeNamespace
from compartment_tui.adapters.docker.edge.route_documents import all_ours
from compartment_tui.adapters.docker.lock import lock_container
from compartment_tui.adapters.docker.records import decoded
from compartment_tui.adapters.docker.resources.subnets import subnet_of
from compartment_tui.adapters.record_file import record_file
from compartment_tui.background import Background
from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.errors import (
    CompartmentError,
    EdgeNotConfirmed,
    EngineProblem,
    LockLost,
    NameTaken,
    RecordInvalid,
)
from compartment_tui.domain.names import EnvironmentKey, alias, show
from compartment_tui.domain.record.rebuild import rebuild
from compartment_tui.domain.refusal import Refusal
from compartment_tui.domain.routes import RouteTable

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.engine import DockerEngine
    from compartment_tui.domain.engine import LockInfo
    from compartment_tui.domain.own_certificate import OwnCertificate
    from compartment_tui.domain.wait import WaitCount

T = TypeVar("T")

WRITE_LIMIT = timedelta(seconds=60)
"""A disk may be slow to say that it has the bytes."""
ENGINE_LOCK_PATIENCE = timedelta(seconds=60)

_WRITE = """
exec 2>&1
set -e
mkdir -p "${1%/*}" "${3%/*}"
cat >"$3"
# Whoever dies while sending leaves less than was promised: that must never get the name.
[ "$(wc -c <"$3")" -eq "$2" ]
sync "$3"
mv "$3" "$1"
sync "${1%/*}"
"""
_WRITE_KEYS = """
exec 2>&1
set -e
mkdir -p "${3%/*}"
cat >"$3"
[ "$(wc -c <"$3")" -eq "$2" ]
if [ -s "$3" ]; then
  sync "$3"
  mkdir -p "${1%/*}"
  mv "$3" "$1"
else
  rm -f "$3" "$1"
fi
# Only a change in its directory makes the edge look, and this lies below it.
: >"$4/changed.$$"
rm "$4/changed.$$"
"""
_DOCUMENTS = """
cd "$1" || exit
set -- *.toml *.yml *.yaml
for one; do shift; [ ! -f "$one" ] || set -- "$@" "$one"; done
[ $# -eq 0 ] || stat -c '%s %n' "$@" || exit
echo
[ $# -eq 0 ] || cat "$@"
"""
_WRITE_BOTH = (
    """
exec 2>&1
set -e
# All of it, or tar fails. What it unpacks has no meaning yet.
tar -x -o -C /
sync "$2" "$4"
mv "$2" "$1"
sync "${1%/*}"
# Not before it is sure that the first is there.
mv "$4" "$3"
sync "${3%/*}"
# What cannot be listed does not mean that nothing was written.
( set -- "$5"
"""
    + _DOCUMENTS
    + """) || echo no list
"""
)
_LINK = '[ ! -e "$1" ] || { mkdir -p "${2%/*}"; ln -f "$1" "$2"; }'
_CLEAR_ARCHIVE = 'ls -r "$1" | tail -n "+$2" | while read -r old; do rm -f "$1/$old"; done'
_READ = '[ ! -e "$1" ] && exit 44; cat "$1"'
_ABSENT = 44
_READ_ALL = """
for one; do
  if [ -e "$one" ]; then wc -c <"$one" && cat "$one" || exit; else echo -; fi
done
"""
ARCHIVES_KEPT = 100
"""Each has at least 20 deployments of some service, so 1,000 of every service are there."""


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files by their absolute paths, as a tar archive to be unpacked in the root."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def contents(paths: Sequence[str], answer: bytes) -> dict[str, bytes | None]:
    """What `_READ_ALL` says of each path: a line with its length and as many bytes, or a dash."""
    found: dict[str, bytes | None] = {}
    for path in paths:
        length, _, answer = answer.partition(b"\n")
        size = 0 if length == b"-" else int(length)
        found[path] = None if length == b"-" else answer[:size]
        answer = answer[size:]
    return found


class DockerLocks:
    """Keeps the promises of `compartment_tui.ports.Locks`."""

    def __init__(
        self, client: Client, engine: "DockerEngine", layout: ResourceNames | None = None
    ) -> None:
        self._client = client
        self._engine = engine
        self._layout = layout or ResourceNames()
        self._begun: dict[EnvironmentKey, Background[DockerEnvironmentLock | None]] = {}

    @contextmanager
    def ahead(self, key: EnvironmentKey, *, actor: str, purpose: str) -> Iterator[None]:
        # The engine takes longer to start a container than a run takes to be planned.
        begun = Background(lambda: self._taken(key, actor=actor, purpose=purpose, joined=True))
        self._begun[key] = begun
        try:
            yield
        finally:
            if self._begun.get(key) is begun:
                del self._begun[key]
                with suppress(CompartmentError):  # then there is nothing to give back
                    if (unused := begun.answer()) is not None:
                        unused.__exit__()

    def environment(
        self, key: EnvironmentKey, *, actor: str, purpose: str
    ) -> "DockerEnvironmentLock":
        begun = self._begun.pop(key, None)
        early = None if begun is None else begun.answer()
        lock = early or self._taken(key, actor=actor, purpose=purpose)
        if lock is None:
            raise edge_away(EngineProblem)
        lock.read_ahead()
        return lock

    def _taken(
        self, key: EnvironmentKey, *, actor: str, purpose: str, joined: bool = False
    ) -> "DockerEnvironmentLock | None":
        """None where the edge does not run; with `joined`, also where it is not on the network."""
        edge = find_edge(self._client, self._layout.edge)
        if edge is None or not edge.running:
            return None
        if joined and self._layout.network(key) not in edge.networks:
            return None
        marks = lock_container.marks(actor, purpose) | labels.of_environment(Role.LOCK, key)
        try:
            shell = lock_container.take(
                self._client,
                self._layout.lock(key),
                marks=marks,
                image=edge.image,
                network_mode=f"container:{edge.id}",
                mounts=self._layout.volumes,
            )
        except (Missing, Conflict) as error:
            # Between the look and the start: a container cannot join one that does not run.
            raise edge_away(EngineProblem) from error
        return self._made_of(key, shell, edge)

    def _made_of(
        self, key: EnvironmentKey, shell: Shell, edge: EdgeContainer
    ) -> "DockerEnvironmentLock":
        return DockerEnvironmentLock(self._client, self._engine, self._layout, key, shell, edge)

    def engine(self, *, actor: str) -> "DockerEngineLock":
        shell = lock_container.take(
            self._client,
            self._layout.engine_lock,
            marks=lock_container.marks(actor, ""),
            image=SHELL_IMAGE,
            network_mode="none",
            patience=ENGINE_LOCK_PATIENCE,
        )
        return DockerEngineLock(shell)

    def holder(self, key: EnvironmentKey) -> "LockInfo | None":
        try:
            found = lock_container.holder_of(self._client, self._layout.lock(key))
        except NameTaken:
            return None  # it is no lock; whoever wants to take it is told
        if found is None or not found.running:
            return None
        from compartment_tui.domain.engine import LockInfo

        return LockInfo(key=key, holder=found.name, purpose=found.purpose, since=found.since)

    def break_lock(self, key: EnvironmentKey) -> bool:
        found = lock_container.holder_of(self._client, self._layout.lock(key))
        if found is None:
            return False
        try:
            with self._client.translate("remove the lock"):
                self._client.remove_container(found.container)
        except (Missing, Conflict):
            return found.running  # its holder gave it back at the same moment
        return found.running


class DockerEnvironmentLock:
    """Keeps the promises of `compartment_tui.ports.EnvironmentLock`."""

    def __init__(
        self,
        client: Client,
        engine: "DockerEngine",
        layout: ResourceNames,
        key: EnvironmentKey,
        shell: Shell,
        edge: EdgeContainer,
    ) -> None:
        self._client = client
        self._engine = engine
        self._key = key
        self._shell = shell
        self._standpoint = EdgeNamespace(client, layout, key, shell, edge)
        # Looked up while the record is read: both together take one way there and back.
        self._entry_asked = Background(lambda: _inner_entry(client, layout.network(key), edge))
        self._inner: bytes | None = None
        """The document for inner calls as it lies there, once it was read."""
        self._ahead: Background[Mapping[str, bytes | None]] | None = None
        self._unread: set[str] = set()
        """What was read ahead, and nobody has asked for yet."""
        self._indexed = False
        """Whether the record's name was found in the index, or written there, by this holder."""
        self._named: dict[str, set[int]] = {}
        """By deployment: the replicas asked since the edge was seen to find all by one name."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._standpoint.close()
        self._shell.close()
        self._client.await_removals()

    def read_ahead(self) -> None:
        """Have read meanwhile, at once, what a run reads bit by bit. Nobody else writes it now."""
        key = self._key
        own = (record_path(key), route_path(key), index_path(key))
        places = (*own, inner_path(key), certificates_path(key))
        self._ahead = Background(lambda: self._read_all(places))
        self._unread = set(places)

    def confirm(self) -> None:
        self._ask(":")

    def read_record(self) -> EnvironmentRecord:
        content = self._read(record_path(self._key))
        if content is None:
            return self._made_again()
        return self._client.heed(decoded(content, self._key, to_write=True))

    def write_record(self, state: EnvironmentRecord) -> None:
        # The index first: an entry without a record is harmless, a record without one is not found.
        if not self._indexed:
            self._write_index()
            self._indexed = True
        self._write(record_path(self._key), record_file.dumps(state).encode())
        self._client.heed(state)

    def _write_index(self) -> None:
        index = record_file.dumps_key(self._key).encode()
        if self._read(index_path(self._key)) != index:
            self._write(index_path(self._key), index)
            # Without it the key is still found under its own name.
            self._ask(_LINK, FINGERPRINT_KEY, f"{standing_path(self._key)}/{KEY_FILE}")

    def archive(self, old: EnvironmentRecord) -> None:
        newest = max((*old.deployments, *(run.id for run in old.runs)), default="")
        archive = archive_path(self._key)
        self._write(f"{archive}/{newest[-26:]}.toml", record_file.dumps(old).encode())
        self._ask(_CLEAR_ARCHIVE, archive, str(ARCHIVES_KEPT + 1))

    def routes(self) -> RouteTable:
        content = self._read(route_path(self._key))
        return (
            RouteTable() if content is None else traefik.parse(content.decode("utf-8", "replace"))
        )

    @property
    def _entry(self) -> traefik.InnerEntry:
        return self._entry_asked.answer()

    def inner_ports(self) -> tuple[int, ...]:
        return self._entry.ports if self._entry.open else ()

    def write_routes(self, table: RouteTable) -> None:
        # Before the route document: that one's rename puts both in force.
        self._write_inner(traefik.inner_document(self._key, table, self._entry).encode())
        if table == RouteTable():
            self._unread.discard(route_path(self._key))
            self._ask('rm -f "$1"; sync "${1%/*}"', route_path(self._key))
            return
        text = traefik.document(self._key, table).encode()
        self._write(route_path(self._key), text, part=unfinished_path(self._key))

    def write_record_and_routes(self, state: EnvironmentRecord, table: RouteTable) -> bool:
        inner = traefik.inner_document(self._key, table, self._entry).encode()
        if not self._indexed or table == RouteTable() or inner != self._inner_now():
            # There are more than two to write, or less.
            self.write_record(state)
            self.write_routes(table)
            return self.documents_readable()
        record, route = record_path(self._key), route_path(self._key)
        self._unread -= {record, route}
        record_part, route_part = f"{record}.part", unfinished_path(self._key)
        archive = packed(
            {
                record_part: record_file.dumps(state).encode(),
                route_part: traefik.document(self._key, table).encode(),
            }
        )
        places = (record, record_part, route, route_part, ROUTES)
        answer = self._ask(_WRITE_BOTH, *places, payload=archive)
        self._written(record, answer)
        self._client.heed(state)
        return all_ours(answer.output)

    def keep_copy(self) -> str:
        """A single machine has nowhere to keep one."""
        return ""

    def _inner_now(self) -> bytes:
        """The document for inner calls as it lies there; empty when there is none."""
        if self._inner is None:
            self._inner = self._read(inner_path(self._key)) or b""
        return self._inner

    def _write_inner(self, text: bytes) -> None:
        path = inner_path(self._key)
        if text == self._inner_now():
            return
        if text:
            self._write(path, text, part=f"{unfinished_path(self._key)}.inner")
        else:
            self._ask('rm -f "$1"', path)
        self._inner = text

    def documents_readable(self) -> bool:
        answer = self._ask(_DOCUMENTS, ROUTES)
        return answer.exit_code == 0 and all_ours(answer.output)

    def in_force(self, table: RouteTable) -> bool:
        return self._from_there(lambda: self._standpoint.in_force(table, self._entry))

    def waited(self, hosts: Mapping[str, Collection[str]]) -> Mapping[str, "WaitCount"]:
        return self._from_there(lambda: self._standpoint.waited(hosts))

    def proof(self) -> str:
        return self._from_there(self._standpoint.proof)

    def certificates(self) -> Mapping[str, datetime]:
        return self._from_there(self._standpoint.certificates)

    def write_certificates(self, certificates: "Sequence[OwnCertificate]") -> bool:
        path = certificates_path(self._key)
        text = traefik.certificates_document(certificates).encode()
        if (self._read(path) or b"") == text:
            return False
        part = f"{unfinished_path(self._key)}.certificates"
        arguments = (path, str(len(text)), part, ROUTES)
        self._written(path, self._ask(_WRITE_KEYS, *arguments, payload=text))
        return True

    def order_failures(self, within: timedelta) -> Mapping[str, str]:
        return self._from_there(lambda: self._standpoint.order_failures(within))

    def ready(self, instance: Instance, readiness: Readiness, port: int | None) -> Refusal | None:
        by_name = instance.one_name and instance.port is not None
        if by_name and (refusal := self._unnamed(instance)):
            return refusal
        if readiness.kind is ReadinessKind.COMMAND:
            from compartment_tui.adapters.docker.edge import readiness_probe as probe

            self.confirm()  # that one asks in the candidate itself
            client, container = self._engine.container_of(instance)
            limit = readiness.attempt_timeout
            return probe.command_refusal(client, container, readiness.command, limit)
        if instance.address is None or not (readiness.port or port):
            self.confirm()  # nothing is asked from there then
        return self._from_there(lambda: self._standpoint.ready(instance, readiness, port))

    def _from_there(self, ask: Callable[[], T]) -> T:
        """The answer, while the lock is ours. Raises LockLost, and what asking raises."""
        if not self._standpoint.is_at_lock:
            self.confirm()
        try:
            answer = ask()
        except EdgeNotConfirmed:
            self.confirm()  # it may be the lock that ended
            raise
        if not self._standpoint.is_at_lock:
            self.confirm()  # so that each answer tells that the lock is still ours
        return answer

    def _unnamed(self, instance: Instance) -> Refusal | None:
        """As `_name_refusal`, asked once for replicas that are looked at one after the other."""
        asked = self._named.setdefault(instance.deployment, set())
        if not asked or instance.number in asked:
            asked.clear()
            refusal = self._from_there(lambda: self._name_refusal(instance))
            if refusal is not None:
                return refusal
        asked.add(instance.number)
        return None

    def _name_refusal(self, instance: Instance) -> Refusal | None:
        """Whether the edge would not find exactly the replicas that run."""
        whole = self._engine.instance(instance.deployment)
        wanted = {one.address for one in whole.replicas} if whole else set()
        found = self._standpoint.found_by(alias(instance.deployment))
        if found == wanted:
            return None
        there = len(found & wanted)
        return Refusal(detail=f"the edge finds {there} of {len(wanted)} replicas by its name")

    def _made_again(self) -> EnvironmentRecord:
        """The record when there is none: an empty one, or what routes and labels still tell."""
        instances = self._engine.instances(self._key)
        if instances:
            now = datetime.now(UTC)
            return rebuild(self._key, instances, self.routes(), now)
        kept = self._read(audit_path(self._key))
        try:
            audit = decoded(kept).audit if kept is not None else ()
        except RecordInvalid:
            audit = ()  # old lines that nobody can read must not stop a new start
        return EnvironmentRecord(key=self._key, audit=audit)

    def _read_all(self, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """What lies there, by path; nothing where it cannot be told: then each is asked for."""
        answer = self._ask(_READ_ALL, *paths)
        return contents(paths, answer.output) if answer.exit_code == 0 else {}

    def _read(self, path: str) -> bytes | None:
        if path in self._unread and self._ahead is not None:
            self._unread.discard(path)
            found = self._ahead.answer()
            # Who lost the lock meanwhile has read nothing.
            if path in found and self._shell.is_open:
                return found[path]
        answer = self._ask(_READ, path)
        if answer.exit_code == _ABSENT:
            return None
        if answer.exit_code != 0:
            raise EngineProblem(f"{path} on the engine cannot be read")
        return answer.output

    def _write(self, path: str, content: bytes, *, part: str = "") -> None:
        part = part or f"{path}.part"
        self._unread.discard(path)
        self._written(path, self._ask(_WRITE, path, str(len(content)), part, payload=content))

    def _written(self, what: str, answer: Answer) -> None:
        """Raises DiskFull, EngineProblem when it was not."""
        if answer.exit_code == 0:
            return
        if os.strerror(errno.ENOSPC).lower() in answer.text.lower():
            raise disk_full()
        raise EngineProblem(f"{what} on the engine cannot be written: {answer.text}")

    def _ask(self, script: str, *arguments: str, payload: bytes | None = None) -> Answer:
        try:
            return self._shell.run(script, *arguments, payload=payload, timeout=WRITE_LIMIT)
        except ShellGone as error:
            raise LockLost(
                f"the lock of {show(self._key.environment)} is no longer ours",
                hint="somebody released it, or the connection to the engine broke:"
                " `compartment-tui resume` finishes or reverts what is left",
            ) from error


def _inner_entry(client: Client, network: str, edge: EdgeContainer) -> traefik.InnerEntry:
    """Where the edge takes inner calls of the environment with this network."""
    if not (edge.inner_ports and edge.is_pinned(network)):
        return traefik.InnerEntry()
    subnet = str(subnet_of(client, network) or "")
    return traefik.InnerEntry(ports=edge.inner_ports, subnet=subnet)


class DockerEngineLock:
    """Keeps the promises of `compartment_tui.ports.EngineLock`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.close()
