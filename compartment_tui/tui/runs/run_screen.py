"""One job on the whole screen: the stages of each service, what they write, and what to do next."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from compartment_tui.domain.requests import (
    Discard,
    Promote,
    Request,
    Resume,
    Rollback,
    Start,
)
from compartment_tui.present.progress import note_lines
from compartment_tui.present.requests import services_of
from compartment_tui.present.text import clean, duration, short_id, show
from compartment_tui.present.timeline import Track
from compartment_tui.present.tone import Line, Tone, line
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.styled_text import QUIET, paragraph, piece
from compartment_tui.tui.messages import ActWanted
from compartment_tui.tui.runs.cancel_screen import CancelScreen
from compartment_tui.tui.runs.job_words import (
    JobAction,
    again,
    cancel_question,
    ending_lines,
    has_container,
    job_actions,
    job_cell,
    job_title,
    job_took,
    no_shell,
    of_interest,
    track_url,
)
from compartment_tui.tui.runs.messages import CancelWanted, JobMoved
from compartment_tui.tui.runs.output_pane import OutputPane
from compartment_tui.tui.runs.stage_table import TrackGrid
from compartment_tui.tui.shell.key_hints import Hints
from compartment_tui.tui.state.app_state import Board, Job
from compartment_tui.tui.state.job_output import JobOutput

WAYS = {
    "cancel": JobAction.CANCEL,
    "logs": JobAction.LOGS,
    "open": JobAction.OPEN,
    "retry": JobAction.RETRY,
    "undo": JobAction.UNDO,
    "resume": JobAction.RESUME,
    "promote": JobAction.PROMOTE,
    "discard": JobAction.DISCARD,
    "start": JobAction.START,
}


class RunScreen(Screen[None]):
    """Leaving it does not end the job. The service in view is what matters, until one chooses."""

    BINDINGS = [
        Binding("escape", "leave", "Back", id="run.leave"),
        Binding("l", "logs", "Its logs", id="run.logs"),
        Binding("s", "shell", "Shell", id="run.shell"),
        Binding("o", "open", "Open", id="run.open"),
        Binding("y", "copy", "Copy output", id="run.copy"),
        Binding("X", "cancel", "Cancel", id="run.cancel"),
        Binding("D", "retry", "Try again", id="run.retry"),
        Binding("U", "undo", "Undo", id="run.undo"),
        Binding("R", "resume", "Resume", id="run.resume"),
        Binding("P", "promote", "Promote", id="run.promote"),
        Binding("K", "discard", "Discard", id="run.discard"),
        Binding("S", "start", "Start", id="run.start"),
        Binding("j,down", "choose(1)", "Next service", show=False, id="run.next"),
        Binding("k,up", "choose(-1)", "Previous service", show=False, id="run.previous"),
    ]
    app: BoardApp

    def __init__(self, number: int, output: JobOutput) -> None:
        super().__init__()
        self._output = output
        self.number = number
        self.service: str | None = None
        """The one in view."""
        self._picked = False
        self._failed_seen = False
        self._stream: int | None = None
        """The container's log that is shown instead of the output."""

    @property
    def job(self) -> Job:
        return self.app.board.jobs[self.number]

    @property
    def track(self) -> Track | None:
        """The track of the service in view."""
        return self.job.timeline.track(self.service) if self.service else None

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(markup=False, id="title")
            yield Static(markup=False, id="state")
        with VerticalScroll(id="tracks", can_focus=False):
            yield TrackGrid(id="track")
        with VerticalScroll(id="news", can_focus=False):
            yield Static(markup=False, id="notes")
            yield Static(markup=False, id="ending")
        yield OutputPane(id="output")
        yield Hints(id="hints")

    def on_mount(self) -> None:
        self.query_one(OutputPane).focus()
        self._look_at(of_interest(self.job.timeline))
        self._draw()
        self._clock = self.set_interval(1, self._draw, pause=self.job.over)

    # --- what arrives ----------------------------------------------------------------------------

    def show(self, board: Board, before: Board) -> None:
        """The job moved, or is over."""
        if board.jobs.get(self.number) == before.jobs.get(self.number):
            return
        failed = any(track.failure is not None for track in self.job.timeline.tracks)
        wanted = of_interest(self.job.timeline)
        if wanted != self.service and (not self._picked or (failed and not self._failed_seen)):
            self._look_at(wanted)
        self._failed_seen = self._failed_seen or failed
        if self.job.over:
            self._clock.pause()
        self._draw()

    def take_said(self, message: JobMoved) -> None:
        """More output: that of the service in view is shown, unless its logs are."""
        if message.job != self.number or self._stream is not None:
            return
        lines = [said.line for said in message.said if said.service in ("", self.service)]
        self.query_one(OutputPane).add(lines, message.dropped)

    def take_lines(self, message: news.LogLinesArrived) -> None:
        """Lines of the container's log."""
        if message.stream != self._stream:
            return
        pane = self.query_one(OutputPane)
        pane.add([line(clean(log_line.message)) for log_line in message.lines], message.dropped)
        if message.ended:
            pane.add([line(f"○ {clean(message.ended)}", Tone.QUIET)])

    # --- drawing ---------------------------------------------------------------------------------

    def _draw(self) -> None:
        job, now = self.job, self.app.world.clock.now()
        self.query_one("#title", Static).update(Content.styled(job_title(job), "bold"))
        took = Content.styled(f"  {duration(job_took(job, now))}", QUIET)
        self.query_one("#state", Static).update(piece(job_cell(job)) + took)
        grid = self.query_one(TrackGrid)
        grid.draw(job.timeline, now, self.service)
        self.query_one("#tracks").display = bool(job.timeline.tracks) or not job.over
        self._put("#notes", note_lines(job.timeline))
        self._put("#ending", ending_lines(job))
        self.query_one("#news").display = bool(note_lines(job.timeline) or ending_lines(job))
        self.refresh_bindings()

    def _put(self, which: str, lines: tuple[Line, ...]) -> None:
        static = self.query_one(which, Static)
        static.display = bool(lines)
        static.update(paragraph(lines))

    def _look_at(self, service: str | None) -> None:
        """Another service in view, with everything it wrote so far."""
        self._end_stream()
        self.service = service
        output = self._output
        pane = self.query_one(OutputPane)
        title = f"{show(service)}: output" if service else "output"
        pane.fill(title, output.of(service), output.dropped)
        self.query_one("#tracks").scroll_to(
            y=self.query_one(TrackGrid).place(service) - 1, animate=False
        )

    def _end_stream(self) -> None:
        if self._stream is not None:
            self.app.feeds.unfollow(self._stream)
        self._stream = None

    def on_unmount(self) -> None:
        self._end_stream()

    # --- keys ------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not there."""
        del parameters
        if self.number not in self.app.board.jobs:
            return True
        if action == "shell":  # shown where there is a container, even if it is stopped: it says so
            return self.track is not None and has_container(self.track)
        if action not in WAYS:
            return True
        return WAYS[action] in job_actions(self.job, self.service)

    def on_track_grid_chosen(self, message: TrackGrid.Chosen) -> None:
        self._picked = True
        self._look_at(message.service)
        self._draw()

    def action_choose(self, step: int) -> None:
        names = [track.service for track in self.job.timeline.tracks]
        if self.service in names:
            self._picked = True
            place = min(max(names.index(self.service) + step, 0), len(names) - 1)
            if names[place] != self.service:
                self._look_at(names[place])
            self._draw()

    def action_leave(self) -> None:
        """From the logs to the output, from there to where one came from."""
        if self._stream is not None:
            self._look_at(self.service)
        else:
            self.dismiss(None)

    def action_logs(self) -> None:
        """Show the log of the deployment's own container; again: back to the output."""
        track = self.track
        if self._stream is not None or track is None:
            self._look_at(self.service)
            return
        pane = self.query_one(OutputPane)
        title = f"{show(track.service)}: logs of {short_id(track.deployment)}, l for the output"
        pane.fill(title, ())
        environment = self.job.request.environment
        self._stream = self.app.feeds.read_logs(environment, track.deployment)

    def action_shell(self) -> None:
        """A shell in the container, or why there can be none."""
        track = self.track
        if track is None:
            return
        why = no_shell(track)
        if why:
            self.notify(why, severity="warning", markup=False)
            return
        self.post_message(
            news.ShellWanted(self.job.request.environment, track.service, track.deployment)
        )

    def action_open(self) -> None:
        track = self.track
        found = track_url(track, self.job) if track else None
        if found is not None:
            self.post_message(news.OpenWanted(found))

    def action_copy(self) -> None:
        text = self.query_one(OutputPane).text
        self.post_message(news.CopyWanted(text, f"output of {show(self.service or 'the run')}"))

    def action_cancel(self) -> None:
        """Ask once; what was decided about another state of the job than it has by then is void."""
        asking = CancelScreen(self.app.board, self.number)

        def answered(yes: bool | None) -> None:
            if not yes or self.job.over:
                return
            if cancel_question(self.job) != asking.question:
                self.action_cancel()
                return
            self.post_message(CancelWanted(self.number))

        self.app.push_screen(asking, answered)

    def action_retry(self) -> None:
        self.post_message(ActWanted(again(self.job)))

    def action_undo(self) -> None:
        self._want(Rollback(environment=self._environment))

    def action_resume(self) -> None:
        self._want(Resume(environment=self._environment))

    def action_promote(self) -> None:
        self._want(Promote(environment=self._environment))

    def action_discard(self) -> None:
        self._want(Discard(environment=self._environment))

    def action_start(self) -> None:
        services = services_of(self.job.request)
        self._want(Start(environment=self._environment, services=services))

    @property
    def _environment(self) -> str:
        return self.job.request.environment

    def _want(self, request: Request) -> None:
        self.post_message(ActWanted(request))
