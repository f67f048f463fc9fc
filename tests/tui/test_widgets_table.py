from dataclasses import replace

from textual.widgets import Input

from compartment_tui.present.tone import line
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.kit.key_table import CURSOR, GUTTER, KeyTable
from tests.tui.widget_host import On, on

COLUMNS = (Column(title="NAME", least=8), Column(title="STATE", least=8))


class Table(KeyTable):
    """Remembers what was chosen and opened."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: list[str] = []
        self.openings: list[str] = []

    def chosen(self, key: str) -> None:
        self.choices.append(key)

    def opened(self, key: str) -> None:
        self.openings.append(key)


def rows(*keys: str, state: str = "fine") -> Grid:
    return grid(COLUMNS, [Row(key=key, cells=(line(key), line(state))) for key in keys], 60)


MANY = tuple(f"row-{n:02}" for n in range(60))


def test_only_the_line_that_differs_is_drawn_again() -> None:
    async def test(it: On[Table]) -> None:
        shown = rows(*MANY)
        it.widget.put(shown)
        await it.pilot.pause()
        it.drawn.clear()
        changed = replace(shown.rows[7], cells=(line("row-07"), line("FINE")))
        it.widget.put(replace(shown, rows=(*shown.rows[:7], changed, *shown.rows[8:])))
        await it.pilot.pause()
        assert it.drawn == [8]
        it.drawn.clear()
        it.widget.put(it.widget.grid_shown)
        await it.pilot.pause()
        assert it.drawn == []

    on(Table(), test)


def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b", "c"))
        await it.press("j")
        assert it.widget.cursor == "b"
        for keys in (("new", "a", "b", "c"), ("c", "b", "a"), ("b",)):
            it.widget.put(rows(*keys))
            assert it.widget.cursor == "b"
        it.widget.put(rows("x", "y"))
        assert it.widget.cursor == "x"
        it.widget.put(rows())
        assert it.widget.cursor is None

    on(Table(), test)


def test_a_row_that_is_gone_leaves_the_cursor_in_its_place() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b", "c", "d"))
        await it.press("j", "j")
        it.widget.put(rows("a", "b", "d"))
        assert it.widget.cursor == "d"

    on(Table(), test)


def test_keys_move_and_the_head_line_stays() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows(*MANY))
        await it.pilot.pause()
        await it.press("G")
        assert it.widget.cursor == MANY[-1]
        lines = it.lines()
        assert lines[0].split() == ["NAME", "STATE"]
        assert lines[-1].startswith(f"{CURSOR} {MANY[-1]}")
        await it.press("g")
        assert it.lines()[1].startswith(f"{CURSOR} {MANY[0]}")
        await it.press("ctrl+d", "k", "down", "up")
        assert it.widget.cursor == MANY[21]
        assert it.widget.choices[-1] == MANY[21]

    on(Table(), test)


def test_moving_past_the_end_says_nothing() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b"))
        await it.press("k", "k", "j", "j", "j")
        assert it.widget.choices == ["b"]

    on(Table(), test)


def test_a_click_chooses_and_two_open() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b", "c"))
        await it.pilot.pause()
        await it.pilot.click(Table, offset=(5, 3))
        assert it.widget.cursor == "c"
        assert it.widget.openings == []
        await it.pilot.click(Table, offset=(5, 2), times=2)
        assert it.widget.openings == ["b"]
        await it.pilot.click(Table, offset=(5, 0))
        await it.pilot.click(Table, offset=(5, 20))
        assert it.widget.cursor == "b"

    on(Table(), test)


def test_scrolled_clicks_hit_the_row_under_the_pointer() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows(*MANY))
        await it.pilot.pause()
        await it.press("G")
        await it.pilot.click(Table, offset=(5, 1))
        (shown,) = [y for y, text in enumerate(it.lines()) if text.startswith(CURSOR)]
        assert shown == 1

    on(Table(), test)


def test_the_cursor_is_told_by_more_than_colour_and_dims_without_focus() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b"))
        await it.app.mount(Input())
        await it.pilot.pause()
        focused = it.widget.render_line(1)
        assert focused.text.startswith(CURSOR)
        it.app.query_one(Input).focus()
        await it.pilot.pause()
        assert it.widget.render_line(1) != focused
        assert it.widget.render_line(1).text == focused.text

    on(Table(), test)


def test_markup_and_wide_names_are_drawn_as_they_are() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("[/] svc", "日本語", "[@click=app.quit]x[/]"))
        await it.pilot.pause()
        lines = it.lines()
        assert "[/] svc" in lines[1]
        assert "日本語" in lines[2]
        assert "[@click=app.quit]x[/]" in lines[3]
        assert all(it.widget.render_line(y).cell_length == 80 for y in range(4))

    on(Table(), test)


def test_rows_that_come_above_do_not_push_the_cursor_out_of_sight() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows(*MANY[30:]))
        await it.pilot.pause()
        await it.press("ctrl+d")
        cursor = it.widget.cursor
        it.widget.put(rows(*MANY))
        await it.pilot.pause()
        await it.pilot.pause()
        assert it.widget.cursor == cursor
        assert any(text.startswith(f"{CURSOR} {cursor}") for text in it.lines())

    on(Table(), test)


def test_no_width_is_too_small() -> None:
    async def test(it: On[Table]) -> None:
        it.widget.put(rows("a", "b"))
        for width, height in ((1, 1), (GUTTER, 2), (5, 1), (80, 24)):
            await it.pilot.resize_terminal(width, height)
            await it.pilot.pause()
            await it.press("j", "k")
        assert it.widget.cursor == "a"

    on(Table(), test)
