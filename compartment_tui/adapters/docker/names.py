"""The internal switch: the active deployment is found by its container's name.

Renaming changes Docker's DNS within milliseconds and touches no network endpoint. Every container
searches `<service>.a.…` and then `<service>.b.…`, so while the first is without an owner the second
still answers with the one that steps aside.
"""

from collections.abc import Mapping

from compartment_tui.adapters.docker import labels
from compartment_tui.adapters.docker.client import Client, Missing
from compartment_tui.adapters.docker.containers import instances
from compartment_tui.adapters.docker.labels import Role
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    container_name,
    stepping_aside_name,
)


def name_active(client: Client, key: EnvironmentKey, active: Mapping[str, str]) -> None:
    """See `Engine.name_active`. A deployment whose container is gone is passed over."""
    found = instances(client, labels.filters(Role.SERVICE, key))
    by_deployment = {one.deployment: one for one in found}
    by_name = {one.name: one for one in found}
    for service, deployment in sorted(active.items()):
        chosen = by_deployment.get(deployment)
        if chosen is None:
            continue
        front = active_name(service, key)
        back = stepping_aside_name(service, key)
        for container, name in moves(
            chosen, front=(front, by_name.get(front)), back=(back, by_name.get(back))
        ):
            _rename(client, container, name)


def moves(
    chosen: Instance,
    *,
    front: tuple[str, Instance | None],
    back: tuple[str, Instance | None],
) -> list[tuple[str, str]]:
    """The renames (container id, new name) that make `chosen` the bearer of the front name.

    `front` and `back` are the two names and who bears them now, however a crash left that.
    At every point between two renames one of the names has a bearer, if one had at the beginning.
    """
    front_name, leaving = front
    back_name, aside = back
    steps: list[tuple[str, str]] = []
    if leaving is not None and leaving != chosen:
        if aside is None:
            steps.append((leaving.container, back_name))
            aside = leaving
        elif aside == chosen:
            steps.append(_to_its_own(leaving))
        else:
            steps += [_to_its_own(aside), (leaving.container, back_name)]
            aside = leaving
    if leaving != chosen:
        steps.append((chosen.container, front_name))
    if aside is not None and aside != chosen:
        steps.append(_to_its_own(aside))
    return steps


def _to_its_own(one: Instance) -> tuple[str, str]:
    return one.container, container_name(one.service, one.deployment, one.key)


def _rename(client: Client, container: str, name: str) -> None:
    try:
        with client.translate(f"rename a container to {name}"):
            client.api.rename(container, name)
    except Missing:
        return  # removed meanwhile: it bears no name any more
