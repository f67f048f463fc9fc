"""The track of a run: every service's stages side by side, the chosen service marked."""

from datetime import datetime

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from compartment_tui.present.progress import track_lines
from compartment_tui.present.text import fit, pad
from compartment_tui.present.timeline import Timeline
from compartment_tui.present.tone import Cell
from compartment_tui.tui.kit.styled_text import QUIET, piece, words
from compartment_tui.tui.runs.stage_grid import Mark, StageGrid, StageRow, grid

CHOSEN = "▌ "
STATE_COLUMNS = 11
SAID_COLUMNS = 24
"""Less room than that for what a service says is better left empty."""
WIDEST_NAME = 24
STAGE_COLUMNS = (8, 14)


class TrackGrid(Static):
    """A row for each service. A click chooses one."""

    class Chosen(Message):
        """A person clicked a service."""

        def __init__(self, service: str) -> None:
            super().__init__()
            self.service = service

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - the toolkit's name for it
        super().__init__(id=id, markup=False)
        self._timeline = Timeline()
        self._now: datetime | None = None
        self._chosen: str | None = None

    def draw(self, timeline: Timeline, now: datetime, chosen: str | None) -> None:
        """The run as it is now."""
        self._timeline, self._now, self._chosen = timeline, now, chosen
        self._redraw()

    def place(self, service: str | None) -> int:
        """The line of a service."""
        names = [track.service for track in self._timeline.tracks]
        return names.index(service) + self._head if service in names else 0

    @property
    def _head(self) -> int:
        """Lines above the first service."""
        return 1

    def on_resize(self) -> None:
        self._redraw()

    def on_click(self, event: events.Click) -> None:
        place = event.y - self._head
        if 0 <= place < len(self._timeline.tracks):
            self.post_message(self.Chosen(self._timeline.tracks[place].service))

    def _redraw(self) -> None:
        if self._now is None:
            return
        shown = grid(self._timeline, self._now)
        if not shown.rows:
            self.update(Content.styled("  taking the lock and looking around …", QUIET))
            return
        columns = self.size.width or 80
        name = min(max(len("service"), *(len(row.name) for row in shown.rows)), WIDEST_NAME)
        lines = _table(shown, self._chosen, columns, name)
        if lines is None:
            lines = [Content(""), *map(words, track_lines(self._timeline, self._now))]
        self.update(Content("\n").join(lines))


def _table(shown: StageGrid, chosen: str | None, columns: int, name: int) -> list[Content] | None:
    """The grid in so many columns; None when they do not suffice."""
    least, most = STAGE_COLUMNS
    count = max(1, len(shown.columns))
    room = columns - len(CHOSEN) - STATE_COLUMNS - 2
    name = max(7, min(name, room - least * count))
    each = min(most, (room - name) // count)
    if each < least:
        return None
    left = columns - len(CHOSEN) - name - 2 - each * count - STATE_COLUMNS
    titles = [long if len(long) < each else short for long, short in shown.columns]
    heads = "".join(pad(fit(title, each - 1), each) for title in titles)
    head = Content.styled(f"{' ' * len(CHOSEN)}{pad('service', name)}  {heads}", QUIET)
    return [head, *(_row(row, row.key == chosen, name, each, left) for row in shown.rows)]


def _row(row: StageRow, chosen: bool, name: int, each: int, left: int) -> Content:
    mark = Content.styled(CHOSEN, "$text-primary") if chosen else Content(" " * len(CHOSEN))
    title = pad(fit(row.name, name), name) + "  "
    said = fit(row.said, left - 1) if left >= SAID_COLUMNS else ""
    return Content("").join(
        [
            mark,
            Content.styled(title, "bold") if chosen else Content(title),
            *(_stage(mark, each) for mark in row.marks),
            piece(Cell(pad(row.state.text, STATE_COLUMNS), row.state.tone)),
            Content.styled(said, QUIET),
        ]
    )


def _stage(mark: Mark, each: int) -> Content:
    """One stage, with what more there is to say of it if it fits."""
    text = mark.cell.text
    whole = text + mark.more if len(text + mark.more) < each else text
    return piece(Cell(pad(fit(whole, each - 1), each), mark.cell.tone))
