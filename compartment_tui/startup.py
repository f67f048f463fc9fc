"""The start-up budget: how seldom garbage is looked for, and which imports stand inside functions.

A quick command (`status`, `--help`) is mostly loading, and is given 300 ms. What loads, stays: to
look for garbage among it, and once more at the end, is a fifth of that time for nothing. And what
only some commands need is imported inside the function that needs it: a command's own module, the
concrete adapters in `bootstrap`, the docker SDK, screens, whatever takes some ms and `status` does
without. All other imports stand at the top; one inside a function for another reason says which.
"""

import gc

SELDOM = 50_000
"""How many new objects it takes until garbage is looked for: more than loading a command makes."""
USUAL = (700, 10, 10)
"""The interpreter's own figures."""


def begin() -> None:
    """The first thing that the program does."""
    gc.set_threshold(SELDOM)


def stay_open() -> None:
    """For hours, with nearly everything loaded that will be."""
    gc.freeze()
    gc.set_threshold(*USUAL)


def end() -> None:
    """The last collection takes up to a third of a second, and frees what ends anyway."""
    gc.disable()
    gc.freeze()
