"""The output of a job on a screen: it follows, stands still, folds, and lets old lines go."""

from compartment_tui.present.tone import Line, line
from compartment_tui.tui.runs.output_pane import LIMIT, OutputPane
from tests.tui.widget_host import On, on

SIZE = (40, 12)


def numbered(first: int, last: int) -> list[Line]:
    return [line(f"line {number}") for number in range(first, last)]


def title(it: On[OutputPane]) -> str:
    return str(it.widget.border_title)


def shown(it: On[OutputPane]) -> list[str]:
    return [text for text in it.lines() if text]


def test_it_follows_its_end() -> None:
    async def test(it: On[OutputPane]) -> None:
        it.widget.fill("web: output", numbered(0, 30))
        await it.pilot.pause()
        assert shown(it)[-1] == "line 29"
        it.widget.add(numbered(30, 31))
        await it.pilot.pause()
        assert shown(it)[-1] == "line 30"
        assert title(it) == "web: output"

    on(OutputPane(id="output"), test, size=SIZE)


def test_whoever_looks_back_sees_nothing_move_and_g_follows_again() -> None:
    async def test(it: On[OutputPane]) -> None:
        it.widget.fill("web: output", numbered(0, 40))
        await it.pilot.pause()
        await it.press("ctrl+u")
        before = shown(it)
        assert "line 39" not in before
        assert title(it) == "web: output · stands still: G follows"
        it.widget.add(numbered(40, 60))
        await it.pilot.pause()
        assert shown(it) == before
        await it.press("g")
        assert shown(it)[0] == "line 0"
        await it.press("G")
        assert shown(it)[-1] == "line 59"
        assert title(it) == "web: output"

    on(OutputPane(id="output"), test, size=SIZE)


def test_scrolling_to_the_end_follows_again() -> None:
    async def test(it: On[OutputPane]) -> None:
        it.widget.fill("web: output", numbered(0, 40))
        await it.pilot.pause()
        await it.press("ctrl+u")
        await it.press("ctrl+d")
        assert title(it) == "web: output"
        it.widget.add(numbered(40, 41))
        await it.pilot.pause()
        assert shown(it)[-1] == "line 40"

    on(OutputPane(id="output"), test, size=SIZE)


def test_lines_that_go_do_not_move_what_is_looked_at() -> None:
    async def test(it: On[OutputPane]) -> None:
        it.widget.fill("web: output", numbered(0, LIMIT))
        await it.pilot.pause()
        await it.press("ctrl+u")
        before = shown(it)
        it.widget.add(numbered(LIMIT, LIMIT + 100), dropped=5)
        await it.pilot.pause()
        assert shown(it) == before
        assert "105 earlier lines dropped" in title(it)
        it.widget.add(numbered(LIMIT + 100, 3 * LIMIT))
        await it.pilot.pause()
        assert shown(it)[0] == f"line {2 * LIMIT}"
        assert it.widget.text.startswith(f"line {2 * LIMIT}\n")

    on(OutputPane(id="output"), test, size=SIZE)


def test_long_lines_are_folded_to_the_width_there_is() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen"

    async def test(it: On[OutputPane]) -> None:
        it.widget.fill("web: output", [line(words), *numbered(0, 3)])
        await it.pilot.pause()
        assert "".join(f"{text} " for text in shown(it)) == f"{words} line 0 line 1 line 2 "
        assert len(shown(it)) == 5
        await it.pilot.resize_terminal(100, 12)
        await it.pilot.pause()
        assert shown(it)[0] == words
        it.widget.fill("api: output", numbered(7, 8))
        await it.pilot.pause()
        assert shown(it) == ["line 7"]
        assert title(it) == "api: output"

    on(OutputPane(id="output"), test, size=SIZE)
