"""One bench per test: the memory world, and the same promises on a real engine."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.bench import Bench
from tests.contract.memory_bench import memory_bench

if TYPE_CHECKING:
    from tests.contract.docker_bench import Machine

DOCKER = pytest.param("docker", marks=pytest.mark.docker)


@pytest.fixture(scope="session")
def machine() -> Iterator["Machine"]:
    from tests.contract.docker_bench import docker_machine

    with docker_machine() as ours:
        yield ours


@pytest.fixture(params=["memory", DOCKER])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as opened:
        if request.param == "memory":
            yield opened.enter_context(memory_bench())
            return
        from tests.contract.docker_bench import docker_bench

        ours = request.getfixturevalue("machine")
        yield opened.enter_context(docker_bench(ours, tmp_path))
