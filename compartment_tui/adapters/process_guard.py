"""What this process keeps from the programs that it starts, and from where it finds them."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

_PR_SET_DUMPABLE = 4


def hide_process() -> bool:
    """Let nobody but root read this process's memory and what its environment was at its start.

    A variable that was taken out of the environment still stands there. A program that takes this
    one's place, or is started, is an ordinary one again. Returns whether it could be done: on
    Linux.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        return int(library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0
    except (ImportError, OSError, AttributeError):
        return False


def take_path(environment: MutableMapping[str, str]) -> str | None:
    """PATH as the person has it. In the environment only its absolute directories stay.

    `.` or `node_modules/.bin` on it is a directory of whatever repository one stands in: what is
    called `git` or `docker` there is not what we mean.
    """
    path = environment.get("PATH")
    if path is None:
        return None
    kept = [part for part in path.split(os.pathsep) if Path(part).is_absolute()]
    environment["PATH"] = os.pathsep.join(kept) or os.defpath
    return path
