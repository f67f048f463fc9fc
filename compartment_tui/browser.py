"""A browser with a window, where this machine has one."""

import os
import sys
import webbrowser


def has_browser() -> bool:
    """Whether there is one: a text browser would take over this terminal."""
    windows = sys.platform in ("darwin", "win32")
    if not (windows or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
