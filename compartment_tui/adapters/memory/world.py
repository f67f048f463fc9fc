"""Opens a world on a pretended machine.

opened = memory_world(config)
opened.host.behave("web", Behaviour(ready_after=timedelta(seconds=2)))
... operations on opened.world ...
opened.host.kill(opened.process)      # it crashes
again = opened.another()              # a second process on the same machine and repository
"""

from dataclasses import dataclass

from compartment_tui.adapters.dotenv import DotenvText
from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.builder import MemoryBuilder
from compartment_tui.adapters.memory.clock import FakeClock, ManualCancel
from compartment_tui.adapters.memory.domain_names import MemoryDomainNames
from compartment_tui.adapters.memory.edge import MemoryEdge
from compartment_tui.adapters.memory.engine import MemoryEngine
from compartment_tui.adapters.memory.error_log import MemoryErrorLog
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.locks import MemoryLocks
from compartment_tui.adapters.memory.programs import MemoryPrograms
from compartment_tui.adapters.memory.project import MemoryProject, MemorySource
from compartment_tui.adapters.memory.records import MemoryRecords
from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.ports import World

__all__ = [
    "Behaviour",
    "FakeClock",
    "Host",
    "ManualCancel",
    "MemoryProject",
    "MemorySource",
    "MemoryWorld",
    "memory_world",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryWorld:
    """A world, and what it is made of, for whoever pulls the strings."""

    world: World
    host: Host
    project: MemoryProject
    source: MemorySource
    programs: MemoryPrograms
    cancel: ManualCancel
    process: str
    """Who holds the locks taken by this world: what `Host.kill` wants."""

    @property
    def clock(self) -> FakeClock:
        return self.host.clock

    @property
    def secrets(self) -> MemorySecrets:
        return self.project.secrets

    def another(self, *, actor: str | None = None) -> "MemoryWorld":
        """A second process on the same machine and in the same repository."""
        return _open(self.host, self.project, self.source, actor=actor or self.world.actor)


def memory_world(
    config: ProjectConfig, *, host: Host | None = None, actor: str = "ada@laptop"
) -> MemoryWorld:
    """A world for that project file, on a machine of its own or on one that is there already."""
    machine = host or Host()
    return _open(machine, MemoryProject(config, machine.clock), MemorySource(), actor=actor)


def _open(host: Host, project: MemoryProject, source: MemorySource, *, actor: str) -> MemoryWorld:
    process, cancel = host.clock.new_id("process"), ManualCancel()
    programs = MemoryPrograms()
    world = World(
        engine=MemoryEngine(host),
        builder=MemoryBuilder(host),
        edge=MemoryEdge(host),
        locks=MemoryLocks(host, process),
        records=MemoryRecords(host),
        project=project,
        secrets=project.secrets,
        dotenv=DotenvText(),
        programs=programs,
        source=source,
        domain_names=MemoryDomainNames(host),
        certificates=project.certificates,
        clock=host.clock,
        cancel=cancel,
        error_log=MemoryErrorLog(),
        actor=actor,
    )
    return MemoryWorld(
        world=world,
        host=host,
        project=project,
        source=source,
        programs=programs,
        cancel=cancel,
        process=process,
    )
