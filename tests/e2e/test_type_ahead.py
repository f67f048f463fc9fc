"""Keys typed faster than the application draws: each goes where it would have gone slowly."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminals import Terminal

CARRIAGE_RETURN = "\r"
ESC = "\x1b"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The demonstration, with the services on the screen."""
    command = (sys.executable, "-m", "compartment_tui", "--demo")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": ""}
    with Terminal(command, cwd=tmp_path, env={**os.environ, **home}, size=(110, 34)) as opened:
        opened.until("production", "web", "healthy")
        opened.rest()
        yield opened


def row(terminal: Terminal, label: str) -> str:
    """The line of a form that begins with that label."""
    rows = [line.strip(" │┃▏▕") for line in terminal.text().splitlines()]
    return next(line for line in rows if line.startswith(label))


def test_a_burst_fills_the_fields_it_tabs_through(terminal: Terminal) -> None:
    terminal.press("v")
    terminal.until("LOG_LEVEL")
    terminal.rest()
    terminal.press("n")
    terminal.until("New variable")
    terminal.rest()
    terminal.press("NEW_KEY\t\t\tvalue")
    terminal.until("value", "NEW_KEY")
    terminal.rest()
    assert row(terminal, "key").split() == ["key", "NEW_KEY"]
    assert row(terminal, "value").split() == ["value", "value"]


def test_the_editor_the_form_and_what_is_typed_there_in_one_burst(terminal: Terminal) -> None:
    terminal.press("vn" + "NEW_KEY" + CARRIAGE_RETURN + "value" + CARRIAGE_RETURN)
    terminal.until("NEW_KEY", "1 edit staged")


def test_a_filter_takes_what_follows_it(terminal: Terminal) -> None:
    terminal.press("/worker" + CARRIAGE_RETURN)
    terminal.until("worker.a.production.shop")
    terminal.rest()
    rows = [line.split() for line in terminal.text().splitlines()]
    assert not [words for words in rows if "billing" in words]


def test_a_plan_is_not_answered_before_it_was_shown(terminal: Terminal) -> None:
    terminal.press("2")
    terminal.until("shop-staging.localhost")
    terminal.press("Dy")
    terminal.until("Deploy in staging", "Deploy  y")
    terminal.rest()
    assert "Deploy  y" in terminal.text()


def test_staged_edits_are_not_written_by_a_key_typed_before_the_question(
    terminal: Terminal,
) -> None:
    terminal.press("vnNEW_KEY\rvalue\r")
    terminal.until("NEW_KEY", "1 edit staged")
    terminal.press("Wy")
    terminal.until("Write 1 edit")
    terminal.rest()
    assert "1 edit staged" in terminal.text()
    terminal.press(ESC)
