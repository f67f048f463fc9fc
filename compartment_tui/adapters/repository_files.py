"""Files that a repository put where we read: nothing leads out of it, waits, or fills the memory.

A repository can hold a link, a pipe or a device in place of any file. A link inside of it is taken
as it is; then every part of the way is opened by itself, so that no link that comes up meanwhile is
followed either.
"""

import errno
import os
import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from compartment_tui.domain import bounds

LARGEST_TEXT = bounds.DOCKERFILE
"""Bytes of a text that people write: a Dockerfile, an ignore file, a project file."""
MOST_ENTRIES = 20_000
"""How much of a directory tree is looked at for a pattern."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_WILD = "*?["


class FileRefused(Exception):
    """Why it is not read, in words that follow the file's name."""


def read_inside(root: Path, file: Path, *, largest: int = LARGEST_TEXT) -> bytes:
    """What a regular file has whose links, if there are any, stay below `root`.

    Raises FileRefused; FileNotFoundError when there is none.
    """
    base = root.resolve()
    parts = _parts_below(base, file)
    try:
        descriptor = open_below(base, parts)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileRefused(_why(error)) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileRefused("is no file")
        return read_bounded(descriptor, largest)
    except OSError as error:
        raise FileRefused(f"cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def read_bounded(descriptor: int, largest: int) -> bytes:
    """All there is to read. Raises FileRefused when that is more; OSError."""
    read = bytearray()
    while chunk := os.read(descriptor, min(largest + 1 - len(read), 1024 * 1024)):
        read += chunk
        if len(read) > largest:
            raise FileRefused(f"is larger than {bounds.in_words(largest)}")
    return bytes(read)


def read_chosen(file: Path, *, largest: int) -> bytes:
    """What a person named: a link, a pipe or a device too, but a pipe only if somebody writes.

    Raises FileRefused, OSError.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | _NO_WAIT)
    try:
        os.set_blocking(descriptor, True)
        content = read_bounded(descriptor, largest)
        if not content and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise FileRefused("is a pipe into which nobody writes")
        return content
    finally:
        os.close(descriptor)


def open_below(directory: Path, parts: Sequence[str], flags: int = os.O_RDONLY) -> int:
    """A descriptor of what lies there by way of real directories. Never waits. Raises OSError."""
    *above, last = parts
    here = os.open(directory, os.O_RDONLY | _DIRECTORY | getattr(os, "O_CLOEXEC", 0))
    try:
        for name in above:
            deeper = os.open(name, os.O_RDONLY | _DIRECTORY | _NO_LINK, dir_fd=here)
            os.close(here)
            here = deeper
        return os.open(last, flags | _NO_LINK | _NO_WAIT, 0o600, dir_fd=here)
    finally:
        os.close(here)


def is_inside(root: Path, path: Path) -> bool:
    """Whether it leads nowhere out of `root`; what does not exist is judged by its name."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a circle of links
        return False


def has_match(directory: Path, pattern: str) -> bool:
    """Whether a path with wildcards, as a Dockerfile has them, is in a directory.

    No link is followed, and no more is looked at than `MOST_ENTRIES`.
    """
    return _has_match(directory, [part for part in pattern.split("/") if part], [MOST_ENTRIES])


def _has_match(directory: Path, parts: list[str], left: list[int]) -> bool:
    first, *rest = parts or [""]
    if not first:
        return True
    if not any(mark in first for mark in _WILD):
        below = directory / first
        if not os.path.lexists(below):
            return False
        return not rest or (_is_directory(below) and _has_match(below, rest, left))
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                left[0] -= 1
                if left[0] < 0:
                    return False
                if fnmatchcase(entry.name, first) and (
                    not rest
                    or (
                        entry.is_dir(follow_symlinks=False)
                        and _has_match(directory / entry.name, rest, left)
                    )
                ):
                    return True
    except OSError:
        return False
    return False


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _parts_below(base: Path, file: Path) -> tuple[str, ...]:
    try:
        target = file.resolve()
    except (OSError, RuntimeError) as error:
        raise FileRefused("leads in a circle") from error
    except ValueError as error:  # a NUL in its name
        raise FileRefused("is no file") from error
    if not target.is_relative_to(base):
        raise FileRefused("leads out of the repository")
    parts = target.relative_to(base).parts
    if not parts:
        raise FileRefused("is no file")
    return parts


def _why(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.EMLINK):  # it was resolved, so there should be none
        return "leads in a circle"
    if error.errno == errno.ENXIO:  # a socket
        return "is no file"
    return f"cannot be read: {error.strerror}"
