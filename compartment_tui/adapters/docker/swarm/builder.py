"""Images for a Swarm: made on its home, then brought to the other nodes."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

from compartment_tui.domain.deployment import Image
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Builder, Cancel


class SwarmBuilder:
    """Keeps the promises of `compartment_tui.ports.Builder`."""

    def __init__(
        self, builder: Builder, spread: Callable[[str, Plan, Cancel], Generator[str, None, None]]
    ) -> None:
        self._builder = builder
        self._spread = spread

    def warm_up(self) -> None:
        self._builder.warm_up()

    def ahead(self, plans: tuple[Plan, ...], cancel: Cancel) -> AbstractContextManager[None]:
        return self._builder.ahead(plans, cancel)

    def build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        image = yield from self._builder.build(plan, cancel)
        yield from self._spread(image.id, plan, cancel)
        return image

    def pull(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        image = yield from self._builder.pull(plan, cancel)
        yield from self._spread(image.id, plan, cancel)
        return image
