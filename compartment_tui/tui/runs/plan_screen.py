"""The plan dialog: a request's plan before anything is done, and the yes that starts it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from compartment_tui.domain.errors import CompartmentError, OwnedElsewhere
from compartment_tui.domain.requests import AdoptEdge, Request
from compartment_tui.domain.shell_quotes import names_it
from compartment_tui.present.failure import error_lines
from compartment_tui.present.requests import answer, command_line, title
from compartment_tui.present.text import on_engine, show_name
from compartment_tui.present.tone import Line, Tone, line, with_symbol
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp
from compartment_tui.tui.kit.dialog import Dialog
from compartment_tui.tui.kit.folded_lines import hanging
from compartment_tui.tui.kit.styled_text import QUIET, paragraph
from compartment_tui.tui.runs.messages import PlanReady
from compartment_tui.tui.runs.plan_model import (
    Blank,
    Toggle,
    blanks,
    empty,
    proposal_lines,
    taking_over,
    toggles,
    toggles_of_refused,
    yes_or_no,
)

GAP = "   "
LOOKING = "looking at what it would change …"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Somebody read the plan and said yes."""

    request: Request
    http_port: int


def in_rows(parts: list[Content], columns: int) -> Content:
    """Side by side, each whole, in as many rows as that takes."""
    rows: list[Content] = []
    for part in parts:
        if rows and rows[-1].cell_length + len(GAP) + part.cell_length <= columns:
            rows[-1] = rows[-1] + GAP + part
        else:
            rows.append(part)
    return Content("\n").join(rows)


class PlanScreen(Dialog[Decision | None]):
    """Opens at once, shows the plan or why it is refused, and starts nothing but by `y`.

    A protected environment wants its name instead of `y`.
    """

    BINDINGS = [
        Binding("y", "confirm", "Start", id="plan.start"),
        Binding("n,escape,q", "leave", "Leave", id="plan.leave"),
        Binding("c", "copy", "Copy the command", id="plan.copy"),
        Binding("f", "turn('f')", "Replace unchanged services", show=False, id="plan.force"),
        Binding("p", "turn('p')", "An address to look at it", show=False, id="plan.preview"),
        Binding(
            "r", "turn('r')", "Take away what the file no longer has", show=False, id="plan.remove"
        ),
        Binding("g", "fill('g')", "From a commit, branch or tag", show=False, id="plan.ref"),
        Binding("d", "fill('d')", "One exact deployment", show=False, id="plan.deployment"),
        Binding("l", "fill('l')", "A label for the history", show=False, id="plan.label"),
        Binding("t", "take_over", "Take it over", show=False, id="plan.take.over"),
        Binding("v", "turn('v')", "Volumes too", show=False, id="plan.volumes"),
        Binding(
            "e",
            "turn('e')",
            "What the project file says of it too",
            show=False,
            id="plan.variables",
        ),
        Binding("j,down", "scroll_by(1)", "Down", show=False, id="plan.down"),
        Binding("k,up", "scroll_by(-1)", "Up", show=False, id="plan.up"),
        Binding("ctrl+d,pagedown", "scroll_by(8)", "Page down", show=False, id="plan.pagedown"),
        Binding("ctrl+u,pageup", "scroll_by(-8)", "Page up", show=False, id="plan.pageup"),
    ]
    asks = True
    app: BoardApp

    def __init__(
        self, request: Request, plan: Callable[[Request], None], *, look_only: bool = False
    ) -> None:
        super().__init__(classes="dialog plan")
        self._plan = plan
        self.request = request
        self.look_only = look_only
        self.ready: PlanReady | None = None
        self.refused: CompartmentError | None = None
        self.filling: Blank | None = None
        """The option that is being filled in; nothing can be started meanwhile."""
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
            blank = Input(id="blank", compact=True)
            blank.cursor_blink = False
            yield blank
            with Horizontal(classes="buttons"):
                yield Button("Cancel  n", id="no", compact=True)
                yield Button(id="yes", compact=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_again)

    def on_mount(self) -> None:
        self._draw()
        self.query_one("#no").focus()

    # --- what arrives ----------------------------------------------------------------------------

    def take_plan(self, ready: PlanReady) -> None:
        """The plan; that of another request than the one shown is late and dropped."""
        if ready.request != self.request:
            return
        self.ready, self.refused = ready, None
        self.shown_at = monotonic()
        self._draw()
        if self._wants_name:
            self.query_one("#name").focus()

    def refuse(self, request: Request, error: CompartmentError) -> None:
        """It cannot be done, and nothing was touched."""
        if request == self.request:
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
        protected = self.ready is not None and self.ready.protected
        return self._startable and protected and self.filling is None

    def _draw(self) -> None:
        name = show_name(self.request.environment)
        look = " (only a look)" if self.look_only else ""
        box = self.query_one(".box")
        engine = getattr(self.ready.plan, "engine", "") if self.ready is not None else ""
        box.border_title = Content(f"{title(self.request)}{on_engine(engine)}{look}")
        self._draw_words()
        self._put("#toggles", self._toggles())
        self._put("#command", self._command())
        self._put("#ask", self._question(name))
        self.query_one("#name").display = self._wants_name
        self.query_one("#blank").display = self.filling is not None
        startable = self._startable and self.filling is None
        self.query_one("#yes").display = startable and not self._wants_name
        self.put_label("#yes", f"{answer(self.request)}  y")
        leave = "Cancel  esc" if self._wants_name else "Cancel  n"
        leave = leave if self._startable else "Close  esc"
        self.put_label("#no", leave if self.filling is None else "Back  esc")
        self.fit()

    def _draw_words(self) -> None:
        columns = self.query_one(".body").outer_size.width - 1  # one is for a scrollbar
        lines = [row for whole in self._lines() for row in hanging(whole, columns)]
        self._put("#words", paragraph(lines))

    def _draw_again(self) -> None:
        """Draw what depends on the width."""
        self._draw_words()
        self._put("#toggles", self._toggles())

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
        lines = proposal_lines(self.request, self.ready.plan, self.ready.context)
        return (*taking_over(self.request, self.ready.plan, self.owner), *lines)

    def _command(self) -> Content:
        """The same on the command line; of a refusal, only that it can be copied."""
        if self.refused is not None:
            return Content.styled("c copies this", QUIET)
        parts = (("as a command  ", QUIET), command_line(self.request), ("   c copies", QUIET))
        return Content.assemble(*parts)

    def _question(self, name: str) -> Content:
        if self.filling is not None:
            return paragraph((line(f"{self.filling.prompt}, then enter"),))
        ask = f"{name} is protected: type its name, then enter"
        return paragraph((line(ask, Tone.WARN),)) if self._wants_name else Content("")

    def _options(self) -> dict[str, Toggle | Blank]:
        """The options that can be changed, by key; of a refusal those that may be its reason."""
        offered: list[Toggle | Blank] = []
        if self.ready is not None:
            offered = [*toggles(self.request, self.ready.plan), *blanks(self.request)]
        elif self.refused is not None:
            filled = (blank for blank in blanks(self.request) if blank.value)
            offered = [*toggles_of_refused(self.request), *filled]
        return {option.key: option for option in offered}

    def _toggles(self) -> Content:
        if self.filling is not None:
            return Content("")
        keys = [(option.key, option.words) for option in self._options().values()]
        if self._can_take_over:
            keys.append(("t", f"take it over: {yes_or_no(self.request.take_over)}"))
        parts = [
            Content.assemble((f"{key} ", "bold $text-primary"), (words, "")) for key, words in keys
        ]
        if parts and self._wants_name:
            parts.append(Content.styled("tab leaves the field first", QUIET))
        return in_rows(parts, self.query_one(".body").outer_size.width)

    # --- answers ---------------------------------------------------------------------------------

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_confirm() if event.button.id == "yes" else self.action_leave()

    @on(Input.Submitted, "#name")
    def _named(self, event: Input.Submitted) -> None:
        """Its exact name starts it; anything else is said to be wrong and changes nothing."""
        event.stop()
        if names_it(event.value, self.request.environment):
            self._start()
            return
        wrong = (
            f"that is not its name: type {show_name(self.request.environment)}, or leave with esc"
        )
        self._put("#ask", paragraph(((with_symbol(wrong, Tone.BAD),),)))

    @on(Input.Submitted, "#blank")
    def _filled(self, event: Input.Submitted) -> None:
        event.stop()
        if self.filling is None:
            return
        request, self.filling = self.filling.filled(event.value.strip()), None
        self._plan_again(request)

    def action_confirm(self) -> None:
        if self._startable and not self._wants_name and self.filling is None:
            self._start()

    def _start(self) -> None:
        if self.ready is not None:
            self.dismiss(Decision(request=self.request, http_port=self.ready.context.http_port))

    def action_leave(self) -> None:
        """First out of what is being filled in, then out of the dialog."""
        if self.filling is None:
            self.dismiss(None)
            return
        self.filling = None
        self._settle()

    def action_copy(self) -> None:
        if self.refused is None:
            self.post_message(news.CopyWanted(command_line(self.request), "command"))
            return
        text = paragraph(error_lines(self.refused)).plain
        self.post_message(news.CopyWanted(text, "message"))

    def action_turn(self, key: str) -> None:
        option = self._options().get(key)
        if isinstance(option, Toggle) and self.filling is None:
            self._plan_again(option.changed)

    def action_fill(self, key: str) -> None:
        option = self._options().get(key)
        if isinstance(option, Blank) and self.filling is None:
            self.filling = option
            self.query_one("#blank", Input).value = option.value
            self._settle()

    def _settle(self) -> None:
        """Draw it, and put the focus where something is to be typed, if anything is."""
        self._draw()
        field = "#blank" if self.filling is not None else "#name" if self._wants_name else "#no"
        self.set_focus(self.query_one(field))

    def action_take_over(self) -> None:
        request = self.request
        if self._can_take_over and self.filling is None and not isinstance(request, AdoptEdge):
            self._plan_again(replace(request, take_over=not request.take_over))

    def _plan_again(self, request: Request) -> None:
        """The same with one thing changed, planned afresh; nothing can be started meanwhile."""
        self.request, self.ready, self.refused = request, None, None
        self._settle()
        self._plan(request)

    def action_scroll_by(self, rows: int) -> None:
        self.query_one(".body").scroll_relative(y=rows, animate=False)
