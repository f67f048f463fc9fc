"""Loading the SDK, which takes a while, is done when it is needed, and by several threads."""

import threading

_LOADING = threading.Lock()


def load_sdk() -> None:
    """Load all of the SDK before any part of it is named.

    Its modules name each other in circles: when two threads load parts of it at once, Python hands
    one of them a module that is only half there.
    """
    with _LOADING:
        import docker  # noqa: F401
