"""The container of a deployment: the one that its record names.

An image that is made of a container has its labels, and so has every container made of that. So
labels only tell what nothing else does, and where several claim one deployment, a person decides.
"""

from collections.abc import Iterable
from dataclasses import replace

from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.errors import ContainerClaimed, RecordInvalid
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    container_name,
    show,
    stepping_aside_name,
)


def own_instances(record: EnvironmentRecord, instances: Iterable[Instance]) -> dict[str, Instance]:
    """Each deployment's own container, by deployment.

    Where the record of an earlier version does not name it, that which bears a name of ours counts
    before one that does not: no two containers of an engine share a name.
    """
    own: dict[str, Instance] = {}
    for instance in instances:
        known = record.deployments.get(instance.deployment)
        if known is not None and known.container and instance.container not in known.containers:
            continue
        if instance.deployment not in own or not has_our_name(own[instance.deployment]):
            own[instance.deployment] = instance
    return own


def unnamed_containers(
    record: EnvironmentRecord, instances: Iterable[Instance]
) -> tuple[Instance, ...]:
    """Those of deployments whose containers the record does not name, if one alone claims it."""
    claims = claims_of(instances)
    return tuple(
        claimants[0]
        for deployment, claimants in claims.items()
        if len(claimants) == 1
        and (known := record.deployments.get(deployment)) is not None
        and not known.container
    )


def has_our_name(instance: Instance) -> bool:
    """Whether it bears one of the names that a deployment's container has in its life."""
    return instance.name in (
        container_name(instance.service, instance.deployment, instance.key),
        active_name(instance.service, instance.key),
        stepping_aside_name(instance.service, instance.key),
    )


def with_replicas(containers: Iterable[Instance]) -> tuple[Instance, ...]:
    """Instances with all of their replicas, of instances that stand for a container each.

    Of one whose first is gone, the lowest number is the first. Two with one number stay apart.
    """
    found: dict[tuple[str, int], list[Instance]] = {}
    for one in containers:
        found.setdefault((one.deployment, one.number), []).append(one)
    whole: dict[str, list[Instance]] = {}
    for (deployment, _), claimants in sorted(found.items(), key=lambda item: item[0][1]):
        if len(claimants) == 1 and deployment in whole:
            first, *others = whole[deployment]
            whole[deployment] = [replace(first, more=(*first.more, *claimants)), *others]
        else:
            whole.setdefault(deployment, []).extend(claimants)
    return tuple(one for claimants in whole.values() for one in claimants)


def claims_of(instances: Iterable[Instance]) -> dict[str, list[Instance]]:
    """By deployment: every container that says it is that one."""
    claims: dict[str, list[Instance]] = {}
    for instance in instances:
        claims.setdefault(instance.deployment, []).append(instance)
    return claims


def claimed(deployment: str, names: Iterable[str]) -> ContainerClaimed:
    """What to raise when several containers say that they are one deployment."""
    shown = sorted(show(name) for name in names)
    return ContainerClaimed(
        f"{len(shown)} containers say they are {deployment}: {', '.join(shown)}",
        hint="one of them is a copy: see which with `docker ps -a`,"
        " then remove it with `docker rm -f NAME`",
    )


def refuse_claims(instances: Iterable[Instance]) -> None:
    """Raises ContainerClaimed when several containers say that they are the same deployment."""
    for deployment, claimants in sorted(claims_of(instances).items()):
        if len(claimants) > 1:
            raise claimed(deployment, (one.name for one in claimants))


def refuse_rebuilding(key: EnvironmentKey, instances: Iterable[Instance]) -> None:
    """Raises RecordInvalid when labels do not tell which containers a lost record had."""
    try:
        refuse_claims(instances)
    except ContainerClaimed as error:
        raise RecordInvalid(
            f"the record of {show(key.environment)} is lost, and cannot be made again:"
            f" {error.message}",
            hint=error.hint,
        ) from error
