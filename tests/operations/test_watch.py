"""`status --watch`: a new look after every change, and none that a broken file could end."""

import threading
from collections.abc import Iterator

import pytest

from compartment_tui.adapters.memory.swarm import NOTICED_AFTER
from compartment_tui.adapters.memory.world import MemoryWorld, swarm_world
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.errors import ProjectFileInvalid
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations.status import status
from compartment_tui.operations.watch import (
    LONGEST_WAIT,
    MOVING_FRESH,
    MOVING_WAIT,
    longest_wait,
    watch,
)
from tests.rollout.shop import WEB, deploy, open_shop, shop_config, state


class Watched:
    """Reads in a thread, so that a look that never comes fails the test instead of hanging it."""

    def __init__(self, opened: MemoryWorld) -> None:
        self.feed = watch(opened.world, environment="production")
        self.looks: list[EnvironmentStatus] = []
        self.came = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for look in self.feed:
            with self.came:
                self.looks.append(look)
                self.came.notify_all()

    def until(self, wanted: object) -> EnvironmentStatus:
        with self.came:
            found = self.came.wait_for(lambda: self.looks and wanted(self.looks[-1]), 20)  # type: ignore[operator]
            assert found, self.looks[-1:]
            return self.looks[-1]


@pytest.fixture
def opened() -> MemoryWorld:
    opened = open_shop(WEB)
    deploy(opened)
    return opened


@pytest.fixture
def watched(opened: MemoryWorld) -> Iterator[Watched]:
    watched = Watched(opened)
    watched.until(lambda look: look.worst is Health.HEALTHY)
    yield watched
    watched.feed.close()
    watched.thread.join(10)
    assert not watched.thread.is_alive()


def test_a_container_that_dies_is_seen(opened: MemoryWorld, watched: Watched) -> None:
    container = opened.host.containers[state(opened).active["web"]]
    container.always = False
    container.die(3)
    look = watched.until(lambda look: look.worst is Health.UNHEALTHY)
    assert look.services[0].reason == "exited with code 3"


def test_an_edited_file_is_seen_as_drift(opened: MemoryWorld, watched: Watched) -> None:
    opened.project.write(shop_config(WEB, greeting="other"))
    look = watched.until(lambda look: look.services[0].drift)
    assert look.services[0].drift.changed == ("GREETING",)


def test_a_file_that_is_broken_for_a_while_ends_nothing(
    opened: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = watch(opened.world, environment="production")
    assert next(feed).worst is Health.HEALTHY

    def broken() -> ProjectConfig:
        raise ProjectFileInvalid("compartment.toml:3: what is this?")

    with monkeypatch.context() as edited:
        edited.setattr(opened.project, "config", broken)
        opened.project.write(opened.project.current)
        with pytest.raises(ProjectFileInvalid, match=":3:"):
            next(feed)
    opened.project.write(opened.project.current)
    assert next(feed).worst is Health.HEALTHY
    feed.close()


def test_a_lock_that_is_taken_and_gone_is_seen_at_once(
    opened: MemoryWorld, watched: Watched
) -> None:
    key = state(opened).key
    other = opened.another(actor="eve@box")
    with other.world.locks.environment(key, actor="eve@box", purpose="deploy"):
        watched.until(lambda look: look.holder == "eve@box")
    watched.until(lambda look: look.holder is None)
    other.world.locks.environment(key, actor="eve@box", purpose="deploy")
    watched.until(lambda look: look.holder == "eve@box")
    opened.host.kill(other.process)
    watched.until(lambda look: look.holder is None)


def test_who_knows_better_has_it_look_again(opened: MemoryWorld, watched: Watched) -> None:
    before = len(watched.looks)
    watched.feed.look_again()
    watched.until(lambda _: len(watched.looks) > before)


def test_a_machine_that_is_lost_is_seen_and_seconds_are_told_for_a_while() -> None:
    opened = swarm_world(shop_config(WEB))
    deploy(opened)
    (node,) = status(opened.world, environment="production").services[0].running_by_node
    for machine in opened.swarm.machines.values():
        machine.full = True
    watched = Watched(opened)
    watched.until(lambda look: not look.away_nodes)
    opened.swarm.lose(node)
    opened.clock.advance(NOTICED_AFTER)
    look = watched.until(lambda look: look.away_nodes)
    watched.feed.close()
    watched.thread.join(10)
    now = opened.clock.now()
    assert [one.name for one in look.away_nodes] == [node]
    assert look.services[0].reason.startswith("it cannot be placed: no suitable node")
    assert longest_wait(look, now) == MOVING_WAIT
    assert longest_wait(look, now + MOVING_FRESH) == LONGEST_WAIT
