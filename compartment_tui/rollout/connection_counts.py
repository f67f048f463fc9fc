"""The counts of connections to what is to drain, begun before anybody waits for them."""

from collections.abc import Iterator
from contextlib import suppress

from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, JournalEntry
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.ports import ConnectionCount, World


def drained_by(record: EnvironmentRecord) -> Iterator[tuple[JournalEntry, Deployment, int]]:
    """What drains by the journal, each with the port where its connections are counted."""
    for entry in record.journal_entries:
        deployment = record.deployments.get(entry.previous or "")
        if deployment is not None and deployment.port is not None and not entry.stop_first:
            yield entry, deployment, deployment.port


def begun_counts(world: World, record: EnvironmentRecord) -> dict[str, ConnectionCount]:
    """By deployment; what cannot be counted now is left to the drain, which tells it."""
    found = {}
    for _, deployment, port in drained_by(record):
        with suppress(CompartmentError):
            found[deployment.id] = world.engine.count_connections(deployment.id, port)
    return found
