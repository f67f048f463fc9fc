"""The engine of a pretended Swarm's home: a deployment's replicas run on several machines."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

from compartment_tui.adapters.memory.builder import MemoryBuilder
from compartment_tui.adapters.memory.container import Container, replica_key
from compartment_tui.adapters.memory.engine import MemoryConnectionCount, MemoryEngine
from compartment_tui.adapters.memory.host import Host
from compartment_tui.adapters.memory.swarm import PretendedSwarm
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.deployment import Image, Instance, InstanceState
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import CandidateExited, InstanceGone
from compartment_tui.domain.home import REMOVED, SwarmHome
from compartment_tui.domain.names import EnvironmentKey, active_name, container_name
from compartment_tui.domain.planning.plan import ContainerSpec, Plan
from compartment_tui.ports import Cancel

LOOK_AGAIN = timedelta(milliseconds=100)
PENDING_PATIENCE = timedelta(seconds=10)
"""How long it may take until a machine takes a task."""


class MemorySwarmEngine(MemoryEngine):
    """`Engine` on a `Host` that is the home of a Swarm."""

    def __init__(self, host: Host, swarm: PretendedSwarm) -> None:
        super().__init__(host)
        self._swarm = swarm

    def moves_names(self) -> bool:
        self._swarm.refuse_elsewhere()
        return False

    def nodes(self) -> tuple[NodeInfo, ...]:
        self._ask()
        former = self._swarm.former
        return tuple(
            replace(one.info, former_home=one.info.name in former)
            for one in self._swarm.machines.values()
        )

    def home(self) -> SwarmHome | None:
        self._swarm.await_managers()
        home, swarm = self._host.home, self._swarm
        if home is None:
            return None
        machine = swarm.machines.get(home.node)
        return replace(
            home,
            state=machine.info.state if machine else REMOVED,
            machines=tuple(sorted(swarm.machines)),
            managers=sum(one.info.manager for one in swarm.machines.values()),
            former=tuple(sorted(swarm.former & swarm.machines.keys())),
            copies=dict(self._host.record_copies),
            instances=tuple(map(self._with_placements, super().instances())),
        )

    def adopt(self, home: SwarmHome) -> tuple[str, ...]:
        problems = super().adopt(home)
        self._swarm.adopt(home.addressed)
        return problems

    def instances(
        self, key: EnvironmentKey | None = None, *, project: str | None = None
    ) -> tuple[Instance, ...]:
        self._ask()
        return tuple(map(self._with_placements, super().instances(key, project=project)))

    def instance(self, deployment: str) -> Instance | None:
        self._ask()
        found = super().instance(deployment)
        return None if found is None else self._with_placements(found)

    def _with_placements(self, instance: Instance) -> Instance:
        """What the Swarm does for each replica that does not run."""
        first, *others = (self._placed(one) for one in instance.replicas)
        return replace(first, more=tuple(others)) if others else first

    def _placed(self, one: Instance) -> Instance:
        container = self._host.containers.get(replica_key(one.deployment, one.number))
        if container is None:
            return one
        there = {"", *(machine.id for machine in self._swarm.machines.values())}
        placement, stranded = self._swarm.placement(container), container.bound not in there
        if (one.placement, one.stranded) == (placement, stranded):
            return one
        return replace(one, placement=placement, stranded=stranded)

    def make_network(self, key: EnvironmentKey, settings: NetworkSettings) -> None:
        self._ask()
        super().make_network(key, settings)

    def spread_image(self, image: str, plan: Plan, cancel: Cancel) -> Generator[str, None, None]:
        self._ask()
        yield from self._swarm.spread(image, plan, cancel)

    def create(self, birth: ContainerSpec) -> Instance:
        self._ask()
        return super().create(birth)

    def set_replicas(self, deployment: str, replicas: int) -> Instance:
        self._ask()
        return super().set_replicas(deployment, replicas)

    def start(self, deployment: str) -> bool:
        self._ask()
        for container in self._containers(deployment):
            self._swarm.begin(container)
        return False

    def await_running(self, deployment: str) -> None:
        self._ask()
        clock, began = self._host.clock, self._host.clock.monotonic()
        while not all(one.running for one in self._containers(deployment)):
            waited = clock.monotonic() - began
            for container in self._containers(deployment):
                self._refuse_broken(container, waited)
            clock.sleep(LOOK_AGAIN)

    def _refuse_broken(self, container: Container, waited: timedelta) -> None:
        """Raises CandidateExited where it ended already, cannot begin, or finds no machine."""
        service = container.service
        which = f"replica {container.number} of " if container.birth.plan.replicas > 1 else ""
        why = self._swarm.rejected(container)
        if why:
            raise CandidateExited(f"{which}{service} cannot be started: {why}")
        code = container.exit_code
        if container.state is InstanceState.RESTARTING and code is not None:
            tail = tuple(line.message for line in container.log)
            raise CandidateExited(
                f"{which}{service} exited with code {code} before it was ready", tail=tail
            )
        unplaced = self._swarm.unplaced(container)
        if unplaced and not container.running and waited > PENDING_PATIENCE:
            raise CandidateExited(
                f"no machine of the Swarm takes {service}: {unplaced}",
                hint="`compartment-tui node list` tells what is where",
            )

    def keep_running(self, deployment: str) -> None:
        self._ask()
        self._containers(deployment)  # a task is brought back from its first start on

    def retire_all(self, graces: Mapping[str, timedelta]) -> frozenset[str]:
        self._ask()
        return super().retire_all(graces)

    def retire_replicas(self, deployment: str, above: int, grace: timedelta) -> None:
        self._ask()
        super().retire_replicas(deployment, above, grace)

    def _stop(self, going: Sequence[Container], graces: Mapping[str, timedelta]) -> frozenset[str]:
        for container in going:
            machine = self._swarm.machines.get(container.node)
            if machine is not None and machine.lost:
                container.vanish()  # who is on a machine that is away is not waited for
        return super()._stop(going, graces)

    def remove(self, deployment: str) -> None:
        self._ask()
        super().remove(deployment)

    def remove_image(self, image: str) -> None:
        self._ask()
        super().remove_image(image)
        if image not in self._host.images:
            self._swarm.forget_image(image)

    def name_active(self, key: EnvironmentKey, active: Mapping[str, str | None]) -> None:
        """A name does not move: this only says which one is it."""
        self._ask()
        for container in self._host.containers.values():
            if container.key != key or container.service not in active or container.number != 1:
                continue
            service, deployment = container.service, container.deployment
            is_it = active[service] == deployment
            container.name = (
                active_name(service, key) if is_it else container_name(service, deployment, key)
            )
        self._host.settle_traffic()

    def name_awaited(self, key: EnvironmentKey, awaited: Mapping[str, str]) -> None:
        """Nobody waits for a name that does not move."""

    def end_stepping_aside(self, key: EnvironmentKey, services: Iterable[str]) -> None:
        """Nobody stepped aside."""

    def count_connections(
        self, deployment: str, port: int, *, above: int = 0
    ) -> MemoryConnectionCount:
        self._ask()
        if above:
            raise InstanceGone(f"{deployment} has no certain replicas to let go")
        return super().count_connections(deployment, port)

    def _ask(self) -> None:
        """What goes to the managers waits for them. Raises Refused, EngineProblem."""
        self._swarm.refuse_elsewhere()
        self._swarm.await_managers()


class MemorySwarmBuilder:
    """`Builder` of a Swarm's home: what is made there is brought to the other machines."""

    def __init__(self, builder: MemoryBuilder, swarm: PretendedSwarm) -> None:
        self._builder = builder
        self._swarm = swarm

    def warm_up(self) -> None:
        self._builder.warm_up()

    def ahead(self, plans: tuple[Plan, ...], cancel: Cancel) -> AbstractContextManager[None]:
        return self._builder.ahead(plans, cancel)

    def build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        image = yield from self._builder.build(plan, cancel)
        yield from self._swarm.spread(image.id, plan, cancel)
        return image

    def pull(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        image = yield from self._builder.pull(plan, cancel)
        yield from self._swarm.spread(image.id, plan, cancel)
        return image
