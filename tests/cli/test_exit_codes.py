"""One table from what happened to what the program ends with."""

from datetime import UTC, datetime

import pytest

from compartment_tui.cli.exit_codes import EXIT_OF_OUTCOME, exit_code
from compartment_tui.cli.options import Format
from compartment_tui.cli.output import CommandOutput
from compartment_tui.cli.session import Session
from compartment_tui.domain import errors
from compartment_tui.domain.errors import CompartmentError, Locked
from compartment_tui.domain.outcome import Outcome
from tests.cli.line import entrances
from tests.rollout.shop import open_shop

CODES = {
    "UsageProblem": 2,
    "AnswerNeeded": 2,
    "InvalidFile": 3,
    "ProjectFileInvalid": 3,
    "RecordInvalid": 3,
    "EngineProblem": 4,
    "EngineUnreachable": 4,
    "EngineTooOld": 4,
    "DiskFull": 5,
    "Surroundings": 1,
    "Unexpected": 1,
    "Refused": 5,
    "HostConflict": 5,
    "EdgeConflict": 5,
    "PortTaken": 5,
    "ContainerClaimed": 5,
    "NameTaken": 5,
    "MissingVariables": 5,
    "SensitiveUnreadable": 5,
    "StepFailed": 5,
    "NeverReady": 5,
    "Locked": 6,
    "NotFound": 7,
    "LockLost": 8,
    "NeedsAttention": 8,
    "Cancelled": 130,
    "CompartmentError": 1,
}


def kinds(kind: type[CompartmentError]) -> list[type[CompartmentError]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in kinds(below))]


def make(kind: type[CompartmentError]) -> CompartmentError:
    if kind is Locked:
        return Locked("taken", holder="bob@desk", since=datetime(2026, 1, 1, tzinfo=UTC))
    error = kind.__new__(kind)
    CompartmentError.__init__(error, "it went wrong", hint="do this")
    if isinstance(error, errors.StepFailed):
        error.tail = ()
    return error


@pytest.mark.parametrize("name", CODES)
def test_every_documented_error_has_its_code(name: str) -> None:
    assert exit_code(make(getattr(errors, name))) == CODES[name]


def test_no_expected_error_ends_like_a_bug() -> None:
    foreseen = set(kinds(CompartmentError)[1:]) - {errors.Surroundings, errors.Unexpected}
    assert [kind for kind in foreseen if exit_code(make(kind)) == 1] == []


def test_every_outcome_has_a_code() -> None:
    assert {outcome.value: EXIT_OF_OUTCOME[outcome] for outcome in Outcome} == {
        "live": 0,
        "held": 0,
        "discarded": 0,
        "unchanged": 0,
        "stopped": 0,
        "reverted": 0,
        "failed": 5,
        "cancelled": 130,
        "needs_attention": 8,
    }


def session(*, verbose: bool = False, form: Format = Format.TEXT) -> Session:
    opened = open_shop()
    return Session(
        entrances=entrances(opened.world), output=CommandOutput(form=form, verbose=verbose)
    )


def raising(error: BaseException) -> int:
    raise error


def test_an_error_is_a_sentence_and_a_way_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = session().guarded(lambda: raising(make(errors.NotFound)))
    written = capsys.readouterr()
    assert (code, written.out) == (7, "")
    assert written.err == "✗ it went wrong\n  → do this\n"


def test_an_error_is_an_object_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    code = session(form=Format.JSON).guarded(lambda: raising(make(errors.NotFound)))
    assert code == 7
    assert '"code": "not_found"' in capsys.readouterr().out


def test_a_bug_shows_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert session().guarded(lambda: raising(ZeroDivisionError("by \x1b[2Jzero"))) == 1
    written = capsys.readouterr()
    assert "ZeroDivisionError: by zero" in written.err
    assert "report it" in written.err
    assert "Traceback" not in written.err
    assert written.out == ""


def test_a_bug_shows_its_trace_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert session(verbose=True).guarded(lambda: raising(ZeroDivisionError("by zero"))) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_outside_a_run_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert session().guarded(lambda: raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "")
