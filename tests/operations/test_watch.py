"""`status --watch`: a new look after every change, and none that a broken file could end."""

import threading
from collections.abc import Iterator

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.errors import ProjectFileInvalid
from compartment_tui.domain.views import EnvironmentStatus
from compartment_tui.operations.watch import watch
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
