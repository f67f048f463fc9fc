"""Opens a world on a pretended machine.

opened = memory_world(config)
opened.host.behave("web", Behaviour(ready_after=timedelta(seconds=2)))
... operations on opened.world ...
opened.host.kill(opened.process)      # it crashes
again = opened.another()              # a second process on the same machine and repository
"""

from dataclasses import dataclass, field, replace
from typing import cast

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
from compartment_tui.adapters.memory.port_of_host import PortOfHost
from compartment_tui.adapters.memory.programs import MemoryPrograms
from compartment_tui.adapters.memory.project import MemoryProject, MemorySource
from compartment_tui.adapters.memory.records import MemoryRecords
from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.adapters.memory.swarm import PretendedSwarm, usual_nodes
from compartment_tui.adapters.memory.swarm_engine import MemorySwarmBuilder, MemorySwarmEngine
from compartment_tui.domain.config import EngineSpec, ProjectConfig
from compartment_tui.domain.home import SwarmHome
from compartment_tui.ports import Builder, Edge, Engine, EnginePorts, Locks, Records, World

__all__ = [
    "Behaviour",
    "FakeClock",
    "Host",
    "ManualCancel",
    "MemoryProject",
    "MemorySource",
    "MemoryWorld",
    "memory_world",
    "swarm_world",
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
    hosts: dict[str, Host] = field(default_factory=dict)
    """By name: the machines of the project file's engines, made when first asked for."""

    @property
    def clock(self) -> FakeClock:
        return self.host.clock

    @property
    def swarm(self) -> PretendedSwarm:
        """The one that its machine is the home of."""
        if self.host.swarm is None:
            raise LookupError("this machine is the home of no Swarm: see `swarm_world`")
        return self.host.swarm

    @property
    def secrets(self) -> MemorySecrets:
        return self.project.secrets

    def another(self, *, actor: str | None = None) -> "MemoryWorld":
        """A second process on the same machines and in the same repository."""
        who = actor or self.world.actor
        return _open(self.host, self.project, self.source, actor=who, hosts=self.hosts)

    def host_of(self, engine: str) -> Host:
        """The machine of a named engine, or with an empty name the one `host` is."""
        return _host_of(engine, self.host, self.hosts)

    def at_manager(self, name: str) -> "MemoryWorld":
        """A process that addresses another manager: the Swarm is the same, the engine its own."""
        there = self.swarm.machines[name].images
        other = Host(
            clock=self.clock,
            address=f"memory://{name}",
            machine=name,
            containers=self.host.containers,
            networks=self.host.networks,
            images={id_: one for id_, one in self.host.images.items() if id_ in there},
            built={id_: one for id_, one in self.host.built.items() if id_ in there},
            record_copies=self.host.record_copies,
            fingerprint_seed=name.encode(),
        )
        swarm = other.make_swarm(one.info for one in self.swarm.machines.values())
        swarm.addressed = name
        swarm.machines, swarm.former = self.swarm.machines, self.swarm.former
        other.home = replace(cast(SwarmHome, self.host.home), addressed=name, here=False)
        return _open(other, self.project, self.source, actor=self.world.actor, hosts={})


def memory_world(
    config: ProjectConfig, *, host: Host | None = None, actor: str = "ada@laptop"
) -> MemoryWorld:
    """A world for that project file, on a machine of its own or on one that is there already."""
    machine = host or Host()
    project = MemoryProject(config, machine.clock)
    return _open(machine, project, MemorySource(), actor=actor, hosts={})


def swarm_world(
    config: ProjectConfig, *names: str, host: Host | None = None, actor: str = "ada@laptop"
) -> MemoryWorld:
    """The same on a Swarm of machines of these names, of which the first is the home."""
    machine = host or Host()
    machine.make_swarm(usual_nodes(*(names or ("n1", "n2", "n3"))))
    return memory_world(config, host=machine, actor=actor)


def _host_of(engine: str, host: Host, hosts: dict[str, Host]) -> Host:
    if not engine:
        return host
    if engine not in hosts:
        address = f"memory://{engine}"
        hosts[engine] = Host(
            clock=host.clock, address=address, machine=engine, registry=host.registry
        )
    return hosts[engine]


def _ports(host: Host, process: str) -> EnginePorts:
    engine, builder = _makers(host)
    return EnginePorts(
        engine=cast(Engine, PortOfHost(host, engine)),
        builder=cast(Builder, PortOfHost(host, builder)),
        edge=cast(Edge, PortOfHost(host, MemoryEdge(host))),
        locks=cast(Locks, PortOfHost(host, MemoryLocks(host, process))),
        records=cast(Records, PortOfHost(host, MemoryRecords(host))),
    )


def _makers(host: Host) -> tuple[MemoryEngine, MemoryBuilder | MemorySwarmBuilder]:
    builder = MemoryBuilder(host)
    if host.swarm is None:
        return MemoryEngine(host), builder
    return MemorySwarmEngine(host, host.swarm), MemorySwarmBuilder(builder, host.swarm)


class _MemoryEngines:
    """The engines of a pretended process; it can be copied with everything else."""

    def __init__(self, host: Host, hosts: dict[str, Host], process: str) -> None:
        self._host = host
        self._hosts = hosts
        self._process = process
        self._opened: dict[str, EnginePorts] = {}

    def open(self, spec: EngineSpec | None) -> EnginePorts:
        name = spec.name if spec else ""
        if name not in self._opened:
            host = _host_of(name, self._host, self._hosts)
            self._opened[name] = _ports(host, self._process)
        return self._opened[name]


def _open(
    host: Host,
    project: MemoryProject,
    source: MemorySource,
    *,
    actor: str,
    hosts: dict[str, Host],
) -> MemoryWorld:
    process, cancel = host.clock.new_id("process"), ManualCancel()
    programs = MemoryPrograms()
    engines = _MemoryEngines(host, hosts, process)
    ports = engines.open(None)
    world = World(
        engine=ports.engine,
        builder=ports.builder,
        edge=ports.edge,
        locks=ports.locks,
        records=ports.records,
        open_engine=engines.open,
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
        hosts=hosts,
    )
