"""One bench per test: the memory world, and the same promises on a real engine."""

from collections.abc import Iterator

import pytest

from tests.contract.bench import Bench
from tests.contract.memory_bench import memory_bench


@pytest.fixture(params=["memory"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with memory_bench() as opened:
        yield opened
