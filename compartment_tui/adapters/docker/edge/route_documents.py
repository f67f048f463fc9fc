"""The engine's route documents: read without a lock, restored from the records, moved aside."""

import contextlib
import hashlib
from collections.abc import Iterable, Mapping

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import (
    ASIDE,
    CERTIFICATE,
    PROOF,
    ROUTES,
    UNFINISHED,
    ResourceNames,
    certificates_path,
    inner_path,
    route_path,
)
from compartment_tui.adapters.docker.edge import default_certificate, traefik
from compartment_tui.adapters.docker.records import DockerRecords, Reader
from compartment_tui.adapters.docker.resources.subnets import subnet_of
from compartment_tui.domain.errors import EngineProblem, RecordInvalid, Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.record.rebuild import routed
from compartment_tui.domain.routes import RouteTable

_ASIDE = """
set -e
mkdir -p "$2"
# A name may be any, and as long as names can be: it comes as the octal numbers of its bytes.
name=$(printf "$(printf %s "$3" | sed 's/\\([0-7]*\\)[.]/\\\\\\1/g')")
file="$1/$name"
fresh="$5/restored"
mkdir -p "$5"
cat >"$fresh"
# Only what was judged is moved: it may have been replaced by a good one meanwhile.
if [ "$(sha256sum <"$file" | cut -c 1-64)" = "$4" ]; then
  cp "$file" "$2/$(printf %.200s "$name").$(date +%s)"
  # In one step, so that the edge never sees the routes missing.
  if [ -s "$fresh" ]; then sync "$fresh"; mv "$fresh" "$file"; else rm "$file"; fi
fi
rm -f "$fresh"
"""
_PART = """
set -e
mkdir -p "${1%/*}" "${3%/*}"
cat >"$3"
[ "$(wc -c <"$3")" -eq "$2" ]
sync "$3"
"""
_RESTORE = f"""{_PART}
# Never over a document that somebody wrote meanwhile: their lock, their word.
ln "$3" "$1" 2>/dev/null || [ -e "$1" ]
rm "$3"
"""
_REPLACE = f'{_PART}mv "$3" "$1"'


DIGITS = 12
"""A size that has more is no size of a file."""


class Documents:
    """What lies in the directory that the edge watches."""

    def __init__(self, client: Client, layout: ResourceNames, records: DockerRecords) -> None:
        self._client = client
        self._layout = layout
        self._records = records
        self._reader = Reader(client, layout)

    def warm_up(self) -> None:
        """They will be read next: fetch them meanwhile."""
        self._reader.warm_up(ROUTES)

    def tables(self) -> Mapping[EnvironmentKey, RouteTable]:
        """Every document that can be read."""
        return _tables(self._contents())

    def proof(self) -> str:
        """See `Edge.proof`."""
        return traefik.token_of(self._reader.tree(PROOF).get(PROOF, b""))

    def unreadable(self) -> tuple[str, ...]:
        """The file names of those that cannot be read, or say to be another environment's."""
        return tuple(
            name for name, content in sorted(self._contents().items()) if not _ours(name, content)
        )

    def set_aside(self, name: str) -> None:
        """Move a document out of the watched directory; nothing if it is not there.

        Where a record says what it should be, it is replaced by that. The caller holds the
        engine's lock.
        """
        content = self._contents().get(name)
        if content is not None:
            self._set_aside(name, content, self._records.recorded())

    def remove(self, key: EnvironmentKey) -> None:
        """Remove the environment's documents; nothing if there are none."""
        there = self._reader.tree(ROUTES)
        own = (route_path(key), inner_path(key), certificates_path(key))
        if any(path in there for path in own):
            self._do('rm -f "$@"', *own)

    def restore(self, inner_ports: tuple[int, ...]) -> bool:
        """Make missing documents again from the records, move unreadable ones aside.

        At `inner_ports` the edge takes inner calls. The caller holds the engine's lock. True when
        anything was done.
        """
        there, recorded = self._contents(), self._records.recorded()
        spoilt = {name: content for name, content in there.items() if not _ours(name, content)}
        for name, content in spoilt.items():
            self._set_aside(name, content, recorded)
        absent = (key for key in recorded if traefik.file_name(key) not in there)
        missing = {key: text for key in absent if (text := self._recorded(key))}
        for key, text in missing.items():
            size, part = str(len(text)), f"{UNFINISHED}/restored"
            self._do(_RESTORE, route_path(key), size, part, payload=text)
        return self._restore_inner(inner_ports) or bool(spoilt or missing)

    def _restore_inner(self, ports: tuple[int, ...]) -> bool:
        """Lead inner calls to what the route documents say, where that is lost or old."""
        there = self._reader.tree(ROUTES)
        wanted = {}
        for key, table in _tables(there).items():
            inside = any(route.inside for route in table.routes)
            subnet = subnet_of(self._client, self._layout.network(key)) if inside else None
            entry = traefik.InnerEntry(ports=ports, subnet=str(subnet or ""))
            wanted[inner_path(key)] = traefik.inner_document(key, table, entry).encode()
        other = {path: text for path, text in wanted.items() if there.get(path, b"") != text}
        for path, text in other.items():
            if text:
                self._do(_REPLACE, path, str(len(text)), f"{UNFINISHED}/inner", payload=text)
            else:
                self._do('rm -f "$1"', path)
        return bool(other)

    def certify(self) -> None:
        """Give the edge a certificate of its own, if it has none. The caller holds the lock."""
        have = self._reader.tree(CERTIFICATE).get(CERTIFICATE, b"")
        if default_certificate.is_whole(have):
            return
        text = default_certificate.document().encode()
        size, part = str(len(text)), f"{UNFINISHED}/certificate"
        self._do(_REPLACE, CERTIFICATE, size, part, payload=text)

    def _set_aside(self, name: str, content: bytes, recorded: Iterable[EnvironmentKey]) -> None:
        key = next((one for one in recorded if traefik.file_name(one) == name), None)
        text = b"" if key is None else self._recorded(key)
        judged = hashlib.sha256(content).hexdigest()
        self._do(_ASIDE, ROUTES, ASIDE, in_octal(name), judged, UNFINISHED, payload=text)

    def _recorded(self, key: EnvironmentKey) -> bytes:
        """The document that the record calls for; empty when it calls for none.

        A record that makes no sense is told by whoever works on that environment: it must not keep
        the others from being served.
        """
        try:
            state = self._records.read(key)
            table = routed(state) if state is not None else RouteTable()
            return traefik.document(key, table).encode() if table.routes else b""
        except (RecordInvalid, Refused):
            return b""

    def _contents(self) -> dict[str, bytes]:
        files = self._reader.files(ROUTES)
        return {name: content for name, content in files.items() if _is_document(name)}

    def _do(self, script: str, *arguments: str, payload: bytes | None = None) -> None:
        with Shell.open(
            self._client,
            labels={labels.ROLE: Role.STATE.value},
            mounts=self._layout.volumes,
        ) as shell:
            done = shell.run(script, *arguments, payload=payload)
        if done.exit_code != 0:
            raise EngineProblem(
                f"the route documents could not be changed (exit code {done.exit_code})",
                hint=f"see whether the volume {self._layout.routes_volume} can be written to",
            )


def _tables(documents: Mapping[str, bytes]) -> dict[EnvironmentKey, RouteTable]:
    """What can be read of these; what is no route document is passed over."""
    found = {}
    for content in documents.values():
        with contextlib.suppress(traefik.UnreadableDocument):
            key, table = traefik.read(content.decode("utf-8", "replace"))
            found[key] = table
    return found


def in_octal(name: str) -> str:
    """A file's name as the octal numbers of its bytes, each with a dot behind it."""
    return "".join(f"{byte:03o}." for byte in name.encode("utf-8", "surrogateescape"))


def all_ours(listed: bytes) -> bool:
    """Whether every document in a listing can be read: sizes and names, a blank line, all texts.

    False as well when a document was replaced while it was listed: the sizes do not add up then.
    """
    heads, _, texts = listed.partition(b"\n\n") if not listed.startswith(b"\n") else (b"", b"", b"")
    for head in heads.splitlines():
        size, _, name = head.decode("utf-8", "replace").partition(" ")
        if not size.isdecimal() or len(size) > DIGITS:
            return False
        text, texts = texts[: int(size)], texts[int(size) :]
        if len(text) != int(size) or not _ours(name, text):
            return False
    return not texts


def _is_document(name: str) -> bool:
    # What the edge reads: the other endings are not ours, but would count.
    return name.endswith((traefik.SUFFIX, ".yml", ".yaml"))


def _ours(name: str, content: bytes) -> bool:
    try:
        key, _ = traefik.read(content.decode("utf-8"))
    except traefik.NewerDocument:
        return True
    except (UnicodeDecodeError, traefik.UnreadableDocument):
        return False
    return traefik.file_name(key) == name
