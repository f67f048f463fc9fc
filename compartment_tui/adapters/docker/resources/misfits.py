"""What is on the engine with a label or a name of ours, and is left out: for `doctor` to name."""

from collections.abc import Iterator, Mapping
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import instance_of_row, key_of, misfit_of
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.ownership import is_our_image
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.resources.containers import (
    Replica,
    claims_in,
    is_own,
    replica_of,
    rows,
)
from compartment_tui.domain.claims import has_our_name
from compartment_tui.domain.engine import Misfit

Json = Mapping[str, Any]


def misfits(client: Client, layout: ResourceNames, project: str) -> tuple[Misfit, ...]:
    """See `Engine.misfits`."""
    return (
        *_containers(client, layout),
        *_networks(client, layout),
        *_images(client, project),
    )


def _containers(client: Client, layout: ResourceNames) -> Iterator[Misfit]:
    found = rows(client, {})
    named = {layout.edge: Role.EDGE, layout.engine_lock: Role.LOCK}
    named |= dict.fromkeys(layout.volumes, Role.STATE)
    claims = claims_in(row for row in found if _labels(row).get(labels.ROLE) == Role.SERVICE)
    for row in found:
        name = _name(row)
        role = _labels(row).get(labels.ROLE)
        expected = named.get(name)
        if name.startswith(f"{layout.namespace}-lock."):
            expected = Role.LOCK
        if expected is not None:
            if role != expected or not is_our_image(str(row.get("Image", ""))):
                yield Misfit(kind="container", name=name, why="it bears a name of ours")
        elif role is not None and (why := _why(client, row, claims)):
            yield Misfit(kind="container", name=name, why=why)


def _why(client: Client, row: Json, claims: Mapping[Replica, int]) -> str:
    """Why a container with our label is left out; empty when it is not."""
    role = _labels(row)[labels.ROLE]
    if role not in tuple(Role):
        return f"its label {labels.ROLE} names nothing that we make"
    if role != Role.SERVICE:
        return ""
    if why := misfit_of(_labels(row)):
        return why
    replica = replica_of(row)
    deployment, claimants = replica[0], claims[replica]
    if not is_own(client, row, claimants):
        return f"it is a copy: it has the labels of {deployment}"
    one = instance_of_row(row)
    if claimants > 1 and deployment not in client.containers and one is not None:
        copied = "" if has_our_name(one) else ", and no name that we give"
        return f"it is one of {claimants} that say they are {deployment}{copied}"
    return ""


def _networks(client: Client, layout: ResourceNames) -> Iterator[Misfit]:
    with client.translate("list the networks"):
        found = client.list_networks()
    for row in found:
        name, marks = str(row.get("Name", "")), row.get("Labels") or {}
        if not name.startswith(layout.network_prefix):
            continue
        key = key_of(marks)
        if marks.get(labels.ROLE) != Role.NETWORK or key is None or layout.network(key) != name:
            why = "its name is one of ours, and its labels are not"
            yield Misfit(kind="network", name=name, why=why)


def _images(client: Client, project: str) -> Iterator[Misfit]:
    with client.translate("list the images"):
        found = client.list_images(filters={"label": [f"{labels.PROJECT}={project}"]})
    for row in found:
        if labels.ROLE in (row.get("Labels") or {}):
            tags = row.get("RepoTags") or ()
            name = next((tag for tag in tags if "<none>" not in tag), str(row.get("Id", "")))
            why = "it was made of a container of ours, and has its labels"
            yield Misfit(kind="image", name=name, why=why)


def _labels(row: Json) -> Json:
    found: Json = row.get("Labels") or {}
    return found


def _name(row: Json) -> str:
    plain = next((name for name in row.get("Names") or () if name.count("/") == 1), "")
    return plain.lstrip("/") or str(row.get("Id", ""))[:12]
