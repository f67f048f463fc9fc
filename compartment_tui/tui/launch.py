"""From the command line into the application, and back out with the terminal as it was."""

import os
from pathlib import Path

# Read once, when the toolkit is imported: nothing here moves for the sake of moving.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from textual.app import App

from compartment_tui import startup
from compartment_tui.domain.errors import NotFound
from compartment_tui.ports import Factories, ProjectSurvey, World
from compartment_tui.tui.shell.themes import OURS, Memory, users_memory

STYLES = Path(__file__).parent / "shell" / "shell.tcss"


class Welcome(App[ProjectSurvey | None]):
    """The application where there is no project file."""

    CSS_PATH = STYLES
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, entrances: Factories, directory: Path, memory: Memory) -> None:
        super().__init__()
        self.animation_level = "none"
        for theme in OURS:
            self.register_theme(theme)
        name = memory.recall()
        self.theme = name if name in self.available_themes else OURS[0].name
        self._entrances = entrances
        self._directory = directory

    def on_mount(self) -> None:
        from compartment_tui.tui.shell.welcome_screen import WelcomeScreen

        found = self._entrances.survey_project(self._directory)
        screen = WelcomeScreen(self._directory, found, self._entrances.init_project)
        self.push_screen(screen, self.exit)


def launch(
    entrances: Factories, *, file: Path | None = None, demo: bool = False, read_only: bool = False
) -> int:
    """Open the application; the exit code when it was left.

    Raises NotFound when the file named is not there, EngineUnreachable when it is not even known
    how to reach one.
    """
    memory = users_memory()
    world = entrances.open_demo() if demo else _world(entrances, file, memory)
    if world is None:
        return 0
    from compartment_tui.tui.app import CompartmentApp

    app = CompartmentApp(world, read_only=read_only)
    app.shell.recall_theme(memory)
    startup.stay_open()
    app.run()
    startup.end()
    return app.return_code or 0


def _world(entrances: Factories, file: Path | None, memory: Memory) -> World | None:
    """The project's; None when there is none and a person did not want to begin one."""
    try:
        return entrances.open_world(file)
    except NotFound:
        if file is not None:
            raise
    if Welcome(entrances, Path.cwd(), memory).run() is None:
        return None
    return entrances.open_world(None)
