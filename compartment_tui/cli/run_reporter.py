"""How a run is told while it goes on: live on a terminal, line by line elsewhere, or as objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Flag
from threading import Lock, Thread
from typing import Protocol

from compartment_tui.cli.event_lines import event_line
from compartment_tui.cli.json_documents.runs import event_document
from compartment_tui.cli.live_region import Region
from compartment_tui.cli.output import CommandOutput
from compartment_tui.domain.events import Event
from compartment_tui.ports import World
from compartment_tui.present.progress import note_lines, track_lines
from compartment_tui.present.timeline import Timeline
from compartment_tui.present.tone import Line, Tone, line

REDRAW_SECONDS = 0.1
STOPPING = "stopping: once more leaves it to `compartment-tui resume`"


class Teller(Protocol):
    """Tells a run's events as they come."""

    def tell(self, event: Event, timeline: Timeline) -> None:
        """`timeline` is the run after the event."""

    def close(self, timeline: Timeline) -> None:
        """The run is over."""


@contextmanager
def telling(
    output: CommandOutput, world: World, environment: str, *, events: bool
) -> Iterator[Teller]:
    """The teller that suits where the output goes; the terminal is left as it was found."""
    if events:
        yield Objects(output, environment)
    elif output.quiet:
        yield Silent()
    elif output.err.moving:
        live = Live(output, world)
        try:
            yield live
        finally:
            live.stop()
    else:
        yield Plain(output)


class Silent:
    def tell(self, event: Event, timeline: Timeline) -> None:
        """Nothing."""

    def close(self, timeline: Timeline) -> None:
        """Nothing."""


class Plain:
    """One line for each stage that starts or ends."""

    def __init__(self, output: CommandOutput) -> None:
        self._output = output

    def tell(self, event: Event, timeline: Timeline) -> None:
        said = event_line(event, verbose=self._output.verbose, timeline=timeline)
        if said is not None:
            self._output.say(said)

    def close(self, timeline: Timeline) -> None:
        """Everything has been said."""


class Objects:
    """One JSON object for each event, on stdout."""

    def __init__(self, output: CommandOutput, environment: str) -> None:
        self._output = output
        self._environment = environment

    def tell(self, event: Event, timeline: Timeline) -> None:
        self._output.json_line(event_document(event, self._environment))

    def close(self, timeline: Timeline) -> None:
        """The last event said it."""


class Live:
    """One line for each service that moves on in place, drawn again while time passes."""

    def __init__(self, output: CommandOutput, world: World) -> None:
        self._output = output
        self._world = world
        self._region = Region(output.err)
        self._timeline = Timeline()
        self._lock = Lock()
        self._over = Flag()
        self._clock = Thread(target=self._keep_drawing, name="progress", daemon=True)
        self._clock.start()

    def tell(self, event: Event, timeline: Timeline) -> None:
        with self._lock:
            self._timeline = timeline
            if self._output.verbose:
                self._scroll(event)

    def close(self, timeline: Timeline) -> None:
        """The last state stays, unless the results on the same terminal say it better."""
        self.stop()
        self._timeline = timeline
        if timeline.failure is None and self._output.out.terminal and not self._output.json:
            self._region.clear()
        else:
            self._draw()
            self._region.leave()
        if not self._output.verbose:  # else they have been told
            for note in note_lines(timeline):
                self._output.say(note)

    def stop(self) -> None:
        self._over.set()
        if self._clock.is_alive():
            self._clock.join()

    def _keep_drawing(self) -> None:
        while not self._over.wait(REDRAW_SECONDS):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        lines: list[Line] = [*track_lines(self._timeline, self._world.clock.now())]
        if not lines:
            lines.append(line("  getting ready", Tone.QUIET))
        if self._world.cancel.requests and not self._over.is_set():
            lines.append(line(f"  {STOPPING}", Tone.WARN))
        self._region.draw(lines)

    def _scroll(self, event: Event) -> None:
        """With `--verbose` every event also becomes a line above the moving ones."""
        said = event_line(event, verbose=True, timeline=self._timeline)
        if said is not None:
            self._region.clear()
            self._output.err.lines((said,))
            self._draw()
