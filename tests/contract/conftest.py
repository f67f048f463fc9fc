"""One bench per test: the memory world and a real engine, and a Swarm of each kind."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.bench import Bench
from tests.contract.memory_bench import memory_bench
from tests.contract.swarm_differences import holds_for_a_swarm, is_asked_of_machines

if TYPE_CHECKING:
    from tests.contract.docker_bench import Machine
    from tests.contract.swarm_bench import SwarmMachine

DOCKER = pytest.param("docker", marks=pytest.mark.docker)
SWARM = pytest.param("swarm", marks=(pytest.mark.docker, pytest.mark.swarm))
PRETENDED_SWARM = "memory swarm"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Memory and one engine for every promise; a Swarm for those that hold there."""
    if "bench" in metafunc.fixturenames:
        module, test = metafunc.module.__name__, metafunc.function.__name__
        pretended = ["memory", PRETENDED_SWARM] if holds_for_a_swarm(test) else ["memory"]
        real = [DOCKER, SWARM] if is_asked_of_machines(module, test) else [DOCKER]
        metafunc.parametrize("bench", [*pretended, *real], indirect=True)


@pytest.fixture(scope="session")
def one_node() -> Iterator["SwarmMachine"]:
    from tests.contract.swarm_bench import swarm_machine

    with swarm_machine() as ours:
        yield ours


@pytest.fixture(scope="session")
def machine() -> Iterator["Machine"]:
    from tests.contract.docker_bench import docker_machine

    with docker_machine() as ours:
        yield ours


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as opened:
        if request.param in ("memory", PRETENDED_SWARM):
            pretended = request.param == PRETENDED_SWARM
            yield opened.enter_context(memory_bench(swarm=pretended))
            return
        if request.param == "swarm":
            from tests.contract.swarm_bench import swarm_bench

            swarm = request.getfixturevalue("one_node")
            yield opened.enter_context(swarm_bench(swarm, tmp_path))
            return
        from tests.contract.docker_bench import docker_bench

        ours = request.getfixturevalue("machine")
        yield opened.enter_context(docker_bench(ours, tmp_path))
