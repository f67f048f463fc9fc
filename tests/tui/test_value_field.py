"""The field for a value: the text comes out as it went in, and a hidden one shows nothing."""

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from compartment_tui.tui.kit.value_field import BREAK, TYPED, ValueDocument, ValueField

Act = Callable[[ValueField, Pilot[None]], Awaitable[None]]
CANARY = "sk_canary_6b1f"
CONTROLS = st.text(max_size=60)


class Host(App[None]):
    """One field and nothing else."""

    def __init__(self, field: ValueField) -> None:
        super().__init__()
        self.field = field
        self.submitted = 0

    def compose(self) -> ComposeResult:
        yield self.field

    def on_value_field_submitted(self) -> None:
        self.submitted += 1


def play(act: Act, field: ValueField) -> None:
    async def run() -> None:
        app = Host(field)
        async with app.run_test(size=(60, 8)) as pilot:
            field.focus()
            await pilot.pause()
            await act(field, pilot)

    asyncio.run(run())


def seen(field: ValueField) -> str:
    return "\n".join(field.render_line(row).text for row in range(field.size.height))


@given(CONTROLS, CONTROLS, st.data())
def test_what_is_put_in_comes_out_byte_for_byte(before: str, put: str, data: st.DataObject) -> None:
    document = ValueDocument(before)
    assert document.text == before
    at = data.draw(st.integers(0, len(before)))
    place = document.get_location_from_index(at) if before else (0, 0)
    done = document.replace_range(place, place, put)
    assert document.text == before[:at] + put + before[at:]
    again = document.replace_range(place, done.end_location, "")
    assert again.replaced_text == put
    assert document.text == before


def test_a_paste_of_many_lines_is_taken_back_and_done_again() -> None:
    async def act(field: ValueField, pilot: Pilot[None]) -> None:
        field.post_message(events.Paste("one\rtwo\u2028\x85\x0c\r\nthree"))
        await pilot.pause()
        assert field.text == "info one\ntwo\u2028\x85\x0c\nthree"
        assert field.size.height == 3
        assert BREAK in seen(field)
        assert "\x85" not in seen(field)
        await pilot.press("ctrl+z")
        assert field.text == "info "
        await pilot.press("ctrl+y")
        assert field.text == "info one\ntwo\u2028\x85\x0c\nthree"

    play(act, ValueField("info "))


def test_what_is_selected_is_replaced() -> None:
    async def act(field: ValueField, pilot: Pilot[None]) -> None:
        await pilot.press("shift+left", "shift+left", *"xy")
        assert field.text == "inxy"
        await pilot.press("f7", "z")
        assert field.text == "z"

    play(act, ValueField("info"))


def test_enter_is_done_and_ctrl_j_begins_a_line() -> None:
    async def act(field: ValueField, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+j", "a", "enter")
        assert field.text == "info\na"
        app = field.app
        assert isinstance(app, Host)
        assert app.submitted == 1

    play(act, ValueField("info"))


def test_a_hidden_value_shows_nothing_and_leaves_by_no_other_way() -> None:
    async def act(field: ValueField, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        await pilot.pause()
        short = seen(field)
        await pilot.press(*CANARY, "ctrl+j", *CANARY)
        await pilot.pause()
        assert seen(field) == short
        assert TYPED in short
        await pilot.press("f7", "ctrl+c")
        await pilot.press("ctrl+x")
        assert pilot.app.clipboard == ""
        assert CANARY in field.text
        field.hide(False)
        assert field.text == ""
        await pilot.press("ctrl+z")
        assert field.text == ""

    play(act, ValueField(hidden=True))


def test_a_hundred_kilobytes_are_typed_into_without_a_wait() -> None:
    async def act(field: ValueField, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        assert len(field.text) == 100_001

    play(act, ValueField("x" * 100_000))
