from dataclasses import replace

import pytest

from compartment_tui.domain.variable import MASK, Scope, Secret, Sensitivity, Variable
from compartment_tui.domain.variables.views import VariableState, VariableView
from compartment_tui.present.text import NOTHING, width
from compartment_tui.present.tone import SYMBOLS, Tone
from compartment_tui.present.variables import state_cell, variables_table

VIEW = VariableView(
    key="LOG_LEVEL",
    value=Secret("debug"),
    sensitivity=Sensitivity.PLAIN,
    scope=Scope.SERVICE,
    shadowed=Variable(key="LOG_LEVEL", value=Secret("info")),
    state=VariableState.CHANGED,
)
SEALED = Variable(key="A", value=None, sensitivity=Sensitivity.SENSITIVE, sealed="age…")
GONE = replace(VIEW, value=None, scope=None, shadowed=None, state=VariableState.REMOVED)


def texts(view: VariableView, columns: int = 40) -> list[str]:
    ((*cells,),) = variables_table([view], columns=columns).rows
    return [cell.text for cell in cells]


def value(text: str, columns: int = 40) -> str:
    return texts(replace(VIEW, value=Secret(text)), columns)[1]


def test_a_row_says_it_all() -> None:
    table = variables_table([VIEW])
    assert table.columns == ("key", "value", "scope", "shadows", "state")
    assert texts(VIEW) == ["LOG_LEVEL", "debug", "service", "info", "! changed"]


def test_a_sensitive_value_is_masked_wherever_it_stands() -> None:
    secret = Variable(key="A", value=Secret("horse"), sensitivity=Sensitivity.SENSITIVE)
    view = replace(
        VIEW, value=Secret("battery"), sensitivity=Sensitivity.SENSITIVE, shadowed=secret
    )
    assert texts(view)[1:4] == [MASK, "service", MASK]
    shown = repr(variables_table([view]))
    assert "horse" not in shown
    assert "battery" not in shown


def test_a_sealed_value_is_masked_too() -> None:
    view = replace(VIEW, value=None, sensitivity=Sensitivity.SENSITIVE, shadowed=SEALED)
    assert texts(view)[1:4] == [MASK, "service", MASK]


def test_no_value_is_not_an_empty_one() -> None:
    assert texts(GONE)[1:4] == [NOTHING] * 3
    assert value("") == '""'
    ((_, empty, *_),) = variables_table([replace(VIEW, value=Secret(""))]).rows
    assert empty.tone is Tone.QUIET


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo\n", r'"one\ntwo\n"'),
        ("one\ntwo", r"one\ntwo"),
        (" edge ", '" edge "'),
        ("\x1b]52;c;x\x07", r"\x1b]52;c;x\x07"),
        ("[/b] [red]", "[/b] [red]"),
        ("\u202etxt", r"\u202etxt"),
    ],
)
def test_a_value_is_one_safe_line(text: str, shown: str) -> None:
    assert value(text) == shown


def test_a_long_value_is_cut() -> None:
    found = value("länger🙂" * 100, 12)
    assert width(found) <= 12
    assert found.endswith("…")


def test_every_state_has_its_word_and_symbol() -> None:
    cells = {state: state_cell(state) for state in VariableState}
    assert len({cell.text for cell in cells.values()}) == len(VariableState)
    assert all(cell.text.startswith(SYMBOLS[cell.tone]) for cell in cells.values())
    assert cells[VariableState.MISSING].tone is Tone.BAD
    assert cells[VariableState.RUNNING].tone is Tone.GOOD
