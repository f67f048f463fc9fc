from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.present.tone import Cell, Line, Tone, line, line_width
from compartment_tui.tui.kit.folded_lines import flowed, folded
from compartment_tui.tui.kit.grid import Column, Row, grid
from compartment_tui.tui.kit.styled_lines import KeyCap, Strong, fitted, joined, quiet
from tests.present.boards import text

COLUMNS = (
    Column(title="NAME", least=4, most=20),
    Column(title="WHY", least=6, most=60),
    Column(title="EXTRA", least=8, rank=1),
    Column(title="PICTURE", least=8, rank=2),
)
ROW = Row(key="a", cells=(line("web"), line("it does not answer"), line("12345678"), line("▁" * 8)))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
LINES = st.lists(st.builds(Cell, WORDS | st.just(" ")), max_size=8).map(tuple)


def titles(room: int) -> list[str]:
    return [column.title for column in grid(COLUMNS, [ROW], room).columns]


def test_with_room_every_column_has_what_it_needs() -> None:
    shown = grid(COLUMNS, [ROW], 80)
    assert shown.widths == (4, 18, 8, 8)


def test_the_least_important_columns_go_first() -> None:
    assert titles(80) == ["NAME", "WHY", "EXTRA", "PICTURE"]
    assert titles(31) == ["NAME", "WHY", "EXTRA"]
    assert titles(19) == ["NAME", "WHY"]
    assert titles(5) == ["NAME", "WHY"]


def test_what_is_spare_goes_to_the_important_ones() -> None:
    assert grid(COLUMNS, [ROW], 30).widths == (4, 14, 8)


def test_rows_keep_only_the_cells_of_the_columns_that_are_there() -> None:
    (row,) = grid(COLUMNS, [ROW], 19).rows
    assert row.cells == ROW.cells[:2]


@given(LINES, st.integers(0, 40))
def test_a_fitted_line_takes_exactly_its_columns(pieces: Line, columns: int) -> None:
    assert line_width(fitted(pieces, columns)) == columns


@given(st.lists(st.text("abcä日", min_size=1, max_size=4), max_size=20), st.integers(10, 40))
def test_a_folded_line_fits_and_loses_no_word(words: list[str], columns: int) -> None:
    pieces = tuple(Cell(f"{word} ", Tone.BAD if len(word) > 2 else Tone.PLAIN) for word in words)
    lines = folded(pieces, columns)
    assert all(line_width(one) <= columns for one in lines)
    assert [word for one in lines for word in text(one).split()] == words


@given(LINES, st.integers(3, 40))
def test_no_folded_line_is_too_long(pieces: Line, columns: int) -> None:
    assert all(line_width(one) <= columns for one in folded(pieces, columns))


def test_a_folded_line_is_broken_between_words_and_indented() -> None:
    lines = folded((Strong("web  "), Cell("it does not answer at all")), 14)
    assert [text(one) for one in lines] == ["web  it does ", "  not answer ", "  at all"]
    assert isinstance(lines[0][0], Strong)


def test_what_is_cut_says_so() -> None:
    assert text(fitted(line("abcdef"), 4)) == "abc…"
    assert text(fitted((Cell("ab"), Cell("cdef")), 3)) == "ab…"
    assert text(fitted(line("日本語"), 4)) == "日… "


def test_right_is_right() -> None:
    assert text(fitted(line("12%"), 5, right=True)) == "  12%"


def test_joining_leaves_out_what_is_empty() -> None:
    assert text(joined((line("a"), line(""), (), line("b")))) == "a  b"


def test_greyed_is_quiet_throughout() -> None:
    greyed = quiet((KeyCap("D"), Cell("eploy", Tone.BAD)))
    assert text(greyed) == "Deploy"
    assert {piece.tone for piece in greyed} == {Tone.QUIET}


def test_a_column_with_nothing_in_it_is_not_there() -> None:
    bare = Row(key="a", cells=(line("web"), line(""), line("-"), line(" ")))
    assert [column.title for column in grid(COLUMNS, [bare], 80).columns] == ["NAME", "WHY"]


def test_a_steady_column_does_not_move_the_others_when_its_numbers_grow() -> None:
    columns = (COLUMNS[0], Column(title="CPU", least=5, right=True, steady=True, rank=1))
    widths = {
        grid(columns, [Row(key="a", cells=(line("web"), line(share)))], 80).widths
        for share in ("1%", "99%", "9.9%", "1250%")
    }
    assert widths == {(4, 5)}


def test_parts_that_flow_stay_whole() -> None:
    parts = (
        (KeyCap("l"), Cell(" logs")),
        (KeyCap("U"), Cell(" undo it")),
        (KeyCap("s"), Cell(" shell")),
    )
    lines = flowed(Cell("helps "), parts, 24)
    assert [text(one) for one in lines] == ["helps l logs   U undo it", "      s shell"]
