"""The pretended machine: one Docker engine with an edge, and everything that lies on it.

Several worlds can be open on one host, like several processes on one engine. All of it may be
looked at and changed by hand; the methods do what happens to real machines.
"""

import hashlib
import ipaddress
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from compartment_tui.adapters.memory import checks
from compartment_tui.adapters.memory.behaviour import FAULTLESS, Behaviour
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.container import Container, replica_key
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.adapters.memory.swarm import PretendedSwarm, machines_of
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import AuditLine, EnvironmentRecord, Image
from compartment_tui.domain.engine import LockInfo, Misfit, NodeInfo
from compartment_tui.domain.errors import CompartmentError, DiskFull, RecordInvalid
from compartment_tui.domain.home import RecordCopy, SwarmHome
from compartment_tui.domain.names import EnvironmentKey, active_name, stepping_aside_name
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.ports import EngineEvent

ROUTE_DELAY = timedelta(milliseconds=50)
"""How long the edge takes to put a written table in force."""
AUTHORITY_TAKES = timedelta(milliseconds=500)
CERTIFIED = timedelta(days=90)
"""How long a certificate of the pretended authority is good."""
TRY_AGAIN = timedelta(milliseconds=100)
"""How often the edge tries for a request that waits."""
_NUMBERS = itertools.count(1)


@dataclass(slots=True, kw_only=True, eq=False)
class PretendedEdge:
    """The edge's container. `in_force` is what it serves now."""

    settings: EdgeSettings
    made_on: str = ""
    running: bool = False
    started: datetime | None = None
    attached: set[EnvironmentKey] = field(default_factory=set)
    in_force: dict[EnvironmentKey, RouteTable] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    unpinned: set[EnvironmentKey] = field(default_factory=set)
    """Environments where somebody else has its address."""

    def inner_ports(self, key: EnvironmentKey) -> tuple[int, ...]:
        """Where it takes calls of the environment's own services."""
        inside = key in self.attached - self.unpinned and not self.lacks
        return self.settings.inner_ports if inside else ()


@dataclass(slots=True, kw_only=True, eq=False)
class Visitor:
    """One request of somebody outside, or of a service to another one."""

    arrived: timedelta
    host: str = ""
    inside: tuple[EnvironmentKey, str] | None = None
    """The service that another one of its environment calls."""
    answered_by: str | None = None
    """The deployment whose answer they got; None: none so far, or an error."""
    early: bool = False
    """No route in force had led there before."""
    waited: bool = False
    waits_for: str = ""
    """The name whose bearer will answer; empty when they do not wait any more."""
    until: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An image as a registry has it, and what it is made of."""

    image: Image
    layers: tuple[str, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class TakenLock:
    """A lock and the process that holds it: it vanishes with that process."""

    process: str
    info: LockInfo


@dataclass(slots=True, kw_only=True, eq=False)
class TakenEngineLock:
    process: str
    actor: str
    since: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Host:
    clock: FakeClock = field(default_factory=FakeClock)
    address: str = "memory://"
    """Where this machine's engine is reached; another machine at the same place has another id."""
    id: str = field(default_factory=lambda: f"memory-{next(_NUMBERS)}")
    machine: str = "memory"
    """What it is called."""

    away: str = ""
    """Why its engine does not answer; what runs on it goes on."""

    containers: dict[str, Container] = field(default_factory=dict)
    """By deployment, in the order in which they were made; other replicas by `replica_key`."""
    copies: list[Container] = field(default_factory=list)
    """Containers that were made, by hand, of the image of another: they have its labels."""
    misfits: list[Misfit] = field(default_factory=list)
    """What else has labels or names like ours."""
    images: dict[str, Image] = field(default_factory=dict)
    layers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of images, by id; one that is not named here is a layer of its own."""
    built: dict[str, str] = field(default_factory=dict)
    """Images that were made here, or carried here, by id, and for which project."""
    registry: dict[str, "Published"] = field(default_factory=dict)
    """What any registry has, by reference; all machines of a world share it."""
    carriage_takes: timedelta = timedelta()
    """How long each piece of an image takes that comes from here or goes there."""
    received: list[int] = field(default_factory=list)
    """How many bytes were sent for each image that was carried here."""
    pulled: dict[str, str] = field(default_factory=dict)
    """References that are on the engine, and the image's id."""
    networks: dict[EnvironmentKey, str] = field(default_factory=dict)
    """Environments and their subnets."""
    volumes: dict[str, EnvironmentKey] = field(default_factory=dict)

    edge: PretendedEdge | None = None
    documents: dict[EnvironmentKey, RouteTable] = field(default_factory=dict)
    """Route documents as they lie in the routes' volume."""
    unreadable: list[str] = field(default_factory=list)
    """Malformed documents there: while there is one, the edge takes nothing into force."""
    set_aside: list[str] = field(default_factory=list)
    route_delay: timedelta | None = ROUTE_DELAY
    """None: the edge never takes a written table."""

    records: dict[EnvironmentKey, EnvironmentRecord] = field(default_factory=dict)
    archives: dict[EnvironmentKey, list[EnvironmentRecord | RecordInvalid]] = field(
        default_factory=dict
    )
    invalid_records: set[EnvironmentKey] = field(default_factory=set)
    unreadable_index: list[str] = field(default_factory=list)
    """Entries of the index of records that make no sense."""
    kept_audit: dict[EnvironmentKey, tuple[AuditLine, ...]] = field(default_factory=dict)
    """Audit lines of records that were removed on purpose."""
    locks: dict[EnvironmentKey, TakenLock] = field(default_factory=dict)
    engine_lock: TakenEngineLock | None = None

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    """By image id, service or image reference; looked up in this order."""
    versions: dict[str, str] = field(default_factory=dict)
    """What lies in each service's path: another text makes another image."""
    unpublished: set[str] = field(default_factory=set)
    """References that no registry answers for."""
    unresolved: set[str] = field(default_factory=set)
    """Public hosts that this machine does not find by itself."""
    taken_ports: dict[int, str] = field(default_factory=dict)
    """Ports in use by somebody else, and by whom."""
    needed: dict[str, str] = field(default_factory=dict)
    """Addresses that this machine needs, and what they are to it."""
    proof: str = "this-edge"
    """How the edge says which one it is."""
    domains: dict[str, str] = field(default_factory=dict)
    """The public's domains, and the addresses they lead to."""
    authority: dict[str, str] = field(default_factory=dict)
    """By domain: why the authority gives no certificate for it; the others get one."""
    authority_takes: timedelta | None = AUTHORITY_TAKES
    """How long a certificate takes; None: nobody answers."""
    certified: timedelta = CERTIFIED
    """How long its certificates are good, from whenever one looks: they are renewed."""
    ordered: dict[str, timedelta] = field(default_factory=dict)
    """Domains whose certificate was asked for, and when."""
    own_certificates: dict[EnvironmentKey, tuple[OwnCertificate, ...]] = field(default_factory=dict)
    """By environment: what its project brought along."""
    orders: list[str] = field(default_factory=list)
    """Every order that was made, in order: a failed one is repeated at each change."""
    disk_full: bool = False
    room_for_images: bool = True
    """False: images of another engine find no room, and what is small does."""
    in_swarm: bool = False
    """The engine is in Swarm mode: a name stays with who had it at its start."""
    swarm: PretendedSwarm | None = None
    """The Swarm whose home it is, where deployments are that one's services."""
    home: SwarmHome | None = None
    """What a manager says of the home, but for copies and instances; None: a single machine."""
    record_copies: dict[EnvironmentKey, RecordCopy | RecordInvalid] = field(default_factory=dict)
    fingerprint_seed: bytes = b"the pretended machine"
    """What its key for fingerprints is made of: each machine has its own."""
    copy_problem: str = ""
    """Why no copy of a record can be made."""
    unsafe: str = ""
    """Why the way to the engine is open to others."""

    releases: list[str] = field(default_factory=list)
    """Deployments whose release command ran to its end, in order."""
    executed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    """Who came, in order."""
    led_to: set[str] = field(default_factory=set)
    """Deployments that a route in force has led to."""
    listeners: list[tuple[str, MemoryFeed[EngineEvent]]] = field(default_factory=list)

    # --- scripting -------------------------------------------------------------------------------

    def behave(self, name: str, behaviour: Behaviour) -> None:
        """From now on, what is made of that service, reference or image id behaves like this."""
        self.behaviours[name] = behaviour

    def change(self, service: str, version: str, *, commit: str | None = None) -> None:
        """Edit the files of a service, so that its next build is another image.

        In the working tree, or as they lie in a commit.
        """
        self.versions[f"{service}@{commit}" if commit else service] = version

    def make_swarm(self, nodes: Iterable[NodeInfo]) -> PretendedSwarm:
        """Be the home of a Swarm of these machines; for worlds that are opened from now on."""
        self.swarm = PretendedSwarm(
            clock=self.clock,
            containers=self.containers,
            networks=self.networks,
            machines=machines_of(nodes),
            tell=self.tell_of_node,
        )
        home, machines = self.swarm.home.info, self.swarm.machines.values()
        self.home = SwarmHome(
            node=home.name,
            name=home.name,
            address=home.address,
            state=home.state,
            addressed=home.name,
            here=True,
            managers=sum(one.info.manager for one in machines),
        )
        return self.swarm

    def behaviour(self, *names: str | None) -> Behaviour:
        """The first script that one of these names has."""
        found = (self.behaviours[name] for name in names if name in self.behaviours)
        return next(found, FAULTLESS)

    def copy(self, deployment: str, name: str) -> Container:
        """Somebody makes an image of a deployment's container, and runs that under a name."""
        original = self.containers[deployment]
        copied = Container(
            birth=original.birth,
            name=name,
            address="",
            behaviour=original.behaviour,
            clock=self.clock,
            tell=lambda _container, _action: None,
        )
        copied.id = hashlib.sha256(name.encode()).hexdigest()
        copied.start()
        self.copies.append(copied)
        return copied

    def claimants(self, deployment: str, number: int = 1) -> tuple[Container, ...]:
        """A replica's own container as the record names it; while none does, all with its labels.

        But a copy that is the only one left is known for one.
        """
        found = [one for one in self.copies if (one.deployment, one.number) == (deployment, number)]
        own = self.containers.get(replica_key(deployment, number))
        if own is not None:
            found.append(own)
        states = (state for state in self.records.values() if deployment in state.deployments)
        ids = next((state.deployments[deployment].containers for state in states), ())
        known = ids[number - 1] if number <= len(ids) else ""
        if not known and own is None and len(found) == 1:
            return ()
        return tuple(one for one in found if known in ("", one.id))

    def replicas(self, deployment: str) -> tuple[Container, ...]:
        """All containers of a deployment, by number."""
        found = (one for one in self.containers.values() if one.deployment == deployment)
        return tuple(sorted(found, key=lambda one: one.number))

    def edge_address(self, key: EnvironmentKey) -> str:
        """Where the edge calls from on an environment's network."""
        return str(ipaddress.ip_network(self.networks[key])[-2])

    def address_of(self, key: EnvironmentKey, caller: str) -> str:
        """The address of a service that runs; anything else is an address."""
        found = (one for one in self.containers.values() if one.key == key and one.running)
        return next((one.address for one in found if one.birth.plan.service == caller), caller)

    # --- what happens to machines ----------------------------------------------------------------

    def go_away(self, why: str = "the engine does not answer") -> None:
        """Nobody reaches its engine any more, until `away` is empty: locks and feeds are lost."""
        self.away = why
        self.locks.clear()
        self.engine_lock = None
        for _, feed in tuple(self.listeners):
            feed.end()

    def kill(self, process: str) -> None:
        """A process dies: its locks vanish, everything else stays as it was left."""
        for key, lock in tuple(self.locks.items()):
            if lock.process == process:
                del self.locks[key]
                self.tell_of_lock(key, "destroy")
        if self.engine_lock is not None and self.engine_lock.process == process:
            self.engine_lock = None

    def kill_edge(self) -> None:
        """The edge's container stops; routes stay on disk and nothing is in force."""
        if self.edge is not None:
            self.edge.running, self.edge.started = False, None
            self.edge.in_force.clear()
            self.settle_traffic()

    def start_edge(self, settings: EdgeSettings) -> PretendedEdge:
        """The edge's container starts, on every network there is; documents come in force soon."""
        if self.edge is None:
            self.edge = PretendedEdge(settings=settings)
        self.edge.running, self.edge.started = True, self.clock.now()
        self.edge.attached |= self.networks.keys()
        self.reload_soon()
        return self.edge

    def empty_routes(self) -> None:
        """The routes' volume is lost."""
        self.documents.clear()
        self.unreadable.clear()
        self.reload_soon()

    def reload_soon(self) -> None:
        """The edge notices that something changed in its directory."""
        if self.edge is not None and self.edge.running and self.route_delay is not None:
            self.clock.call_in(self.route_delay, self._reload)

    def put_in_force(self, key: EnvironmentKey, table: RouteTable) -> None:
        """Write a table that the edge serves at once."""
        self.documents[key] = table
        self._reload()

    def _reload(self) -> None:
        if self.edge is None or not self.edge.running or self.unreadable:
            return
        self.edge.in_force = dict(self.documents)
        self._order_certificates()
        self.settle_traffic()

    def _order_certificates(self) -> None:
        """The edge asks for what it lacks: at each change, also for what it was refused."""
        for table in self.in_force.values():
            for domain in table.public.domains:
                had = domain.host in self.ordered and domain.host not in self.authority
                if domain.certificate.ordered and not had:
                    self.ordered[domain.host] = self.clock.monotonic()
                    self.orders.append(domain.host)

    def certificates(self) -> dict[str, datetime]:
        """The domains that the edge has certificates for, and until when."""
        now, takes = self.clock.monotonic(), self.authority_takes
        brought = (one for held in self.own_certificates.values() for one in held)
        own = {name: one.until for one in brought for name in one.names}
        return own | {
            host: self.clock.now() + self.certified
            for host, asked in self.ordered.items()
            if takes is not None and now - asked >= takes and host not in self.authority
        }

    def order_failures(self) -> dict[str, str]:
        """Why the authority refused what it was asked for."""
        return {host: why for host, why in self.authority.items() if host in self.ordered}

    def settle_traffic(self) -> None:
        """Let every container know whether callers reach it now, from outside or by name."""
        routes = [route for table in self.in_force.values() for route in table.routes]
        led = [one for one in routes if not (one.stopped or one.waiting)]
        routed = {
            replica_key(one.deployment, number)
            for one in led
            for number in range(1, one.replicas + 1)
        }
        waiting = {one.deployment for one in routes if one.waiting}
        self.led_to |= {one.deployment for one in led}
        for container in tuple(self.containers.values()):
            named = container.name == active_name(container.service, container.key)
            reached = named and container.deployment not in waiting
            key = replica_key(container.deployment, container.number)
            container.serve(reached or key in routed)

    def tell(self, container: Container, action: str) -> None:
        """Let everybody who listens know what happened."""
        event = EngineEvent(
            at=self.clock.now(),
            action=action,
            key=container.key,
            service=container.service,
            deployment=container.deployment,
            replica=container.number,
        )
        self._publish(event, lambda project: project == container.key.project)

    def tell_of_lock(self, key: EnvironmentKey, action: str) -> None:
        event = EngineEvent(at=self.clock.now(), action=action, key=key, service="", deployment="")
        self._publish(event, lambda project: project == key.project)

    def tell_of_edge(self, action: str) -> None:
        event = EngineEvent(at=self.clock.now(), action=action, key=None, service="", deployment="")
        self._publish(event, lambda project: True)

    def tell_of_node(self, node: str, action: str) -> None:
        now = self.clock.now()
        event = EngineEvent(at=now, action=action, key=None, service="", deployment="", node=node)
        self._publish(event, lambda project: True)

    def _publish(self, event: EngineEvent, concerns: Callable[[str], bool]) -> None:
        for project, feed in tuple(self.listeners):
            if concerns(project):
                feed.push(event)

    # --- what can be seen ------------------------------------------------------------------------

    @property
    def in_force(self) -> dict[EnvironmentKey, RouteTable]:
        """The tables that the edge serves now."""
        return self.edge.in_force if self.edge is not None and self.edge.running else {}

    def answer(self, hostname: str) -> str | None:
        """The deployment that answers a visitor of that host now; None when nobody does."""
        return self._answer_of(*self._route(hostname))

    def _answer_of(self, key: EnvironmentKey | None, route: Route | None) -> str | None:
        if key is None or route is None or route.stopped:
            return None
        if self.in_force[key].public.treatment(route.host).maintenance:
            return None
        if route.waiting:
            return self.awaited(stepping_aside_name(route.waiting, key))
        # The edge tries the next one where a replica refuses.
        shared = self.replicas(route.deployment)[: route.replicas]
        served = any(container.refuses() is None for container in shared)
        return route.deployment if served else None

    def awaited(self, name: str) -> str | None:
        """The deployment that requests waiting for a name get to; None while they wait on."""
        for container in self.containers.values():
            if container.name == name and container.refuses() is None:
                return container.deployment
        return None

    def lets_wait(self, hostname: str) -> bool:
        """Whether whoever visits that host waits until somebody answers."""
        route = self._route(hostname)[1]
        return route is not None and bool(route.waiting)

    def arrive(self, hostname: str) -> "Visitor":
        """Somebody asks for a page of that host; a route that waits lets them wait."""
        key, route = self._route(hostname)
        visitor = Visitor(host=hostname, arrived=self.clock.monotonic())
        self._answer(visitor, self._answer_of(key, route))
        if key is not None and route is not None and route.waiting:
            self._let_wait(visitor, key, route)
        self.visitors.append(visitor)
        return visitor

    def arrive_inside(self, caller: str, service: str) -> "Visitor":
        """A container calls a service; where the route waits, its call does, too."""
        key = self.containers[caller].key
        visitor = Visitor(inside=(key, service), arrived=self.clock.monotonic())
        self._answer(visitor, self.call(caller, service))
        route = self._route_inside(caller, service)
        if route is not None and route.waiting:
            self._let_wait(visitor, key, route)
        self.visitors.append(visitor)
        return visitor

    def _let_wait(self, visitor: "Visitor", key: EnvironmentKey, route: Route) -> None:
        visitor.waited = True
        if visitor.answered_by is None:
            visitor.waits_for = stepping_aside_name(route.waiting, key)
            visitor.until = visitor.arrived + timedelta(seconds=route.wait)
            self.clock.call_in(TRY_AGAIN, partial(self._try_again, visitor))

    def _try_again(self, visitor: "Visitor") -> None:
        """A request that waits keeps to what it waits for, whatever the routes say by now."""
        self._answer(visitor, self.awaited(visitor.waits_for))
        if visitor.answered_by is not None or self.clock.monotonic() >= visitor.until:
            visitor.waits_for = ""
            return
        self.clock.call_in(TRY_AGAIN, partial(self._try_again, visitor))

    def _answer(self, visitor: "Visitor", deployment: str | None) -> None:
        visitor.answered_by = deployment
        visitor.early = deployment is not None and deployment not in self.led_to

    def _route(self, hostname: str) -> tuple[EnvironmentKey | None, Route | None]:
        for key, table in self.in_force.items():
            if self.edge is None or key not in self.edge.attached:
                continue
            route = table.route_of(hostname)
            if route is not None:
                return key, route
        return None, None

    def call(self, caller: str, service: str) -> str | None:
        """The deployment that answers a container's call to a service by name; None: nobody does.

        It looks where it was told at its birth: at the edge, or for whoever bears the name.
        """
        container = self.containers[caller]
        key = container.key
        if service in container.birth.inner:
            route = self._route_inside(caller, service)
            if route is not None and route.waiting:
                return self.awaited(stepping_aside_name(service, key))
            found = route.deployment if route is not None else None
        else:
            bearers = self._bearers()
            names = (active_name(service, key), stepping_aside_name(service, key))
            found = next((bearers[name] for name in names if name in bearers), None)
        there = self.replicas(found or "")
        return found if any(one.refuses() is None for one in there) else None

    def _bearers(self) -> dict[str, str]:
        """Who is found by each name: a Swarm gives it, for good, to what runs alone."""
        running = [one for one in self.containers.values() if one.running]
        born = (one for one in running if self.swarm and one.birth.plan.spec.stop_first)
        given = {active_name(one.service, one.key): one.deployment for one in born}
        return {one.name: one.deployment for one in running} | given

    def _route_inside(self, caller: str, service: str) -> Route | None:
        """Where the edge leads a container that looks for a service there."""
        container = self.containers[caller]
        if service not in container.birth.inner:
            return None
        table = self.in_force.get(container.key, RouteTable())
        ports = self.edge.inner_ports(container.key) if self.edge else ()
        routes = (one for one in table.routes if one.inside == service and one.port in ports)
        return next((one for one in routes if not one.stopped), None)

    def running(self, key: EnvironmentKey, service: str) -> tuple[str, ...]:
        """Deployments of a service whose containers run."""
        return tuple(
            container.deployment
            for container in self.containers.values()
            if container.key == key and container.service == service and container.running
        )

    def problems(self) -> list[str]:
        """What must never be so, in words; empty when all is well. Locks are not looked at."""
        return list(checks.problems(self.containers.values(), self.in_force, self.records))


def disk_full() -> DiskFull:
    """What the engine says when its disk has no room."""
    return DiskFull("the engine has no room left", hint="prune, or make room on its disk")


def edge_away(kind: type[CompartmentError]) -> CompartmentError:
    """Nobody can be asked while the edge does not run."""
    return kind("the edge does not run", hint="`edge restart` starts it")
