"""The two themes of our own, the two of the terminal's own colours, and which one was chosen.

Good is a bluish green, bad a bluish red and warn a yellow, each of another lightness, so that
they can be told apart by people who see red and green alike. (And no colour says anything alone.)
"""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from textual.theme import Theme

from compartment_tui.domain import bounds

DARK = Theme(
    name="compartment-dark",
    primary="#7cb7e8",
    secondary="#8fa3b8",
    accent="#8ec5f0",
    success="#4fc9ab",
    warning="#e8c35a",
    error="#ff7d78",
    foreground="#d7dee6",
    background="#12171d",
    surface="#182028",
    panel="#202a34",
    dark=True,
    variables={
        "text-muted": "#93a1af",
        "text-disabled": "#66737f",
        "text-success": "#4fc9ab",
        "text-warning": "#e8c35a",
        "text-error": "#ff7d78",
        "text-accent": "#8ec5f0",
        "block-cursor-background": "#2b4a66",
        "block-cursor-foreground": "#f2f7fb",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#22303d",
        "block-cursor-blurred-foreground": "#d7dee6",
        "border": "#5b8db8",
        "border-blurred": "#33414f",
        "footer-background": "#182028",
        "footer-key-foreground": "#8ec5f0",
        "input-selection-background": "#2b4a66",
        "scrollbar": "#3a4a59",
        "scrollbar-hover": "#4b5f72",
        "scrollbar-active": "#7cb7e8",
        "scrollbar-background": "#161d24",
        "scrollbar-corner-color": "#161d24",
    },
)
LIGHT = Theme(
    name="compartment-light",
    primary="#1f5f99",
    secondary="#4d5f70",
    accent="#1a5a94",
    success="#006b60",
    warning="#6b4e00",
    error="#b5123f",
    foreground="#1d2730",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#e6ebf0",
    dark=False,
    variables={
        "text-muted": "#566572",
        "text-disabled": "#8a97a3",
        "text-success": "#006b60",
        "text-warning": "#6b4e00",
        "text-error": "#b5123f",
        "text-accent": "#1a5a94",
        "block-cursor-background": "#cfe3f5",
        "block-cursor-foreground": "#0f1a24",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e3eaf1",
        "block-cursor-blurred-foreground": "#1d2730",
        "border": "#3d79ae",
        "border-blurred": "#c2ccd6",
        "footer-background": "#e6ebf0",
        "footer-key-foreground": "#1a5a94",
        "input-selection-background": "#cfe3f5",
        "scrollbar": "#b4c0cb",
        "scrollbar-hover": "#96a6b5",
        "scrollbar-active": "#1f5f99",
        "scrollbar-background": "#eef2f5",
        "scrollbar-corner-color": "#eef2f5",
    },
)
OURS = (DARK, LIGHT)
CHOICE = (DARK.name, LIGHT.name, "ansi-dark", "ansi-light")
"""The themes that `t` goes through. The palette has every other theme of the toolkit too."""


def after(name: str) -> str:
    """The theme that `t` leads to."""
    return CHOICE[(CHOICE.index(name) + 1) % len(CHOICE)] if name in CHOICE else CHOICE[0]


def users_base(environment: Mapping[str, str], variable: str, usual: str) -> Path:
    """This program's part of one of the user's directories; nowhere when there is no home."""
    base = Path(environment.get(variable, ""))
    if not base.is_absolute():
        try:
            base = Path.home() / usual
        except (RuntimeError, KeyError):
            base = Path(os.devnull, "no-home-directory")
    return base / "compartment-tui"


class Memory:
    """The chosen theme, in a small file of the user's; none when it cannot be written or read."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def recall(self) -> str | None:
        """The name that was kept, if any."""
        try:
            name = tomllib.loads(self._text()).get("theme")
        except (OSError, ValueError, RecursionError, bounds.TooMuch):
            return None
        return name if isinstance(name, str) else None

    def _text(self) -> str:
        return bounds.read_file(self._file, bounds.SMALL_FILE, str(self._file)).decode()

    def keep(self, name: str) -> None:
        """Remember it; a failure to do so is not worth a word."""
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(f'theme = "{name}"\n', encoding="utf-8")


def users_memory(environment: Mapping[str, str] = os.environ) -> Memory:
    """In the user's configuration directory."""
    return Memory(users_base(environment, "XDG_CONFIG_HOME", ".config") / "tui.toml")
