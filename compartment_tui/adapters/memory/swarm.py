"""The pretended Swarm: its machines, where it puts tasks, and what becomes of both.

opened = swarm_world(config)                    # n1 is the home and the leader, n2 and n3 workers
opened.swarm.lose("n2")                         # noticed after NOTICED_AFTER; then its tasks move
opened.swarm.bring_back("n2")
opened.swarm.lose_leader(timedelta(seconds=10)) # what asks the managers waits, at most PATIENCE
opened.swarm.machines["n3"].full = True         # no room there for anything new

A task is a replica's container: it stays the same one, and its machine and its address change.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.container import Container
from compartment_tui.domain.deployment import InstanceState
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import Cancelled, EngineProblem
from compartment_tui.domain.home import home_elsewhere
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.placement import Placement
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Cancel

NOTICED_AFTER = timedelta(seconds=12)
"""How long the managers take to call a machine `down` that they hear nothing of."""
BEGIN_TAKES = timedelta(seconds=2)
"""How long a task takes from its machine being chosen until it runs."""
PATIENCE = timedelta(seconds=30)
"""How long a question to managers without a leader is asked again."""
PAUSE = timedelta(milliseconds=500)
UNREACHED = "no route to host"
UNLISTED = "the edge does not find it by its name yet"
LEADERLESS = "rpc error: code = Unknown desc = The swarm does not have a leader."
NO_MANAGER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state."
)


@dataclass(slots=True, kw_only=True, eq=False)
class Machine:
    """One machine of the Swarm, as its managers know it and as it is."""

    info: NodeInfo
    times_joined: int = 1
    lost: bool = False
    """Whether it is away; the managers notice later."""
    full: bool = False
    """Whether it has no room for another task."""
    reached: bool = True
    """Whether its engine can be reached from the home: else it gets no images."""
    images: set[str] = field(default_factory=set)
    """By id, of those that its labels say are there."""
    pruned: set[str] = field(default_factory=set)
    """Images that somebody took away there by hand: its labels still say that they are there."""

    @property
    def id(self) -> str:
        """It gets another one whenever it joins."""
        return f"{self.info.name}/{self.times_joined}"

    def takes(self, container: Container) -> str:
        """Why it is given no task of that deployment; empty when it may be."""
        if not self.info.ready or self.info.availability != "active":
            return "not available for new tasks"
        elsewhere = container.bound not in ("", self.id)
        if elsewhere or container.birth.image.id not in self.images:
            return "scheduling constraints not satisfied"
        return "insufficient resources" if self.full else ""


@dataclass(slots=True, kw_only=True, eq=False)
class PretendedSwarm:
    """The machines of a Swarm whose home is a `Host`, and its tasks, which are that one's."""

    clock: FakeClock
    containers: dict[str, Container]
    """Those of the home's host."""
    networks: dict[EnvironmentKey, str]
    """Those of the home's host."""
    machines: dict[str, Machine] = field(default_factory=dict)
    """By name."""
    lists_after: timedelta = timedelta()
    """How long after its start a task is found by its name at the edge."""

    sending_takes: timedelta = timedelta()
    """How long an image takes to each machine."""
    leaderless_until: timedelta | None = timedelta()
    """Until when no manager knows a leader; None: for good."""
    tell: Callable[[str, str], None]
    """Told which machine went `away`, is `back`, or has an `update`."""
    addressed: str = ""
    """The manager that is addressed, where that is another one than the home."""
    former: set[str] = field(default_factory=set)
    """Machines that were the home before, and may have an edge still."""
    _addresses: int = 0
    """How many were given to tasks so far: a moved one gets another."""

    # --- what happens to its machines -------------------------------------------------------------

    def lose(self, name: str) -> None:
        """A machine is gone: nobody gets to its tasks; later the managers put them elsewhere.

        Where it is the home, that is `Host.go_away`, and `Host.kill_edge`.
        """
        machine = self.machines[name]
        machine.lost = True
        for container in self._on(name):
            container.unreached = UNREACHED
        self.clock.call_in(NOTICED_AFTER, partial(self._notice, name))

    def bring_back(self, name: str) -> None:
        """It is there again; tasks that were put elsewhere meanwhile stay there."""
        machine = self.machines[name]
        machine.lost = False
        machine.info = replace(machine.info, state="ready")
        for container in self._on(name):
            container.unreached = ""
        self.place_waiting()
        self.tell(name, "back")

    def set_availability(self, name: str, availability: str) -> None:
        """A person drains a machine (its tasks move), pauses it, or has it active again."""
        machine = self.machines[name]
        machine.info = replace(machine.info, availability=availability)
        if availability == "drain":
            self._move_away(name)
        self.place_waiting()
        self.tell(name, "update")

    def move(self, container: Container) -> None:
        """The Swarm has a task end and puts it on a machine anew, as it may do at any time."""
        self._take_off(container)
        self.place_waiting()

    def lose_leader(self, lasts: timedelta | None) -> None:
        """The managers have no leader for that long, or for good; what runs goes on."""
        self.leaderless_until = None if lasts is None else self.clock.monotonic() + lasts

    def demote_home(self) -> None:
        """The home is no manager any more, until it is promoted."""
        self._change_home(manager=False, leader=False)

    def promote_home(self) -> None:
        self._change_home(manager=True, leader=True)

    def _change_home(self, *, manager: bool, leader: bool) -> None:
        home = self.home
        home.info = replace(home.info, manager=manager, leader=leader)

    def adopt(self, name: str) -> None:
        """That manager becomes the home; the one before it is in the Swarm no longer if it is lost.

        A former one that is there has its edge no more.
        """
        before = self.home
        if before.info.name != name:
            before.info = replace(before.info, home=False, leader=False)
            self.machines[name].info = replace(self.machines[name].info, home=True, leader=True)
            self.former.add(before.info.name)
            if not before.info.ready:
                del self.machines[before.info.name]
        self.former -= {one for one in self.machines if self.machines[one].info.ready}
        self.addressed = ""

    def join(self, info: NodeInfo) -> None:
        """A machine that has left the Swarm, or was taken out, joins it again."""
        self.machines[info.name] = Machine(info=info, times_joined=2)
        self.place_waiting()

    def _notice(self, name: str) -> None:
        machine = self.machines[name]
        if machine.lost:
            machine.info = replace(machine.info, state="down")
            self._move_away(name)
            self.tell(name, "away")

    def _move_away(self, name: str) -> None:
        for container in self._on(name):
            self._take_off(container)
        self.place_waiting()

    def _take_off(self, container: Container) -> None:
        """It is on no machine any more, and is to be on another."""
        container.vanish()
        container.lost_node, container.node = container.lost_node or container.node, ""
        container.waits_since = self.clock.now()

    def _on(self, name: str) -> tuple[Container, ...]:
        here = (one for one in self.containers.values() if one.node == name)
        return tuple(one for one in here if one.running or one.state is InstanceState.RESTARTING)

    # --- tasks ------------------------------------------------------------------------------------

    def begin(self, container: Container) -> None:
        """Have it run from now on, as soon as a machine takes it."""
        container.always = True
        if container.running:
            return
        container.node, container.unreached, container.lost_node = "", "", ""
        container.waits_since = self.clock.now()
        container.state = InstanceState.RESTARTING
        container.exit_code = None
        self.place_waiting()

    def place_waiting(self) -> None:
        """Choose machines for all tasks that have none."""
        for container in self.containers.values():
            waits = container.state is InstanceState.RESTARTING and not container.node
            chosen = self._choose(container) if waits and container.always else None
            if chosen is not None:
                container.node = chosen
                self.clock.call_in(BEGIN_TAKES, partial(self._begin, container, chosen))

    def unplaced(self, container: Container) -> str:
        """Why no machine takes it, in the managers' words; empty where one does."""
        if container.node:
            return ""
        reasons = Counter(one.takes(container) for one in self.machines.values())
        told = (f"{why} on {count} node{'s' * (count > 1)}" for why, count in reasons.items())
        return f"no suitable node ({'; '.join(told)})"

    def placement(self, container: Container) -> Placement | None:
        """How far it is with one that does not run and did not end by itself."""
        if container.state is not InstanceState.RESTARTING or container.exit_code is not None:
            return None
        rejected = self.rejected(container)
        placed = "preparing" if container.node else "pending"
        return Placement(
            state="rejected" if rejected else placed,
            since=container.waits_since,
            left=container.lost_node,
            node=container.node,
            message=rejected or self.unplaced(container),
        )

    def rejected(self, container: Container) -> str:
        """Why its machine cannot start it; empty when it can."""
        machine = self.machines.get(container.node)
        image = container.birth.image.id
        if machine is not None and image in machine.pruned:
            return f"No such image: {image}"
        return container.behaviour.cannot_start or ""

    def _choose(self, container: Container) -> str | None:
        """The machine with the fewest of its deployment, then with the fewest of all."""
        taking = [one.info.name for one in self.machines.values() if not one.takes(container)]
        placed = [one for one in self.containers.values() if one.node and one.always]
        alike = Counter(one.node for one in placed if one.deployment == container.deployment)
        everything = Counter(one.node for one in placed)
        return min(taking, key=lambda name: (alike[name], everything[name]), default=None)

    def _begin(self, container: Container, chosen: str) -> None:
        waits = container.state is InstanceState.RESTARTING and container.always
        if not waits or container.node != chosen:
            return
        if self.machines[chosen].takes(container):  # it went away meanwhile
            container.node = ""
            self.place_waiting()
            return
        if self.rejected(container):
            self.clock.call_in(BEGIN_TAKES, partial(self._begin, container, chosen))
            return
        container.address = self._address(container.key)
        container.unreached = UNREACHED if self.machines[chosen].lost else ""
        if self.lists_after and not container.unreached:
            container.unreached = UNLISTED
            self.clock.call_in(self.lists_after, partial(_list, container))
        container.lost_node, container.waits_since = "", None
        container.start()

    def _address(self, key: EnvironmentKey) -> str:
        """One that no task had before; the lower half of a subnet is theirs."""
        subnet = ipaddress.ip_network(self.networks[key])
        self._addresses += 1
        return str(subnet[3 + self._addresses % (subnet.num_addresses // 2 - 3)])

    # --- images -----------------------------------------------------------------------------------

    def spread(self, image: str, plan: Plan, cancel: Cancel) -> Generator[str, None, None]:
        """Have every machine that is there have it; what is done, in lines. Raises Cancelled."""
        self.home.images.add(image)
        if not plan.spec.volumes:  # else it stays there
            yield from self._sent(image, cancel)
        self.place_waiting()

    def _sent(self, image: str, cancel: Cancel) -> Generator[str, None, None]:
        there = [one for one in self.machines.values() if one.info.ready]
        active = [one for one in there if one.info.availability == "active"]
        lacking = [one for one in active if image not in one.images]
        reached = [one for one in lacking if one.reached and not one.lost]
        if reached:
            yield f"sending the image to {', '.join(one.info.name for one in reached)}"
        for machine in lacking:
            name = machine.info.name
            if machine not in reached:
                yield f"{name}: not reached, nothing of this will run there"
                continue
            self.clock.sleep(self.sending_takes)
            if cancel.requests:
                raise Cancelled("the carriage was ended")
            machine.images.add(image)
            yield f"{name}: image sent"

    def forget_image(self, image: str) -> None:
        """It is removed on every machine that can be reached."""
        for machine in self.machines.values():
            if machine.reached and not machine.lost:
                machine.images.discard(image)

    # --- its managers -----------------------------------------------------------------------------

    @property
    def home(self) -> Machine:
        """The machine with the edge, the locks, the records and the routes."""
        return next(one for one in self.machines.values() if one.info.home)

    def refuse_elsewhere(self) -> None:
        """Raises Refused where a manager is addressed that is not the home."""
        if self.addressed:
            home = self.home.info
            raise home_elsewhere(home.name, home.address, self.addressed, home.state)

    def await_managers(self) -> None:
        """Until they know a leader, at most PATIENCE. Raises EngineProblem."""
        deadline = self.clock.monotonic() + PATIENCE
        while self._leaderless:
            if self.clock.monotonic() > deadline:
                raise EngineProblem(f"Docker could not ask the managers: {LEADERLESS}")
            self.clock.sleep(PAUSE)
        if not self.home.info.manager:
            raise EngineProblem(f"Docker could not ask the managers: {NO_MANAGER}")

    @property
    def _leaderless(self) -> bool:
        until = self.leaderless_until
        return until is None or self.clock.monotonic() < until


def machines_of(nodes: Iterable[NodeInfo]) -> dict[str, Machine]:
    """Machines that are as the managers say."""
    return {one.name: Machine(info=one, lost=not one.ready) for one in nodes}


def usual_nodes(*names: str) -> tuple[NodeInfo, ...]:
    """Machines of these names: the first is the home and the leader, the others are workers."""
    return tuple(
        NodeInfo(
            name=name,
            address=f"10.0.0.{number}",
            manager=number == 1,
            leader=number == 1,
            home=number == 1,
        )
        for number, name in enumerate(names, start=1)
    )


def _list(container: Container) -> None:
    if container.unreached == UNLISTED:
        container.unreached = ""
