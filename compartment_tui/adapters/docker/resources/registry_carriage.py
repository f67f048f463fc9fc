"""Images by a registry: pushed from one engine, pulled by their digest on another."""

from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api.build_and_pull import pull_chunks
from compartment_tui.adapters.docker.api.cancellable_stream import Chunk, Silence
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import NO_SPACE, Missing, disk_full
from compartment_tui.adapters.docker.api.image_streams import pushed_chunks
from compartment_tui.adapters.docker.resources.images import (
    familiar,
    give_name,
    repository_part,
    short_tag,
)
from compartment_tui.adapters.docker.resources.images import image as image_on_engine
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import (
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    ImageUnavailable,
)
from compartment_tui.ports import Cancel

if TYPE_CHECKING:
    from compartment_tui.domain.planning.plan import Plan

PATIENCE_SECONDS = 60.0
_SENT = ("Pushing", "Downloading")


def push_image(
    client: Client, image: str, plan: "Plan", registry: str, cancel: Cancel, *, keep: bool = False
) -> Generator[Carriage, None, str]:
    """See `Engine.push_image`. `keep`: it keeps its names, and so the engine knows its digest."""
    repository, tag = f"{registry}/{repository_part(plan.service)}", short_tag(image)
    name, digest, kept = familiar(f"{repository}:{tag}"), "", False
    had = _references(client, image)
    if not had:  # the only name of an image is not taken off again without the image
        give_name(client, image, plan.key.project, plan.service)
    with client.translate(f"name the image of {plan.service}"):
        client.tag_image(image, repository, tag)
    layers = _Layers()
    try:
        chunks = pushed_chunks(client, repository, tag, cancel)
        with client.translate(f"push the image of {plan.service} to {registry}"), closing(chunks):
            for chunk in chunks:
                _refuse_error(chunk)
                digest = str((chunk.get("aux") or {}).get("Digest") or digest)
                if layers.note(chunk):
                    yield layers.carriage
        kept = keep
    except EngineProblem as error:
        if _is_told(error):
            raise
        what = f"the image of {plan.service} cannot be pushed"
        raise _unavailable(error, what, registry) from error
    finally:
        if name not in had and not kept:
            _take_off(client, name)
    if not digest:
        raise ImageUnavailable(f"{registry} took the image of {plan.service} and gave no digest")
    return f"{repository}@{digest}"


def pull_image(
    client: Client, reference: str, plan: "Plan", cancel: Cancel, *, keep: bool = False
) -> Generator[Carriage, None, Image]:
    """See `Engine.pull_image`. `keep`: it keeps its reference, too."""
    layers = _Layers()
    try:
        chunks = pull_chunks(client, reference, cancel, patience=PATIENCE_SECONDS)
        with client.translate(f"pull {reference}"), closing(chunks):
            for chunk in chunks:
                _refuse_error(chunk)
                if layers.note(chunk):
                    yield layers.carriage
    except (EngineProblem, Silence) as error:
        if _is_told(error):
            raise
        what = f"the engine at {client.address.url} cannot pull the image of {plan.service}"
        raise _unavailable(error, what, reference.partition("@")[0]) from error
    image = image_on_engine(client, reference)
    if image is None:
        raise ImageUnavailable(f"{reference} was pulled, and is not on the engine")
    give_name(client, image.id, plan.key.project, plan.service)
    if not keep:
        _take_off(client, reference)
    return image


def reference_in(client: Client, image: str, registry: str) -> str | None:
    """By which digest the registry has an image of this engine, as far as the engine knows."""
    try:
        with client.translate("inspect an image"):
            found: Iterable[str] = client.inspect_image(image).get("RepoDigests") or ()
    except Missing:
        return None
    start = familiar(f"{registry}/")
    return next((one for one in sorted(found) if one.startswith(start)), None)


class _Layers:
    """How far each layer is: the engine tells of them one by one."""

    def __init__(self) -> None:
        self._known: dict[str, Carriage] = {}

    def note(self, chunk: Chunk) -> bool:
        """Whether it tells of a layer that goes its way."""
        detail = chunk.get("progressDetail") or {}
        if chunk.get("status") not in _SENT or not detail.get("total"):
            return False
        total = int(detail["total"])
        done = min(int(detail.get("current") or 0), total)
        self._known[str(chunk.get("id"))] = Carriage(done=done, total=total)
        return True

    @property
    def carriage(self) -> Carriage:
        known = self._known.values()
        return Carriage(done=sum(one.done for one in known), total=sum(one.total for one in known))


def _refuse_error(chunk: Chunk) -> None:
    said = str(chunk.get("error") or "").strip()
    if said:
        raise disk_full() if NO_SPACE in said.lower() else EngineProblem(said)


def _is_told(error: Exception) -> bool:
    """Whether it is no registry's fault: a full disk, an engine that is away."""
    return isinstance(error, DiskFull | EngineUnreachable)


def _unavailable(error: Exception, what: str, registry: str) -> ImageUnavailable:
    why = f"no progress for {PATIENCE_SECONDS:.0f} s" if isinstance(error, Silence) else str(error)
    return ImageUnavailable(
        f"{what}: {why}", hint=f"check `registry` of the engine, {registry}, and `docker login`"
    )


def _references(client: Client, image: str) -> frozenset[str]:
    try:
        with client.translate("inspect an image"):
            return frozenset(client.inspect_image(image).get("RepoTags") or ())
    except Missing as error:
        raise ImageUnavailable(
            f"the image {image} is no longer on the engine", hint="deploy again to build a new one"
        ) from error


def _take_off(client: Client, reference: str) -> None:
    """Take a name off an image that has others."""
    with suppress(EngineProblem), client.translate("take a name off an image"):
        client.remove_image(reference)
