"""Text on its way out: onto the clipboard by whatever there is, or into a file."""

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from compartment_tui.tui.shell.themes import users_base

TERMINAL_LIMIT = 74_994
"""Bytes of an OSC 52 sequence that terminals and multiplexers still take; above, many take none."""
TOOL_SECONDS = 2.0

Find = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that puts its standard input on the clipboard."""

    name: str
    words: tuple[str, ...]


_PBCOPY = Tool(name="pbcopy", words=("pbcopy",))
_WINDOWS = Tool(name="clip.exe", words=("clip.exe",))
_WAYLAND = Tool(name="wl-copy", words=("wl-copy",))
_TMUX = Tool(name="tmux", words=("tmux", "load-buffer", "-w", "-"))
"""Into its own buffer, and from there to the terminal around it."""
_X = (
    Tool(name="xclip", words=("xclip", "-selection", "clipboard", "-in")),
    Tool(name="xsel", words=("xsel", "--clipboard", "--input")),
)


def fits_terminal(text: str) -> bool:
    """Whether the terminal can be asked to copy it (OSC 52)."""
    return len(b64encode(text.encode("utf-8", errors="replace"))) <= TERMINAL_LIMIT


def tools(
    environment: Mapping[str, str] = os.environ,
    *,
    platform: str = sys.platform,
    find: Find = shutil.which,
) -> tuple[Tool, ...]:
    """Programs that reach the clipboard in front of the person, best first.

    Over ssh only tmux and an X display that is passed on do: the others would fill the clipboard
    of the machine far away.
    """
    far = "SSH_CONNECTION" in environment or "SSH_TTY" in environment
    display = environment.get("DISPLAY", "")
    usable = [_TMUX] if "TMUX" in environment else []
    if platform == "darwin" and not far:
        usable.append(_PBCOPY)
    if "WSL_DISTRO_NAME" in environment and not far:
        usable.append(_WINDOWS)
    if environment.get("WAYLAND_DISPLAY") and not far:
        usable.append(_WAYLAND)
    if display and not (far and display.startswith(":")):
        usable.extend(_X)
    return tuple(tool for tool in usable if find(tool.words[0]) is not None)


def copy_with(tool: Tool, text: str) -> bool:
    """Whether the program took it; waits `TOOL_SECONDS` at most."""
    # clip.exe reads bytes in its own code page unless they are UTF-16.
    coding = "utf-16-le" if tool is _WINDOWS else "utf-8"
    try:
        done = subprocess.run(
            tool.words,
            input=text.encode(coding, errors="replace"),
            # Those that stay in the background to serve the selection would hold a pipe open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TOOL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def copy(text: str, found: tuple[Tool, ...]) -> str | None:
    """The name of the first program that took it; None when none did."""
    return next((tool.name for tool in found if copy_with(tool, text)), None)


def users_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where saved files go: not into the repository, which they would make dirty."""
    return users_base(environment, "XDG_STATE_HOME", ".local/state")


def save(directory: Path, what: str, text: str, at: datetime, *, ending: str = "txt") -> Path:
    """Write it into a new file that only the user can read. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain = "".join(char if char.isalnum() else "-" for char in what).strip("-") or "text"
    stem = f"{plain}-{at.astimezone():%Y%m%d-%H%M%S}"
    number = 1
    while True:
        file = directory / (f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}")
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
        return file
