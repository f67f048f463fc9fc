"""The sole writer of stdout and stderr, and the one table of exit codes.

Data goes to stdout, everything else to stderr.
"""

import errno
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TextIO

from compartment_tui.cli.exit_codes import UNEXPECTED, exit_code
from compartment_tui.cli.options import Format
from compartment_tui.cli.output_stream import OutputStream
from compartment_tui.cli.standard_streams import unwritten
from compartment_tui.cli.text_tables import facts_lines, table_lines
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import (
    CompartmentError,
    StepFailed,
    UsageProblem,
)
from compartment_tui.domain.outcome import Failure
from compartment_tui.present.failure import failure_lines
from compartment_tui.present.tables import Table
from compartment_tui.present.text import clean
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol

if TYPE_CHECKING:
    from compartment_tui.cli.json_documents.common import Json


class CommandOutput:
    """What a command has to say, said in the way it was asked for."""

    def __init__(
        self,
        *,
        form: Format = Format.TEXT,
        quiet: bool = False,
        verbose: bool = False,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.form = form
        self.quiet = quiet
        self.verbose = verbose
        self.streaming = False
        self._stdin = stdin or sys.stdin
        self.out = OutputStream(stdout or sys.stdout, environment)
        self.err = OutputStream(stderr or sys.stderr, environment)

    @property
    def json(self) -> bool:
        return self.form is Format.JSON

    def stream_objects(self) -> None:
        """From now on data is one JSON object a line."""
        self.form, self.streaming = Format.JSON, True

    def lines(self, lines: Iterable[Line]) -> None:
        """Data as text."""
        self.out.lines(tuple(lines))

    def table(self, table: Table) -> None:
        self.lines(self.laid_out(table))

    def laid_out(self, table: Table) -> list[Line]:
        """The table as it fits on stdout; in a pipe nothing is cut."""
        return table_lines(table, self.out.size()[0] if self.out.terminal else None)

    def facts(self, facts: Iterable[tuple[str, Cell]]) -> None:
        self.lines(facts_lines(facts))

    def document(self, document: "Json") -> None:
        """Data as one JSON document."""
        self.out.write(json.dumps(document, indent=2) + "\n")

    def json_line(self, document: "Json") -> None:
        """Data as one JSON object on a line of its own."""
        self.out.write(json.dumps(document) + "\n")

    def say(self, text: Line | str) -> None:
        """Something by the way; not with `--quiet`."""
        if not self.quiet:
            self.err.lines((line(text) if isinstance(text, str) else text,))

    def warn(self, text: str) -> None:
        self.say((with_symbol(clean(text), Tone.WARN),))

    def insist(self, lines: Iterable[Line]) -> None:
        """What must be read, `--quiet` or not."""
        self.err.lines(tuple(lines))

    def problem(self, error: CompartmentError) -> None:
        """Why nothing came of it, and the way on."""
        tail = error.tail if isinstance(error, StepFailed) else ()
        self.insist(failure_lines(error.message, hint=error.hint, tail=tail))
        self._error(
            {
                "code": error.code,
                "message": error.message,
                "hint": error.hint or None,
                "exitCode": exit_code(error),
            }
        )

    def bug(self, error: Exception, trace: str, place: str = "") -> None:
        """An error nobody foresaw: one sentence, and the trace only when asked for.

        `place` is where the trace was kept.
        """
        if self.verbose:
            self.err.write(trace)
        what = f"{type(error).__name__}: {clean(str(error))}"
        more = "" if self.verbose else "; run it again with --verbose for the details"
        more = f"; the details are in {clean(place)}" if place else more
        self.insist(
            (
                (with_symbol(f"unexpected error, this is a bug: {what}", Tone.BAD),),
                line(f"  → please report it with the command you typed{more}"),
            )
        )
        self._error({"code": "bug", "message": what, "hint": None, "exitCode": UNEXPECTED})

    def _error(self, facts: "Json") -> None:
        """For scripts, the problem is data too."""
        if self.json:
            write = self.json_line if self.streaming else self.document
            write({"error": facts})

    @property
    def can_ask(self) -> bool:
        """Whether a person can read a question and answer it."""
        return self._stdin.isatty() and self.err.terminal

    def ask(self, question: str) -> str | None:
        """Ask, and wait for one line; None when there is none."""
        self.err.write(f"{question} ")
        try:
            answer = self._stdin.readline()
        except (OSError, ValueError):  # it went away, or what came is no text
            return None
        return answer.rstrip("\r\n") if answer else None

    def ask_hidden(self, question: str) -> str | None:
        """As `ask`, for what must not be seen while it is typed."""
        from getpass import getpass

        try:
            return getpass(f"{question} ")
        except (EOFError, OSError, ValueError):
            return None

    def given(self) -> bytes:
        """All of stdin, as it is. Raises UsageProblem when there is none."""
        try:
            content = self._stdin.buffer.read(bounds.DOTENV + 1)
            bounds.refuse_large(len(content), bounds.DOTENV, "the standard input")
            return content
        except (OSError, ValueError) as error:
            closed = getattr(error, "errno", errno.EBADF) == errno.EBADF
            reason = "it is closed" if closed else str(error)
            raise UsageProblem(
                f"the standard input cannot be read: {reason}",
                hint="name a file, or send it something: `… < FILE`",
            ) from error

    @property
    def interactive(self) -> bool:
        """Whether a command inside a container can have this terminal."""
        return self._stdin.isatty() and self.out.terminal

    def leave_line(self) -> None:
        """After a Ctrl-C, whose `^C` stands on the terminal without an end of line."""
        if self.err.terminal:
            self.err.write("\n")

    def settle(self, code: int) -> int:
        """The exit code, data and all; what could not be written is a failure, and said.

        A reader that left is no trouble.
        """
        if self.out.trouble is None:
            return code
        self.insist([(with_symbol(unwritten(self.out.trouble), Tone.WARN),)])
        return code or UNEXPECTED


def failure_of(failure: Failure, where: str = "") -> tuple[Line, ...]:
    """A failed step in the same words; `where` says of which service, in which stage."""
    message = f"{where}: {failure.message}" if where else failure.message
    return failure_lines(message, hint=failure.hint, tail=failure.tail)
