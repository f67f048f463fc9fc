"""Removing what a test made on the engine, whatever state it is in."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from compartment_tui.adapters.docker.api.client import Client


def remove_project(client: Client, project: str) -> None:
    """Containers, networks, volumes and images of the project."""
    api = client.api
    ours = {"label": [f"compartment.project={project}"]}
    _remove_containers(client, api.containers(all=True, filters=ours))
    _remove_networks(client, api.networks(filters=ours))
    _remove_volumes(client, api.volumes(filters=ours)["Volumes"])
    for image in api.images(filters=ours):
        _tolerantly(api.remove_image, image["Id"], force=True)


def remove_edge(client: Client, namespace: str) -> None:
    """The edge of the namespace, its network, its locks, its volumes."""
    api = client.api
    _remove_containers(client, api.containers(all=True, filters={"name": [f"/{namespace}-"]}))
    _remove_networks(client, api.networks(names=[f"{namespace}-edge"]))
    _remove_volumes(client, api.volumes(filters={"name": f"{namespace}-"})["Volumes"])


def _remove_containers(client: Client, listed: Iterable[dict[str, Any]]) -> None:
    for one in listed:
        _tolerantly(client.api.remove_container, one["Id"], force=True, v=True)


def _remove_networks(client: Client, listed: Iterable[dict[str, Any]]) -> None:
    api = client.api
    for one in listed:
        for guest in api.inspect_network(one["Id"])["Containers"]:
            _tolerantly(api.disconnect_container_from_network, guest, one["Id"], force=True)
        _tolerantly(api.remove_network, one["Id"])


def _remove_volumes(client: Client, listed: Iterable[dict[str, Any]] | None) -> None:
    for one in listed or ():
        _tolerantly(client.api.remove_volume, one["Name"], force=True)


def _tolerantly(remove: Callable[..., object], *names: str, **options: bool) -> None:
    """What is gone already, or goes by itself at this moment, is as good as removed."""
    from docker.errors import APIError

    with contextlib.suppress(APIError):
        remove(*names, **options)
