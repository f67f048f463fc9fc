"""The network and the edge that a run needs before it begins."""

from dataclasses import replace

from compartment_tui.domain.config import EdgeSettings, ProjectConfig
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import Infrastructure
from compartment_tui.ports import EdgeInfo, World

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
        world.edge.ensure(edge_settings(world, config))
        world.edge.attach(key)
    return True


def edge_settings(world: World, config: ProjectConfig) -> EdgeSettings:
    """What an edge for the project is made with.

    Raises UsageProblem (a file cannot be read), CertificateInvalid (it has no certificate in it).
    """
    settings = config.edge_for_services
    if not config.edge.acme.ca:
        return settings
    authority = world.certificates.authority(config.edge.acme.ca)
    return replace(settings, acme=replace(settings.acme, authority=authority))


def edge_notes(world: World, config: ProjectConfig) -> tuple[str, ...]:
    """What the file wants of the edge that it does not do, and the way on."""
    edge = world.edge.info()
    if of_edge := _note_on(edge):
        return (of_edge,)  # one that is too old for it all is told as such
    if edge is None:
        return ()
    found = edge.settings.falls_short(edge_settings(world, config))
    return tuple(f"the edge {one}: {REPLACE_EDGE}" for one in found)


def edge_orders(world: World, config: ProjectConfig, edge: EdgeInfo | None) -> bool:
    """Whether the edge, or one made now, asks whom the file names for certificates."""
    if edge is None:
        return True
    wanted = edge_settings(world, config).acme
    return edge.https and edge.settings.acme.server == wanted.server


def edge_note(world: World) -> str:
    """That an earlier version made the edge, and the way on; empty when it is as one made now."""
    return _note_on(world.edge.info())


def _note_on(edge: EdgeInfo | None) -> str:
    if edge is None or not (edge.open or edge.lacks):
        return ""
    return f"an earlier version made the edge: {REPLACE_EDGE}"


def lets_wait(world: World, edge: EdgeInfo | None) -> bool:
    """Whether the edge can let requests wait: one that an earlier version made does not.

    They wait for a name that moves.
    """
    return edge is not None and edge.takes_inner_calls and world.engine.moves_names()


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
        and edge.settings.suits(config.edge, earlier=not edge.https)
        and key in edge.attached  # so there is a network
    )
