"""Replicas of a deployment: made as copies of what is there, and taken away again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.resources.containers import (
    end_all,
    gone,
    ids_by_label,
    instance,
    make,
    on_network,
    remove_container,
)
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.names import EnvironmentKey, container_name

_OF_ITS_OWN = ("Hostname", "Domainname", "MacAddress")
"""What the engine gives each container, and no other may have."""


def set_replicas(client: Client, deployment: str, replicas: int) -> Instance:
    """See `Engine.set_replicas`."""
    there = ids_by_label(client, deployment)
    if not there:
        raise gone(deployment)
    for number in [number for number in there if number > replicas]:
        remove_container(client, there.pop(number))
    missing = [number for number in range(1, replicas + 1) if number not in there]
    original = _inspected(client, deployment, there[min(there)]) if missing else {}
    for number in missing:
        there[number] = _copy(client, original, deployment, number)
    client.containers[deployment] = tuple(there[number] for number in sorted(there))
    client.unsettled.discard(deployment)
    made = instance(client, {}, deployment)
    if made is None:
        raise gone(deployment)
    return made


def retire_replicas(client: Client, deployment: str, above: int, grace: timedelta) -> None:
    """See `Engine.retire_replicas`."""
    there = ids_by_label(client, deployment)
    going = [container for number, container in there.items() if number > above]
    end_all(client, dict.fromkeys(going, grace))
    for container in going:
        remove_container(client, container)
    client.containers[deployment] = tuple(id_ for id_ in there.values() if id_ not in going)
    client.unsettled.discard(deployment)


def _inspected(client: Client, deployment: str, container: str) -> Mapping[str, Any]:
    try:
        with client.translate("inspect a container"):
            return client.inspect_container(container)
    except Missing as error:
        raise gone(deployment) from error


def _copy(client: Client, original: Mapping[str, Any], deployment: str, number: int) -> str:
    """Another container like that one, values and all; they are in no other place than before."""
    config = {k: v for k, v in original["Config"].items() if k not in _OF_ITS_OWN}
    said = dict(config["Labels"])
    said.pop(labels.REPLICA, None)
    key = EnvironmentKey(said[labels.PROJECT], said[labels.ENVIRONMENT])
    host = dict(original["HostConfig"]) | {"RestartPolicy": {"Name": "no"}}
    service = said[labels.SERVICE]
    return make(
        client,
        service,
        config
        | {
            "Image": original["Image"],
            "Labels": said | labels.of_replica(number),
            "HostConfig": host,
            "NetworkingConfig": on_network(host["NetworkMode"], deployment, number),
        },
        container_name(service, deployment, key, number),
    )
