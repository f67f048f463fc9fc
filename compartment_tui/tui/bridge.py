"""Between the application and the operations: only its parts call them."""

from compartment_tui.ports import World
from compartment_tui.tui.background import BackgroundThreads, Post
from compartment_tui.tui.feed_bridge import FeedBridge
from compartment_tui.tui.runs.run_bridge import RunBridge
from compartment_tui.tui.variables.editor_bridge import VariableBridge


class Bridge:
    """Looks, acts and edits. `post` must be safe to call from any thread."""

    def __init__(self, world: World, post: Post) -> None:
        self.background = BackgroundThreads(world, post)
        self.feeds = FeedBridge(self.background)
        self.runs = RunBridge(self.background)
        self.variables = VariableBridge(self.background)

    def close(self) -> None:
        """End every stream, and ask every job that goes on to revert: nobody looks any more."""
        self.runs.cancel_all(1)
        self.feeds.close()
