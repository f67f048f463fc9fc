"""Commands that every screen has: help, palette, themes, clipboard, addresses, shells."""

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen

from compartment_tui.present.text import clean, counted, fit, show
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp, Part
from compartment_tui.tui.shell import ascii_filter, clipboard, themes
from compartment_tui.tui.shell.external_programs import ExternalPrograms
from compartment_tui.tui.shell.key_bindings import MOVING, KeyHint, grouped, live
from compartment_tui.tui.state.command_log import (
    Copyable,
    LoggedCommand,
    command_log,
    copyables,
)

if TYPE_CHECKING:
    from textual.command import Provider

    from compartment_tui.tui.shell.palette import PaletteCommand

TOAST_COLUMNS = 120


def palette_provider() -> "type[Provider]":
    """The commands of the palette, which are loaded when it is opened."""
    from compartment_tui.tui.shell.palette import Commands

    return Commands


@dataclass
class Copied(Message):
    """A text was offered to the clipboard; `tool` is the program that took it, if one did."""

    text: str
    what: str
    tool: str | None


class AppCommands(Part):
    """The part of the application that is the same whatever it shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Keys", id="app.help"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="app.find"),
        Binding("colon", "command_palette", "Commands", show=False, id="app.find.colon"),
        Binding("y", "copy", "Copy", show=False, id="app.copy"),
        Binding("t", "theme", "Next theme", show=False, id="app.theme"),
        Binding("dollar_sign", "command_log", "Command log", show=False, id="app.command_log"),
    ]

    memory: themes.Memory | None = None
    """Where the chosen theme is kept; None keeps nothing."""
    saved = clipboard.users_directory() / "saved"
    """Where saved files go."""

    def __init__(self, app: BoardApp, programs: ExternalPrograms) -> None:
        super().__init__(app)
        self.programs = programs
        for theme in themes.OURS:
            app.register_theme(theme)
        app.theme = themes.DARK.name
        self._ascii = ascii_filter.Ascii(enabled=ascii_filter.wanted(os.environ))

    def recall_theme(self, memory: themes.Memory) -> None:
        """Take up the theme chosen last time, and keep what is chosen from now on."""
        self.memory = memory
        name = memory.recall()
        if name in self.app.available_themes:
            self.app.theme = name

    @property
    def filters(self) -> list[LineFilter]:
        """Where there is only ASCII, everything drawn goes through one more filter."""
        return [self._ascii] if self._ascii.enabled else []

    # --- keys and commands ------------------------------------------------------------------------

    def keys(self, screen: Screen[object]) -> tuple[KeyHint, ...]:
        """The keys that mean something now."""
        return live(self.app, screen, read_only=self.board.read_only)

    async def press(self, key: KeyHint) -> None:
        """Do what the key does, where it does it."""
        await self.app.run_action(key.action, key.node)

    def open_help(self) -> None:
        """The keys of this place; enter does what the chosen one does."""
        from compartment_tui.tui.shell.help_screen import HelpScreen

        self.push_screen(HelpScreen(self.keys(self.screen)), self._chosen)

    async def _chosen(self, key: KeyHint | None) -> None:
        if key is not None:
            await self.press(key)

    def commands(self, screen: Screen[object]) -> "Iterable[PaletteCommand]":
        """Everything the palette offers while that screen is shown."""
        from compartment_tui.tui.shell.palette import (
            PaletteCommand,
            act_commands,
            board_commands,
            key_command,
        )

        for key in grouped(self.keys(screen)):
            beside = key.several or key.group == MOVING or "command_palette" in key.action
            if key.enabled and not beside:
                yield key_command(key, partial(self.press, key))
        yield from act_commands(self.board, self.post_message)
        yield from board_commands(self.board, self.post_message)
        for name in sorted(
            self.app.available_themes, key=lambda theme: (theme not in themes.CHOICE, theme)
        ):
            yield PaletteCommand(words=f"Theme: {name}", run=partial(self.choose_theme, name))
        mouse = "Let the terminal select text" if self.programs.uses_mouse else "Use the mouse here"
        yield PaletteCommand(words=f"{mouse} (toggle mouse capture)", run=self.toggle_mouse)
        for copyable in self.copyables():
            copy = partial(self.post_message, news.CopyWanted(copyable.text, copyable.what))
            yield PaletteCommand(
                words=f"Copy the {copyable.what}", note=show(copyable.text), run=copy
            )
        yield PaletteCommand(words="Save a picture of the screen (SVG)", run=self.save_picture)

    def choose_next_theme(self) -> None:
        """The next of the four themes."""
        self.choose_theme(themes.after(self.app.theme))
        self.notify(self.app.theme, title="Theme", timeout=2, markup=False)

    def choose_theme(self, name: str) -> None:
        """Take it and remember it."""
        self.app.theme = name
        if self.memory is not None:
            self.memory.keep(name)

    def toggle_mouse(self) -> None:
        """Give the mouse back to the terminal, so that it can select text; or take it again."""
        self.programs.uses_mouse = not self.programs.uses_mouse
        self.programs.apply_mouse()
        words = "the mouse works here" if self.programs.uses_mouse else "the terminal selects text"
        self.notify(f"Now {words}.", title="Mouse", markup=False)

    # --- the command log --------------------------------------------------------------------------

    def log_entries(self) -> tuple[LoggedCommand, ...]:
        return command_log(self.board, self.programs.looks)

    def open_command_log(self) -> None:
        """Open the command log."""
        from compartment_tui.tui.shell.command_log_screen import CommandLogScreen

        self.push_screen(CommandLogScreen(self.log_entries()))

    # --- copying and saving -----------------------------------------------------------------------

    def copyables(self) -> tuple[Copyable, ...]:
        return copyables(self.board, self.log_entries())

    def open_copy_menu(self) -> None:
        """Open the menu of things to copy."""
        from compartment_tui.tui.kit.letter_menu import LetterMenu

        menu = LetterMenu(self.copyables(), title="Copy", does="copies")
        self.push_screen(menu, self._copy)

    def _copy(self, chosen: Copyable | None) -> None:
        if chosen is not None:
            self.post_message(news.CopyWanted(chosen.text, chosen.what))

    def copy(self, message: news.CopyWanted) -> None:
        """By every way there is: nobody can say which of them reaches the person."""
        if clipboard.fits_terminal(message.text):
            self.app.copy_to_clipboard(message.text)

        def offer() -> None:
            tool = clipboard.copy(message.text, clipboard.tools())
            self.post_message(Copied(message.text, message.what, tool))

        threading.Thread(target=offer, daemon=True).start()

    def say_copied(self, message: Copied) -> None:
        """Say by which way; too much for the terminal alone goes into a file."""
        fits = clipboard.fits_terminal(message.text)
        ways = [message.tool or "", "the terminal (OSC 52)" if fits else ""]
        by = " and ".join(way for way in ways if way)
        if not by:
            self.save(message.text, message.what, "Too much for the terminal's clipboard, so saved")
            return
        lines = message.text.count("\n") + 1
        text = counted(lines, "line") if lines > 1 else fit(show(message.text), TOAST_COLUMNS)
        self.notify(f"{text}\nby {by}", title=f"Copied the {message.what}", markup=False)

    def save(self, text: str, what: str, title: str) -> None:
        """Into a file of that kind, and say where."""
        try:
            file = clipboard.save(self.saved, what, text, datetime.now().astimezone())
        except OSError as error:
            self.notify(clean(str(error)), title="Not saved", severity="error", markup=False)
            return
        self.notify(clean(str(file)), title=title, markup=False)

    def save_picture(self) -> None:
        """The screen as it is, as an SVG beside the other saved files."""
        try:
            now = datetime.now().astimezone()
            file = clipboard.save(
                self.saved, "screen", self.app.export_screenshot(), now, ending="svg"
            )
        except OSError as error:
            self.notify(clean(str(error)), title="Not saved", severity="error", markup=False)
            return
        self.notify(clean(str(file)), title="Saved a picture", markup=False)
