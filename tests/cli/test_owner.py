"""Two repositories with one project name, on the command line."""

import json

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.owner import Origin
from tests.cli.line import line
from tests.rollout.shop import deploy, open_shop

OURS = Origin(remotes=("github.com/ada/shop",), host="laptop", directory="/ada/shop")
THEIRS = Origin(host="box", directory="/home/bob/shop")


@pytest.fixture
def other() -> MemoryWorld:
    """Somebody else's, on a machine where ours is live."""
    shop = open_shop()
    shop.source.place = OURS
    deploy(shop)
    opened = memory_world(shop.project.current, host=shop.host, actor="bob@box")
    opened.source.place = THEIRS
    return opened


@pytest.mark.parametrize(
    "words",
    [
        ("deploy",),
        ("deploy", "--plan"),
        ("redeploy",),
        ("rollback",),
        ("promote",),
        ("discard",),
        ("promote", "--from", "staging"),
        ("stop",),
        ("restart", "--plan"),
        ("resume",),
        ("prune", "--env", "production", "--yes"),
        ("environment", "delete", "production", "--yes"),
    ],
)
def test_it_is_refused_with_who_where_when_and_the_way_on(
    other: MemoryWorld, words: tuple[str, ...]
) -> None:
    said = line(other, *words)
    assert said.code == 5
    assert said.out == ""
    assert (
        "“production” of shop belongs to github.com/ada/shop (ada@laptop, 2026-01-01 09:00 UTC),"
        " and this is /home/bob/shop on box" in said.err
    )
    assert "--take-over" in said.err


def test_taken_over_it_goes_on_and_says_so(other: MemoryWorld) -> None:
    plan = line(other, "deploy", "--take-over", "--plan")
    assert "so far github.com/ada/shop (ada@laptop, 2026-01-01 09:00 UTC)" in plan.out
    document = json.loads(line(other, "deploy", "--take-over", "--plan", "--output=json").out)
    assert document["takesOverFrom"]["remote"] == "github.com/ada/shop"
    assert line(other, "deploy", "--take-over", "--force").code == 0
    assert line(other, "deploy").code == 0
    shown = line(other, "environment", "show").out
    assert "/home/bob/shop on box (bob@box, " in shown
    document = json.loads(line(other, "environment", "list", "--output=json").out)
    assert document["environments"][0]["owner"]["directory"] == "/home/bob/shop"


def test_looking_asks_nobody(other: MemoryWorld) -> None:
    for words in (("status",), ("inspect", "-s", "web"), ("deployment", "list"), ("route", "list")):
        assert line(other, *words).code == 0
