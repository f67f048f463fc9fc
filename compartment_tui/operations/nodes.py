"""The machines of a Swarm, and which of the project's replicas run where."""

from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.detail_views import NodeView, SwarmView
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.home import single_machine
from compartment_tui.operations.engines import swarm_world, world_of
from compartment_tui.ports import World


def swarm_view(world: World, *, engine: str | None = None) -> SwarmView:
    """The machines of an engine's Swarm, by name: of the only one that the file names, if none is.

    Raises Refused (it is a single machine), UsageProblem (there are several), NotFound.
    """
    return _swarm_view(swarm_world(world, engine))


def swarm_of(world: World, environment: str) -> SwarmView:
    """The machines of the Swarm that an environment is on. Raises Refused, as `swarm_view`."""
    return _swarm_view(world_of(world, environment))


def _swarm_view(world: World) -> SwarmView:
    nodes = world.engine.nodes()
    if not nodes:
        raise single_machine()
    instances = world.engine.instances(project=world.project.config().name)
    replicas = [one for instance in instances for one in instance.replicas]
    return SwarmView(
        nodes=tuple(_node_view(node, replicas) for node in nodes),
        moving=tuple(
            instance
            for instance in instances
            if any(one.placement is not None for one in instance.replicas)
        ),
    )


def _node_view(node: NodeInfo, replicas: list[Instance]) -> NodeView:
    placed = [(one, one.placement) for one in replicas if one.placement is not None]
    return NodeView(
        node=node,
        replicas=tuple(one for one in replicas if one.running and one.node == node.name),
        lost=tuple(one for one, placement in placed if placement.left == node.name),
        starting=tuple(one for one, placement in placed if placement.node == node.name),
    )
