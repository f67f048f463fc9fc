"""Two repositories with one project name: the second is refused, whatever it wants to change."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld, memory_world
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.errors import OwnedElsewhere
from compartment_tui.domain.events import Event
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.owner import Origin
from compartment_tui.domain.requests import (
    DeleteEnvironment,
    Deploy,
    Discard,
    Promote,
    Prune,
    Redeploy,
    Request,
    Restart,
    Resume,
    Rollback,
    Start,
    Stop,
)
from compartment_tui.operations import environments as looking
from compartment_tui.operations import requests
from compartment_tui.ports import World
from tests.rollout.shop import PRODUCTION, change_everything, deploy, open_shop, outcome, state

OURS = Origin(
    remotes=("github.com/ada/shop",), first_commit="a" * 40, host="laptop", directory="/ada/shop"
)
THEIRS = Origin(host="box", directory="/home/bob/shop")


@pytest.fixture
def shop() -> MemoryWorld:
    """Deployed twice, with a held candidate, so that every verb has something to do."""
    opened = open_shop()
    opened.source.place = OURS
    assert deploy(opened) is Outcome.LIVE
    change_everything(opened, "2")
    assert deploy(opened) is Outcome.LIVE
    change_everything(opened, "3")
    held = requests.execute(opened.world, Deploy(environment="production", hold=True))
    assert outcome(held) is Outcome.HELD
    return opened


@pytest.fixture
def other(shop: MemoryWorld) -> MemoryWorld:
    """Another repository of that name, on the same machine."""
    return elsewhere(shop, THEIRS)


def elsewhere(shop: MemoryWorld, place: Origin) -> MemoryWorld:
    opened = memory_world(shop.project.current, host=shop.host, actor="bob@box")
    opened.source.place = place
    opened.source.current = Provenance(commit="f" * 40)
    return opened


Verb = Callable[[World, bool], object]


Kind = Callable[..., Request]

REQUESTS: dict[str, Kind] = {
    "deploy": Deploy,
    "promote": Promote,
    "discard": Discard,
    "rollback": Rollback,
    "redeploy": Redeploy,
    "resume": Resume,
    "stop": Stop,
    "start": Start,
    "restart": Restart,
    "delete": DeleteEnvironment,
    "prune": Prune,
}


def _planned(request: Kind) -> Verb:
    def do(world: World, take_over: bool) -> object:
        return requests.plan(world, request(environment="production", take_over=take_over))

    return do


def _drained(request: Kind) -> Verb:
    def do(world: World, take_over: bool) -> object:
        told = requests.execute(world, request(environment="production", take_over=take_over))
        return tuple(told) if isinstance(told, Iterator) else told

    return do


VERBS: dict[str, Verb] = {
    **{name: _drained(request) for name, request in REQUESTS.items()},
    **{f"{name} --plan": _planned(request) for name, request in REQUESTS.items()},
}


@pytest.mark.parametrize("verb", VERBS)
def test_another_repository_is_refused_before_anything_is_touched(
    shop: MemoryWorld, other: MemoryWorld, verb: str
) -> None:
    before = (state(shop), dict(shop.host.containers), dict(shop.host.documents))
    with pytest.raises(OwnedElsewhere) as refused:
        VERBS[verb](other.world, False)
    assert "github.com/ada/shop (ada@laptop, 2026-01-01 09:00 UTC)" in refused.value.message
    assert "/home/bob/shop on box" in refused.value.message
    assert (state(shop), dict(shop.host.containers), dict(shop.host.documents)) == before


@pytest.mark.parametrize("verb", [verb for verb in VERBS if "--plan" not in verb])
def test_taken_over_the_record_names_the_new_owner(
    shop: MemoryWorld, other: MemoryWorld, verb: str
) -> None:
    if verb == "start":
        tuple(requests.execute(shop.world, Stop(environment="production")))
    shop.project.write(replace(shop.project.current, keep=0))
    other.project.write(shop.project.current)
    VERBS[verb](other.world, True)
    if verb == "delete":
        assert PRODUCTION not in shop.host.records
        return
    if verb == "prune":  # nothing was beyond what is kept, so nothing was done
        return
    owner = state(shop).owner
    assert owner is not None
    assert (owner.origin, owner.actor) == (THEIRS, "bob@box")
    with pytest.raises(OwnedElsewhere, match="belongs to /home/bob/shop on box"):
        requests.plan(shop.world, Deploy(environment="production"))


@pytest.mark.parametrize(
    "place",
    [
        Origin(remotes=("github.com/ada/shop",), host="ci", directory="/builds/1"),
        Origin(remotes=("x.example/fork",), first_commit="a" * 40, host="box", directory="/f"),
        replace(OURS, remotes=(), first_commit=""),
    ],
)
def test_a_second_checkout_and_a_fork_are_not_asked(shop: MemoryWorld, place: Origin) -> None:
    again = elsewhere(shop, place)
    change_everything(again, "4")
    assert deploy(again) is Outcome.LIVE
    owner = state(shop).owner
    assert owner is not None
    assert owner.origin == place


def test_a_record_of_an_earlier_version_is_adopted(shop: MemoryWorld, other: MemoryWorld) -> None:
    shop.host.records[PRODUCTION] = replace(state(shop), owner=None)
    change_everything(other, "4")
    assert deploy(other) is Outcome.LIVE
    owner = state(shop).owner
    assert owner is not None
    assert owner.origin == THEIRS


def test_an_unchanged_deploy_that_takes_over_is_one(shop: MemoryWorld, other: MemoryWorld) -> None:
    tuple(requests.execute(shop.world, Discard(environment="production")))
    change_everything(shop, "2")
    events: list[Event] = list(
        requests.execute(other.world, Deploy(environment="production", take_over=True))
    )
    assert outcome(iter(events)) in (Outcome.UNCHANGED, Outcome.LIVE)
    owner = state(shop).owner
    assert owner is not None
    assert owner.origin == THEIRS


def test_a_run_that_took_over_and_failed_leaves_the_owner(
    shop: MemoryWorld, other: MemoryWorld
) -> None:
    change_everything(other, "4")
    shop.host.behave("web", Behaviour(ready_after=None))
    failed = requests.execute(other.world, Deploy(environment="production", take_over=True))
    assert outcome(failed) is Outcome.FAILED
    owner = state(shop).owner
    assert owner is not None
    assert owner.origin == OURS


def test_somebody_elses_half_run_is_theirs_to_resume(shop: MemoryWorld, other: MemoryWorld) -> None:
    change_everything(shop, "4")
    events = requests.execute(shop.world, Deploy(environment="production"))
    next(events)
    shop.host.kill(shop.process)
    with pytest.raises(OwnedElsewhere):
        tuple(requests.execute(other.world, Resume(environment="production")))
    assert state(shop).journal is not None


def test_a_plan_says_from_whom(other: MemoryWorld) -> None:
    run = requests.plan(other.world, Deploy(environment="production", take_over=True))
    assert run.taken_from is not None
    assert run.taken_from.origin == OURS


def test_another_environment_of_the_name_may_be_somebody_elses(
    shop: MemoryWorld, other: MemoryWorld
) -> None:
    staged = requests.execute(other.world, Deploy(environment="staging"))
    assert outcome(staged) is Outcome.LIVE
    owners = {
        one.key.environment: one.owner and one.owner.origin
        for one in looking.environments(shop.world)
    }
    assert owners == {"production": OURS, "staging": THEIRS}
    found = requests.plan(other.world, Prune())
    assert "github.com/ada/shop" in found.skipped[PRODUCTION]
