"""Making a container of ours from an image that may have to be pulled first."""

from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.docker.api.sdk import load_sdk
from compartment_tui.domain.errors import ImageUnavailable

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.client import Client


def create_or_pull(client: "Client", image: str, **settings: Any) -> str:  # noqa: ANN401
    """The new container's id. `settings` are the SDK's, and it raises what the SDK raises.

    Raises ImageUnavailable when the image is not on the engine and cannot be pulled.
    """
    load_sdk()
    from docker.errors import ImageNotFound

    try:
        return _create(client, image, settings)
    except ImageNotFound:
        pull(client, image)
        return _create(client, image, settings)


def pull(client: "Client", image: str) -> None:
    """Raises ImageUnavailable."""
    load_sdk()
    from docker.errors import APIError

    try:
        client.api.pull(image)
    except APIError as error:
        raise ImageUnavailable(
            f"the image {image} is not on the Docker engine and could not be pulled",
            hint=f"`docker pull {image}` may say why",
            tail=(str(error.explanation or error),),
        ) from error


def _create(client: "Client", image: str, settings: dict[str, Any]) -> str:
    identifier: str = client.api.create_container(image, **settings)["Id"]
    return identifier
