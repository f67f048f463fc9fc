"""The routes of a project, and what stands behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.detail_views import RouteView
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import Rule
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.operations.engines import EngineAnswer, ask_engines, engines_of, world_of
from compartment_tui.ports import World


def routes(world: World, *, environment: str) -> tuple[RouteView, ...]:
    """An environment's addresses as they lie in its route document, and what stands behind them.

    Also the domains that the file gives it and no route has.
    """
    return _routes(world_of(world, environment), environment)


def project_routes(world: World) -> tuple[EngineAnswer[tuple[RouteView, ...]], ...]:
    """Those of all environments, engine by engine, as they lie in the route documents."""
    return ask_engines(engines_of(world), lambda engine: _routes(engine.world))


def _routes(world: World, environment: str | None = None) -> tuple[RouteView, ...]:
    project = world.project.config()
    views: list[RouteView] = []
    for key, table in sorted(world.edge.tables().items()):
        if key.project != project.name or environment not in {None, key.environment}:
            continue
        here = own_instances(EnvironmentRecord(key=key), world.engine.instances(key))
        secured = [one.host for one in table.public.domains if one.secured]
        ends = world.edge.certificate_ends(secured) if secured else {}
        views += _Addresses(key, table, project, here, ends).views()
        if environment is not None:
            views += _left_out(key, table, project)
    return tuple(views)


class _Addresses:
    """The addresses of one environment."""

    def __init__(
        self,
        key: EnvironmentKey,
        table: RouteTable,
        project: ProjectConfig,
        here: Mapping[str, Instance],
        ends: Mapping[str, datetime],
    ) -> None:
        self._key = key
        self._table = table
        self._http_port = project.edge.http_port
        self._here = here
        self._ends = ends

    def views(self) -> Iterator[RouteView]:
        """Each host of each route, its rules behind it; then those that lead elsewhere."""
        public = self._table.public
        by_host = {route.host: route for route in self._table.routes}
        for route in self._table.routes:
            rules = [rule for rule in public.rules if rule.on == route.host]
            for host in public.hosts_of(route.host):
                yield self._view(route, host, route)
                for rule in rules:
                    if rule.to in by_host:
                        yield self._of_rule(rule, host, by_host[rule.to], route)
            for domain in public.domains:
                if domain.to == route.host and domain.elsewhere:
                    view = self._view(route, domain.host, route)
                    yield replace(view, elsewhere=domain.elsewhere)

    def _of_rule(self, rule: Rule, host: str, target: Route, on: Route) -> RouteView:
        methods = f"{','.join(rule.methods)} " if rule.methods else ""
        view = self._view(target, host, on)
        return replace(view, path=f"{methods}{rule.path}", url=f"{view.url}{rule.path}")

    def _view(self, route: Route, host: str, on: Route) -> RouteView:
        """The address of a host; `on` is whose treatment its requests get."""
        instance = self._here.get(route.deployment)
        there = instance.replicas if instance else ()
        shared = tuple(one for one in there if one.number <= route.replicas)
        domain = self._table.public.domain(host)
        secured = domain is not None and domain.secured
        return RouteView(
            key=self._key,
            service=instance.service if instance else "",
            route=replace(route, host=host),
            url=self._table.public.url(host, self._http_port),
            container=instance.name if instance else None,
            running=any(one.running for one in shared),
            replicas=shared,
            secured=secured,
            ordered=domain is not None and domain.certificate.ordered and not secured,
            until=self._ends.get(host),
            maintenance=self._table.public.treatment(on.host).maintenance,
        )


def _left_out(
    key: EnvironmentKey, table: RouteTable, project: ProjectConfig
) -> Iterator[RouteView]:
    wanted = project.wanted_public(key.environment)
    for host in wanted.hosts:
        if table.public.domain(host) is None:
            service, elsewhere = wanted.place_of(host)
            yield RouteView(
                key=key,
                service=service,
                route=Route(host=host, deployment="", port=0),
                url=f"http://{host}",
                container=None,
                running=False,
                elsewhere=elsewhere,
                left_out=True,
            )
