"""What the pretended machine remembers."""

import hashlib
from collections.abc import Mapping

from compartment_tui.adapters.memory.host import Host
from compartment_tui.domain.claims import with_replicas
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.record.rebuild import rebuild
from compartment_tui.domain.routes import RouteTable


class MemoryRecords:
    """`Records` on a `Host`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def read_ahead(self) -> None:
        """Nothing to fetch."""

    def warm_up(self, key: EnvironmentKey) -> None:
        """Nothing to fetch."""

    def read(self, key: EnvironmentKey) -> EnvironmentRecord | None:
        return read_record(self._host, key)

    def archived(self, key: EnvironmentKey) -> tuple[EnvironmentRecord | RecordInvalid, ...]:
        return tuple(reversed(self._host.archives.get(key, [])))

    def environments(self, project: str) -> tuple[EnvironmentKey, ...]:
        return tuple(sorted(key for key in self._host.records if key.project == project))

    def read_all(self, project: str) -> Mapping[EnvironmentKey, EnvironmentRecord | RecordInvalid]:
        return {key: self._read_or_error(key) for key in self.environments(project)}

    def unreadable(self) -> tuple[str, ...]:
        return tuple(self._host.unreadable_index)

    def _read_or_error(self, key: EnvironmentKey) -> EnvironmentRecord | RecordInvalid:
        try:
            return read_record(self._host, key) or EnvironmentRecord(key=key)
        except RecordInvalid as error:
            return error

    def fingerprint_key(self) -> bytes:
        return hashlib.sha256(self._host.fingerprint_seed).digest()

    def forget(self, key: EnvironmentKey) -> None:
        state = self._host.records.pop(key, None)
        self._host.archives.pop(key, None)
        if state is not None:
            self._host.kept_audit[key] = state.audit


def read_record(host: Host, key: EnvironmentKey) -> EnvironmentRecord | None:
    """The record as it lies there. Raises RecordInvalid."""
    if key in host.invalid_records:
        raise RecordInvalid(
            f"the record of {show(key.environment)} cannot be read",
            hint="`compartment-tui doctor` tells what helps",
        )
    return host.records.get(key)


def rebuilt_record(host: Host, key: EnvironmentKey) -> EnvironmentRecord:
    """A first record; made again from routes and labels when there are containers without one."""
    there = (*host.containers.values(), *host.copies)
    kept = with_replicas(
        one.instance()
        for one in there
        if one.key == key and one in host.claimants(one.deployment, one.number)
    )
    if not kept:
        return EnvironmentRecord(key=key, audit=host.kept_audit.get(key, ()))
    return rebuild(key, kept, host.documents.get(key, RouteTable()), host.clock.now())
