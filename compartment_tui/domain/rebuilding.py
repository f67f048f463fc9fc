"""What was lost, made again: records from routes and labels, routes from records."""

from collections.abc import Iterable
from datetime import datetime

from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentState,
    Instance,
    InstanceState,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey, active_name
from compartment_tui.domain.routes import Route, RouteTable


def rebuild(
    key: EnvironmentKey, instances: Iterable[Instance], table: RouteTable, now: datetime
) -> EnvironmentState:
    """The record of an environment whose own was lost, as far as routes and labels tell.

    Routed services are active where their route leads, workers where the internal name is. Runs,
    outcomes and the audit are gone; one audit line says so.
    """
    found = {one.deployment: one for one in instances}
    routes = {route.deployment: route for route in table.routes if not _preview(route)}
    held = {route.deployment for route in table.routes if _preview(route)}
    active = {found[name].service: name for name in routes if name in found}
    # Those that run come first; one that does not was stopped by hand, and is still the active one.
    for one in sorted(found.values(), key=lambda one: not one.running):
        if one.service not in active and one.name == active_name(one.service, key):
            active[one.service] = one.deployment
    return EnvironmentState(
        key=key,
        active=active,
        deployments={
            name: _from_labels(
                one,
                route=routes.get(name),
                active=active.get(one.service) == name,
                held=name in held,
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


def routed(state: EnvironmentState) -> RouteTable:
    """The routes that the record's active deployments call for."""
    actives = (state.active_deployment(service) for service in sorted(state.active))
    return RouteTable(
        routes=tuple(
            sorted(
                Route(
                    host=one.host,
                    deployment=one.id,
                    port=one.port,
                    stopped=one.service if one.resting else "",
                )
                for one in actives
                if one is not None and one.host is not None and one.port is not None
            )
        )
    )


def _from_labels(one: Instance, *, route: Route | None, active: bool, held: bool) -> Deployment:
    at_rest = Stage.HELD if held and one.running else Stage.STOPPED
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
        port=route.port if route else one.port,
        host=route.host if route else None,
        provenance=one.provenance,
        fingerprints=one.fingerprints,
        status=Status.STOPPED if by_hand else Status.SUCCEEDED,
        stage=Stage.ACTIVE if active and not by_hand else at_rest,
        completed=one.started,
        previous=one.previous,
        # Not told apart from a failed candidate that was kept: a rollback proves it again anyway.
        activated=one.started or one.created,
    )


def _preview(route: Route) -> bool:
    return route.host.startswith(f"c-{route.deployment[-10:].lower()}-")
