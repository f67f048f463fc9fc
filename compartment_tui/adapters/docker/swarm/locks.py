"""The lock on the home of a Swarm: what it writes is copied to the managers, too."""

from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.helper_shell import Shell
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.edge.edge_container import EdgeContainer
from compartment_tui.adapters.docker.lock.locks import DockerEnvironmentLock, DockerLocks
from compartment_tui.adapters.docker.records import DockerRecords
from compartment_tui.adapters.docker.swarm.record_copies import SwarmCopies
from compartment_tui.background import Background
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.engine import DockerEngine


class SwarmLocks(DockerLocks):
    """Keeps the promises of `compartment_tui.ports.Locks`."""

    def __init__(self, client: Client, engine: "DockerEngine", layout: ResourceNames) -> None:
        super().__init__(client, engine, layout)
        self._copies = SwarmCopies(client, layout)

    def _made_of(
        self, key: EnvironmentKey, shell: Shell, edge: EdgeContainer
    ) -> DockerEnvironmentLock:
        lock = SwarmEnvironmentLock(self._client, self._engine, self._layout, key, shell, edge)
        lock.copies = self._copies
        return lock


class SwarmEnvironmentLock(DockerEnvironmentLock):
    """Keeps the promises of `compartment_tui.ports.EnvironmentLock`.

    Routes that were written are copied at once, with the record that goes with them, and nobody
    waits for that: what is live from here on must not be lost with this machine.
    """

    copies: SwarmCopies
    _latest: EnvironmentRecord | None = None
    """The record as it was written last, and its routes."""
    _table: RouteTable | None = None
    _under_way: "CopyUnderWay | None" = None

    def write_record(self, state: EnvironmentRecord) -> None:
        super().write_record(state)
        self._latest = state
        if state.journal is None:
            self._copy()

    def write_routes(self, table: RouteTable) -> None:
        super().write_routes(table)
        self._table = table
        self._copy()

    def write_record_and_routes(self, state: EnvironmentRecord, table: RouteTable) -> bool:
        readable = super().write_record_and_routes(state, table)
        self._latest, self._table = state, table
        self._copy()
        return readable

    def keep_copy(self) -> str:
        under_way = self._under_way
        done = under_way is not None and under_way.is_done()
        try:
            record = self.read_record()
            if not record.deployments and record.journal is None:
                self.copies.forget(self._key)
                return ""
            table = self.routes() if self._table is None else self._table
            if not (done and under_way is not None and under_way.is_of(record, table)):
                self.copies.keep(record, table)
        except CompartmentError as error:
            return error.message
        return ""

    def _copy(self) -> None:
        """Copy what was written last; one copy after the other."""
        record, table = self._latest, self._table
        if record is not None and table is not None:
            self._under_way = CopyUnderWay(self.copies, record, table, after=self._under_way)


class CopyUnderWay:
    """A copy that is made while its run goes on."""

    def __init__(
        self,
        copies: SwarmCopies,
        record: EnvironmentRecord,
        table: RouteTable,
        *,
        after: "CopyUnderWay | None" = None,
    ) -> None:
        self._copies = copies
        self._record = record
        self._table = table
        self._after = after
        self._keeping = Background(self._keep)

    def _keep(self) -> None:
        if self._after is not None:
            self._after.is_done()
            self._after = None
        self._copies.keep(self._record, self._table)

    def is_done(self) -> bool:
        """Wait for it; False when it could not be made, which the last copy of a run tells."""
        try:
            self._keeping.answer()
        except Exception:
            return False
        return True

    def is_of(self, record: EnvironmentRecord, table: RouteTable) -> bool:
        """Whether this is what it was to keep."""
        return (self._record, self._table) == (record, table)


class SwarmRecords(DockerRecords):
    """Keeps the promises of `compartment_tui.ports.Records`."""

    def __init__(self, client: Client, layout: ResourceNames) -> None:
        super().__init__(client, layout)
        self._copies = SwarmCopies(client, layout)

    def forget(self, key: EnvironmentKey) -> None:
        super().forget(key)
        self._copies.forget(key)
