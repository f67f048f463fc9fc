"""The end of a run: previous deployments drain, stop and are kept."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from compartment_tui.domain.callers import Connections
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Instance,
    JournalEntry,
    Purpose,
    Stage,
)
from compartment_tui.domain.errors import (
    DiedAfterSwitch,
    InstanceGone,
    RecordInvalid,
)
from compartment_tui.domain.events import DrainWaits, Event, Noted, StageFinished
from compartment_tui.domain.planning.retention import images_needed, prunable
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.target import Target
from compartment_tui.ports import ConnectionCount, World
from compartment_tui.rollout.caller_names import CallerNames
from compartment_tui.rollout.connection_counts import drained_by
from compartment_tui.rollout.retirement import retire
from compartment_tui.rollout.wait import end_wait

DRAIN_INTERVAL = timedelta(milliseconds=200)
ALIVE_INTERVAL = timedelta(seconds=1)
"""How often the new ones are looked at while the previous ones drain."""
QUIET = timedelta(seconds=1)
"""How long there must be none: a connection being made while we counted shows up within that."""
UNTOLD = timedelta(seconds=1)
"""How long a drain is as usual, and nobody has to know whom it waits for."""
TELL_INTERVAL = timedelta(seconds=3)
"""How often at most it is told who is connected."""
LOOK_UP_PATIENCE = timedelta(milliseconds=500)
"""How long the name of who steps aside stays after the active name has moved.

A look-up inside that just missed the first name asks for the second next; on a busy machine that
takes many times longer than a rename.
"""


@dataclass(slots=True, kw_only=True)
class Draining:
    """One previous deployment on its way out."""

    entry: JournalEntry
    deployment: Deployment
    count: ConnectionCount
    began: timedelta
    deadline: timedelta
    tell_at: timedelta
    quiet_since: timedelta | None = None
    left: tuple[str, ...] = ()
    """The addresses of who is connected, one a connection."""
    told: Connections | None = None

    @property
    def over_at(self) -> timedelta:
        """When it will be over, if nobody connects."""
        quiet_since = self.deadline if self.quiet_since is None else self.quiet_since
        return min(self.deadline, quiet_since + QUIET)

    def look(self, now: timedelta) -> bool:
        """Count once; whether it is over."""
        try:
            self.left = self.count.now()
        except InstanceGone:
            self.left = ()
            return True
        if self.left:
            self.quiet_since = None
        elif self.quiet_since is None:
            self.quiet_since = now
        return now >= self.over_at


def drain(
    world: World,
    record: EnvironmentRecord,
    counts: dict[str, ConnectionCount] | None = None,
) -> Iterator[Event]:
    """Wait until the previous deployments of the journal have no connections, or their deadlines.

    Each that is over is told as a finished stage. `counts` are those that were begun, by
    deployment: they are taken from there, and closed.
    A request to stop ends the waiting. Raises DiedAfterSwitch when a new deployment dies meanwhile.
    """
    looked_up = world.clock.monotonic() + LOOK_UP_PATIENCE
    names = CallerNames(world, record.key)
    with ExitStack() as opened:
        going = _open(world, record, {} if counts is None else counts, opened)
        next_check = world.clock.monotonic()
        while going and not world.cancel.requests:
            now = world.clock.monotonic()
            check = now >= next_check
            if check and record.journal is not None:
                world.engine.look_ahead(entry.deployment for entry in record.journal.incoming)
                world.engine.list_ahead(record.key)  # the names come next
            try:
                over = [draining for draining in going if draining.look(now)]
            finally:
                # Also where nothing can be counted: then this is the only look.
                if check:
                    refuse_dead(world, record)
                    next_check = now + ALIVE_INTERVAL
            going = [draining for draining in going if draining not in over]
            for draining in over:
                yield from _over(world, record, draining, names)
            for draining in going:
                yield from _waits(world, record, draining, names)
            if going:
                soonest = min(draining.over_at for draining in going)
                left = max(soonest - world.clock.monotonic(), timedelta())
                world.clock.sleep(min(DRAIN_INTERVAL, left))
        if going:
            yield _not_waited(world)
        for draining in going:
            yield from _over(world, record, draining, names)
    left = looked_up - world.clock.monotonic()
    if left > timedelta() and _steps_aside(record) and not world.cancel.requests:
        world.clock.sleep(left)


def _steps_aside(record: EnvironmentRecord) -> bool:
    """Whether a running one gave its name to another."""
    entries = record.journal_entries
    return any(one.previous and not (one.removes or one.stop_first) for one in entries)


def _open(
    world: World,
    record: EnvironmentRecord,
    counts: dict[str, ConnectionCount],
    opened: ExitStack,
) -> list[Draining]:
    going = []
    for entry, deployment, port in drained_by(record):
        count = counts.pop(deployment.id, None)
        try:
            count = count or world.engine.count_connections(deployment.id, port)
        except InstanceGone:
            continue
        opened.callback(count.close)
        now = world.clock.monotonic()
        going.append(
            Draining(
                entry=entry,
                deployment=deployment,
                count=count,
                began=now,
                deadline=now + spec_of(deployment).drain_timeout,
                tell_at=now + UNTOLD,
            )
        )
    return going


def refuse_dead(world: World, record: EnvironmentRecord) -> None:
    """Raises DiedAfterSwitch when a deployment that just went live does not run any more."""
    for entry in record.journal.incoming if record.journal else ():
        instance = world.engine.instance(entry.deployment)
        # One of several that dies is brought back, and the others answer meanwhile.
        if instance is None or all(not one.running or one.restarts for one in instance.replicas):
            raise DiedAfterSwitch(
                f"{entry.service} {_end_of(instance)}",
                service=entry.service,
                hint="the previous version has its traffic back",
                tail=world.engine.tail(entry.deployment, 20),
            )


def _end_of(instance: Instance | None) -> str:
    if instance is not None and any(one.placement is not None for one in instance.replicas):
        return "was taken off its machine by the Swarm right after it went live"
    code = instance.exit_code if instance is not None else None
    return "died right after it went live" + ("" if code is None else f" (exit code {code})")


def _over(
    world: World, record: EnvironmentRecord, draining: Draining, names: CallerNames
) -> Iterator[Event]:
    target = Target(record.key.environment, draining.entry.service)
    took = world.clock.monotonic() - draining.began
    if draining.left:
        message = names.of(draining.left).cut_words
        yield Noted(at=world.clock.now(), target=target, message=message)
    yield StageFinished(
        at=world.clock.now(), target=target, stage=Stage.DRAINING_PREVIOUS, took=took
    )


def _waits(
    world: World, record: EnvironmentRecord, draining: Draining, names: CallerNames
) -> Iterator[DrainWaits]:
    now = world.clock.monotonic()
    if not draining.left or now < draining.tell_at:
        return
    connections = names.of(draining.left)
    if connections == draining.told:
        return
    draining.told, draining.tell_at = connections, now + TELL_INTERVAL
    yield DrainWaits(
        at=world.clock.now(),
        target=Target(record.key.environment, draining.entry.service),
        connections=connections,
        cut_off_after=draining.deadline - draining.began,
    )


def _not_waited(world: World) -> Noted:
    message = "asked to stop: the rest of the drain was not waited for"
    return Noted(at=world.clock.now(), target=None, message=message)


def retire_previous(world: World, record: EnvironmentRecord) -> tuple[Deployment, ...]:
    """Stop what was live before the journal's run and keep it; remove what is held no longer.

    Those that had to be killed. All are asked to stop at the same moment.
    """
    journal = record.journal
    if journal is None:
        return ()
    if journal.purpose is Purpose.LIVE:
        end_wait(world, record, {one.service: one.deployment for one in journal.waited_for})
        world.engine.end_stepping_aside(record.key, [entry.service for entry in journal.entries])
    killed = retire(world, previous_of(record))
    for entry in journal.entries:
        discarding = journal.purpose is Purpose.DISCARD
        let_go = entry.deployment if discarding else entry.discards
        if let_go is not None:
            _remove(world, let_go)
    return killed


def previous_of(record: EnvironmentRecord) -> tuple[Deployment, ...]:
    """What was live before the journal's run, where that is to make something else live."""
    journal = record.journal
    if journal is None or journal.purpose is not Purpose.LIVE:
        return ()
    previous = (record.deployments.get(entry.previous or "") for entry in journal.entries)
    return tuple(one for one in previous if one is not None)


def _remove(world: World, deployment: str) -> None:
    """The container of a candidate that was never live, and its image if nothing else uses it."""
    instance = world.engine.instance(deployment)
    if instance is not None:
        world.engine.remove(deployment)
        world.engine.remove_image(instance.image)


def prune(world: World, record: EnvironmentRecord, *, keep: int) -> None:
    """Remove containers beyond retention, and the images that nothing uses any more."""
    instances = world.engine.instances(record.key)
    gone = prunable(record, instances, keep=keep)
    if gone:
        world.records.read_ahead()
    for deployment in gone:
        world.engine.remove(deployment)
    images = {one.image for one in instances if one.deployment in gone}
    images -= {one.image for one in instances if one.deployment not in gone}
    if images:
        images = _unneeded(world, record, images, keep=keep)
    for image in sorted(images):
        world.engine.remove_image(image)


def _unneeded(world: World, record: EnvironmentRecord, images: set[str], *, keep: int) -> set[str]:
    """Without those that a kept deployment of any environment would be made from again.

    Containers alone do not tell: those with values that leaked were removed, their images kept.
    While the record of another environment cannot be read, nobody knows what that one needs.
    """
    records = {**world.records.read_all(record.key.project), record.key: record}
    for one in records.values():
        if isinstance(one, RecordInvalid):
            return set()
        images = images - images_needed(one, keep=keep)
    return images
