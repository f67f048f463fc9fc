"""Where there is no project file yet: what was found here, and an offer to write one."""

from collections.abc import Callable, Iterable
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.ports import InitProject, ProjectSurvey
from compartment_tui.present.text import clean, counted, fit, pad, show
from compartment_tui.tui.shell.key_hints import Hints

NAME_COLUMNS = 16
PATH_COLUMNS = 30
NOTES_SHOWN = 3
SHOWN = 10
"""Services that are listed; of more, their number is told."""


class WelcomeScreen(Screen[ProjectSurvey | None]):
    """The result is the project that was begun; None when a person only looked."""

    BINDINGS = [
        Binding("I", "begin", "Write compartment.toml", id="act.init"),
        Binding("q", "dismiss(None)", "Quit", id="app.quit"),
        Binding("ctrl+q", "dismiss(None)", "Quit", show=False, priority=True),
    ]

    def __init__(self, directory: Path, found: ProjectSurvey, begin: InitProject) -> None:
        super().__init__()
        self._directory = directory
        self._found = found
        self._begin: Callable[[Path, str | None], ProjectSurvey] = begin

    def compose(self) -> ComposeResult:
        with Vertical(id="welcome") as welcome:
            welcome.border_title = "compartment-tui"
            yield Static(Content("\n").join(self._lines()))
        yield Hints(id="hints")

    def action_begin(self) -> None:
        """Write the file and go on; why it cannot be written is said."""
        try:
            self.dismiss(self._begin(self._directory, None))
        except CompartmentError as error:
            self._sorry(error.message, error.hint)
        except OSError as error:
            self._sorry(f"{error.filename or self._directory}: {error.strerror}", "")

    def _sorry(self, message: str, hint: str) -> None:
        words = "\n".join(clean(part) for part in (message, hint) if part)
        self.notify(words, title="Not written", severity="error", timeout=12, markup=False)

    def _lines(self) -> Iterable[Content]:
        yield Content.styled("There is no compartment.toml here yet.", "bold")
        yield Content.styled(clean(str(self._directory)), "$text-muted")
        yield Content("")
        yield from self._findings()
        yield Content("")
        yield Content.assemble(
            ("I ", "bold $warning"),
            "writes a compartment.toml with ",
            "these and shows them here." if self._found.services else "an example to start from.",
        )
        yield Content.styled("Nothing else is touched, and nothing is deployed.", "$text-muted")
        yield Content("")
        yield Content.assemble(
            ("Only looking? ", "$text-muted"),
            "compartment-tui --demo",
            (" needs no Docker.", "$text-muted"),
        )

    def _findings(self) -> Iterable[Content]:
        services = self._found.services
        if not services:
            yield Content("No Dockerfile was found. Services are built from one each.")
            return
        count = counted(len(services), "Dockerfile")
        yield Content(f"Found {count}, for the project {show(self._found.name)}:")
        yield Content("")
        for name, path in services[:SHOWN]:
            port = self._found.ports.get(name)
            yield Content.assemble(
                "  ",
                (pad(show(name), NAME_COLUMNS), "bold"),
                pad(fit(self._place(name, path), PATH_COLUMNS), PATH_COLUMNS),
                (f"port {port}" if port else "no port exposed", "" if port else "$text-muted"),
            )
        if len(services) > SHOWN:
            yield Content.styled(f"  and {len(services) - SHOWN} more", "$text-muted")
        yield from self._left_out()

    def _place(self, name: str, path: str) -> str:
        dockerfile = self._found.dockerfiles.get(name)
        if dockerfile is not None:
            return clean(dockerfile if path == "." else f"{path}/{dockerfile}")
        return "here" if path == "." else clean(path)

    def _left_out(self) -> Iterable[Content]:
        """Files that were seen and not taken; `compartment-tui init` lists all of them, too."""
        notes = [note for note in self._found.notes if "not taken" in note]
        if notes:
            yield Content("")
        for note in notes[:NOTES_SHOWN]:
            yield Content.styled(f"  {clean(note)}", "$text-muted")
        if len(notes) > NOTES_SHOWN:
            yield Content.styled(f"  and {len(notes) - NOTES_SHOWN} more like it", "$text-muted")
