"""Shared by all tests: hypothesis finds the same examples, and signals mean what they always do."""

import gc
import os
import signal
import tempfile

from hypothesis import settings

from compartment_tui import startup

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")

# A shell that starts the tests in the background, or `nohup`, has some ignored, and every program
# the tests start would inherit that.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

# What is remembered for the user who runs the tests is none of their business.
_STATE = tempfile.TemporaryDirectory(prefix="compartment-tui-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name

# The programs that the tests start may keep what they compile, as where they are installed: without
# that every command would compile the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look for garbage in it again and again takes a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(startup.SELDOM)
