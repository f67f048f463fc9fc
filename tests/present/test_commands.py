"""What was done, as commands; and what there is to copy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from compartment_tui.domain.errors import Refused
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.present.timeline import Timeline
from compartment_tui.present.tone import Tone, in_ascii
from compartment_tui.tui.state.app_state import Board, Job
from compartment_tui.tui.state.command_log import (
    command_log,
    copyables,
    looked,
    open_command,
    shell_command,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEPLOY = Job(number=1, request=Deploy(environment="staging"), started=NOON)


@pytest.mark.parametrize(
    ("job", "words", "tone"),
    [
        (DEPLOY, "… running", Tone.PLAIN),
        (
            replace(DEPLOY, over=True, timeline=Timeline(outcome=Outcome.LIVE)),
            "✓ live",
            Tone.GOOD,
        ),
        (
            replace(DEPLOY, over=True, timeline=Timeline(outcome=Outcome.FAILED)),
            "✗ failed",
            Tone.BAD,
        ),
        (replace(DEPLOY, over=True, error=Refused("no")), "✗ refused", Tone.BAD),
        (replace(DEPLOY, over=True), "✓ done", Tone.GOOD),
    ],
)
def test_an_act_tells_how_it_went(job: Job, words: str, tone: Tone) -> None:
    (entry,) = command_log(Board(jobs={1: job}))
    assert (entry.outcome.text, entry.outcome.tone) == (words, tone)
    assert entry.command == "compartment-tui deploy -e staging"


def test_the_newest_is_first_whatever_it_was() -> None:
    earlier, later = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    others = [looked(later, "compartment-tui open"), looked(earlier, "compartment-tui exec")]
    entries = command_log(Board(jobs={1: DEPLOY}), others)
    assert [one.at for one in entries] == [later, NOON, earlier]


def test_what_looks_is_a_command_too() -> None:
    assert shell_command("production", "web") == "compartment-tui exec -s web -- sh"
    assert shell_command("a b", "web") == "compartment-tui exec --env 'a b' -s web -- sh"
    assert open_command(Board(environment="staging", service="web")) == (
        "compartment-tui open --env staging -s web"
    )


def test_only_what_is_known_can_be_copied() -> None:
    assert copyables(Board(), ()) == ()
    known = copyables(Board(environment="staging"), command_log(Board(jobs={1: DEPLOY})))
    assert [(one.letter, one.text) for one in known] == [
        ("e", "staging"),
        ("l", "compartment-tui deploy -e staging"),
    ]


@pytest.mark.parametrize(
    ("drawn", "plain"),
    [("✓ web", "+ web"), ("✗ │ ○ ·", "x | o -"), ("╭─╮▁█…", "+-+_#."), ("é漢", "???")],
)
def test_every_symbol_has_a_likeness_as_wide(drawn: str, plain: str) -> None:
    assert in_ascii(drawn) == plain
