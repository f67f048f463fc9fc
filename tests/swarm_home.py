"""A shop on a pretended Swarm of three managers, whose home is lost."""

from dataclasses import replace

from compartment_tui.adapters.memory.swarm import NOTICED_AFTER
from compartment_tui.adapters.memory.world import MemoryWorld, swarm_world
from compartment_tui.domain.config import ServiceSpec
from tests.rollout.shop import API, WEB, deploy, shop_config

DATA = replace(API, volumes=(("data", "/data"),))
"""Its data is on the home alone."""


def open_managers(*services: ServiceSpec) -> MemoryWorld:
    """Live on n1, which is the home, n2 and n3."""
    opened = swarm_world(shop_config(*(services or (replace(WEB, replicas=2), DATA))))
    for machine in opened.swarm.machines.values():
        machine.info = replace(machine.info, manager=True)
    deploy(opened)
    return opened


def lose_home(opened: MemoryWorld) -> None:
    """The managers have given n1 up."""
    opened.swarm.lose("n1")
    opened.clock.sleep(NOTICED_AFTER)
