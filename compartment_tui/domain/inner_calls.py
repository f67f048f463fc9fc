"""Inner calls: how the services of an environment reach each other, through the edge or directly.

Through the edge a caller gets what visitors get: no call is lost at a switch, and one rename moves
all of them. It finds the edge under the service's name from its birth on. Workers, other ports and
what is to be reached `direct` have a name that moves from container to container.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from compartment_tui.domain.config import Internal, ServiceSpec
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Purpose
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import is_preview
from compartment_tui.domain.planning.plan import DEFAULT_PORT, Plan, Run
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.routes import Route, RouteTable


def called_through_edge(spec: ServiceSpec, port: int | None, ports: Collection[int]) -> bool:
    """Whether others call it through an edge that takes inner calls at `ports`."""
    return bool(name_inside(spec, ports)) and port in ports


def name_inside(spec: ServiceSpec, ports: Collection[int]) -> str:
    """The name by which such an edge takes calls for it; empty when it takes none."""
    routed = spec.kind.routed and spec.internal is Internal.EDGE
    return spec.name if routed and ports else ""


def opened(table: RouteTable, record: EnvironmentRecord, ports: Collection[int]) -> RouteTable:
    """The table with inner calls for everything that is active.

    One that an earlier version wrote has none, nor one that was written for an edge without.
    """
    return replace(table, routes=tuple(_opened(one, record, ports) for one in table.routes))


def _opened(route: Route, record: EnvironmentRecord, ports: Collection[int]) -> Route:
    active = record.is_active(route.deployment) and not is_preview(route.host, route.deployment)
    if not active:
        return route
    spec = spec_of(record.deployments[route.deployment])
    return replace(route, inside=name_inside(spec, ports))


def known_at_birth(
    run: Run, record: EnvironmentRecord, known: Mapping[str, int | None], ports: Collection[int]
) -> tuple[str, ...]:
    """The services that a container made in this run reaches through the edge.

    `known` has the ports of the run's candidates, by service. Of what a run only holds, what is
    live until then counts.
    """
    found = {
        name: (spec_of(one), one.port)
        for name in record.active
        if (one := record.active_deployment(name)) is not None
    }
    for plan in run.plans:
        if plan.removes:
            found.pop(plan.service, None)
        elif run.purpose is Purpose.LIVE or plan.service not in found:
            found[plan.service] = plan.spec, known.get(plan.service, plan.port)
    return tuple(
        name
        for name, (spec, port) in sorted(found.items())
        if called_through_edge(spec, port, ports)
    )


def refuse_unmovable(run: Run, services: Collection[str], ports: Collection[int]) -> None:
    """Raises Refused where callers inside would stay with what was replaced.

    On an engine whose names do not move; `services` are those of the environment.
    """
    for plan in run.plans:
        alone = set(services) <= {plan.service}
        if alone or plan.removes or plan.spec.stop_first or not plan.spec.kind.routed:
            continue
        port = _likely_port(plan)
        if called_through_edge(plan.spec, DEFAULT_PORT if port is None else port, ports):
            continue
        where = ", ".join(map(str, ports))
        if not ports:
            hint = "`compartment-tui edge restart --apply` makes an edge that takes inner calls"
        elif plan.spec.internal is Internal.DIRECT:
            hint = f'leave `internal = "direct"` away from [services.{plan.service}]'
        else:
            hint = f"give it one of these ports: {where}; or `compartment-tui edge restart --apply`"
        raise Refused(
            f"other services would call {plan.service} directly, and on an engine in Swarm mode"
            " a name does not move from one container to the next",
            hint=hint,
        )


def notes_on(
    run: Run, record: EnvironmentRecord, ports: Collection[int], *, names_move: bool = True
) -> Iterator[str]:
    """What is to be known of the inner calls of what this run makes live."""
    if run.purpose is not Purpose.LIVE:
        return
    for plan in run.plans:
        if plan.removes or not plan.spec.kind.routed:
            continue
        port = _likely_port(plan)
        if not names_move and plan.previous is None:
            yield from _unknown_to(plan, run, record)
        if port is None or called_through_edge(plan.spec, port, ports):
            continue
        if ports and plan.spec.internal is Internal.EDGE:
            yield (
                f"{plan.service} is called directly by other services: the edge takes no inner"
                f" calls at port {port}; `compartment-tui edge restart --apply` adds it"
            )
        if bound := sorted(_bound_to_edge(plan.service, run, record)):
            yield (
                f"{plan.service} will be called directly, but {', '.join(bound)} looked for it at"
                " the edge since their start: they reach it again once they are deployed anew"
            )


def _unknown_to(plan: Plan, run: Run, record: EnvironmentRecord) -> Iterator[str]:
    """Who was made before a new service, and cannot find it where names do not move."""
    made = {one.service for one in run.plans}
    older = sorted(
        name
        for name in record.active
        if name not in made
        and (one := record.active_deployment(name)) is not None
        and plan.service not in one.inner
    )
    if older:
        yield (
            f"{plan.service} is new: {', '.join(older)} will find it once deployed anew"
            " (the engine is in Swarm mode)"
        )


def _likely_port(plan: Plan) -> int | None:
    """Its port, as far as that is known before the image is made."""
    return plan.port or (plan.previous.port if plan.previous is not None else None)


def _bound_to_edge(service: str, run: Run, record: EnvironmentRecord) -> Iterator[str]:
    """The other services, running or started again by this run, that call it through the edge."""
    made = {plan.service for plan in run.plans if not plan.reuses_container}
    again = {plan.service: plan.deployment for plan in run.plans if plan.reuses_container}
    for name, deployment in {**record.active, **again}.items():
        known: Deployment | None = record.deployments.get(deployment)
        if known is not None and name not in made | {service} and service in known.inner:
            yield name
