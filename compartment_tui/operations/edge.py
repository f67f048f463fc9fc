"""The edge: how it does, restarted, removed."""

from compartment_tui.domain.detail_views import EdgeView
from compartment_tui.domain.errors import EngineProblem, NotFound
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import edge_settings


def edge(world: World) -> EdgeView | None:
    """The edge as it is now; None when there is none."""
    info = world.edge.info()
    if info is None:
        return None
    tables = world.edge.tables()
    return EdgeView(
        running=info.running,
        settings=info.settings,
        image=info.image,
        since=info.started,
        environments=tuple(sorted(tables)),
        hosts=sum(len(table.routes) for table in tables.values()),
        open=info.open,
        lacks=info.lacks,
    )


def restart_edge(world: World, *, apply: bool) -> EdgeView:
    """Restart the edge, with the project file's `[edge]` if `apply`: every project is interrupted.

    Raises PortTaken, EngineProblem (it does not come back).
    """
    settings = edge_settings(world, world.project.config())
    with world.locks.engine(actor=world.actor):
        if world.edge.info() is None:
            world.edge.ensure(settings)
        else:
            world.edge.restart(settings if apply else None)
    view = edge(world)
    if view is None or not view.running:
        raise EngineProblem(
            "the edge did not come back", hint="`compartment-tui doctor` tells what is wrong"
        )
    return view


def remove_edge(world: World) -> EdgeView:
    """Remove the edge's container; routes and records stay. Raises NotFound."""
    view = edge(world)
    if view is None:
        raise NotFound("there is no edge on this engine")
    with world.locks.engine(actor=world.actor):
        world.edge.remove()
    return view
