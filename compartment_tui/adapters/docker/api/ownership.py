"""Whether what bears a name of ours is ours: its role, its image, and what it mounts."""

from collections.abc import Mapping
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.domain.errors import NameTaken
from compartment_tui.domain.names import show

Json = Mapping[str, Any]
OUR_IMAGE = "traefik"
"""The repository of the image that the edge and all helpers are made of, whatever its tag."""
_BY_ID = "sha256:"


def why_not_ours(container: Json, role: Role, *, volume: str = "") -> str:
    """Why an inspected container is not the one of that role, in words; empty when it is.

    `volume` is what it has to mount.
    """
    config = container.get("Config") or {}
    found = (config.get("Labels") or {}).get(labels.ROLE)
    if found != role:
        has = f"is {show(str(found))}" if found else "is missing"
        return f"its label {labels.ROLE} {has}"
    image = str(config.get("Image", ""))
    if not is_our_image(image):
        return f"it is made of the image {show(image)}"
    mounted = [one.get("Name") for one in container.get("Mounts") or ()]
    if volume and volume not in mounted:
        return f"it does not mount the volume {volume}"
    return ""


def is_our_image(reference: str) -> bool:
    """Whether an image's reference names the one of edge and helpers.

    A lock is made of the edge's image by its id: so it is that one whatever its tag is by then.
    """
    if reference.startswith(_BY_ID):
        return True
    name = reference.partition("@")[0]
    return name.removeprefix("docker.io/").removeprefix("library/").partition(":")[0] == OUR_IMAGE


def name_taken(name: str, why: str, *, kind: str = "container") -> NameTaken:
    """What to raise when a name that we need is borne by something that is not ours."""
    way = (
        f"`docker rename {name} OTHER-NAME` keeps it, `docker rm -f {name}` removes it"
        if kind == "container"
        else f"`docker network rm {name}` removes it"
    )
    return NameTaken(f"the name {name} is taken by a {kind} that is not ours: {why}", hint=way)
