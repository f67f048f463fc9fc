"""How an image is loaded, by what an engine says: recorded answers of both image stores."""

import io
import tarfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.adapters.docker.api.cancellable_stream import Chunk
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.image_streams import DONE
from compartment_tui.adapters.docker.resources import image_carriage
from compartment_tui.adapters.docker.resources.image_file import ImageFile
from compartment_tui.adapters.memory.clock import ManualCancel
from compartment_tui.domain.deployment import Image, Trigger
from compartment_tui.domain.errors import DiskFull, EngineProblem, ImageUnavailable
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ImageSource, Plan
from tests.adapters.docker.test_image_file import ID, archive, blobs, legacy, read
from tests.contract.test_image_carriage import finish
from tests.rollout.shop import WEB

MANIFEST = f"sha256:{'1' * 64}"
CLASSIC = [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]]
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]
MISSING = "open /var/lib/docker/tmp/docker-import-1/layer-1: no such file or directory"
PLAN = Plan(
    key=EnvironmentKey("shop", "production"),
    run="run",
    trigger=Trigger.PROMOTE,
    spec=WEB,
    deployment="dep",
    source=ImageSource.KEPT_IMAGE,
    image=ID,
)


class Told(Client):
    """An engine of which only its storage driver is asked."""

    def __init__(self, driver: list[list[str]]) -> None:
        super().__init__(Address(url="ssh://prod.example.com", chosen_by="the test"))
        self._driver = driver

    def info(self) -> dict[str, Any]:
        return {"DriverStatus": self._driver}


class Answers:
    """What the engine says to each archive, in turn, and the archives."""

    def __init__(self, *answers: list[Chunk]) -> None:
        self._answers = list(answers)
        self.sent: list[bytes] = []

    def __call__(
        self, _client: Client, pieces: Callable[[], Iterator[bytes]], _cancel: ManualCancel
    ) -> Generator[Chunk, None, None]:
        self.sent.append(b"".join(pieces()))
        yield {DONE: len(self.sent[-1])}
        yield from self._answers.pop(0)

    def layers(self) -> list[list[str]]:
        found = []
        for one in self.sent:
            with tarfile.open(fileobj=io.BytesIO(one)) as reader:
                found.append([name for name in reader.getnames() if name.startswith("layer-")])
        return found


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were given a name of ours."""
    given: list[str] = []
    monkeypatch.setattr(image_carriage, "image_on_engine", lambda _, one: Image(id=one))
    monkeypatch.setattr(image_carriage, "give_name", lambda _, one, *__: given.append(one))
    return given


def loaded(image: str) -> list[Chunk]:
    return [{"stream": f"Loaded image ID: {image}\n"}]


def load(
    monkeypatch: pytest.MonkeyPatch,
    driver: list[list[str]],
    answers: Answers,
    *,
    file: ImageFile | None = None,
    plan: Plan = PLAN,
) -> Image:
    monkeypatch.setattr(image_carriage, "loaded_chunks", answers)
    file = file or read(legacy())
    try:
        return finish(image_carriage.load_image(Told(driver), file, plan, ManualCancel()))[1]
    finally:
        file.close()


def test_only_what_the_engine_lacks_is_sent(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    answers = Answers([{"error": MISSING}], loaded(ID))
    assert load(monkeypatch, CLASSIC, answers).id == ID
    assert answers.layers() == [[], ["layer-1", "layer-2"]]
    assert named == [ID]


def test_what_is_all_there_is_loaded_by_the_question(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    answers = Answers(loaded(ID))
    assert load(monkeypatch, CLASSIC, answers).id == ID
    assert answers.layers() == [[]]
    assert named == [ID]


@pytest.mark.parametrize("said", [[], [{"error": "something new"}], [{"stream": "Loaded what?"}]])
def test_all_is_sent_where_the_answer_is_not_understood(
    monkeypatch: pytest.MonkeyPatch, named: list[str], said: list[Chunk]
) -> None:
    answers = Answers(said, loaded(ID))
    assert load(monkeypatch, CLASSIC, answers).id == ID == named[0]
    assert answers.layers()[1] == ["layer-0", "layer-1", "layer-2"]


def test_a_full_disk_and_a_refusal_are_told_as_what_they_are(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    full = {"error": "Error processing tar file: write /x: no space left on device"}
    with pytest.raises(DiskFull):
        load(monkeypatch, CLASSIC, Answers([{"error": MISSING}], [full]))
    with pytest.raises(EngineProblem, match="take the image of web: layers are wrong"):
        load(monkeypatch, CLASSIC, Answers([{"error": MISSING}], [{"error": "layers are wrong"}]))
    with pytest.raises(EngineProblem, match="does not have it"):
        load(monkeypatch, CLASSIC, Answers([{"error": MISSING}], []))
    assert named == []


def test_between_two_stores_of_containerd_it_is_handed_on_as_it_is(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    answers = Answers(loaded(MANIFEST))
    file = read(blobs(), image=MANIFEST)
    plan = replace(PLAN, image=MANIFEST)
    assert load(monkeypatch, CONTAINERD, answers, file=file, plan=plan).id == MANIFEST
    assert answers.sent == [archive(blobs())]
    assert named == [MANIFEST]


@pytest.mark.parametrize(
    ("driver", "image"), [(CONTAINERD, ID), (CLASSIC, MANIFEST)], ids=["to it", "from it"]
)
def test_between_different_stores_a_promotion_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, named: list[str], driver: list[list[str]], image: str
) -> None:
    answers = Answers()
    with pytest.raises(ImageUnavailable, match="would have another id") as refused:
        load(monkeypatch, driver, answers, file=read(blobs(), image), plan=PLAN)
    assert "docker info" in refused.value.hint
    assert (answers.sent, named) == ([], [])


def test_one_that_was_built_here_is_taken_under_the_id_it_has_there(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    answers = Answers(loaded(MANIFEST))
    built = replace(PLAN, image=None, source=ImageSource.BUILD)
    assert load(monkeypatch, CONTAINERD, answers, plan=built).id == MANIFEST
    assert answers.layers() == [["layer-0", "layer-1", "layer-2"]]
    assert named == [MANIFEST]
