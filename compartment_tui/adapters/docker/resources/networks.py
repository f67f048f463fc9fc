"""An environment's network and volumes, and removing what is left of it."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import key_of
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.ownership import name_taken
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.resources.containers import own_rows, remove_container
from compartment_tui.adapters.docker.resources.subnets import Subnet, subnets_of
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.errors import EngineProblem, Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.subnets import range_of_services, refuse_needed_addresses

OVERLAP = "pool overlaps"
"""How the engine says that a subnet is taken by something we cannot see."""
_OURS = (Role.SERVICE, Role.RELEASE, Role.DRAIN)


def networks(client: Client, layout: ResourceNames) -> frozenset[EnvironmentKey]:
    """See `Engine.networks`."""
    found = (
        key_of(network.get("Labels") or {})
        for network in _list(client, labels.filters(Role.NETWORK))
        if network["Name"].startswith(layout.network_prefix)
    )
    return frozenset(key for key in found if key is not None)


def make_network(
    client: Client,
    layout: ResourceNames,
    key: EnvironmentKey,
    settings: NetworkSettings,
    *,
    overlay: bool = False,
) -> None:
    """See `Engine.make_network`."""
    existing, name = _list(client), layout.network(key)
    for network in existing:
        if network["Name"] == name:
            if key_of(network.get("Labels") or {}) != key:
                why = "its labels name another environment, or none"
                raise name_taken(name, why, kind="network")
            return
    from compartment_tui.adapters.docker.resources.machine_network import machine_network

    bridges = tuple(subnets_of(existing))
    machine = machine_network(client, bridges)
    refuse_needed_addresses(settings, machine.needed)
    for subnet in free_subnets(settings, [*bridges, *machine.subnets]):
        if _create(client, name, key, subnet, overlay=overlay):
            return
    raise _none_left(settings)


def next_subnet(client: Client, settings: NetworkSettings) -> str:
    """See `Engine.next_subnet`."""
    from compartment_tui.adapters.docker.resources.machine_network import local_network

    machine = local_network(client)
    refuse_needed_addresses(settings, machine.needed)
    taken = [*subnets_of(_list(client)), *machine.subnets]
    for subnet in free_subnets(settings, taken):
        return str(subnet)
    raise _none_left(settings)


def _none_left(settings: NetworkSettings) -> Refused:
    return Refused(
        f"the network pool {settings.pool} has no free /{settings.size} left",
        hint="delete environments that are not needed, or give `[networks] pool` another range",
    )


def volumes(client: Client, key: EnvironmentKey) -> tuple[str, ...]:
    """See `Engine.volumes`."""
    with client.translate("list the volumes"):
        found = client.list_volumes(filters=labels.filters(Role.VOLUME, key))
    return tuple(sorted(one["Name"] for one in found))


def remove_environment(client: Client, key: EnvironmentKey, *, with_volumes: bool) -> None:
    """See `Engine.remove_environment`. The lock's container stays: its holder is who calls."""
    for role in _OURS:
        for row in own_rows(client, labels.filters(role, key)):
            remove_container(client, row["Id"])
    for network in _list(client, labels.filters(Role.NETWORK, key)):
        _remove_network(client, network["Id"])
    if with_volumes:
        for name in volumes(client, key):
            _remove_volume(client, name)


def free_subnets(settings: NetworkSettings, taken: Iterable[Subnet]) -> Iterator[Subnet]:
    """The pool's subnets, lowest first, that overlap nothing in `taken`."""
    busy = tuple(taken)
    for subnet in ipaddress.IPv4Network(settings.pool).subnets(new_prefix=settings.size):
        if not any(subnet.overlaps(other) for other in busy):
            yield subnet


def _list(client: Client, filters: dict[str, list[str]] | None = None) -> list[dict[str, Any]]:
    with client.translate("list the networks"):
        return client.list_networks(filters=filters)


def _create(
    client: Client, name: str, key: EnvironmentKey, subnet: Subnet, *, overlay: bool
) -> bool:
    """False when the engine knows something in that subnet that it does not list."""
    try:
        with client.translate(f"make the network {name}"):
            client.create_network(
                name,
                ipam={"Driver": "default", "Config": [_pool(subnet)]},
                marks=labels.of_environment(Role.NETWORK, key),
                overlay=overlay,
            )
    except EngineProblem as error:
        if OVERLAP in error.message.lower():
            return False
        raise
    return True


def _pool(subnet: Subnet) -> dict[str, str]:
    services = range_of_services(subnet)
    return {"Subnet": str(subnet)} | ({"IPRange": str(services)} if services else {})


def _remove_network(client: Client, network: str) -> None:
    try:
        with client.translate("remove a network"):
            attached = client.inspect_network(network).get("Containers") or {}
        for container in attached:
            _disconnect(client, container, network)
        with client.translate("remove a network"):
            client.remove_network(network)
    except Missing:
        return


def _disconnect(client: Client, container: str, network: str) -> None:
    """The edge, or whoever else is on it: a network goes only when nobody is."""
    try:
        with client.translate("disconnect a container from a network"):
            client.disconnect_network(container, network)
    except Missing:
        return


def _remove_volume(client: Client, name: str) -> None:
    try:
        with client.translate(f"remove the volume {name}"):
            client.remove_volume(name)
    except Missing:
        return
