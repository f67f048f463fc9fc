"""Images from engine to engine: read into a file here, and what the other one lacks sent to it."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import NO_SPACE, Missing, disk_full
from compartment_tui.adapters.docker.api.image_streams import DONE, loaded_chunks, saved_chunks
from compartment_tui.adapters.docker.resources.image_file import ArchivePart, ImageFile
from compartment_tui.adapters.docker.resources.images import give_name, image_size
from compartment_tui.adapters.docker.resources.images import image as image_on_engine
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import EngineProblem, ImageUnavailable
from compartment_tui.ports import Cancel, ImageArchive

if TYPE_CHECKING:
    from compartment_tui.domain.planning.plan import Plan

_LOADED = "Loaded image ID: "
_CONTAINERD = "io.containerd.snapshotter"
"""How the engine says that containerd keeps its images."""


def save_image(client: Client, image: str, cancel: Cancel) -> Generator[Carriage, None, ImageFile]:
    """See `Engine.save_image`."""
    about = image_size(client, image)
    if about is None:
        raise _gone(image)
    archive = ImageFile(image)
    try:
        chunks = saved_chunks(client, image, archive.write, cancel)
        try:
            with client.translate(f"hand out the image {image}"), closing(chunks):
                for chunk in chunks:
                    done = int(chunk[DONE])
                    yield Carriage(done=done, total=max(about, done))
        except Missing as error:
            raise _gone(image) from error
        archive.end()
    except BaseException:
        archive.close()
        raise
    return archive


def load_image(
    client: Client, archive: ImageArchive, plan: "Plan", cancel: Cancel
) -> Generator[Carriage, None, Image]:
    """See `Engine.load_image`. Only what `save_image` made can be loaded."""
    if not isinstance(archive, ImageFile):
        raise TypeError("only what `save_image` made can be loaded")
    with client.translate("tell how it keeps images"):
        by_digest = _CONTAINERD in str(client.info().get("DriverStatus"))
    if plan.image is not None and archive.by_digest is not by_digest:
        raise ImageUnavailable(
            f"{archive.image} would have another id on the engine at {client.address.url}:"
            " one of the two keeps its images in containerd's image store, the other does not",
            hint="have both keep them the same way (`docker info` shows it), or deploy there",
        )
    if by_digest:  # it needs all of them, and keeps what it has already by itself
        parts = archive.as_saved() if archive.by_digest else archive.parts()
        loaded = yield from _send(client, parts, plan, cancel)
    else:
        loaded = yield from _lacking(client, archive, plan, cancel)
    image = image_on_engine(client, loaded) if loaded else None
    if image is None:
        raise EngineProblem(
            f"the engine at {client.address.url} took the image of {plan.service},"
            " and does not have it"
        )
    give_name(client, image.id, plan.key.project, plan.service)
    return image


def _lacking(
    client: Client, archive: ImageFile, plan: "Plan", cancel: Cancel
) -> Generator[Carriage, None, str]:
    """Send what the engine lacks: asked for the image without any layer, it names the first."""
    bare = archive.parts(len(archive.layers))
    with client.translate(f"tell what it has of the image of {plan.service}"):
        found = list(loaded_chunks(client, lambda: _pieces(bare), cancel))
    loaded = next(filter(None, map(_loaded, found)), "")
    if loaded:
        yield Carriage(done=0, total=0)
        return loaded
    said = " ".join(str(chunk.get("error", "")) for chunk in found)
    return (yield from _send(client, archive.parts(archive.first_named(said)), plan, cancel))


def _send(
    client: Client, parts: tuple[ArchivePart, ...], plan: "Plan", cancel: Cancel
) -> Generator[Carriage, None, str]:
    total, loaded = sum(part.size for part in parts), ""
    doing = f"take the image of {plan.service}"
    chunks = loaded_chunks(client, lambda: _pieces(parts), cancel)
    with client.translate(doing), closing(chunks):
        for chunk in chunks:
            if DONE in chunk:
                yield Carriage(done=int(chunk[DONE]), total=total)
            elif "error" in chunk:
                raise _refusal(str(chunk["error"]), doing)
            loaded = _loaded(chunk) or loaded
    return loaded


def _pieces(parts: tuple[ArchivePart, ...]) -> Iterator[bytes]:
    for part in parts:
        yield from part.pieces()


def _loaded(chunk: dict[str, object]) -> str:
    said = str(chunk.get("stream", ""))
    return said.removeprefix(_LOADED).strip() if said.startswith(_LOADED) else ""


def _refusal(said: str, doing: str) -> EngineProblem:
    return (
        disk_full()
        if NO_SPACE in said.lower()
        else EngineProblem(f"Docker could not {doing}: {said}")
    )


def _gone(image: str) -> ImageUnavailable:
    return ImageUnavailable(
        f"the image {image} is no longer on the engine", hint="deploy again to build a new one"
    )
