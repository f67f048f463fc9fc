from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.tui.kit.styled_lines import line_width
from compartment_tui.tui.kit.text_input import Caret, TextInput
from tests.present.boards import text


def test_what_is_typed_stands_at_the_cursor() -> None:
    typing = TextInput.of("info").move(-2).put("\n")
    assert typing.text == "in\nfo"
    assert typing.back().text == "info"
    assert typing.delete().text == "in\no"


def test_lines_are_gone_through_in_the_same_column() -> None:
    typing = TextInput("first\nno\nthird", 4)
    assert typing.line(1).at == 8
    assert typing.line(1).line(1).at == 11
    assert typing.line(1).line(1).line(1).at == 11
    assert typing.line(-1).at == 4
    assert typing.line(1).home().at == 6
    assert typing.end().at == 5


def test_words_and_lines_are_deleted_whole() -> None:
    typing = TextInput.of("https://shop.example/way")
    assert typing.back_word().text == "https://shop.example/"
    assert TextInput.of("a\nbc").back_line().text == "a\n"
    assert TextInput("ab\nc", 0).rest_of_line().text == "\nc"
    assert typing.word(-1).word(1).at == len(typing.text)


@given(st.text(max_size=60), st.text(max_size=20), st.integers(-80, 80))
def test_a_paste_loses_nothing(before: str, pasted: str, step: int) -> None:
    typing = TextInput.of(before).move(step)
    put = typing.put(pasted)
    assert put.text == before[: typing.at] + pasted + before[typing.at :]
    assert put.cut(typing.at, put.at).text == before


@given(st.text(max_size=120), st.integers(0, 120), st.integers(2, 40), st.integers(1, 5))
def test_the_cursor_is_in_sight(value: str, at: int, columns: int, rows: int) -> None:
    typing = TextInput(value, min(at, len(value)))
    drawn = typing.drawn(columns, rows, hidden=False)
    assert 1 <= len(drawn) <= rows
    (holder,) = [line for line in drawn if any(isinstance(cell, Caret) for cell in line)]
    place = next(number for number, cell in enumerate(holder) if isinstance(cell, Caret))
    assert line_width(holder[:place]) < columns
    assert all(char.isprintable() for line in drawn for char in text(line))


def test_of_a_hidden_value_nothing_can_be_read() -> None:
    typing = TextInput.of("hunter2\n" * 40)
    (drawn,) = typing.drawn(60, 5, hidden=True)
    assert set(text(drawn)) <= {"•", " "}
    assert len(text(drawn)) < 40
    assert "hunter2" not in repr(typing)


def test_a_hundred_kilobytes_are_drawn_in_no_time() -> None:
    typing = TextInput.of("x" * 100_000)
    (drawn,) = typing.drawn(60, 5, hidden=False)
    assert len(text(drawn)) <= 60
