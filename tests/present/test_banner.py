from dataclasses import replace
from datetime import timedelta

from compartment_tui.domain.deployment import Journal, Trigger
from compartment_tui.domain.errors import EngineUnreachable, ProjectFileInvalid
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.routes import RouteTable
from compartment_tui.present.tone import line_width
from compartment_tui.tui.shell.banner_model import LIMIT, banner_lines
from compartment_tui.tui.state.app_state import Job
from tests.present.boards import NOW, board, text, with_status

SEEN = NOW - timedelta(minutes=3)
JOURNAL = Journal(run="run_1", trigger=Trigger.DEPLOY, started=NOW, entries=(), before=RouteTable())


def test_all_well_takes_no_line() -> None:
    assert banner_lines(board(), NOW, 200, SEEN) == ()


def test_a_lost_engine_says_how_old_the_picture_is() -> None:
    lost = replace(board(), trouble=EngineUnreachable("Docker does not answer: gone\x1b[2J"))
    (line,) = banner_lines(lost, NOW, 200, SEEN)
    clock = SEEN.astimezone().strftime("%H:%M:%S")
    assert text(line) == (
        f"✗ Docker does not answer: gone; what you see is from {clock} (3m ago), trying again"
        "  (`compartment-tui doctor` says what to do)"
    )


def test_a_lost_engine_says_what_to_do_about_it() -> None:
    away = EngineUnreachable("Docker does not answer", hint="start it: `systemctl start docker`")
    (line,) = banner_lines(replace(board(), trouble=away), NOW, 200)
    assert text(line).endswith("trying again  (start it: `systemctl start docker`)")


def test_a_stale_copy_knows_its_own_time() -> None:
    (line,) = banner_lines(with_status(board(), stale=SEEN - timedelta(hours=1)), NOW, 200, SEEN)
    assert "(1h ago)" in text(line)


def test_a_broken_file_names_its_line_and_what_stays() -> None:
    error = ProjectFileInvalid("compartment.toml:14: prot is not a key", hint="port is")
    (line,) = banner_lines(replace(board(), trouble=error), NOW, 200, SEEN)
    said = text(line)
    assert said.startswith("✗ compartment.toml:14: prot is not a key; the last good one stays")
    assert "port is" in said


def test_what_was_left_behind_names_the_way_on() -> None:
    (line,) = banner_lines(with_status(board(), journal=JOURNAL), NOW, 200)
    assert text(line).startswith("✗ a deploy neither finished nor reverted")
    assert "resume" in text(line)


def test_somebody_else_is_named_and_we_are_not() -> None:
    held = with_status(board(), holder="bob@host")
    (line,) = banner_lines(held, NOW, 200)
    assert text(line) == "! bob@host is changing this environment now"
    ours = Job(number=1, request=Deploy(environment="production"), started=NOW)
    assert banner_lines(held.with_job(ours), NOW, 200) == ()


def test_the_gravest_come_first_and_two_are_enough() -> None:
    worst = with_status(board(), stale=SEEN, journal=JOURNAL, holder="bob@host", rebuilt=True)
    lines = banner_lines(worst, NOW, 200)
    assert len(lines) == LIMIT
    assert "does not answer" in text(lines[0])
    assert "neither finished nor reverted" in text(lines[1])


def test_one_matter_may_take_both_lines() -> None:
    error = ProjectFileInvalid("compartment.toml:14: " + "word " * 30)
    lines = banner_lines(replace(board(), trouble=error), NOW, 78)
    assert len(lines) == LIMIT
    assert all(line_width(line) <= 78 for line in lines)
