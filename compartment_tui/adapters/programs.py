"""Running a program on this machine in this program's place."""

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import RESERVED_PREFIX, show
from compartment_tui.domain.variable import Secret

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores for itself, and a program that takes its place would go on ignoring."""


class LocalPrograms:
    """`Programs` that take the place of this process.

    So its exit code is the program's, and every signal and the terminal are too. `path` is the
    person's PATH; None is that of the environment.
    """

    def __init__(self, path: str | None = None) -> None:
        self._path = path

    def run(self, command: Sequence[str], values: Mapping[str, Secret]) -> int:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(RESERVED_PREFIX)
        }
        path = self._path if self._path is not None else os.environ.get("PATH", os.defpath)
        if self._path is not None:
            ours["PATH"] = path
        environment = {**ours, **{name: value.reveal() for name, value in values.items()}}
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        before = {one: signal.signal(one, signal.SIG_DFL) for one in IGNORED_BY_PYTHON}
        try:
            _execute(command, path, environment)
        except OSError as error:
            raise NotFound(f"{show(command[0])} cannot be run: {error.strerror}") from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _execute(command: Sequence[str], path: str, environment: Mapping[str, str]) -> NoReturn:
    """As the system's own search does it, but not by the PATH among the values. Raises OSError."""
    name, words = command[0], list(command)
    if os.path.dirname(name):  # noqa: PTH120 - `./x` must stay as it is
        os.execve(name, words, environment)  # noqa: S606  (no shell is wanted)
    problem: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for directory in path.split(os.pathsep):
        try:
            os.execve(os.path.join(directory or ".", name), words, environment)  # noqa: PTH118, S606
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problem = error
    raise problem
