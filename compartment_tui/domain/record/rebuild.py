"""What was lost, made again: records from routes and labels, routes from records."""

from collections.abc import Iterable
from datetime import datetime

from compartment_tui.domain.claims import refuse_rebuilding
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
from compartment_tui.domain.routes import Route, RouteTable


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
    found = {one.deployment: one for one in instances}
    routes = {route.deployment: route for route in table.routes if not _preview(route)}
    previews = {route.deployment: route.host for route in table.routes if _preview(route)}
    active = {found[name].service: name for name in routes if name in found}
    # Those that run come first; one that does not was stopped by hand, and is still the active one.
    for one in sorted(found.values(), key=lambda one: not one.running):
        if one.service not in active and one.name == active_name(one.service, key):
            active[one.service] = one.deployment
    held = {
        one.service: one.deployment
        for one in sorted(found.values(), key=lambda one: one.deployment)
        if one.deployment in previews or _waits(one, active.get(one.service))
    }
    return EnvironmentRecord(
        key=key,
        active=active,
        held=held,
        deployments={
            name: _from_labels(
                one,
                route=routes.get(name),
                active=active.get(one.service) == name,
                held=held.get(one.service) == name,
                preview=previews.get(name),
            )
            for name, one in sorted(found.items())
        },
        audit=(
            AuditLine(
                at=now,
                actor="compartment-tui",
                verb="rebuild",
                detail="made again from routes and labels; earlier runs and audit lines are lost",
            ),
        ),
        rebuilt=True,
    )


def routed(state: EnvironmentRecord) -> RouteTable:
    """The routes that the record calls for: of what is active, and previews of what is held."""
    actives = (state.active_deployment(service) for service in state.active)
    held = (state.held_deployment(service) for service in state.held)
    wanted = (
        *((one.host, one) for one in actives if one is not None),
        *((one.preview, one) for one in held if one is not None),
    )
    return RouteTable(
        routes=tuple(
            sorted(
                Route(
                    host=host,
                    deployment=one.id,
                    port=one.port,
                    stopped=_stopped(one),
                    fallback=bool(spec_of(one).fallback),
                )
                for host, one in wanted
                if host is not None and one.port is not None
            )
        )
    )


def _stopped(one: Deployment) -> str:
    """Whom the edge answers for in its place; empty for what runs."""
    return one.service if one.resting else ""


def _waits(one: Instance, active: str | None) -> bool:
    """Whether it looks like a held candidate without a preview.

    A failed one that was kept for a look has been started and stopped; what bears the name inside
    was live.
    """
    if one.deployment == active or (active is not None and one.deployment < active):
        return False
    if one.name == active_name(one.service, one.key):
        return False
    return one.running or one.state is InstanceState.CREATED


def _from_labels(
    one: Instance, *, route: Route | None, active: bool, held: bool, preview: str | None
) -> Deployment:
    at_rest = Stage.HELD if held else Stage.STOPPED
    # The engine brings back what ends by itself: an active one that ended was stopped by hand.
    by_hand = active and one.state is InstanceState.EXITED
    return Deployment(
        id=one.deployment,
        run=one.run,
        service=one.service,
        created=one.created,
        # Labels do not tell what made it; most are made by a deploy.
        trigger=Trigger.DEPLOY,
        spec=one.spec,
        image=one.image,
        container=one.container,
        port=route.port if route else one.port,
        host=route.host if route else None,
        provenance=one.provenance,
        fingerprints=one.fingerprints,
        sensitive=one.sensitive,
        status=Status.STOPPED if by_hand else Status.SUCCEEDED,
        stage=Stage.ACTIVE if active and not by_hand else at_rest,
        completed=one.started,
        previous=one.previous,
        # Not told apart from a failed candidate that was kept: a rollback proves it again anyway.
        activated=None if held else one.started or one.created,
        preview=preview,
    )


def _preview(route: Route) -> bool:
    return is_preview(route.host, route.deployment)
