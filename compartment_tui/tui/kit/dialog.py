"""A box over the screen, as high as what it has to say; where that is too much, it scrolls."""

from time import monotonic
from typing import TypeVar

from textual.containers import Vertical
from textual.content import Content
from textual.css.scalar import Scalar
from textual.screen import ModalScreen
from textual.widgets import Button

Result = TypeVar("Result")
SHORT = 30
"""Rows below which nothing is given to the eye."""
LEAST = 3


class Dialog(ModalScreen[Result]):
    """Has one `.box`, and in it one widget with the class `grows`; the rest is always in view."""

    asks = False
    """Whether a key can say yes here: one that was typed before it was shown is not an answer."""
    shown_at = float("inf")
    """Since when it shows what it asks, by the monotonic clock."""

    def on_mount(self) -> None:
        self.shown_at = monotonic()
        # What has news may be laid out later than that it was drawn.
        self.screen_layout_refresh_signal.subscribe(self, lambda _screen: self._fit())

    def on_resize(self) -> None:
        self.fit()

    def put_label(self, which: str, text: str) -> None:
        """Name a button anew; it takes the room that needs."""
        button = self.query_one(which, Button)
        button.label = Content(text)
        button.refresh(layout=True)

    def fit(self) -> None:
        """Give what grows the rows that the rest leaves, once that is laid out."""
        self.query_one(".box").set_class(self.size.height < SHORT, "-short")
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        box = self.query_one(".box", Vertical)
        grows = box.query_one(".grows")
        rest = [child for child in box.children if child.display and child is not grows]
        taken = sum(child.outer_size.height + child.styles.margin.height for child in rest)
        spare = 0 if box.has_class("-short") else 2
        room = self.size.height - box.gutter.height - taken - spare
        rows = max(LEAST, room)
        if grows.styles.max_height != Scalar.from_number(rows):
            grows.styles.max_height = rows
