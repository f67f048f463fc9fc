"""The process's own standard streams: there when it begins, and really written when it ends."""

import errno
import os
import sys
from collections.abc import Callable
from typing import TextIO, cast

READER_LEFT = (errno.EPIPE, errno.EIO)
"""A closed pipe, and a closed terminal."""
UNWRITTEN = 1
INTERRUPTED = 130


def open_missing() -> None:
    """Put something in place of standard streams that were closed before we began.

    Nothing that is opened later may get their numbers. Reading and writing data fails there as it
    should; what is said on the missing third goes nowhere.
    """
    if sys.stdin is None:
        sys.stdin = _stand_in(0, os.O_WRONLY, "r")
    if sys.stdout is None:
        sys.stdout = _stand_in(1, os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _stand_in(2, os.O_WRONLY, "w")


def _stand_in(number: int, flags: int, mode: str) -> TextIO:
    # The lowest free number is handed out, and those below are there by now.
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    os.set_inheritable(number, True)
    # The descriptor outlives the stream: nothing may be opened in its place.
    opening = os.fdopen(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
    return cast(TextIO, opening)


def leave(body: Callable[[], object]) -> int:
    """The exit code of the whole program, with everything written, or a sentence why not."""
    code, trouble = 0, None
    try:
        body()
    except SystemExit as end:
        code = _code_of(end)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # the outermost place: nothing may end in a traceback
        trouble, shown = _echoed(error), getattr(error.__context__, "exit_code", None)
        code = shown if isinstance(shown, int) else UNWRITTEN
        if isinstance(shown, int):
            trouble = None  # it was what is wrong with the command line that could not be told
        elif trouble is None:
            _tell(error)
    trouble = trouble or _flushed(sys.stdout)
    if trouble is not None:
        discard(sys.stdout)
        if trouble.errno not in READER_LEFT:
            _say(f"! {unwritten(trouble)}")
            code = code or UNWRITTEN
    if _flushed(sys.stderr) is not None:
        discard(sys.stderr)
    return code


def unwritten(error: OSError) -> str:
    """Why the output could not be written, in a sentence."""
    closed = error.errno == errno.EBADF
    return f"the output could not be written: {'it is closed' if closed else error.strerror}"


def discard(stream: TextIO) -> None:
    """What is still buffered goes nowhere, or Python would complain about it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # not a real file: nothing will complain
        return


def _code_of(end: SystemExit) -> int:
    if isinstance(end.__context__, OSError) and end.__context__.errno in READER_LEFT:
        return 0  # the toolkit calls it a failure that nobody wanted to read on
    return end.code if isinstance(end.code, int) else int(bool(end.code))


def _echoed(error: Exception) -> OSError | None:
    """The error, when it came of the toolkit's own writing: help, version, completion."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    wrote = place is not None and place.tb_frame.f_code.co_name == "echo"
    return error if wrote and isinstance(error, OSError) else None


def _flushed(stream: TextIO) -> OSError | None:
    try:
        stream.flush()
    except OSError as error:
        return error
    except ValueError:  # closed on our side
        return None
    return None


def _tell(error: Exception) -> None:
    from compartment_tui.domain.errors import expected

    told = expected(error)
    _say(f"✗ {told.message}")
    if told.hint:
        _say(f"  → {told.hint}")


def _say(text: str) -> None:
    coding = getattr(sys.stderr, "encoding", None) or "ascii"
    try:
        sys.stderr.write(text.encode(coding, "backslashreplace").decode(coding) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, LookupError):  # nobody to tell
        return
