"""The details of what nobody foresaw, in a file of the user's own."""

import os
from collections.abc import Callable
from pathlib import Path

from compartment_tui.adapters.places import make_private
from compartment_tui.adapters.repository_files import open_below

FILE = "errors.log"
LARGEST = 1_000_000
"""Bytes after which it begins anew."""


class FileErrorLog:
    """`ErrorLog` in the program's state directory; `directory` names it when it is needed."""

    def __init__(self, directory: Callable[[], Path]) -> None:
        self._directory = directory

    def write(self, error: BaseException) -> str:
        import traceback
        from datetime import UTC, datetime

        try:
            directory = self._directory()
            make_private(directory, directory)
            file = directory / FILE
            # Never waiting: an error stands behind it.
            descriptor = open_below(directory, (FILE,), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as opened:
                if os.fstat(descriptor).st_size > LARGEST:
                    os.ftruncate(descriptor, 0)
                trace = "".join(traceback.format_exception(error))
                opened.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{trace}\n")
        except Exception:  # what cannot be logged must not hide what happened
            return ""
        return str(file)
