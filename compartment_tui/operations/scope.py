"""Which environment a verb is about, and what is on record of it."""

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentState
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name
from compartment_tui.domain.rebuilding import rebuild
from compartment_tui.domain.routes import RouteTable
from compartment_tui.ports import World


def key_and_config(world: World, environment: str) -> tuple[EnvironmentKey, ProjectConfig]:
    """Raises ProjectFileInvalid, UsageProblem (no environment name)."""
    config = world.project.config()
    return EnvironmentKey(config.name, parse_environment_name(environment)), config


def state_of(world: World, key: EnvironmentKey) -> EnvironmentState:
    """The record of an environment as it can be read without the lock.

    A lost one is made again from routes and labels, as the next change will; an environment that
    never was has an empty one.
    """
    record = world.records.read(key)
    if record is not None:
        return record
    instances = world.engine.instances(key)
    if not instances:
        return EnvironmentState(key=key)
    return rebuild(key, instances, world.edge.tables().get(key, RouteTable()), world.clock.now())
