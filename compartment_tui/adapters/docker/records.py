"""What the engine remembers: reading it without a lock, and the few writes that need no hold."""

import io
import tarfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import SHELL_IMAGE, Shell, create
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.ownership import name_taken, why_not_ours
from compartment_tui.adapters.docker.api.resource_names import (
    FINGERPRINT_KEY,
    INDEX,
    KEY_FILE,
    RECORD_FILE,
    RECORDS,
    STATE,
    ResourceNames,
    archive_path,
    audit_path,
    index_path,
    standing_path,
)
from compartment_tui.adapters.record_file import record_file
from compartment_tui.background import Background, EarlyQuestion
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import EngineProblem, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, show

KEY_BYTES = 32
_LIMIT = timedelta(seconds=60)

_MAKE_KEY = """
set -e
umask 077
[ ! -e "$1" ] || exit 0
fresh="$1.$(cat /proc/sys/kernel/random/uuid)"
head -c "$2" /dev/urandom >"$fresh"
sync "$fresh"
# The first link wins; who comes second finds the key of the first.
ln "$fresh" "$1" 2>/dev/null || [ -e "$1" ]
rm "$fresh"
"""
_FORGET = """
set -e
size=$5
if [ "$size" -gt 0 ]; then
  mkdir -p "${3%/*}"
  cat >"$3.part"
  [ "$(wc -c <"$3.part")" -eq "$size" ]
  sync "$3.part"
  mv "$3.part" "$3"
fi
rm -rf "$1" "$2" "$4"
"""


ATTEMPTS = 40
PAUSE_SECONDS = 0.1
"""How often, and how long in between, a container is looked for that somebody else is making."""


class Reader:
    """Reads both volumes through containers that never run: one engine call, no lock.

    Each has one of its own, because the engine hands out the files of a container one by one.
    """

    def __init__(self, client: Client, layout: ResourceNames) -> None:
        self._client = client
        self._layout = layout
        self._begun: dict[str, EarlyQuestion[Mapping[str, bytes]]] = {}

    def warm_up(self, path: str) -> None:
        """That path will be asked for next: fetch it meanwhile."""
        self._begun.setdefault(path, EarlyQuestion(lambda: self._tree(path))).begin()

    def files(self, path: str) -> Mapping[str, bytes]:
        """A file, or the files right in a directory, by name. Empty when there is nothing there."""
        found = ((place.rpartition("/"), content) for place, content in self.tree(path).items())
        return {name: content for (above, _, name), content in found if len(above) <= len(path)}

    def tree(self, path: str, *, specials: bool = False) -> Mapping[str, bytes]:
        """A file, or all files below a directory, by path. Empty when there is nothing there.

        With `specials`, links, pipes and devices too, as empty ones.
        Raises NameTaken when the container that reads it is somebody else's.
        """
        begun = None if specials else self._begun.pop(path, None)
        return self._tree(path, specials=specials) if begun is None else begun.answer()

    def _tree(self, path: str, *, specials: bool = False) -> Mapping[str, bytes]:
        mounted = self._layout.volumes.items()
        volume = next(name for name, place in mounted if path.startswith(place))
        container = self._client.readers.get(volume)
        if container is None:
            # Asked for at once, but what is somebody else's is not looked at.
            early = Background(lambda: self._fetch(volume, path, specials))
            container = self.ensure(volume)
        else:
            early = None
        try:
            return self._fetch(container, path, specials) if early is None else early.answer()
        except Missing:
            # Either the path or the reading container is missing; the engine says 404 to both. Ask
            # again even if the container is there now: someone may have made it just before us.
            container = self.ensure(volume)
        try:
            return self._fetch(container, path, specials)
        except Missing:
            return {}

    def ensure(self, volume: str) -> str:
        """The id of the container that reads a volume; made, like the volumes, if not there.

        Raises NameTaken.
        """
        found = self._find(volume)
        for _ in range(ATTEMPTS):
            if found is not None:
                break
            # Whoever makes it at the same moment has the name before the container is there.
            self._make(volume)
            found = self._find(volume)
            if found is None:
                time.sleep(PAUSE_SECONDS)
        if found is None:
            raise EngineProblem(f"the container {volume} was removed while it was being made")
        self._client.readers[volume] = found
        return found

    def _find(self, volume: str) -> str | None:
        try:
            with self._client.translate(f"look at {volume}"):
                found = self._client.inspect_container(volume)
        except Missing:
            return None
        if why := why_not_ours(found, Role.STATE, volume=volume):
            raise name_taken(volume, why)
        return str(found["Id"])

    def _make(self, volume: str) -> None:
        marks = {labels.ROLE: Role.STATE.value}
        for one in self._layout.volumes:
            with self._client.translate(f"make the volume {one}"):
                self._client.create_volume(one, marks)
        with suppress(Conflict), self._client.translate(f"make the container {volume}"):
            create(
                self._client,
                labels=marks,
                name=volume,
                network_mode="none",
                mounts={volume: self._layout.volumes[volume]},
                image=SHELL_IMAGE,
                lasting=True,
            )

    def _fetch(self, container: str, path: str, specials: bool) -> dict[str, bytes]:
        with self._client.translate(f"read {path}"):
            archive = bounded(self._client.read_archive(container, path))
        try:
            return unpacked(archive, path.rpartition("/")[0], specials=specials)
        except (tarfile.TarError, ValueError, LookupError, RecursionError, EOFError) as error:
            raise EngineProblem(
                f"what the Docker engine hands out of {path} is no archive"
            ) from error


def bounded(chunks: Iterable[bytes]) -> bytes:
    """The chunks as one. Raises TooMuch as soon as they are more than is read at once."""
    found = bytearray()
    for chunk in chunks:
        found += chunk
        bounds.refuse_large(len(found), bounds.ARCHIVE, "what lies in our volumes on the engine")
    return bytes(found)


def unpacked(archive: bytes, above: str, *, specials: bool = False) -> dict[str, bytes]:
    """The files in an archive, by path. Raises TooMuch, and what reading a broken one raises.

    A file is never larger than its archive, whatever size it says that it has; a hard link is its
    target's content again, so links count like files. One that leads to no file is no file, and
    costs only itself. With `specials`, what is neither file nor directory is an empty file.
    """
    found: dict[str, bytes] = {}
    size = 0
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for count, member in enumerate(tar):
            if count >= bounds.ARCHIVE_MEMBERS:
                raise bounds.TooMuch(
                    f"our volumes on the engine hold more than {bounds.ARCHIVE_MEMBERS} files"
                )
            content = _content(tar, member, found.get(f"{above}/{member.linkname}"))
            if content is None and specials and not member.isdir():
                content = b""
            if content is not None:
                size += len(content)
                bounds.refuse_large(size, bounds.ARCHIVE, "what lies in our volumes on the engine")
                found[f"{above}/{member.name}"] = content
    return found


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, linked: bytes | None) -> bytes | None:
    # The key that each record has beside it is one file, and comes as a link to the first of them.
    if member.islnk():
        return linked
    file = tar.extractfile(member) if member.isfile() else None
    return None if file is None else file.read(bounds.ARCHIVE + 1)


class DockerRecords:
    """Keeps the promises of `compartment_tui.ports.Records`."""

    def __init__(self, client: Client, layout: ResourceNames | None = None) -> None:
        self._client = client
        self._layout = layout or ResourceNames()
        self._reader = Reader(client, self._layout)
        self._fingerprint_key: bytes | None = None
        self._early = EarlyQuestion(self._everything)

    def warm_up(self, key: EnvironmentKey) -> None:
        self._reader.warm_up(standing_path(key))

    def read(self, key: EnvironmentKey) -> EnvironmentRecord | None:
        found = self._reader.files(standing_path(key))
        # The key lies beside it, so whoever reads a record need not ask for the key again.
        self._fingerprint_key = self._fingerprint_key or _whole_key(found)
        content = found.get(RECORD_FILE)
        return None if content is None else self._client.heed(decoded(content, key))

    def archived(self, key: EnvironmentKey) -> tuple[EnvironmentRecord | RecordInvalid, ...]:
        found = sorted(self._reader.files(archive_path(key)).items(), reverse=True)
        return tuple(
            _decoded_or_error(
                content, key, f"{show(name)}, old history of {show(key.environment)},"
            )
            for name, content in found
            if name.endswith(".toml")
        )

    def environments(self, project: str) -> tuple[EnvironmentKey, ...]:
        return tuple(key for key in self.recorded() if key.project == project)

    def recorded(self) -> tuple[EnvironmentKey, ...]:
        """Every environment on the engine that has a record."""
        return tuple(sorted(self._index()[0]))

    def unreadable(self) -> tuple[str, ...]:
        return self._index()[1]

    def _index(self) -> tuple[list[EnvironmentKey], tuple[str, ...]]:
        """The environments that its entries name, and the names of those that make no sense."""
        keys, unreadable = [], []
        for path, entry in sorted(self._reader.tree(INDEX, specials=True).items()):
            key = _indexed(entry)
            # An entry by another name would be a second record of the same environment.
            if key is None or index_path(key) != path:
                unreadable.append(path.removeprefix(f"{INDEX}/"))
            else:
                keys.append(key)
        return keys, tuple(one for one in unreadable if not one.endswith(".part"))

    def read_ahead(self) -> None:
        self._early = EarlyQuestion(self._everything)
        self._early.begin()

    def read_all(self, project: str) -> Mapping[EnvironmentKey, EnvironmentRecord | RecordInvalid]:
        recorded, contents = self._early.answer()
        keys = {standing_path(key): key for key in recorded if key.project == project}
        found = ((key, contents.get(f"{place}/{RECORD_FILE}")) for place, key in keys.items())
        records = {
            key: _decoded_or_error(content, key) for key, content in found if content is not None
        }
        for record in records.values():
            if isinstance(record, EnvironmentRecord):
                self._client.heed(record)
        return records

    def _everything(self) -> tuple[tuple[EnvironmentKey, ...], Mapping[str, bytes]]:
        """Every environment that has a record, and all files that lie with the records."""
        all_of_them = Background(lambda: self._reader.tree(RECORDS))
        return self.recorded(), all_of_them.answer()

    def fingerprint_key(self) -> bytes:
        if self._fingerprint_key is None:
            self._fingerprint_key = self._stored_key() or self._make_key()
        return self._fingerprint_key

    def forget(self, key: EnvironmentKey) -> None:
        try:
            state = self.read(key)
        except RecordInvalid:
            state = None  # it holds nothing that could be kept
        audit = record_file.dumps_audit(key, state.audit).encode() if state and state.audit else b""
        paths = (standing_path(key), index_path(key), audit_path(key), archive_path(key))
        with self._shell() as shell:
            done = shell.run(_FORGET, *paths, str(len(audit)), payload=audit, timeout=_LIMIT)
        if done.exit_code != 0:
            raise EngineProblem(
                f"the record of {key.text} could not be removed (exit code {done.exit_code})"
            )

    def _stored_key(self) -> bytes | None:
        return _whole_key(self._reader.files(FINGERPRINT_KEY))

    def _make_key(self) -> bytes:
        with self._shell() as shell:
            made = shell.run(_MAKE_KEY, FINGERPRINT_KEY, str(KEY_BYTES), timeout=_LIMIT)
        key = self._stored_key()
        if key is None:
            raise EngineProblem(
                f"the key for fingerprints cannot be made (exit code {made.exit_code})",
                hint=f"see whether the volume {self._layout.state_volume} can be written to",
            )
        return key

    def _shell(self) -> Shell:
        self._reader.ensure(self._layout.state_volume)
        return Shell.open(
            self._client,
            labels={labels.ROLE: Role.STATE.value},
            mounts={self._layout.state_volume: STATE},
        )


def _indexed(entry: bytes) -> EnvironmentKey | None:
    try:
        return record_file.loads_key(entry.decode("utf-8"))
    except (RecordInvalid, UnicodeDecodeError):
        return None


def _whole_key(files: Mapping[str, bytes]) -> bytes | None:
    found = files.get(KEY_FILE)
    return found if found is not None and len(found) == KEY_BYTES else None


def _decoded_or_error(
    content: bytes, key: EnvironmentKey, what: str = ""
) -> EnvironmentRecord | RecordInvalid:
    try:
        return decoded(content, key, what)
    except RecordInvalid as error:
        return error


def decoded(
    content: bytes, key: EnvironmentKey | None = None, what: str = "", *, to_write: bool = False
) -> EnvironmentRecord:
    """The record in a file called `what`, of that environment if given. Raises RecordInvalid.

    `to_write` refuses what a newer version wrote, which would be lost.
    """
    what = what or (f"the record of {show(key.environment)}" if key else "a record")
    if len(content) > bounds.RECORD:
        raise RecordInvalid(
            f"{what} is larger than {bounds.in_words(bounds.RECORD)}", hint=record_file.ASK_DOCTOR
        )
    try:
        state = record_file.loads(content.decode("utf-8"), what, to_write=to_write)
    except UnicodeDecodeError as error:
        raise RecordInvalid(f"{what} is not UTF-8", hint=record_file.ASK_DOCTOR) from error
    if key is not None and state.key != key:
        raise RecordInvalid(f"{what} is that of another environment", hint=record_file.ASK_DOCTOR)
    return state
