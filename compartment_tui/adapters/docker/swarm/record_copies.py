"""Copies of records and routes with the managers: what is left of them when the home is lost."""

import base64
import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.api.resource_names import (
    ResourceNames,
    record_path,
    route_path,
)
from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.adapters.docker.lock.locks import packed
from compartment_tui.adapters.docker.records import decoded, unpacked
from compartment_tui.adapters.docker.swarm.patience import Json, ask
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import EngineProblem, RecordInvalid
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey, misnamed, show
from compartment_tui.domain.routes import RouteTable

DIGEST = PREFIX + "copy.digest"
"""Of what is in it: what has not changed is not written again."""
LARGEST = 500 * bounds.KIB
"""What every version of the engine takes for one config."""
ATTEMPTS = 5
_BROKEN = (tarfile.TarError, zlib.error, ValueError, LookupError, RecursionError, EOFError)
"""What reading an archive raises that is none."""
_NUMBER = re.compile(r"-(\d{1,12})\Z")


class SwarmCopies:
    """A config for each environment. One cannot be changed: a new one is made, the old one goes."""

    def __init__(self, client: Client, layout: ResourceNames) -> None:
        self._client = client
        self._namespace = layout.namespace

    def keep(self, record: EnvironmentRecord, table: RouteTable) -> None:
        """Have this be the copy. The caller holds the environment's lock.

        Raises EngineProblem when it is too large, and when the managers do not take it.
        """
        key = record.key
        content = gzip.compress(
            packed(
                {
                    record_path(key): record_file.dumps(record).encode(),
                    route_path(key): traefik.document(key, table).encode(),
                }
            ),
            mtime=0,
        )
        if len(content) > LARGEST:
            raise EngineProblem(
                f"it has {bounds.in_words(len(content))}, and a Swarm takes"
                f" {bounds.in_words(LARGEST)}"
            )
        digest = hashlib.sha256(content).hexdigest()
        earlier = self._of(key)
        if any((one["Spec"].get("Labels") or {}).get(DIGEST) == digest for one in earlier[:1]):
            self._remove(earlier[1:])
            return
        self._create(key, content, digest, earlier)
        self._remove(earlier)

    def _create(
        self, key: EnvironmentKey, content: bytes, digest: str, earlier: list[Json]
    ) -> None:
        number = max(map(_number, earlier), default=0)
        for attempt in range(1, ATTEMPTS + 1):
            body = {
                "Name": f"{self._prefix(key)}{number + attempt}",
                "Labels": labels.of_environment(Role.RECORD, key) | {DIGEST: digest},
                "Data": base64.b64encode(content).decode(),
            }
            try:
                ask(self._client, "POST", "/configs/create", "keep a copy of a record", body=body)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def forget(self, key: EnvironmentKey) -> None:
        """Nothing of it is left."""
        self._remove(self._of(key))

    def read_all(self) -> Mapping[EnvironmentKey, RecordCopy | RecordInvalid]:
        """The newest copy of every environment; a spoilt one is what is wrong with it."""
        found: dict[EnvironmentKey, RecordCopy | RecordInvalid] = {}
        for one in self._listed(labels.filters(Role.RECORD)):
            marks = one["Spec"].get("Labels") or {}
            project, name = marks.get(labels.PROJECT, ""), marks.get(labels.ENVIRONMENT, "")
            key = EnvironmentKey(project, name)
            # The newest comes first; and other namespaces have theirs in the same Swarm.
            ours = one["Spec"]["Name"].startswith(f"{self._namespace}-record-")
            if not ours or misnamed(project, name) or key in found:
                continue
            try:
                found[key] = _copy_in(one, key)
            except RecordInvalid as error:
                found[key] = error
        return found

    def _prefix(self, key: EnvironmentKey) -> str:
        return f"{self._namespace}-record-{key.identifier}-"

    def _of(self, key: EnvironmentKey) -> list[Json]:
        """The newest first."""
        found = self._listed(labels.filters(Role.RECORD, key))
        return [one for one in found if one["Spec"]["Name"].startswith(self._prefix(key))]

    def _listed(self, filters: Mapping[str, list[str]]) -> list[Json]:
        query = {"filters": json.dumps(filters)}
        found: list[Json] = ask(
            self._client, "GET", "/configs", "list copies of records", query=query
        )
        return sorted(found, key=_number, reverse=True)

    def _remove(self, configs: list[Json]) -> None:
        for one in configs:
            try:
                ask(self._client, "DELETE", f"/configs/{one['ID']}", "remove an old copy")
            except Missing:
                continue


def _number(config: Json) -> int:
    found = _NUMBER.search(config["Spec"]["Name"])
    return int(found[1]) if found else 0


def _copy_in(config: Json, key: EnvironmentKey) -> RecordCopy:
    """Raises RecordInvalid."""
    what = f"the copy of the record of {show(key.environment)} in the Swarm"
    try:
        files = unpacked(_inflated(base64.b64decode(config["Spec"].get("Data") or "")), "")
    except (*_BROKEN, bounds.TooMuch) as error:
        raise RecordInvalid(f"{what} cannot be read: {error}") from error
    # It would be written, so one of a newer version, with what this one does not know, is refused.
    record = decoded(files.get(record_path(key), b""), key, what, to_write=True)
    try:
        table = traefik.parse(files.get(route_path(key), b"").decode())
    except (ValueError, traefik.UnreadableDocument) as error:
        raise RecordInvalid(f"{what} has no routes that can be read: {error}") from error
    at = moment(config.get("CreatedAt", "")) or datetime.fromtimestamp(0, UTC)
    return RecordCopy(record=record, table=table, at=at)


def _inflated(content: bytes) -> bytes:
    """What was compressed. Raises TooMuch before it is more than a record and routes may be."""
    most = bounds.RECORD + bounds.ROUTE_DOCUMENT
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    found = unpacking.decompress(content, most + 1)
    bounds.refuse_large(len(found), most, "a copy of a record")
    return found
