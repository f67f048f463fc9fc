"""A job's events, gathered for a screen: told soon, never more often than the eye needs."""

from collections.abc import Callable

from compartment_tui.domain.events import Event
from compartment_tui.present.timeline import Timeline, fold
from compartment_tui.tui.batcher import Batcher, Newest
from compartment_tui.tui.runs.run_output import output_lines
from compartment_tui.tui.state.job_output import WAITING_LIMIT, OutputLine

PAUSE = 0.05
"""Seconds between two tellings."""

Tell = Callable[[Timeline, tuple[OutputLine, ...], int], None]


class JobCancel:
    """`Cancel` of one job: the key that asks to stop counts up."""

    def __init__(self) -> None:
        self.requests = 0


class EventBatcher:
    """Folds events in the job's thread and tells of them in another, until it is closed."""

    def __init__(self, tell: Tell) -> None:
        self._timeline = Timeline()
        self._batcher: Batcher[Newest[OutputLine]] = Batcher(
            lambda: Newest(WAITING_LIMIT),
            lambda said: tell(self._timeline, tuple(said.items), said.dropped),
            pause=PAUSE,
        )

    def take(self, event: Event) -> None:
        """One more event; it is told within the pause, also when no other follows for long."""
        self._timeline = fold(self._timeline, event)
        self._batcher.put(Newest.add, output_lines(self._timeline, event))

    def close(self) -> Timeline:
        """Tell what is left; the timeline as it is at the end."""
        self._batcher.finish()
        return self._timeline
