"""The end of a run: previous deployments drain, stop and are kept."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from compartment_tui.domain.callers import Connections
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
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
        quiet = self.quiet_since is not None and now - self.quiet_since >= QUIET
        return quiet or now >= self.deadline


def drain(world: World, record: EnvironmentRecord) -> Iterator[Event]:
    """Wait until the previous deployments of the journal have no connections, or their deadlines.

    Each that is over is told as a finished stage.
    A request to stop ends the waiting. Raises DiedAfterSwitch when a new deployment dies meanwhile.
    """
    looked_up = world.clock.monotonic() + LOOK_UP_PATIENCE
    names = CallerNames(world, record.key)
    with ExitStack() as opened:
        going = _open(world, record, opened)
        next_check = world.clock.monotonic()
        while going and not world.cancel.requests:
            now = world.clock.monotonic()
            if now >= next_check:
                refuse_dead(world, record)
                next_check = now + ALIVE_INTERVAL
            over = [draining for draining in going if draining.look(now)]
            going = [draining for draining in going if draining not in over]
            for draining in over:
                yield from _over(world, record, draining, names)
            for draining in going:
                yield from _waits(world, record, draining, names)
            if going:
                world.clock.sleep(DRAIN_INTERVAL)
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


def _open(world: World, record: EnvironmentRecord, opened: ExitStack) -> list[Draining]:
    going = []
    for entry in record.journal_entries:
        deployment = record.deployments.get(entry.previous or "")
        if deployment is None or deployment.port is None or entry.stop_first:
            continue
        try:
            count = world.engine.count_connections(deployment.id, deployment.port)
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
        if instance is None or not instance.running or instance.restarts:
            code = ""
            if instance is not None and instance.exit_code is not None:
                code = f" (exit code {instance.exit_code})"
            raise DiedAfterSwitch(
                f"{entry.service} died right after it went live{code}",
                service=entry.service,
                hint="the previous version has its traffic back",
                tail=world.engine.tail(entry.deployment, 20),
            )


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
