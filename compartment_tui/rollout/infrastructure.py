"""The network and the edge that a run needs before it begins."""

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import Infrastructure
from compartment_tui.ports import World


def ensure_infrastructure(world: World, key: EnvironmentKey, config: ProjectConfig) -> bool:
    """Make what is missing, under the engine's lock; True if anything was.

    Raises EdgeConflict, PortTaken, ImageUnavailable, Refused (no subnet left).
    """
    if _ready(world, key, config):
        return False
    with world.locks.engine(actor=world.actor):
        world.engine.make_network(key, config.networks)
        world.edge.ensure(config.edge)
        world.edge.attach(key)
    return True


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
        and edge.settings == config.edge
        and key in edge.attached
        and key in world.engine.networks()
    )
