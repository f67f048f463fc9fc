"""A run that carries an image, as it looks while it does."""

from datetime import timedelta

from compartment_tui.cli.event_lines import event_line
from compartment_tui.domain.events import Event, Output, StageStarted
from compartment_tui.operations import requests
from compartment_tui.present.progress import track_lines
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.tui.runs.stage_grid import grid
from tests.operations.test_carriage import ACROSS, staged


def until_sending() -> tuple[Timeline, list[Event]]:
    opened = staged()
    opened.host_of("prod").carriage_takes = timedelta(seconds=1)
    timeline, seen = Timeline(), []
    for event in requests.execute(opened.world, ACROSS):
        seen.append(event)
        timeline = fold(timeline, event)
        if isinstance(event, Output) and event.line.startswith("carrying"):
            break
    return timeline, seen


def test_its_row_says_what_it_does_and_how_far_it_is() -> None:
    timeline, _ = until_sending()
    assert timeline.started is not None
    now = timeline.started + timedelta(seconds=5)
    shown = grid(timeline, now)
    assert shown.columns[0] == ("carrying", "carry")
    assert shown.rows[0].said == "carrying 64 MB to prod: 16 of 64 MB"
    (line,) = ("".join(cell.text for cell in one) for one in track_lines(timeline, now))
    assert "▸ carrying its image" in line
    assert line.endswith("carrying 64 MB to prod: 16 of 64 MB")


def test_in_a_log_it_is_a_stage_and_its_progress_only_with_verbose() -> None:
    timeline, seen = until_sending()
    begun = next(one for one in seen if isinstance(one, StageStarted))
    told = event_line(begun, verbose=False, timeline=timeline)
    assert told is not None
    assert "".join(cell.text for cell in told) == "web: carrying its image"
    assert event_line(seen[-1], verbose=False, timeline=timeline) is None
