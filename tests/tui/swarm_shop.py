"""The shop of the demonstration on a Swarm of three machines, as the pictures have it."""

from dataclasses import replace
from datetime import timedelta

from compartment_tui.adapters.demo.shop import BEHAVIOURS, SERVICES
from compartment_tui.adapters.memory.clock import FakeClock, scattered
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.world import MemoryWorld, swarm_world
from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.rollout.shop import outcome

REPLICAS = {"web": 3, "api": 2}
WHILE = timedelta(hours=5)
"""Since when it is live."""


def open_swarm_shop(clock: FakeClock) -> MemoryWorld:
    """Production and staging, live on n1 (the home), n2 and n3."""
    clock.entropy = scattered
    services = tuple(
        replace(one, replicas=REPLICAS.get(one.name, 1), requires=())
        for one in SERVICES
        if one.name in ("web", "api", "docs", "worker")
    )
    environments = (
        EnvironmentConfig(name="production", protected=True),
        EnvironmentConfig(name="staging", replicas={"web": 1, "api": 1}),
    )
    config = ProjectConfig(name="shop", services=services, environments=environments)
    opened = swarm_world(config, host=Host(clock=clock), actor="you@laptop")
    for name, behaviour in BEHAVIOURS.items():
        opened.host.behave(name, replace(behaviour, chatter=None))
    for name in ("production", "staging"):
        deployed = requests.execute(opened.world, Deploy(environment=name))
        assert outcome(deployed) is Outcome.LIVE
        clock.advance(WHILE)
    return opened
