"""Whom a person sealed for last in a project: a file in the user's state directory, one a line.

    recipients/<root and project>.txt

Root and project stand there as a hash of both.
"""

import hashlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from compartment_tui.adapters.places import make_private, read_private, write_private

RECIPIENTS = "recipients"


class KnownRecipients:
    """Those of one project in one directory. `state` is the program's own state directory."""

    def __init__(self, state: Path, root: Path, project: str) -> None:
        self._state = state
        name = hashlib.sha256(f"{root}\0{project}".encode(errors="surrogateescape")).hexdigest()
        self._file = state / RECIPIENTS / f"{name[:32]}.txt"

    def read(self) -> frozenset[str]:
        """Nobody when there is no such file, or it is not the user's own."""
        try:
            content, _ = read_private(self._file, self._state)
            return frozenset(content.decode().split())
        except (OSError, ValueError):
            return frozenset()

    def write(self, recipients: Collection[str]) -> None:
        """Keep these instead; a failure to do so is not worth a word."""
        with suppress(OSError):
            make_private(self._file.parent, self._state)
            write_private(self._file, "".join(f"{name}\n" for name in sorted(recipients)).encode())
