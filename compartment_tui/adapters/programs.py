"""Running a program on this machine in this program's place."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import RESERVED_PREFIX, show
from compartment_tui.domain.variables import Secret

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores for itself, and a program that takes its place would go on ignoring."""


class LocalPrograms:
    """`Programs` that take the place of this process.

    So its exit code is the program's, and every signal and the terminal are too.
    """

    def run(self, command: Sequence[str], values: Mapping[str, Secret]) -> int:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(RESERVED_PREFIX)
        }
        environment = {**ours, **{name: value.reveal() for name, value in values.items()}}
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        before = {one: signal.signal(one, signal.SIG_DFL) for one in IGNORED_BY_PYTHON}
        try:
            os.execvpe(command[0], list(command), environment)  # noqa: S606  (no shell is wanted)
        except OSError as error:
            raise NotFound(f"{show(command[0])} cannot be run: {error.strerror}") from error
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
