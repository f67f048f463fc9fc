"""What an act would do, before anything is done; and the yes that starts it."""

from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from compartment_tui.domain.errors import CompartmentError, OwnedElsewhere
from compartment_tui.domain.shell_quotes import names_it
from compartment_tui.present.failure import error_lines
from compartment_tui.present.paragraph import hanging
from compartment_tui.present.text import show_name
from compartment_tui.present.tone import Line, Tone, line, with_symbol
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.styled_text import QUIET, paragraph
from compartment_tui.tui.runs.messages import PlanReady
from compartment_tui.tui.runs.plan_model import (
    YES,
    empty,
    proposal_lines,
    taking_over,
    toggles,
    yes_or_no,
)
from compartment_tui.tui.state.action import Act

LOOKING = "looking at what it would change …"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Somebody read the plan and said yes."""

    act: Act
    http_port: int


class PlanScreen(Dialog[Decision | None]):
    """Opens at once, shows the plan or why it is refused, and starts nothing but by `y`.

    A protected environment wants its name instead of `y`.
    """

    BINDINGS = [
        Binding("y", "confirm", "Start", id="plan.start"),
        Binding("n,escape,q", "leave", "Leave", id="plan.leave"),
        Binding("c", "copy", "Copy the command", id="plan.copy"),
        Binding("f", "force", "Replace unchanged services", show=False, id="plan.force"),
        Binding("p", "preview", "An address to look at it", show=False, id="plan.preview"),
        Binding(
            "r", "removal", "Take away what the file no longer has", show=False, id="plan.remove"
        ),
        Binding("t", "take_over", "Take it over", show=False, id="plan.take.over"),
        Binding("v", "volumes", "Volumes too", show=False, id="plan.volumes"),
        Binding("j,down", "scroll_by(1)", "Down", show=False, id="plan.down"),
        Binding("k,up", "scroll_by(-1)", "Up", show=False, id="plan.up"),
        Binding("ctrl+d,pagedown", "scroll_by(8)", "Page down", show=False, id="plan.pagedown"),
        Binding("ctrl+u,pageup", "scroll_by(-8)", "Page up", show=False, id="plan.pageup"),
    ]
    app: BoardApp

    def __init__(self, act: Act, *, look_only: bool = False) -> None:
        super().__init__(classes="dialog plan")
        self.act = act
        self.look_only = look_only
        self.ready: PlanReady | None = None
        self.refused: CompartmentError | None = None
        self.owner = ""
        """Whose the environment is, in words, when that is another repository."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            with VerticalScroll(classes="body grows", can_focus=False):
                yield Static(markup=False, id="words")
            yield Static(markup=False, id="toggles")
            yield Static(markup=False, id="command")
            yield Static(markup=False, id="ask")
            field = Input(id="name", compact=True)
            field.cursor_blink = False
            yield field
            with Horizontal(classes="buttons"):
                yield Button("Cancel  n", id="no", compact=True)
                yield Button(id="yes", compact=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_words)

    def on_mount(self) -> None:
        self._draw()
        self.query_one("#no").focus()

    # --- what arrives ----------------------------------------------------------------------------

    def take_plan(self, ready: PlanReady) -> None:
        """The plan; that of another act than the one shown is late and dropped."""
        if ready.act != self.act:
            return
        self.ready, self.refused = ready, None
        self._draw()
        if self._wants_name:
            self.query_one("#name").focus()

    def refuse(self, act: Act, error: CompartmentError) -> None:
        """It cannot be done, and nothing was touched."""
        if act == self.act:
            self.ready, self.refused = None, error
            if isinstance(error, OwnedElsewhere):
                self.owner = error.owner
            self._draw()

    # --- drawing ---------------------------------------------------------------------------------

    @property
    def _startable(self) -> bool:
        return self.ready is not None and not self.look_only and not empty(self.ready.plan)

    @property
    def _can_take_over(self) -> bool:
        """Whether it is another repository's, and an answer to that is due now."""
        answered = self.ready is not None or isinstance(self.refused, OwnedElsewhere)
        return bool(self.owner) and answered and not self.look_only

    @property
    def _wants_name(self) -> bool:
        return self._startable and self.ready is not None and self.ready.protected

    def _draw(self) -> None:
        name = show_name(self.act.environment)
        look = " (only a look)" if self.look_only else ""
        box = self.query_one(".box")
        box.border_title = Content(f"{self.act.title()}{look}")
        self._draw_words()
        self._put("#toggles", self._toggles())
        self._put("#command", self._command())
        ask = f"{name} is protected: type its name, then enter"
        self._put("#ask", paragraph((line(ask, Tone.WARN),)) if self._wants_name else Content(""))
        self.query_one("#name").display = self._wants_name
        self.query_one("#yes").display = self._startable and not self._wants_name
        self.put_label("#yes", f"{YES[self.act.verb]}  y")
        leave = "Cancel  esc" if self._wants_name else "Cancel  n"
        self.put_label("#no", leave if self._startable else "Close  esc")
        self.fit()

    def _draw_words(self) -> None:
        columns = self.query_one(".body").outer_size.width - 1  # one is for a scrollbar
        lines = [row for whole in self._lines() for row in hanging(whole, columns)]
        self._put("#words", paragraph(lines))

    def _put(self, which: str, content: Content) -> None:
        static = self.query_one(which, Static)
        static.update(content)
        static.display = bool(content.plain)

    def _lines(self) -> tuple[Line, ...]:
        if self.refused is not None:
            return (
                *error_lines(self.refused),
                line(""),
                line("  Nothing was touched.", Tone.QUIET),
            )
        if self.ready is None:
            return (line(LOOKING, Tone.QUIET),)
        lines = proposal_lines(self.act, self.ready.plan, self.ready.context)
        return (*taking_over(self.act, self.ready.plan, self.owner), *lines)

    def _command(self) -> Content:
        """The same on the command line; of a refusal, only that it can be copied."""
        if self.refused is not None:
            return Content.styled("c copies this", QUIET)
        parts = (("as a command  ", QUIET), self.act.command(), ("   c copies", QUIET))
        return Content.assemble(*parts)

    def _toggles(self) -> Content:
        keys = [] if self.ready is None else [*toggles(self.act, self.ready.plan)]
        if self._can_take_over:
            keys.append(("t", f"take it over: {yes_or_no(self.act.take_over)}"))
        parts = [
            Content.assemble((f"{key} ", "bold $text-primary"), (words, "")) for key, words in keys
        ]
        if parts and self._wants_name:
            parts.append(Content.styled("tab leaves the field first", QUIET))
        return Content("   ").join(parts)

    # --- answers ---------------------------------------------------------------------------------

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_confirm() if event.button.id == "yes" else self.action_leave()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Its exact name starts it; anything else is said to be wrong and changes nothing."""
        event.stop()
        if names_it(event.value, self.act.environment):
            self._start()
            return
        wrong = f"that is not its name: type {show_name(self.act.environment)}, or leave with esc"
        self._put("#ask", paragraph(((with_symbol(wrong, Tone.BAD),),)))

    def action_confirm(self) -> None:
        if self._startable and not self._wants_name:
            self._start()

    def _start(self) -> None:
        if self.ready is not None:
            self.dismiss(Decision(act=self.act, http_port=self.ready.context.http_port))

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        if self.refused is None:
            self.post_message(news.CopyWanted(self.act.command(), "command"))
            return
        text = paragraph(error_lines(self.refused)).plain
        self.post_message(news.CopyWanted(text, "message"))

    def action_force(self) -> None:
        self._propose_again(replace(self.act, force=not self.act.force), "f")

    def action_preview(self) -> None:
        self._propose_again(replace(self.act, preview=not self.act.preview), "p")

    def action_removal(self) -> None:
        removes = not self.act.remove_undeclared
        self._propose_again(replace(self.act, remove_undeclared=removes), "r")

    def action_volumes(self) -> None:
        self._propose_again(replace(self.act, volumes=not self.act.volumes), "v")

    def action_take_over(self) -> None:
        if self._can_take_over:
            self._plan_again(replace(self.act, take_over=not self.act.take_over))

    def _propose_again(self, act: Act, key: str) -> None:
        if self.ready is not None and key in dict(toggles(self.act, self.ready.plan)):
            self._plan_again(act)

    def _plan_again(self, act: Act) -> None:
        """The same with one thing changed, planned afresh; nothing can be started meanwhile."""
        self.act, self.ready, self.refused = act, None, None
        self._draw()
        self.app.bridge.plan(act)

    def action_scroll_by(self, rows: int) -> None:
        self.query_one(".body").scroll_relative(y=rows, animate=False)
