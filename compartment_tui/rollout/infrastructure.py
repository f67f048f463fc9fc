"""The network and the edge that a run needs before it begins."""

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import Infrastructure
from compartment_tui.ports import World

REPLACE_EDGE = (
    "`compartment-tui edge restart --apply` makes it anew; that interrupts every project for some"
    " seconds"
)


def ensure_infrastructure(world: World, key: EnvironmentKey, config: ProjectConfig) -> bool:
    """Make what is missing, under the engine's lock; True if anything was.

    Raises EdgeConflict, PortTaken, ImageUnavailable, Refused (no subnet left).
    """
    if _ready(world, key, config):
        return False
    with world.locks.engine(actor=world.actor):
        world.engine.make_network(key, config.networks)
        world.edge.ensure(config.edge_for_services)
        world.edge.attach(key)
    return True


def edge_note(world: World) -> str:
    """That an earlier version made the edge, and the way on; empty when it is as one made now."""
    edge = world.edge.info()
    if edge is None or not (edge.open or edge.lacks):
        return ""
    return f"an earlier version made the edge: {REPLACE_EDGE}"


def lets_wait(world: World) -> bool:
    """Whether the edge can let requests wait: one that an earlier version made does not.

    They wait for a name that moves.
    """
    edge = world.edge.info()
    return edge is not None and not edge.lacks and world.engine.moves_names()


def missing_infrastructure(
    world: World, key: EnvironmentKey, config: ProjectConfig
) -> Infrastructure:
    """What `ensure_infrastructure` would make. Raises Refused (no subnet that may be taken)."""
    there = key in world.engine.networks()
    return Infrastructure(
        subnet=None if there else world.engine.next_subnet(config.networks),
        edge=config.edge if world.edge.info() is None else None,
    )


def _ready(world: World, key: EnvironmentKey, config: ProjectConfig) -> bool:
    edge = world.edge.info()
    return (
        edge is not None
        and edge.running
        and edge.settings.suits(config.edge, earlier=bool(edge.lacks))
        and key in edge.attached
        and key in world.engine.networks()
    )
