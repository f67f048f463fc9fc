"""The internal switch: the active deployment is found by its container's name.

Renaming changes Docker's DNS within milliseconds and touches no network endpoint. Every container
searches `<service>.a.…` and then `<service>.b.…`, so while the first is without an owner the second
still answers with the one that steps aside.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.resources.containers import instances
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    container_name,
    stepping_aside_name,
)

LOOK_UP_PATIENCE = timedelta(milliseconds=500)
"""How long the second name stays after the first has moved.

A look-up that just missed the first name asks for the second next; on a busy machine that takes
many times longer than a rename.
"""


def name_active(client: Client, key: EnvironmentKey, active: Mapping[str, str | None]) -> None:
    """See `Engine.name_active`. A deployment whose container is gone is passed over."""
    found = instances(client, labels.filters(Role.SERVICE, key))
    by_deployment = {one.deployment: one for one in found}
    by_name = {one.name: one for one in found}
    switches = [
        moves(
            by_deployment[deployment] if deployment else None,
            front=by_name.get(active_name(service, key)),
            back=by_name.get(stepping_aside_name(service, key)),
        )
        for service, deployment in sorted(active.items())
        if deployment is None or deployment in by_deployment
    ]
    for switch in switches:
        _rename(client, switch.first)
    if any(switch.first and switch.last for switch in switches):
        time.sleep(LOOK_UP_PATIENCE.total_seconds())
    for switch in switches:
        _rename(client, switch.last)


class Moves(NamedTuple):
    """Renames (container id, new name): those that move the active name, those that clear up."""

    first: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]


def moves(chosen: Instance | None, *, front: Instance | None, back: Instance | None) -> Moves:
    """The renames that make `chosen` the bearer of the active name; None: nobody is to bear it.

    `front` and `back` bear the active and the stepping-aside name now, however a crash left that.
    At every point between two renames one of the names has a bearer, if one had at the beginning.
    """
    if chosen is None:
        return Moves((), tuple(_to_its_own(bearer) for bearer in (front, back) if bearer))
    if front == chosen:
        return Moves((), (_to_its_own(back),) if back else ())
    to_front = (chosen.container, active_name(chosen.service, chosen.key))
    if front is None:
        return Moves((to_front,), (_to_its_own(back),) if back and back != chosen else ())
    if back == chosen:
        return Moves((_to_its_own(front), to_front), ())
    cleared = (_to_its_own(back),) if back else ()
    aside = (front.container, stepping_aside_name(front.service, front.key))
    return Moves((*cleared, aside, to_front), (_to_its_own(front),))


def _to_its_own(one: Instance) -> tuple[str, str]:
    return one.container, container_name(one.service, one.deployment, one.key)


def _rename(client: Client, renames: tuple[tuple[str, str], ...]) -> None:
    for container, name in renames:
        try:
            with client.translate(f"rename a container to {name}"):
                client.rename(container, name)
        except Missing:
            continue  # removed meanwhile: it bears no name any more
