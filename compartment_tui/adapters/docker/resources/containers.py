"""Deployments' containers: found by label, made once, started, kept, retired, removed."""

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

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
from compartment_tui.background import Background
from compartment_tui.domain.claims import refuse_claims, with_replicas
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
    active_name,
    alias,
    container_name,
    stepping_aside_name,
)
from compartment_tui.domain.subnets import edge_address
from compartment_tui.domain.variable import Secret

if TYPE_CHECKING:
    from compartment_tui.domain.planning.plan import ContainerSpec

Replica: TypeAlias = tuple[str, int]
"""A deployment, and a number."""
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
    return with_replicas(replicas(client, filters))


def replicas(client: Client, filters: dict[str, list[str]]) -> tuple[Instance, ...]:
    """As `instances`, each container for itself."""
    return replicas_in(own_rows(client, filters))


def replicas_in(listed: Iterable[Mapping[str, Any]]) -> tuple[Instance, ...]:
    """What rows of the list tell, each container for itself."""
    found = (instance_of_row(row) for row in listed)
    return tuple(one for one in found if one is not None)


def own_rows(client: Client, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The container list without copies: see `is_own`."""
    found = rows(client, filters)
    claims = claims_in(found)
    return [row for row in found if is_own(client, row, claims[replica_of(row)])]


def claims_in(listed: Iterable[Mapping[str, Any]]) -> Counter[Replica]:
    """How many containers say that they are each replica."""
    return Counter(replica_of(row) for row in listed)


def is_own(client: Client, row: Mapping[str, Any], claimants: int) -> bool:
    """Whether the record names it; where no record does, whether it may be its deployment's.

    One that alone claims a deployment and has another image than it was born with is the copy of a
    container that is gone. Of several that claim one, nothing tells which it is.
    """
    deployment, number = replica_of(row)
    known = client.containers.get(deployment, ())
    if 1 <= number <= len(known):
        return bool(row["Id"] == known[number - 1])
    return claimants > 1 or not is_copy(row)


def is_copy(row: Mapping[str, Any]) -> bool:
    """Whether it was made of another image than its labels say."""
    born_with = (row.get("Labels") or {}).get(labels.IMAGE, "")
    return born_with not in ("", row.get("ImageID", ""))


def replica_of(row: Mapping[str, Any]) -> Replica:
    """What a row of the list says it is; of nothing when it says nothing."""
    said = row.get("Labels") or {}
    number = str(said.get(labels.REPLICA, "1"))
    return str(said.get(labels.DEPLOYMENT, "")), int(number) if number.isdecimal() else 0


def instances_in_full(client: Client, listed: Iterable[Mapping[str, Any]]) -> tuple[Instance, ...]:
    """Every deployment in a list; those that matter now with all that is known of them.

    One call for each that runs, or that bears the active name and should run. A kept, stopped one
    costs nothing: its times and whether it ran out of memory are left out.
    """
    found = replicas_in(listed)
    asked = {
        one.container: Background(partial(inspect, client, one.container))
        for one in found
        if _matters(one)
    }
    seen = (asked[one.container].answer() if one.container in asked else one for one in found)
    return with_replicas(one for one in seen if one is not None)


def instances_young_in_full(client: Client, filters: dict[str, list[str]]) -> tuple[Instance, ...]:
    """What the list alone tells; of one that was started lately, all that is known.

    Only of such a one it matters how often it was restarted, and they are few.
    """
    found = ((row, instance_of_row(row)) for row in own_rows(client, filters))
    seen = (
        inspect(client, one.container) if one and _YOUNG.match(row.get("Status", "")) else one
        for row, one in found
    )
    return with_replicas(one for one in seen if one is not None)


def _matters(one: Instance) -> bool:
    named = (active_name(one.service, one.key), stepping_aside_name(one.service, one.key))
    return one.state not in (InstanceState.EXITED, InstanceState.CREATED) or one.name in named


def find(client: Client, deployment: str, number: int = 1) -> str | None:
    """The id of a replica's container: the one that its record names, else by label.

    Raises ContainerClaimed when several have its label and no record tells which it is.
    """
    known = client.containers.get(deployment, ())
    if number <= len(known):
        container = known[number - 1]
        return container if inspect(client, container) is not None else None
    return ids_by_label(client, deployment).get(number)


def ids_of(client: Client, deployment: str) -> tuple[str, ...]:
    """The ids of all its containers, by number, also of such as are gone by now; as `find`."""
    known = client.containers.get(deployment, ())
    if known and deployment not in client.unsettled:
        return known
    return tuple(ids_by_label(client, deployment).values())


def ids_by_label(client: Client, deployment: str) -> dict[int, str]:
    """The ids of the containers it has now, by number; as `find`."""
    found = replicas(client, labels.filters(Role.SERVICE, deployment=deployment))
    refuse_claims(with_replicas(found))
    return {one.number: one.container for one in sorted(found, key=lambda one: one.number)}


def locate(client: Client, deployment: str, number: int = 1) -> str:
    """The id of a replica's container. Raises InstanceGone."""
    container = find(client, deployment, number)
    if container is None:
        raise gone(deployment, number=number)
    return container


def locate_all(client: Client, deployment: str) -> tuple[str, ...]:
    """The ids of all its containers. Raises InstanceGone when there is none."""
    found = ids_of(client, deployment)
    if not found:
        raise gone(deployment)
    return found


def gone(deployment: str, how: str = "is not there any more", *, number: int = 1) -> InstanceGone:
    """What to raise when a deployment has no container, or not that replica."""
    which = "the container" if number == 1 else f"replica {number}"
    return InstanceGone(f"{which} of {deployment} {how}")


def inspect(client: Client, container: str) -> Instance | None:
    """None when it is gone."""
    try:
        with client.translate("inspect a container"):
            return instance_of_inspect(client.inspect_container(container))
    except Missing:
        return None


def instance(client: Client, known: dict[str, tuple[str, ...]], deployment: str) -> Instance | None:
    """See `Engine.instance`. `known` remembers ids: a rollout asks for the same few often."""
    if deployment not in client.containers and deployment in known:
        found = _whole(client, known[deployment])
        if found is not None:
            return found
    ids = ids_of(client, deployment)
    known.pop(deployment, None)
    if ids and deployment not in client.containers:
        known[deployment] = ids
    return _whole(client, ids)


def _whole(client: Client, ids: Iterable[str]) -> Instance | None:
    """The instance that these containers are; None when they are gone."""
    asked = [Background(partial(inspect, client, id_)) for id_ in ids]
    found = [one for answer in asked if (one := answer.answer()) is not None]
    return with_replicas(found)[0] if found else None


def create(client: Client, birth: "ContainerSpec", network: str) -> Instance:
    """See `Engine.create`."""
    plan = birth.plan
    # Until it is on a record its containers have their own names: one that is there is in the way.
    there = ids_by_label(client, plan.deployment) if plan.deployment in client.containers else {}
    edge = edge_on(client, birth, network) if len(there) < plan.replicas else None
    made: list[Instance] = []
    for number in range(1, plan.replicas + 1):
        if number in there:
            continue
        config = birth_config(birth, network, edge, number)
        if plan.spec.stop_first and client.in_swarm:
            # A name that it gets later leads nobody to it, and no other of it ever runs beside it.
            endpoint = config["NetworkingConfig"]["EndpointsConfig"][network]
            endpoint["Aliases"].append(plan.service)
        name = container_name(plan.service, plan.deployment, plan.key, number)
        try:
            there[number] = make(client, plan.service, config, name)
        except Conflict:
            there |= ids_by_label(client, plan.deployment)
            if number not in there:
                raise
        else:
            made += _just_made(there[number], name, config)
    ids = tuple(there[number] for number in sorted(there))
    client.containers[plan.deployment] = ids
    # Of what it has made itself just now, the engine need not be asked.
    whole = with_replicas(made)[0] if len(made) == len(ids) else _whole(client, ids)
    if whole is None:
        raise gone(plan.deployment)
    return whole


def _just_made(container: str, name: str, config: Mapping[str, Any]) -> tuple[Instance, ...]:
    """What the engine would list of it; nothing when that would make no sense."""
    row = {"Id": container, "Names": [f"/{name}"], "ImageID": config["Image"], "State": "created"}
    instance = instance_of_row({**row, "Labels": config["Labels"]})
    return () if instance is None else (instance,)


def edge_on(client: Client, birth: "ContainerSpec", network: str) -> str | None:
    """Where a new container finds the edge; None when it looks for nobody there."""
    if not birth.inner:
        return None
    # Whoever made the lock has looked, and rests on it, too.
    subnet = client.subnets.get(network) or subnet_of(client, network)
    return edge_address(subnet) if subnet is not None else None


def make(client: Client, service: str, config: dict[str, Any], name: str) -> str:
    """Create a container; its id. Raises ImageUnavailable, DiskFull, Conflict (name taken)."""
    try:
        with client.translate(f"create the container {name}"):
            return client.create_container(config, name)
    except Missing as error:
        raise ImageUnavailable(
            f"the image of {service} is no longer on the engine",
            hint="deploy again to make it anew",
        ) from error


def birth_config(
    birth: "ContainerSpec", network: str, edge: str | None = None, number: int = 1
) -> dict[str, Any]:
    """A replica's container, as the engine's API wants it. Holds revealed values.

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
        "Labels": labels_of(birth) | labels.of_replica(number),
        "StopTimeout": whole_seconds(plan.spec.stop_grace),
        "HostConfig": host,
        "NetworkingConfig": on_network(network, plan.deployment, number),
    }
    if plan.spec.command is not None:
        config["Cmd"] = list(plan.spec.command)
    return config


def on_network(network: str, deployment: str, number: int) -> dict[str, Any]:
    """A replica's place on its environment's network, under its own name."""
    return {"EndpointsConfig": {network: {"Aliases": [alias(deployment, number)]}}}


def _mount(birth: "ContainerSpec", volume: str, path: str) -> dict[str, Any]:
    plan = birth.plan
    owner = labels.of_environment(Role.VOLUME, plan.key) | {labels.SERVICE: plan.service}
    return {
        "Type": "volume",
        "Source": labels.volume_name(plan.key, plan.service, volume),
        "Target": path,
        "VolumeOptions": {"Labels": owner},
    }


def start(client: Client, deployment: str) -> None:
    """See `Engine.start`."""
    for container in locate_all(client, deployment):
        _start(client, deployment, container)


def _start(client: Client, deployment: str, container: str) -> None:
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
        for container in locate_all(client, deployment):
            set_restart_policy(client, container, "always")
    except Missing as error:
        raise gone(deployment) from error


def retire_all(client: Client, graces: Mapping[str, timedelta]) -> frozenset[str]:
    """See `Engine.retire_all`."""
    going = {id_: one for one in graces for id_ in ids_of(client, one)}
    killed = end_all(client, {id_: graces[one] for id_, one in going.items()})
    return frozenset(going[id_] for id_ in killed)


def end_all(client: Client, graces: Mapping[str, timedelta]) -> frozenset[str]:
    """Stop these containers side by side, each with its own grace; those that had to be killed."""
    if len(graces) < 2:
        return frozenset(one for one, grace in graces.items() if _end(client, one, grace))
    # It loads logging, and only a change stops containers.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(len(graces), STOPPED_AT_ONCE)) as pool:
        asked = {one: pool.submit(_end, client, one, grace) for one, grace in graces.items()}
    return frozenset(one for one, answer in asked.items() if answer.result())


def _end(client: Client, container: str, grace: timedelta) -> bool:
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
    # Whoever is killed later than that was given all the time there was. (By its own end, or by the
    # lack of memory, it could have died at that very moment: then it is nothing to speak of.)
    return _was_killed(client, container)


def _was_killed(client: Client, container: str) -> bool:
    """Also of a Swarm's task, whose labels do not make it a deployment."""
    try:
        with client.translate("inspect a container"):
            state = client.inspect_container(container)["State"]
    except Missing:
        return False
    return state.get("ExitCode") == KILLED and not (state.get("Running") or state.get("OOMKilled"))


def remove(client: Client, deployment: str) -> None:
    """See `Engine.remove`. What a killed run left of its release command goes too."""
    own = ids_of(client, deployment)
    listed = Background(lambda: rows(client, labels.any_role(deployment=deployment)))
    for container in own:
        remove_container(client, container)
    for row in listed.answer():
        released = (row.get("Labels") or {}).get(labels.ROLE) == Role.RELEASE
        if released:
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


def fingerprints_of(given: Iterable[str], key: bytes) -> dict[str, str]:
    """By name: the fingerprints of values, as an engine has them: `NAME=VALUE`."""
    pairs = (one.partition("=") for one in given)
    return {name: Secret(value).fingerprint(key) for name, _, value in pairs}
