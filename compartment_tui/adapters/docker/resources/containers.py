"""Deployments' containers: found by label, made once, started, kept, retired, removed."""

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import (
    instance_of_inspect,
    instance_of_row,
    labels_of,
)
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.resources.subnets import subnet_of
from compartment_tui.domain.claims import claimed
from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.errors import (
    CandidateExited,
    DiskFull,
    EngineProblem,
    EngineUnreachable,
    ImageUnavailable,
    InstanceGone,
)
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    alias,
    container_name,
    stepping_aside_name,
)
from compartment_tui.domain.subnets import edge_address

if TYPE_CHECKING:
    from compartment_tui.domain.planning.plan import ContainerSpec

REMOVAL_PATIENCE = timedelta(seconds=15)
POLICY_ATTEMPTS = 10
KILLED = 137
"""The exit code of what SIGKILL ended."""
STOPPED_AT_ONCE = 16
_YOUNG = re.compile(r"Restarting|Up (Less than a second|\d+ seconds?|About a minute|\d minutes)")
"""How the engine's list says it; the figure is longer than `health.RECENT`."""
LOGGING = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


def rows(client: Client, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The container list, stopped ones included."""
    with client.translate("list the containers"):
        return client.list_containers(all=True, filters=filters)


def instances(client: Client, filters: dict[str, list[str]]) -> tuple[Instance, ...]:
    """What the list alone tells: one call."""
    found = (instance_of_row(row) for row in own_rows(client, filters))
    return tuple(one for one in found if one is not None)


def own_rows(client: Client, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The container list without copies: see `is_own`."""
    found = rows(client, filters)
    claims = claims_in(found)
    return [row for row in found if is_own(client, row, claims[deployment_of(row)])]


def claims_in(listed: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many containers say that they are each deployment."""
    return Counter(deployment_of(row) for row in listed)


def is_own(client: Client, row: Mapping[str, Any], claimants: int) -> bool:
    """Whether the record names it; where no record does, whether it may be its deployment's.

    One that alone claims a deployment and has another image than it was born with is the copy of a
    container that is gone. Of several that claim one, nothing tells which it is.
    """
    known = client.containers.get(deployment_of(row))
    if known is not None:
        return bool(row["Id"] == known)
    return claimants > 1 or not is_copy(row)


def is_copy(row: Mapping[str, Any]) -> bool:
    """Whether it was made of another image than its labels say."""
    born_with = (row.get("Labels") or {}).get(labels.IMAGE, "")
    return born_with not in ("", row.get("ImageID", ""))


def deployment_of(row: Mapping[str, Any]) -> str:
    """What a row of the list says it is; empty when it says nothing."""
    return str((row.get("Labels") or {}).get(labels.DEPLOYMENT, ""))


def instances_in_full(client: Client, key: EnvironmentKey) -> tuple[Instance, ...]:
    """Every deployment of an environment; those that matter now with all that is known of them.

    One call, and one more for each that runs, or that bears the active name and should run. A kept,
    stopped one costs nothing: its times and whether it ran out of memory are left out.
    """
    found = instances(client, labels.filters(Role.SERVICE, key))
    seen = (inspect(client, one.container) if _matters(one) else one for one in found)
    return tuple(one for one in seen if one is not None)


def instances_young_in_full(client: Client, filters: dict[str, list[str]]) -> tuple[Instance, ...]:
    """What the list alone tells; of one that was started lately, all that is known.

    Only of such a one it matters how often it was restarted, and they are few.
    """
    found = ((row, instance_of_row(row)) for row in own_rows(client, filters))
    seen = (
        inspect(client, one.container) if one and _YOUNG.match(row.get("Status", "")) else one
        for row, one in found
    )
    return tuple(one for one in seen if one is not None)


def _matters(one: Instance) -> bool:
    named = (active_name(one.service, one.key), stepping_aside_name(one.service, one.key))
    return one.state not in (InstanceState.EXITED, InstanceState.CREATED) or one.name in named


def find(client: Client, deployment: str) -> str | None:
    """The id of a deployment's container: the one that its record names, else by label.

    Raises ContainerClaimed when several have its label and no record tells which it is.
    """
    known = client.containers.get(deployment)
    if known is not None:
        return known if inspect(client, known) is not None else None
    found = instances(client, labels.filters(Role.SERVICE, deployment=deployment))
    if len(found) > 1:
        raise claimed(deployment, (one.name for one in found))
    return found[0].container if found else None


def locate(client: Client, deployment: str) -> str:
    """The id of a deployment's container. Raises InstanceGone."""
    container = find(client, deployment)
    if container is None:
        raise gone(deployment)
    return container


def gone(deployment: str, how: str = "is not there any more") -> InstanceGone:
    """What to raise when a deployment has no container."""
    return InstanceGone(f"the container of {deployment} {how}")


def inspect(client: Client, container: str) -> Instance | None:
    """None when it is gone."""
    try:
        with client.translate("inspect a container"):
            return instance_of_inspect(client.inspect_container(container))
    except Missing:
        return None


def instance(client: Client, known: dict[str, str], deployment: str) -> Instance | None:
    """See `Engine.instance`. `known` remembers ids: a rollout asks for the same few often."""
    recorded = client.containers.get(deployment)
    if recorded is not None:
        return inspect(client, recorded)
    if deployment in known:
        found = inspect(client, known[deployment])
        if found is not None:
            return found
    container = find(client, deployment)
    if container is None:
        known.pop(deployment, None)
        return None
    known[deployment] = container
    return inspect(client, container)


def create(client: Client, birth: "ContainerSpec", network: str) -> Instance:
    """See `Engine.create`."""
    plan = birth.plan
    container = find(client, plan.deployment)
    if container is None:
        name = container_name(plan.service, plan.deployment, plan.key)
        config = birth_config(birth, network, edge_on(client, birth, network))
        if plan.spec.stop_first and client.in_swarm:
            # A name that it gets later leads nobody to it, and no other of it ever runs beside it.
            endpoint = config["NetworkingConfig"]["EndpointsConfig"][network]
            endpoint["Aliases"].append(plan.service)
        container = make(client, birth, config, name)
        client.containers[plan.deployment] = container
    made = inspect(client, container)
    if made is None:
        raise gone(plan.deployment)
    return made


def edge_on(client: Client, birth: "ContainerSpec", network: str) -> str | None:
    """Where a new container finds the edge; None when it looks for nobody there."""
    subnet = subnet_of(client, network) if birth.inner else None
    return edge_address(subnet) if subnet is not None else None


def make(client: Client, birth: "ContainerSpec", config: dict[str, Any], name: str) -> str:
    """Create a container; its id. Raises ImageUnavailable, DiskFull, Conflict (name taken)."""
    try:
        with client.translate(f"create the container {name}"):
            return client.create_container(config, name)
    except Missing as error:
        raise ImageUnavailable(
            f"the image of {birth.plan.service} is no longer on the engine",
            hint="deploy again to make it anew",
        ) from error


def birth_config(birth: "ContainerSpec", network: str, edge: str | None = None) -> dict[str, Any]:
    """The container of a deployment, as the engine's API wants it. Holds revealed values.

    `edge` is where it looks for the services that it reaches through the edge.
    """
    plan = birth.plan
    limits = plan.spec.limits
    host: dict[str, Any] = {
        "NetworkMode": network,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": LOGGING,
        # Both names must be searched: while the active one changes, one of the two answers.
        "DnsSearch": [f"a.{plan.key.text}", f"b.{plan.key.text}"],
        "DnsOptions": ["ndots:1"],
        "Mounts": [_mount(birth, volume, path) for volume, path in plan.spec.volumes],
        "Init": plan.spec.init,
        # It could speak for others on its network. (`ping` does without where the kernel lets it.)
        "CapDrop": ["NET_RAW"],
        "PidsLimit": limits.pids,
    }
    if edge is not None:
        # Not by a name of the edge: what a program has looked up once it may keep for ever.
        host["ExtraHosts"] = [f"{name}:{edge}" for name in birth.inner]
    if not plan.spec.new_privileges:
        host["SecurityOpt"] = ["no-new-privileges"]
    if limits.cpus is not None:
        host["NanoCpus"] = round(limits.cpus * 1_000_000_000)
    if limits.memory is not None:
        # Equal figures: no swap on top of the memory.
        host |= {"Memory": limits.memory, "MemorySwap": limits.memory}
    config: dict[str, Any] = {
        "Image": birth.image.id,
        "Env": [f"{name}={value.reveal()}" for name, value in birth.environment().items()],
        "Labels": labels_of(birth),
        "StopTimeout": whole_seconds(plan.spec.stop_grace),
        "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [alias(plan.deployment)]}}},
    }
    if plan.spec.command is not None:
        config["Cmd"] = list(plan.spec.command)
    return config


def _mount(birth: "ContainerSpec", volume: str, path: str) -> dict[str, Any]:
    plan = birth.plan
    owner = labels.of_environment(Role.VOLUME, plan.key) | {labels.SERVICE: plan.service}
    return {
        "Type": "volume",
        "Source": labels.volume_name(plan.key, plan.service, volume),
        "Target": path,
        "VolumeOptions": {"Labels": owner},
    }


def start(client: Client, deployment: str) -> Instance:
    """See `Engine.start`."""
    container = locate(client, deployment)
    try:
        with client.translate("start it"):
            client.start(container)
    except (EngineUnreachable, DiskFull):
        raise
    except EngineProblem as error:
        refused = inspect(client, container)
        if refused is None:
            raise gone(deployment) from error
        raise CandidateExited(
            f"{refused.service} cannot be started: {start_reason(error)}"
        ) from error
    started = inspect(client, container)
    if started is None:
        raise gone(deployment)
    return started


def start_reason(error: EngineProblem) -> str:
    """The end of the engine's sentence: the beginning tells how its parts call each other."""
    words = error.message.removeprefix("Docker could not start it: ")
    return words.rpartition("caused: ")[2].removesuffix(": unknown")


def set_restart_policy(client: Client, container: str, policy: Literal["no", "always"]) -> None:
    """Raises Missing."""
    for last in (False,) * POLICY_ATTEMPTS + (True,):
        try:
            with client.translate("change a restart policy"):
                client.set_restart_policy(container, policy)
        except (Missing, EngineUnreachable, DiskFull):
            raise
        except EngineProblem:
            # One that ends at this very moment is refused; a moment later its end is known.
            if last:
                raise
            time.sleep(0.1)
        else:
            return


def keep_running(client: Client, deployment: str) -> None:
    """See `Engine.keep_running`."""
    try:
        set_restart_policy(client, locate(client, deployment), "always")
    except Missing as error:
        raise gone(deployment) from error


def retire(client: Client, deployment: str, grace: timedelta) -> bool:
    """See `Engine.retire`."""
    container = find(client, deployment)
    if container is None:
        return False
    began = time.monotonic()
    try:
        # First the policy: `always` would bring back what is stopped when the engine restarts.
        set_restart_policy(client, container, "no")
        began = time.monotonic()
        with client.translate("stop a container"):
            client.stop(container, timeout=whole_seconds(grace))
    except Missing:
        return False
    took = timedelta(seconds=time.monotonic() - began)
    if not timedelta() < grace <= took:
        return False
    ended = inspect(client, container)
    # Whoever is killed later than that was given all the time there was. (By its own end, or by the
    # lack of memory, it could have died at that very moment: then it is nothing to speak of.)
    return ended is not None and ended.exit_code == KILLED and not ended.out_of_memory


def retire_all(client: Client, graces: Mapping[str, timedelta]) -> frozenset[str]:
    """See `Engine.retire_all`."""
    if len(graces) < 2:
        return frozenset(one for one, grace in graces.items() if retire(client, one, grace))
    # It loads logging, and only a change stops containers.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(len(graces), STOPPED_AT_ONCE)) as pool:
        asked = {one: pool.submit(retire, client, one, grace) for one, grace in graces.items()}
    return frozenset(one for one, answer in asked.items() if answer.result())


def remove(client: Client, deployment: str) -> None:
    """See `Engine.remove`. What a killed run left of its release command goes too."""
    container = find(client, deployment)
    for row in rows(client, labels.any_role(deployment=deployment)):
        released = (row.get("Labels") or {}).get(labels.ROLE) == Role.RELEASE
        if released or row["Id"] == container:
            remove_container(client, row["Id"])


def remove_container(client: Client, container: str) -> None:
    """Stop at once and remove, with anonymous volumes; returns when it is gone."""
    deadline = time.monotonic() + REMOVAL_PATIENCE.total_seconds()
    while True:
        try:
            with client.translate("remove a container"):
                client.remove_container(container, volumes=True)
        except Missing:
            return
        except Conflict:
            # Someone else, or the engine, is removing it.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def whole_seconds(grace: timedelta) -> int:
    """Rounded up: the engine knows no fractions, and less would cut a promise short."""
    return math.ceil(grace.total_seconds())
