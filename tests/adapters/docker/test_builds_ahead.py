"""Builds that are begun before the plan that wants their images."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from compartment_tui.adapters.docker.build.builder import DockerBuilder
from compartment_tui.domain.config import Build, Kind, ServiceSpec
from compartment_tui.domain.deployment import Image, Trigger
from compartment_tui.domain.errors import Cancelled
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ImageSource, Plan
from compartment_tui.domain.variable import Secret
from compartment_tui.ports import Cancel

WEB = Plan(
    key=EnvironmentKey("shop", "production"),
    run="run_1",
    trigger=Trigger.DEPLOY,
    spec=ServiceSpec(name="web", kind=Kind.WEB, path="web"),
    deployment="dep_1",
    source=ImageSource.BUILD,
    build_secrets={"token": Secret("one")},
)
AGAIN = replace(WEB, run="run_2", deployment="dep_2", build_secrets={"token": Secret("one")})
OTHERS = {
    "its arguments": replace(WEB, spec=replace(WEB.spec, build=Build(args=(("A", "b"),)))),
    "its files": replace(WEB, root=Path("/elsewhere")),
    "its secrets": replace(WEB, build_secrets={"token": Secret("two")}),
    "its environment": replace(WEB, key=EnvironmentKey("shop", "staging")),
}


@dataclass
class Person:
    requests: int = 0


class Builds(DockerBuilder):
    """Counts the builds; each goes on until it is let go, or asked to stop."""

    def __init__(self) -> None:
        nothing: Any = None
        super().__init__(nothing, nothing)
        self.begun: list[str] = []
        self.stopped: list[str] = []
        self.go_on = threading.Event()

    def _build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        self.begun.append(plan.deployment)
        yield f"builds {plan.deployment}"
        while not self.go_on.wait(0.001):
            if cancel.requests:
                self.stopped.append(plan.deployment)
                raise Cancelled("the build was ended")
        return Image(id=f"sha256:{plan.deployment}")


@pytest.fixture
def builds() -> Iterator[Builds]:
    made = Builds()
    yield made
    made.go_on.set()


def image_of(builds: Builds, plan: Plan) -> str:
    with closing(builds.build(plan, Person())) as lines:
        while True:
            try:
                next(lines)
            except StopIteration as end:
                image: Image = end.value
                return image.id


def test_a_plan_made_anew_has_the_build_of_the_one_before(builds: Builds) -> None:
    builds.go_on.set()
    with builds.ahead((WEB,), Person()), builds.ahead((AGAIN,), Person()):
        assert image_of(builds, AGAIN) == "sha256:dep_1"
        assert builds.begun == ["dep_1"]


@pytest.mark.parametrize("what", OTHERS)
def test_one_that_makes_another_image_has_its_own(builds: Builds, what: str) -> None:
    builds.go_on.set()
    other = replace(OTHERS[what], deployment="dep_2")
    with builds.ahead((WEB,), Person()):
        assert image_of(builds, other) == "sha256:dep_2"


def test_what_nobody_wanted_is_ended(builds: Builds) -> None:
    with builds.ahead((WEB,), Person()):
        deadline = time.monotonic() + 5
        while not builds.begun and time.monotonic() < deadline:
            time.sleep(0.001)
    assert (builds.begun, builds.stopped) == (["dep_1"], ["dep_1"])


def test_leaving_the_later_plan_ends_the_builds_of_the_first(builds: Builds) -> None:
    with builds.ahead((WEB,), Person()):
        with builds.ahead((AGAIN,), Person()):
            pass
        assert builds.stopped == builds.begun
