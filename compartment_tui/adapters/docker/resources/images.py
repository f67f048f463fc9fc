"""Images on the engine."""

import re
from collections.abc import Mapping
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.resources.containers import rows
from compartment_tui.background import Background
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.names import slug

OUR_NAMES = "compartment/"
"""How the names that we give to images begin."""

# The engine takes `-` and `_` in a repository's name only between letters and digits.
_REPOSITORY_PART = re.compile(r"[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*")


def image(client: Client, reference: str, own_ports: tuple[int, ...] = ()) -> Image | None:
    """See `Engine.image`. `own_ports` are those of its own Dockerfile, where that is at hand."""
    # What reads Dockerfiles comes with it, and of an image a status asks nothing.
    from compartment_tui.adapters.docker.api.image_details import (
        image_of,
        ports_as_written,
        ports_of_history,
    )

    try:
        with client.translate("inspect an image"):
            found = image_of(client.inspect_image(reference))
            if len(found.ports) < 2:
                return found
            # Only its history knows in which order they were written.
            layers = client.image_history(found.id)
    except Missing:
        return None
    return ports_as_written(found, own_ports, ports_of_history(layers))


def digests(client: Client, reference: str) -> tuple[str, ...]:
    """See `Engine.digests`."""
    try:
        with client.translate("inspect an image"):
            found = client.inspect_image(reference)
    except Missing:
        return ()
    from_registries = (str(one).partition("@")[2] for one in found.get("RepoDigests") or ())
    return (*sorted(filter(None, from_registries)), str(found["Id"]))


def image_size(client: Client, reference: str) -> int | None:
    """See `Engine.image_size`."""
    try:
        with client.translate("inspect an image"):
            return int(client.inspect_image(reference).get("Size") or 0)
    except Missing:
        return None


def give_name(client: Client, image: str, project: str, service: str) -> None:
    """Give it a name that keeps it from being cleaned up as a left-over."""
    repository = f"{OUR_NAMES}{repository_part(project)}/{repository_part(service)}"
    with client.translate(f"name the image of {service}"):
        client.tag_image(image, repository, short_tag(image))


def repository_part(name: str) -> str:
    """A name as a part of a repository's."""
    return name if _REPOSITORY_PART.fullmatch(name) else slug(name)


def short_tag(image: str) -> str:
    """The tag of an image by its id: the same for the same image."""
    return image.removeprefix("sha256:")[:12]


def familiar(name: str) -> str:
    """A name of an image as the engine shows it."""
    return name.removeprefix("index.docker.io/").removeprefix("docker.io/")


def _is_name_of_ours(name: str, image: str) -> bool:
    """Whether we gave it: it begins as ours do, or, for a registry, its tag is made of the id."""
    return name.startswith(OUR_NAMES) or name.rpartition(":")[2] == short_tag(image)


def _digests(found: Mapping[str, Any], start: str) -> list[str]:
    """An image's references by digest that begin so, and do not go with a tag."""
    tagged = {tag.rpartition(":")[0] for tag in found.get("RepoTags") or ()}
    references: list[str] = found.get("RepoDigests") or []
    return [
        one
        for one in references
        if one.startswith(familiar(start)) and one.partition("@")[0] not in tagged
    ]


def built_images(client: Client, project: str) -> frozenset[str]:
    """See `Engine.built_images`."""
    named = f"{OUR_NAMES}{repository_part(project)}/*"
    with client.translate("list the images"):
        found = client.list_images(filters={"label": [f"{labels.PROJECT}={project}"]})
        carried = client.list_images(filters={"reference": [named]})
    built = {one["Id"] for one in found if _is_built(one.get("Labels"))}
    brought = {one["Id"] for one in carried if not _is_copy(one.get("Labels"))}
    return frozenset(built | brought)


def _is_built(found: Mapping[str, str] | None) -> bool:
    """Whether the labels are those of an image of ours, and not of one made of a container."""
    return labels.PROJECT in (found or {}) and not _is_copy(found)


def _is_copy(found: Mapping[str, str] | None) -> bool:
    """Whether it was made of a container of ours."""
    return labels.ROLE in (found or {})


def disk_use(client: Client) -> int:
    """See `Engine.disk_use`."""
    with client.translate("tell what takes room on its disk"):
        found = client.disk_use()
    layers: int = found.get("LayersSize") or 0
    return layers + sum(one.get("SizeRw") or 0 for one in found.get("Containers") or ())


def remove_image(client: Client, identifier: str, registry: str = "") -> None:
    """See `Engine.remove_image`. One that has no name of ours, or one of a person's, stays too.

    What was pulled by its digest from that registry is ours.
    """
    try:
        others = Background(lambda: rows(client, {}))
        with client.translate("inspect an image"):
            found = client.inspect_image(identifier)
        tags = found.get("RepoTags") or []
        ours = [tag for tag in tags if _is_name_of_ours(tag, found["Id"])]
        marks = (found.get("Config") or {}).get("Labels")
        if registry or _is_built(marks):
            ours += _digests(found, "" if _is_built(marks) else f"{registry}/")
        if _is_copy(marks) or not (ours or _is_built(marks)):
            return
        # Never by force: that would take the tags of an image that a stopped container needs.
        if any(row.get("ImageID") == found["Id"] for row in others.answer()):
            return
        for reference in ours or ([] if tags else [found["Id"]]):
            with client.translate("remove an image"):
                client.remove_image(reference)
    except (Missing, Conflict):
        return
