"""Images that go from one pretended machine to another, piece by piece; only what is lacking."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from compartment_tui.adapters.memory.host import Host, Published, disk_full
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import Cancelled, EngineUnreachable, ImageUnavailable
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Cancel, ImageArchive

BASE_LAYER = "base"
"""What all images that are built or pulled here begin with."""
BASE_SIZE = 48_000_000
OWN_SIZE = 16_000_000
PIECE = 16_000_000


@dataclass(slots=True, kw_only=True)
class MemoryArchive:
    """`ImageArchive` in memory."""

    published: Published
    closed: bool = False

    @property
    def image(self) -> str:
        return self.published.image.id

    def close(self) -> None:
        self.closed = True


def image_size(host: Host, image: str) -> int | None:
    """See `Engine.image_size`."""
    return _size(_layers(host, image)) if image in host.images else None


def save_image(host: Host, image: str, cancel: Cancel) -> Generator[Carriage, None, MemoryArchive]:
    """See `Engine.save_image`."""
    published = _published(host, image)
    yield from _pieces(host, _size(published.layers), cancel)
    return MemoryArchive(published=published)


def load_image(
    host: Host, archive: ImageArchive, plan: Plan, cancel: Cancel
) -> Generator[Carriage, None, Image]:
    """See `Engine.load_image`."""
    if not isinstance(archive, MemoryArchive) or archive.closed:
        raise TypeError("only what `save_image` made can be loaded, until it is closed")
    return (yield from _take(host, archive.published, plan, cancel))


def push_image(
    host: Host, image: str, plan: Plan, registry: str, cancel: Cancel
) -> Generator[Carriage, None, str]:
    """See `Engine.push_image`."""
    published = _published(host, image)
    if registry in host.unpublished:
        raise _no_registry(registry, plan)
    yield from _pieces(host, _size(published.layers), cancel)
    reference = f"{registry}/{plan.service}@{image}"
    host.registry[reference] = published
    return reference


def pull_image(
    host: Host, reference: str, plan: Plan, cancel: Cancel
) -> Generator[Carriage, None, Image]:
    """See `Engine.pull_image`."""
    if reference not in host.registry:
        raise _no_registry(reference, plan)
    return (yield from _take(host, host.registry[reference], plan, cancel))


def _take(
    host: Host, published: Published, plan: Plan, cancel: Cancel
) -> Generator[Carriage, None, Image]:
    there = {layer for image in host.images for layer in _layers(host, image)}
    lacking = [layer for layer in published.layers if layer not in there]
    if not lacking:
        yield Carriage(done=0, total=0)
    yield from _pieces(host, _size(lacking), cancel)
    if lacking and (host.disk_full or not host.room_for_images):
        raise disk_full()
    image = published.image
    host.received.append(_size(lacking))
    host.images[image.id], host.layers[image.id] = image, published.layers
    host.built[image.id] = plan.key.project
    return image


def _pieces(host: Host, size: int, cancel: Cancel) -> Generator[Carriage, None, None]:
    for done in range(PIECE, size + 1, PIECE):
        host.clock.sleep(host.carriage_takes)
        if host.away:
            raise EngineUnreachable(host.away, hint="start it, then try again")
        if cancel.requests:
            raise Cancelled("the carriage was ended")
        yield Carriage(done=done, total=size)


def _published(host: Host, image: str) -> Published:
    if image not in host.images:
        raise ImageUnavailable(f"the image {image} is no longer on the engine")
    return Published(image=host.images[image], layers=_layers(host, image))


def _layers(host: Host, image: str) -> tuple[str, ...]:
    return host.layers.get(image, (image,))


def _size(layers: Iterable[str]) -> int:
    return sum(BASE_SIZE if layer == BASE_LAYER else OWN_SIZE for layer in layers)


def _no_registry(reference: str, plan: Plan) -> ImageUnavailable:
    return ImageUnavailable(f"{reference} does not take or give the image of {plan.service}")
