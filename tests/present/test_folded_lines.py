"""Lines in a narrow place."""

import pytest

from compartment_tui.present.text import width
from compartment_tui.present.tone import Tone, line, line_text
from compartment_tui.tui.kit.folded_lines import hanging


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("  short", ["  short"]),
        ("  add   ONE, TWO, THREE", ["  add   ONE, TWO, ", "        THREE"]),
        ("✗ something went wrong here", ["✗ something went ", "  wrong here"]),
        ("  → the way on is over there", ["  → the way on is ", "    over there"]),
        ("a sentence that goes on", ["a sentence that ", "  goes on"]),
        ("  aaaaaaaaaaaaaaaaaaaaaaaaa", ["  aaaaaaaaaaaaaaaaaa", "    aaaaaaa"]),
        ("  漢字  漢字漢字漢字漢字", ["  漢字  漢字漢字漢字", "        漢字"]),
    ],
)  # fmt: skip
def test_what_goes_on_below_begins_where_the_text_began(text: str, rows: list[str]) -> None:
    found = [line_text(row) for row in hanging(line(text), 20)]
    assert found == rows
    assert all(width(row) <= 20 for row in found)


def test_tones_stay() -> None:
    first, second = hanging(line("  one two three four five", Tone.WARN), 16)
    assert first[0].tone is second[-1].tone is Tone.WARN


def test_an_unknown_width_folds_nothing() -> None:
    assert hanging(line("x" * 99), 0) == (line("x" * 99),)
