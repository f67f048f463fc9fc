"""The rebuild of what was lost: records from routes and labels, routes from records."""

from collections.abc import Iterable
from datetime import datetime

from compartment_tui.domain.claims import refuse_rebuilding
from compartment_tui.domain.config import ReadinessKind, Scheme, ServiceSpec
from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentRecord,
    Instance,
    InstanceState,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey, active_name, is_preview
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import EdgeCheck, Route, RouteTable

LEAST_GOOD, MOST_GOOD = 200, 399
"""The statuses by which the edge takes a replica for a good one."""


def rebuild(
    key: EnvironmentKey, instances: Iterable[Instance], table: RouteTable, now: datetime
) -> EnvironmentRecord:
    """The record of an environment whose own was lost, as far as routes and labels tell.

    Routed services are active where their route leads, workers where the internal name is. Held is
    where a preview leads, or what was made after the active one and runs or was never started.
    Runs, outcomes and the audit are gone; one audit line says so.

    Raises RecordInvalid when several containers say that they are the same deployment.
    """
    instances = tuple(instances)
    refuse_rebuilding(key, instances)
    by_deployment = {one.deployment: one for one in instances}
    routes = {route.deployment: route for route in table.routes if not _preview(route)}
    previews = {route.deployment: route.host for route in table.routes if _preview(route)}
    active = {by_deployment[name].service: name for name in routes if name in by_deployment}
    # Those that run come first; one that does not was stopped by hand, and is still the active one.
    for instance in sorted(by_deployment.values(), key=lambda one: not one.running):
        if instance.service not in active and _has_active_name(instance):
            active[instance.service] = instance.deployment
    held = {
        instance.service: name
        for name, instance in sorted(by_deployment.items())
        if name in previews or _waits(instance, active.get(instance.service))
    }
    return EnvironmentRecord(
        key=key,
        active=active,
        held=held,
        deployments={
            name: _from_labels(
                instance,
                route=routes.get(name),
                active=active.get(instance.service) == name,
                held=held.get(instance.service) == name,
                preview=previews.get(name),
            )
            for name, instance in sorted(by_deployment.items())
        },
        audit=(_told(now),),
        rebuilt=True,
        public=table.public,
    )


def _told(now: datetime) -> AuditLine:
    detail = "made again from routes and labels; earlier runs and audit lines are lost"
    return AuditLine(at=now, actor="compartment-tui", verb="rebuild", detail=detail)


def routed(state: EnvironmentRecord) -> RouteTable:
    """The routes that the record calls for: of what is active, and previews of what is held."""
    actives = (state.active_deployment(service) for service in state.active)
    held = (state.held_deployment(service) for service in state.held)
    # Whoever was made to look for a service at the edge must find it there.
    called = {name for one in state.deployments.values() for name in one.inner}
    wanted = (
        *((one.host, one) for one in actives if one is not None),
        *((one.preview, one) for one in held if one is not None),
    )
    return RouteTable(
        routes=tuple(
            sorted(
                route_to(
                    spec_of(deployment),
                    host=host,
                    deployment=deployment.id,
                    port=deployment.port,
                    replicas=deployment.replicas,
                    one_name=deployment.one_name,
                    stopped=_stopped(deployment),
                    inside=deployment.service
                    if host == deployment.host and deployment.service in called
                    else "",
                )
                for host, deployment in wanted
                if host is not None and deployment.port is not None
            )
        ),
        public=state.public,
    )


def route_to(
    spec: ServiceSpec,
    *,
    host: str,
    deployment: str,
    port: int,
    inside: str,
    replicas: int = 1,
    one_name: bool = False,
    stopped: str = "",
) -> Route:
    """A route to a deployment that runs by a specification."""
    return Route(
        host=host,
        deployment=deployment,
        port=port,
        stopped=stopped,
        fallback=bool(spec.fallback),
        inside=inside,
        scheme="" if spec.scheme is Scheme.HTTP else spec.scheme.value,
        unverified=spec.scheme is Scheme.HTTPS and not spec.verify,
        replicas=replicas,
        check=edge_check(spec) if replicas > 1 and not one_name else None,
        one_name=one_name,
    )


def edge_check(spec: ServiceSpec) -> EdgeCheck | None:
    """What the edge can ask of each replica; None where a service declares nothing like it.

    Then one that is away is known by its refusing connections alone.
    """
    asked = spec.readiness
    if asked is None or asked.kind is not ReadinessKind.HTTP:
        return None
    if any(low < LEAST_GOOD or high > MOST_GOOD for low, high in asked.status):
        return None
    return EdgeCheck(path=asked.path, port=asked.port or 0, headers=asked.headers)


def _has_active_name(instance: Instance) -> bool:
    return instance.name == active_name(instance.service, instance.key)


def _stopped(deployment: Deployment) -> str:
    """Whom the edge answers for in its place; empty for what runs."""
    return deployment.service if deployment.resting else ""


def _waits(instance: Instance, active: str | None) -> bool:
    """Whether it looks like a held candidate without a preview.

    A failed one that was kept for a look has been started and stopped; what bears the name inside
    was live.
    """
    if instance.deployment == active or (active is not None and instance.deployment < active):
        return False
    if _has_active_name(instance):
        return False
    return instance.running or instance.state is InstanceState.CREATED


def _from_labels(
    instance: Instance, *, route: Route | None, active: bool, held: bool, preview: str | None
) -> Deployment:
    at_rest = Stage.HELD if held else Stage.STOPPED
    # The engine brings back what ends by itself: an active one that ended was stopped by hand.
    by_hand = active and instance.state is InstanceState.EXITED
    return Deployment(
        id=instance.deployment,
        run=instance.run,
        service=instance.service,
        created=instance.created,
        # Labels do not tell what made it; most are made by a deploy.
        trigger=Trigger.DEPLOY,
        spec=instance.spec,
        image=instance.image,
        container=instance.container,
        others=instance.containers[1:],
        one_name=instance.one_name,
        replicas=route.replicas if route else len(instance.replicas),
        port=route.port if route else instance.port,
        host=route.host if route else None,
        provenance=instance.provenance,
        fingerprints=instance.fingerprints,
        sensitive=instance.sensitive,
        status=Status.STOPPED if by_hand else Status.SUCCEEDED,
        stage=Stage.ACTIVE if active and not by_hand else at_rest,
        completed=instance.started,
        previous=instance.previous,
        inner=instance.inner,
        # Not told apart from a failed candidate that was kept: a rollback proves it again anyway.
        activated=None if held else instance.started or instance.created,
        preview=preview,
    )


def _preview(route: Route) -> bool:
    return is_preview(route.host, route.deployment)
