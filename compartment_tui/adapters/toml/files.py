"""Replacing a file so that nobody ever reads half of it."""

import contextlib
import os
import stat
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, mode: int | None = None) -> os.stat_result:
    """Replace `path` by rename; a link is followed, owner and permissions stay.

    With `mode` the permissions are that. Returns what was put there, as it lies on the disk.

    Raises OSError, and then leaves the file as it was.
    """
    import tempfile  # who only reads need not load it

    target = path.resolve()
    permissions = mode if mode is not None else _permissions(target)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(file.fileno(), target)
            os.fchmod(file.fileno(), permissions)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            written = os.fstat(file.fileno())
        fresh.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    return written


def signature(found: os.stat_result) -> tuple[int, int, int, int]:
    """Changes when anybody writes to a file or replaces it."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _keep_owner(descriptor: int, path: Path) -> None:
    """Root edits for others, who want their file back."""
    with contextlib.suppress(OSError):
        before, now = path.stat(), os.fstat(descriptor)
        if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
            os.fchown(descriptor, before.st_uid, before.st_gid)


def _permissions(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        # What open() would have given it. The mask can only be read by setting it.
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
