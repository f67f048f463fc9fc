"""A living shop on a pretended machine, for looking around without Docker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from compartment_tui.adapters.demo.live_clock import LiveClock
from compartment_tui.adapters.demo.past_runs import Past
from compartment_tui.adapters.demo.shop import (
    BEHAVIOURS,
    BROKEN,
    STAGING_BEFORE,
    UNWELL,
    shop,
)
from compartment_tui.adapters.demo.story import (
    DIRTY_FILES,
    HEAD,
    LATER,
    SPAN,
    STORY,
    SUBJECTS,
    commit,
)
from compartment_tui.adapters.memory.clock import FakeClock, scattered
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import World

ACTOR = "you@laptop"
TALKED = timedelta(minutes=4)
"""For how long the services have been writing when somebody begins to look."""
AT_WORK = ("web", "api", "search", "billing", "web", "worker", "api", "docs")
"""Whose files the colleagues change, in turn."""
WORK_TAKES = timedelta(seconds=25)


def demo_world(clock: FakeClock | None = None) -> World:
    """The shop as it is now, and living; on a clock given, it only moves with that one."""
    return open_demo(clock).world


def open_demo(clock: FakeClock | None = None) -> MemoryWorld:
    """As `demo_world`, with everything it is made of.

    A clock that is given is moved on by the `SPAN` of what happened before, and then left alone.
    """
    ours = clock or LiveClock(datetime.now(UTC) - SPAN)
    ours.entropy = scattered
    opened = memory_world(shop(STAGING_BEFORE), host=Host(clock=ours), actor=ACTOR)
    end = ours.monotonic() + SPAN
    images = _remember(opened, end)
    ours.advance(end - TALKED - ours.monotonic())
    _wake(opened, images)
    _keep_working(opened)
    ours.advance(end - ours.monotonic())
    if isinstance(ours, LiveClock):
        ours.follow()
    return opened


def _remember(opened: MemoryWorld, end: timedelta) -> dict[str, str]:
    """Let everything have happened; the images that were built, and for which service."""
    for service, behaviour in BEHAVIOURS.items():
        # Days of logs that nobody reads would only take time.
        opened.host.behave(service, replace(behaviour, chatter=None))
    past = Past(opened)
    for act in STORY:
        opened.clock.advance(end - act.ago - opened.clock.monotonic())
        past.happen(act)
    return past.images


def _wake(opened: MemoryWorld, images: dict[str, str]) -> None:
    """From now on everybody speaks, search is unwell, and the files are as they are today."""
    host = opened.host
    for name, service in (*images.items(), *zip(BEHAVIOURS, BEHAVIOURS, strict=True)):
        host.behave(name, BEHAVIOURS[service])
    host.behave("billing", BROKEN)
    for container in host.containers.values():
        container.behaviour = BEHAVIOURS[container.service]
    production = EnvironmentKey(opened.project.current.name, "production")
    (unwell,) = host.running(production, "search")
    host.containers[unwell].behaviour = UNWELL
    for container in host.containers.values():
        container.chat()
    opened.project.write(shop())
    opened.source.current, opened.source.dirty = HEAD, DIRTY_FILES
    opened.source.commits = [(commit(subject), subject, author) for subject, author in SUBJECTS]
    for service in ("web", "api", "search", "billing"):
        host.change(service, HEAD.commit)


def _keep_working(opened: MemoryWorld) -> None:
    """Colleagues go on changing files, so that there is always something to deploy."""
    numbers = count(1)

    def work() -> None:
        number = next(numbers)
        subject, author = LATER[number % len(LATER)]
        new = commit(subject, number)
        opened.host.change(AT_WORK[number % len(AT_WORK)], new)
        if number % 4 == 0:
            opened.source.commits.append((new, subject, author))
            opened.source.current = Provenance(commit=new, branch="main", dirty=True, author=author)
        opened.clock.call_in(WORK_TAKES, work)

    opened.clock.call_in(TALKED + WORK_TAKES, work)
