"""Swarm services: one a deployment, fixed at its birth; only its number of tasks ever changes."""

import json
from collections.abc import Mapping
from typing import Any

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import labels_of
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.resources.containers import LOGGING, birth_config, gone
from compartment_tui.adapters.docker.swarm.patience import Json, ask, update
from compartment_tui.domain.names import alias
from compartment_tui.domain.planning.plan import ContainerSpec

REPLICAS = PREFIX + "replicas"
"""How many are to run once it is started."""
LIFE = PREFIX + "life"
"""`created`, `started` or `stopped`."""
SINCE = PREFIX + "since"
"""By the managers' clock: tasks that are older belong to an earlier life of it."""
ACTIVE = PREFIX + "active"
"""It is the active one of its service."""
BOUND = "node.id=="
"""Of what has volumes: they are one machine's."""
CREATED, STARTED, STOPPED = "created", "started", "stopped"
NANO = 1_000_000_000
SECOND = NANO


def path_of(deployment: str) -> str:
    """Where the engine has a deployment's service."""
    return f"/services/{alias(deployment)}"


def find(client: Client, deployment: str) -> Json | None:
    """A deployment's service; None when there is none."""
    try:
        found: Json = ask(client, "GET", path_of(deployment), "look at a service")
    except Missing:
        return None
    said = marks_of(found).get(labels.DEPLOYMENT)
    return found if said == deployment else None


def listed(client: Client, filters: Mapping[str, list[str]]) -> list[Json]:
    """All services with these labels."""
    query = {"filters": json.dumps(filters)}
    found: list[Json] = ask(client, "GET", "/services", "list the services", query=query)
    return found


def marks_of(service: Json) -> dict[str, str]:
    """A service's labels."""
    found: dict[str, str] = service["Spec"].get("Labels") or {}
    return found


def scale_of(service: Json) -> int:
    """How many tasks the Swarm keeps of it now."""
    mode = service["Spec"].get("Mode") or {}
    return int((mode.get("Replicated") or {}).get("Replicas") or 0)


def image_of(service: Json) -> str:
    """What its tasks are made from: an image's id, or its reference in a registry."""
    template = service["Spec"].get("TaskTemplate") or {}
    return str((template.get("ContainerSpec") or {}).get("Image", ""))


def bound_to(service: Json) -> str:
    """The id of the only node that its tasks may be on; empty where it may be another."""
    template = service["Spec"].get("TaskTemplate") or {}
    placement = template.get("Placement") or {}
    found = (one.partition(BOUND) for one in placement.get("Constraints") or ())
    return next((node for left, is_bound, node in found if is_bound and not left), "")


def is_by_digest(image: str) -> bool:
    """Whether it is a reference in a registry, and no id."""
    return "@" in image


def wanted_of(service: Json) -> int:
    """How many replicas it has, running or not."""
    said = marks_of(service).get(REPLICAS, "1")
    return int(said) if said.isascii() and said.isdecimal() and 0 < int(said) < 1000 else 1


def create(client: Client, spec: Json, headers: Mapping[str, str]) -> None:
    """Make a service; one of that name that is there was made by us, in an earlier attempt.

    `headers` may have credentials for the nodes to pull with.
    """
    doing = f"make the service {spec['Name']}"
    try:
        ask(client, "POST", "/services/create", doing, body=spec, headers=headers)
    except Conflict:
        return


def remove(client: Client, deployment: str) -> None:
    """Remove a service; nothing if it is gone."""
    try:
        ask(client, "DELETE", path_of(deployment), "remove a service")
    except Missing:
        return


def rescale(
    client: Client,
    deployment: str,
    *,
    scale: int | None = None,
    headers: Mapping[str, str] | None = None,
    known: Json | None = None,
    **marks: str | None,
) -> Json:
    """Change how many tasks there are, and labels by their short names; as it was before.

    Neither replaces a task. A label of None goes. `headers` as for `create`; without them nodes
    pull with the credentials that they were given last. `known` as for `update`. Raises
    InstanceGone.
    """

    def change(found: Json) -> Json:
        spec: Json = json.loads(json.dumps(found["Spec"]))
        if scale is not None:
            spec["Mode"] = {"Replicated": {"Replicas": scale}}
        spec["Labels"] = changed_marks(spec.get("Labels") or {}, marks)
        return spec

    try:
        path = path_of(deployment)
        return update(client, path, "change a service", change, headers, known=known)
    except Missing as error:
        raise gone(deployment) from error


def changed_marks(now: Mapping[str, str], marks: Mapping[str, str | None]) -> dict[str, str]:
    """Labels with these changes, by their short names."""
    wanted = {PREFIX + name: value for name, value in marks.items()}
    kept = {name: value for name, value in now.items() if name not in wanted}
    return kept | {name: value for name, value in wanted.items() if value is not None}


def spec_of_service(
    birth: ContainerSpec,
    network: str,
    edge: str | None,
    constraints: list[str],
    *,
    image: str,
    newer: bool,
) -> Json:
    """A deployment's service, as the engine's API wants it. Holds revealed values.

    `image`: see `image_of`. `newer`: the engine can forbid new privileges to services.
    """
    plan = birth.plan
    names = [plan.service] if plan.spec.stop_first else []
    return {
        "Name": alias(plan.deployment),
        "Labels": labels_of(birth) | {REPLICAS: str(plan.replicas), LIFE: CREATED},
        "TaskTemplate": {
            "ContainerSpec": _container(birth, network, edge, newer=newer) | {"Image": image},
            "Resources": _resources(birth),
            # Right from birth: a change of it would replace tasks.
            "RestartPolicy": {"Condition": "any", "Delay": SECOND},
            "Placement": {"Constraints": constraints},
            "LogDriver": {"Name": LOGGING["Type"], "Options": LOGGING["Config"]},
            # A name that is given at birth leads to whoever runs: of these, one at a time.
            "Networks": [{"Target": network, "Aliases": names}],
        },
        "Mode": {"Replicated": {"Replicas": 0}},
        # No address of its own, which would need IPVS and hide the tasks' addresses.
        "EndpointSpec": {"Mode": "dnsrr"},
    }


def _container(
    birth: ContainerSpec, network: str, edge: str | None, *, newer: bool
) -> dict[str, Any]:
    plan = birth.plan
    plain = birth_config(birth, network, edge)
    host = plain["HostConfig"]
    own = labels.of_environment(Role.TASK, plan.key) | {
        labels.SERVICE: plan.service,
        labels.DEPLOYMENT: plan.deployment,
    }
    spec: dict[str, Any] = {
        "Env": [_literal(one) for one in plain["Env"]],
        "Labels": own,
        "StopGracePeriod": plain["StopTimeout"] * NANO,
        "Init": host["Init"],
        "CapabilityDrop": host["CapDrop"],
        "Mounts": [_literal_mount(one) for one in host["Mounts"]],
        "DNSConfig": {"Options": host["DnsOptions"]},
    }
    if edge is not None:
        spec["Hosts"] = [f"{edge} {name}" for name in birth.inner]
    if "Cmd" in plain:
        spec["Args"] = plain["Cmd"]
    if newer and not plan.spec.new_privileges:
        spec["Privileges"] = {"NoNewPrivileges": True}
    return spec


def _literal(text: str) -> str:
    """A text that a Swarm, which takes such texts for templates, makes this one of again."""
    return text.replace("{{", '{{"{{"}}')


def _literal_mount(mount: Json) -> Json:
    marks: dict[str, str] = mount["VolumeOptions"]["Labels"]
    options = {"Labels": {name: _literal(value) for name, value in marks.items()}}
    return mount | {"Target": _literal(mount["Target"]), "VolumeOptions": options}


def _resources(birth: ContainerSpec) -> dict[str, Any]:
    limits = birth.plan.spec.limits
    most: dict[str, int] = {}
    if limits.pids is not None:
        most["Pids"] = limits.pids
    if limits.cpus is not None:
        most["NanoCPUs"] = round(limits.cpus * NANO)
    if limits.memory is None:
        return {"Limits": most}
    # What it may use is set aside: else a machine is given more than it has room for.
    memory = {"MemoryBytes": limits.memory}
    return {"Limits": most | memory, "Reservations": memory}
