"""An image on its way to all machines of a Swarm: side by side, and past those out of reach."""

import threading
from collections.abc import Generator
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.resources import image_carriage
from compartment_tui.adapters.docker.swarm import image_spread
from compartment_tui.adapters.docker.swarm.image_spread import ImageSpread, label_of
from compartment_tui.adapters.docker.swarm.nodes import Nodes, SwarmNode
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.errors import DiskFull, EngineUnreachable
from compartment_tui.domain.planning.plan import Plan
from tests.adapters.docker.swarm.fakes import Json, Managers

IMAGE = "sha256:" + "a" * 64
NAMES = ("n1", "n2", "n3")
NOTHING = cast(Any, None)


class Engines:
    """Stands for `Nodes`: a client is its node's name; those of `away` cannot be reached."""

    def __init__(self, away: tuple[str, ...] = ()) -> None:
        self._away = away

    def all(self) -> tuple[SwarmNode, ...]:
        return tuple(
            SwarmNode(
                id=name,
                name=name,
                address="",
                state="ready",
                availability="active",
                manager=False,
                leader=False,
                labels={},
            )
            for name in NAMES
        )

    def client_of(self, node: SwarmNode) -> str:
        if node.name in self._away:
            raise EngineUnreachable(f"{node.name} is away")
        return node.name


class Archive:
    closed = False

    def close(self) -> None:
        self.closed = True


class Ground:
    """What the machines have, and what is asked of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, has: tuple[str, ...]) -> None:
        self.has = set(has)
        self.archives: list[Archive] = []
        self.marked: list[str] = []
        self.together = threading.Barrier(1)
        """So many have to be asked at the same moment, or nobody gets an answer."""
        self.full: tuple[str, ...] = ()
        monkeypatch.setattr(image_spread, "image_on_engine", self._image)
        monkeypatch.setattr(image_spread, "_saved", self._saved)
        monkeypatch.setattr(image_carriage, "load_image", self._load)

    def spread(self, away: tuple[str, ...] = ()) -> list[str]:
        managers = Managers(self._managed)
        images = ImageSpread(managers.client, cast(Nodes, Engines(away)))
        return list(images.spread(IMAGE, cast(Plan, NOTHING), NOTHING))

    def _managed(self, method: str, path: str, _query: object, body: Json | None) -> object:
        if method == "GET":
            return {"Spec": {"Labels": {}}, "Version": {"Index": 1}}
        assert body is not None
        assert list(body["Labels"]) == [label_of(IMAGE)]
        self.marked.append(path.split("/")[2])
        return None

    def _image(self, client: str, _: str) -> object | None:
        self.together.wait(timeout=20)
        return client if client in self.has else None

    def _saved(self, *_: object) -> Archive:
        self.archives.append(Archive())
        return self.archives[-1]

    def _load(self, client: str, archive: Archive, *_: object) -> Generator[Carriage, None, None]:
        assert not archive.closed
        if client in self.full:
            raise DiskFull(f"{client} is full")
        yield Carriage(done=1000, total=1000)


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch, has=("n1",))


def test_the_machines_are_asked_side_by_side(ground: Ground) -> None:
    ground.together = threading.Barrier(len(NAMES))
    lines = ground.spread()
    assert lines[0] == "sending the image to n2, n3"
    assert [line.partition(":")[0] for line in lines[1:]] == ["n2", "n3"]
    assert ground.marked == list(NAMES)


def test_it_is_read_once_for_all_that_lack_it(ground: Ground) -> None:
    ground.spread()
    (archive,) = ground.archives
    assert archive.closed


def test_what_all_have_is_not_read(ground: Ground) -> None:
    ground.has = set(NAMES)
    assert not ground.spread()
    assert not ground.archives
    assert ground.marked == list(NAMES)


def test_a_machine_out_of_reach_is_named_and_gets_no_mark(ground: Ground) -> None:
    lines = ground.spread(away=("n2",))
    assert lines[0] == "sending the image to n3"
    assert lines[1:3] == ["n2: not reached, nothing of this will run there", "n2: n2 is away"]
    assert lines[3].startswith("n3: image sent")
    assert ground.marked == ["n1", "n3"]


def test_one_that_is_full_ends_it_when_the_others_have_it(ground: Ground) -> None:
    ground.full = ("n2",)
    with pytest.raises(DiskFull, match="n2 is full"):
        ground.spread()
    (archive,) = ground.archives
    assert archive.closed
