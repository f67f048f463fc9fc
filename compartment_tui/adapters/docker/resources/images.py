"""Images on the engine."""

from collections.abc import Mapping

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.resources.containers import rows
from compartment_tui.domain.deployment import Image

OUR_NAMES = "compartment/"
"""How the names that we give to images begin."""


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


def built_images(client: Client, project: str) -> frozenset[str]:
    """See `Engine.built_images`."""
    with client.translate("list the images"):
        found = client.list_images(filters={"label": [f"{labels.PROJECT}={project}"]})
    return frozenset(one["Id"] for one in found if _is_built(one.get("Labels")))


def _is_built(found: Mapping[str, str] | None) -> bool:
    """Whether the labels are those of an image of ours, and not of one made of a container."""
    return labels.PROJECT in (found or {}) and labels.ROLE not in (found or {})


def disk_use(client: Client) -> int:
    """See `Engine.disk_use`."""
    with client.translate("tell what takes room on its disk"):
        found = client.disk_use()
    layers: int = found.get("LayersSize") or 0
    return layers + sum(one.get("SizeRw") or 0 for one in found.get("Containers") or ())


def remove_image(client: Client, identifier: str) -> None:
    """See `Engine.remove_image`. One that we did not build, or that a person named, stays too."""
    try:
        with client.translate("inspect an image"):
            found = client.inspect_image(identifier)
        if not _is_built((found.get("Config") or {}).get("Labels")):
            return
        # Never by force: that would take the tags of an image that a stopped container needs.
        if any(row.get("ImageID") == found["Id"] for row in rows(client, {})):
            return
        tags = found.get("RepoTags") or []
        for reference in (
            [tag for tag in tags if tag.startswith(OUR_NAMES)] if tags else [found["Id"]]
        ):
            with client.translate("remove an image"):
                client.remove_image(reference)
    except (Missing, Conflict):
        return
