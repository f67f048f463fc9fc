"""Images from another engine, on the command line: the plan, the run, and where it ends."""

import json
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from tests.cli.line import line
from tests.operations.test_carriage import staged

ACROSS = ("promote", "--from", "staging", "--to", "production")


@pytest.fixture
def opened() -> MemoryWorld:
    return staged()


def test_the_plan_and_the_run_say_where_it_comes_from(opened: MemoryWorld) -> None:
    plan = line(opened, *ACROSS, "--plan")
    assert plan.code == 0
    assert "carried   from the engine default (memory://): 64 MB, less what is there" in plan.out
    run = line(opened, *ACROSS, "--yes")
    assert run.code == 0, run.err
    assert "web: carrying its image: done in" in run.err
    assert "│ carrying" not in run.err
    assert "the image of staging" in run.err
    again = line(opened, *ACROSS, "--yes")
    assert "already runs exactly this" in again.err


def test_how_far_it_is_is_among_the_events(opened: MemoryWorld) -> None:
    opened.host_of("prod").carriage_takes = timedelta(seconds=1)
    said = line(opened, *ACROSS, "--yes", "--events")
    events = [json.loads(one) for one in said.out.splitlines()]
    told = [one["line"] for one in events if one["type"] == "output"]
    assert "carrying 64 MB to prod: 48 of 64 MB" in told
    assert {one["stage"] for one in events if one["type"] == "output"} == {"building"}


def test_an_engine_that_is_lost_meanwhile_is_named_with_the_way_on(opened: MemoryWorld) -> None:
    opened.host.carriage_takes = timedelta(seconds=5)
    opened.clock.call_in(timedelta(seconds=3), lambda: opened.host.go_away("it was unplugged"))
    failed = line(opened, *ACROSS, "--yes")
    assert failed.code == 5
    assert "web failed while carrying its image: the image of “web” could not be read" in failed.err
    assert "from default: it was unplugged" in failed.err
    refused = line(opened, *ACROSS, "--yes")
    assert refused.code == 4
    assert "the images of “staging” are on the engine “default”, which is away" in refused.err
    assert "compartment-tui deploy" in refused.err
