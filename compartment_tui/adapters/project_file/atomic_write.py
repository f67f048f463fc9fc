"""Replacing a file so that nobody ever reads half of it."""

import contextlib
import os
import stat
from pathlib import Path

from compartment_tui.adapters.repository_files import LARGEST_TEXT, FileRefused, read_bounded
from compartment_tui.domain.errors import ProjectFileInvalid


def write_atomically(path: Path, content: bytes, *, mode: int | None = None) -> os.stat_result:
    """Replace `path` by rename; a link in its place goes. Owner and permissions stay.

    With `mode` the permissions are that. Returns what was put there, as it lies on the disk.

    Raises OSError, and then leaves the file as it was.
    """
    import tempfile  # who only reads need not load it

    permissions = mode if mode is not None else _permissions(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(file.fileno(), path)
            os.fchmod(file.fileno(), permissions)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            written = os.fstat(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    return written


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there: nothing is replaced, and no link is followed.

    Raises FileExistsError; OSError, and then there is none.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def open_project_file(file: Path) -> int:
    """A descriptor for reading; never waits, follows no link that took the file's place.

    Raises FileNotFoundError; OSError.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0)
    return os.open(file, flags)


def project_file_content(file: Path, descriptor: int) -> bytes:
    """All of it. Raises ProjectFileInvalid when it is no file, or larger than any of those is."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ProjectFileInvalid(f"{file} is no regular file")
    try:
        return read_bounded(descriptor, LARGEST_TEXT)
    except FileRefused as why:
        raise ProjectFileInvalid(f"{file} {why}") from why


def signature(found: os.stat_result) -> tuple[int, int, int, int]:
    """Changes when anybody writes to a file or replaces it."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _keep_owner(descriptor: int, path: Path) -> None:
    """Root edits for others, who want their file back."""
    with contextlib.suppress(OSError):
        before, now = path.lstat(), os.fstat(descriptor)
        if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
            os.fchown(descriptor, before.st_uid, before.st_gid)


def _permissions(path: Path) -> int:
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return _usual_permissions()
    return stat.S_IMODE(found) if stat.S_ISREG(found) else _usual_permissions()


def _usual_permissions() -> int:
    """What open() would have given it. The mask can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
