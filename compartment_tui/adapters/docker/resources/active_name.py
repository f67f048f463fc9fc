"""The internal switch: the active deployment is found by its container's name.

Renaming changes Docker's DNS within milliseconds and touches no network endpoint. Every container
searches `<service>.a.…` and then `<service>.b.…`, so while the first is without an owner the second
still answers with the one that steps aside.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.resources.containers import replicas_in
from compartment_tui.domain.claims import with_replicas
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    container_name,
    stepping_aside_name,
)

Rows: TypeAlias = Iterable[Mapping[str, Any]]
"""The environment's containers, as the engine lists them."""


def name_active(
    client: Client, key: EnvironmentKey, active: Mapping[str, str | None], listed: Rows
) -> None:
    """See `Engine.name_active`. A deployment whose container is gone is passed over."""
    found = with_replicas(replicas_in(listed))
    by_deployment = {one.deployment: one for one in found}
    by_name = {one.name: one for one in found}
    for service, deployment in sorted(active.items()):
        if deployment is None or deployment in by_deployment:
            renames = moves(
                by_deployment[deployment] if deployment else None,
                front=by_name.get(active_name(service, key)),
                back=by_name.get(stepping_aside_name(service, key)),
            )
            _rename(client, renames)


def name_awaited(
    client: Client, key: EnvironmentKey, awaited: Mapping[str, str], listed: Rows
) -> None:
    """See `Engine.name_awaited`."""
    found = with_replicas(replicas_in(listed))
    by_deployment = {one.deployment: one for one in found}
    by_name = {one.name: one for one in found}
    for service, deployment in sorted(awaited.items()):
        chosen, name = by_deployment.get(deployment), stepping_aside_name(service, key)
        bearer = by_name.get(name)
        if chosen is None or chosen == bearer:
            continue
        cleared = (_to_its_own(bearer),) if bearer else ()
        _rename(client, (*cleared, (chosen.container, name)))


def end_stepping_aside(
    client: Client, key: EnvironmentKey, services: Iterable[str], listed: Rows
) -> None:
    """See `Engine.end_stepping_aside`."""
    names = {stepping_aside_name(service, key) for service in services}
    found = with_replicas(replicas_in(listed))
    _rename(client, tuple(_to_its_own(bearer) for bearer in found if bearer.name in names))


Rename: TypeAlias = tuple[str, str]
"""A container's id and its new name."""


def moves(
    chosen: Instance | None, *, front: Instance | None, back: Instance | None
) -> tuple[Rename, ...]:
    """The renames that make `chosen` the bearer of the active name; None: nobody is to bear it.

    `front` and `back` bear the active and the stepping-aside name now, however a crash left that.
    At every point between two renames one of the names has a bearer, if one had at the beginning.
    """
    if chosen is None:
        return tuple(_to_its_own(bearer) for bearer in (front, back) if bearer)
    if front == chosen:
        return ()
    to_front = (chosen.container, active_name(chosen.service, chosen.key))
    if front is None:
        return (to_front,)
    if back == chosen:
        return (_to_its_own(front), to_front)
    cleared = (_to_its_own(back),) if back else ()
    aside = (front.container, stepping_aside_name(front.service, front.key))
    return (*cleared, aside, to_front)


def _to_its_own(bearer: Instance) -> Rename:
    return bearer.container, container_name(bearer.service, bearer.deployment, bearer.key)


def _rename(client: Client, renames: tuple[Rename, ...]) -> None:
    for container, name in renames:
        try:
            with client.translate(f"rename a container to {name}"):
                client.rename(container, name)
        except Missing:
            continue  # removed meanwhile: it bears no name any more
