"""The user's own directories, whatever the environment says or leaves out."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from compartment_tui.adapters.repository_files import FileRefused, open_below, read_bounded
from compartment_tui.domain import bounds

OURS = "compartment-tui"
NO_HOME = Path(os.devnull, "no-home-directory")
"""Stands for a home directory that nobody knows: nothing can be read from it or written to it."""


def home_directory() -> Path:
    """The user's; `NO_HOME` when neither HOME nor the system names one."""
    try:
        return Path.home()
    except (RuntimeError, KeyError):
        return NO_HOME


def config_directory(environment: Mapping[str, str]) -> Path:
    """The user's own place for this program's settings."""
    return _base(environment, "XDG_CONFIG_HOME", ".config") / OURS


def state_directory(environment: Mapping[str, str]) -> Path:
    """The user's own place for what this program remembers."""
    return _base(environment, "XDG_STATE_HOME", ".local/state") / OURS


def runtime_directory(environment: Mapping[str, str]) -> Path:
    """The user's own place for sockets, which need short names; gone with the session."""
    named = Path(environment.get("XDG_RUNTIME_DIR", ""))
    if named.is_absolute() and named.is_dir():
        return named / OURS
    return Path("/tmp", f"{OURS}-{os.geteuid()}")  # noqa: S108 - see `make_private`


def make_private(directory: Path, below: Path) -> None:
    """Make a directory and those between it and `below` for the user alone, following no link.

    Raises OSError, also when one of them is somebody else's.
    """
    below.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts = directory.relative_to(below).parts
    for count in range(len(parts) + 1):
        level = below.joinpath(*parts[:count])
        level.mkdir(exist_ok=True, mode=0o700)
        found = level.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise NotADirectoryError(f"{level} is not a directory of this user")
        if stat.S_IMODE(found.st_mode) & 0o077:
            level.chmod(0o700)


def write_private(file: Path, content: bytes) -> None:
    """Replace a file by rename, readable for its owner alone. Raises OSError."""
    fresh = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(fresh, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def read_private(file: Path, below: Path) -> tuple[bytes, float]:
    """A regular file of the user's own, and when it was written. Raises OSError.

    Neither it nor a directory between it and `below` is a link.
    """
    parts = file.relative_to(below.parent).parts
    with os.fdopen(open_below(below.parent, parts), "rb") as opened:
        found = os.fstat(opened.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError(f"{file} is not a file of this user")
        try:
            return read_bounded(opened.fileno(), bounds.RECORD), found.st_mtime
        except FileRefused as why:
            raise OSError(f"{file} {why}") from why


def _base(environment: Mapping[str, str], variable: str, usual: str) -> Path:
    named = Path(environment.get(variable, ""))
    return named if named.is_absolute() else home_directory() / usual
