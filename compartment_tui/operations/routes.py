"""The routes of a project, and what stands behind them."""

from compartment_tui.domain.claims import own_instances
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import RouteView
from compartment_tui.operations.status_rows import url
from compartment_tui.ports import World


def routes(world: World, *, environment: str | None = None) -> tuple[RouteView, ...]:
    """The project's routes as they lie in the route documents, and what stands behind them."""
    project = world.project.config()
    views = []
    for key, table in sorted(world.edge.tables().items()):
        if key.project != project.name or environment not in {None, key.environment}:
            continue
        here = own_instances(EnvironmentRecord(key=key), world.engine.instances(key))
        for route in table.routes:
            instance = here.get(route.deployment)
            views.append(
                RouteView(
                    key=key,
                    service=instance.service if instance else "",
                    route=route,
                    url=url(route.host, project) or "",
                    container=instance.name if instance else None,
                    running=instance is not None and instance.running,
                )
            )
    return tuple(views)
