"""Questions asked in threads of their own, so that the screen never waits and quitting never does.

(The toolkit's own thread workers come from a small pool, and the application does not end before
they do.)
"""

import threading
from collections.abc import Callable

from textual.message import Message

from compartment_tui.domain.errors import expected
from compartment_tui.ports import World
from compartment_tui.tui.messages import RefreshFailed

Post = Callable[[Message], object]


class BackgroundThreads:
    """Asks the world in threads and posts the answers. `post` must be safe to call from any thread.

    The threads are daemons: nobody waits for them at the end.
    """

    def __init__(self, world: World, post: Post) -> None:
        self.world = world
        self.post = post

    def ask(self, question: Callable[[], Message], environment: str = "") -> None:
        """Post the answer; `RefreshFailed` when it could not be had, about that environment."""

        def run() -> None:
            try:
                self.post(question())
            except Exception as raised:
                self.failed(raised, environment)

        self.start(run)

    def failed(self, raised: Exception, environment: str = "") -> None:
        """Post why a look could not be had."""
        self.post(RefreshFailed(expected(raised, self.world.error_log.write), environment))

    def start(self, work: Callable[[], None]) -> None:
        """In a thread of its own."""
        threading.Thread(target=work, daemon=True).start()
