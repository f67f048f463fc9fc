"""The engine's statistics to samples, on recorded answers."""

import json
from typing import Any

import pytest

from compartment_tui.adapters.docker.resources.stats import STOPPED, StatsDecoder, sample_of
from compartment_tui.domain.deployment import Sample

NEVER = "0001-01-01T00:00:00Z"
V1: dict[str, Any] = {
    "read": "2026-11-24T07:16:09.452994477Z",
    "preread": "2026-11-24T07:16:08.406573068Z",
    "cpu_stats": {
        "cpu_usage": {"total_usage": 2366277969, "percpu_usage": [1647565227, 718712742]},
        "system_cpu_usage": 8819970000000,
        "online_cpus": 2,
    },
    "precpu_stats": {
        "cpu_usage": {"total_usage": 1661880024, "percpu_usage": [1232552208, 429327816]},
        "system_cpu_usage": 8817990000000,
        "online_cpus": 2,
    },
    "memory_stats": {
        "usage": 421888,
        "stats": {"inactive_file": 1, "total_inactive_file": 21888},
        "limit": 67108864,
    },
}
FIRST = V1 | {"preread": NEVER, "precpu_stats": {"cpu_usage": {"total_usage": 0}}}
AFTER_THE_END = {
    "read": NEVER,
    "preread": NEVER,
    "cpu_stats": {"cpu_usage": {"total_usage": 0}},
    "precpu_stats": {"cpu_usage": {"total_usage": 0}},
    "memory_stats": {},
}


def sample(data: dict[str, Any], limit: int | None = None) -> Sample:
    found = sample_of(data, limit)
    assert isinstance(found, Sample)
    return found


def with_memory(memory: dict[str, Any]) -> dict[str, Any]:
    return V1 | {"memory_stats": memory}


def test_a_sample_is_what_docker_stats_shows() -> None:
    found = sample(V1, 67108864)
    assert found.cpu == pytest.approx(704397945 / 1980000000 * 2)
    assert found.memory == 400000
    assert found.limit == 67108864
    assert found.at.isoformat() == "2026-11-24T07:16:09.452994+00:00"


def test_without_a_limit_of_its_own_the_machines_is_not_taken() -> None:
    assert sample(V1).limit is None


def test_cores_are_counted_where_the_engine_does_not_say() -> None:
    older = V1 | {"cpu_stats": {k: v for k, v in V1["cpu_stats"].items() if k != "online_cpus"}}
    assert sample(older).cpu == sample(V1).cpu


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        ({"usage": 1000, "stats": {"inactive_file": 400, "anon": 600}}, 600),
        ({"usage": 1000, "stats": {"inactive_file": 2000}}, 1000),
        ({"usage": 1000}, 1000),
        ({}, 0),
    ],
)
def test_memory_is_without_page_cache(memory: dict[str, Any], expected: int) -> None:
    assert sample(with_memory(memory)).memory == expected


def test_the_first_answer_has_nothing_to_compare_with() -> None:
    assert sample_of(FIRST, None) is None


def test_a_counter_that_began_anew_is_left_out() -> None:
    restarted = V1 | {"cpu_stats": V1["cpu_stats"] | {"cpu_usage": {"total_usage": 5}}}
    assert sample_of(restarted, None) is None


def test_a_stopped_container_is_noticed() -> None:
    assert sample_of(AFTER_THE_END, None) is STOPPED


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_answers_come_in_pieces_of_any_size(size: int) -> None:
    wire = b"".join(json.dumps(one).encode() + b"\n" for one in (FIRST, V1, V1, AFTER_THE_END))
    decoder = StatsDecoder(None)
    pieces = (wire[at : at + size] for at in range(0, len(wire), size))
    found = [one for piece in pieces for one in decoder.feed(piece)]
    assert found == [sample(V1), sample(V1), STOPPED]
