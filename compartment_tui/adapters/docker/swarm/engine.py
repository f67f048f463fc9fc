"""The port `Engine` on a Docker Swarm: the home's engine, and services in place of containers."""

import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.edge.edge import DockerEdge
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.adapters.docker.resources import containers, networks
from compartment_tui.adapters.docker.resources.containers import (
    KILLED,
    edge_on,
    fingerprints_of,
    gone,
)
from compartment_tui.adapters.docker.swarm import services
from compartment_tui.adapters.docker.swarm.home import ADDRESS, NAME, NODE, Home, former_of
from compartment_tui.adapters.docker.swarm.image_registry import ImageRegistry
from compartment_tui.adapters.docker.swarm.image_spread import ImageSpread, constraint_of
from compartment_tui.adapters.docker.swarm.nodes import Nodes, SwarmNode, take_out, was_home
from compartment_tui.adapters.docker.swarm.patience import Json, patiently
from compartment_tui.adapters.docker.swarm.record_copies import SwarmCopies
from compartment_tui.adapters.docker.swarm.start import TaskTail, await_running
from compartment_tui.adapters.docker.swarm.task_stop import TaskStop
from compartment_tui.adapters.docker.swarm.tasks import (
    GOING,
    RUNNING,
    Task,
    in_this_life,
    instance_of,
    newest,
    tasks_of,
)
from compartment_tui.domain.callers import Caller, CallerKind
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.deployment import Image, Instance, Sample
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import EngineProblem, ImageUnavailable, InstanceGone, Refused
from compartment_tui.domain.home import REMOVED, SwarmHome
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.ports import (
    Cancel,
    ConnectionCount,
    EngineEvent,
    Feed,
    LogLine,
)

if TYPE_CHECKING:
    from compartment_tui.domain.carriage import Carriage
    from compartment_tui.domain.planning.plan import ContainerSpec, Plan
    from compartment_tui.domain.readiness_advice import Listener

PAUSE_SECONDS = 0.1
END_PATIENCE = timedelta(seconds=30)
"""How long tasks may take to end beyond their grace: the Swarm itself waits for some seconds."""
NODES_SECONDS = 1.0
"""How often it is looked meanwhile whether their machines are there: a lost one is known late."""
REMOVAL_PATIENCE = timedelta(seconds=30)
FORBIDS_PRIVILEGES = 25
"""The first version of an engine that can forbid new privileges to services."""


class SwarmEngine(DockerEngine):
    """Keeps the promises of `compartment_tui.ports.Engine`."""

    def __init__(self, client: Client, layout: ResourceNames, registry: str = "") -> None:
        super().__init__(client, layout)
        self.claim = Home(client, layout)
        self._nodes = Nodes(client, self.claim)
        self._spread = ImageSpread(client, self._nodes)
        self._copies = SwarmCopies(client, layout)
        self._registry = ImageRegistry(client, registry) if registry else None
        self._begun: dict[str, datetime | None] = {}
        """By deployment to be waited for: when its tasks were asked for; None: it had them."""

    def moves_names(self) -> bool:
        self.claim.refuse_elsewhere()
        return False

    def nodes(self) -> tuple[NodeInfo, ...]:
        self.claim.refuse_elsewhere()
        home, former = self.claim.node, former_of(self.claim.claimed() or {})
        return tuple(
            NodeInfo(
                name=one.name,
                address=one.address,
                manager=one.manager,
                leader=one.leader,
                home=one.id == home,
                former_home=one.id != home and was_home(one, former),
                state=one.state,
                availability=one.availability,
            )
            for one in self._nodes.all()
        )

    def home(self) -> SwarmHome | None:
        marks = self.claim.claimed()
        if marks is None:
            return None
        nodes, home = self._nodes.all(), marks.get(NODE, "")
        former = former_of(marks)
        found = next((one for one in nodes if one.id == home), None)
        return SwarmHome(
            node=home,
            name=found.name if found else marks.get(NAME, ""),
            address=found.address if found else marks.get(ADDRESS, ""),
            state=found.state if found else REMOVED,
            addressed=self.claim.name,
            here=home == self.claim.node,
            machines=tuple(one.name for one in nodes),
            managers=sum(one.manager for one in nodes),
            former=tuple(
                one.name for one in nodes if was_home(one, former) and one.id != self.claim.node
            ),
            copies=self._copies.read_all(),
            instances=self._instances(labels.filters(Role.SERVICE)),
        )

    def adopt(self, home: SwarmHome) -> tuple[str, ...]:
        self.claim.adopt(home.node)
        former = former_of(self.claim.claimed() or {})
        problems, clean = [], set()
        for node in self._nodes.all():
            if node.id == self.claim.node:
                continue
            if node.id in former and not node.ready:
                take_out(self._client, node)
            elif was_home(node, former) and node.ready:
                try:
                    DockerEdge(self._nodes.client_of(node), self._layout).remove()
                    clean.add(node.name)
                except EngineProblem as error:
                    problems.append(f"{node.name} may still have its edge: {error.message}")
        self.claim.forget_former(frozenset(clean))
        return tuple(problems)

    def spread_image(
        self, image: str, plan: "Plan", cancel: Cancel
    ) -> "Generator[str, None, None]":
        if plan.spec.volumes:
            return  # that stays on the home
        if self._registry is not None:
            yield from self._registry.push(image, plan, cancel)
        else:
            yield from self._spread.spread(image, plan, cancel)

    def pull_image(
        self, reference: str, plan: "Plan", cancel: Cancel
    ) -> "Generator[Carriage, None, Image]":
        from compartment_tui.adapters.docker.resources import registry_carriage

        # The nodes pull it by the same reference.
        return registry_carriage.pull_image(self._client, reference, plan, cancel, keep=True)

    # --- what there is ----------------------------------------------------------------------------

    def instances(
        self, key: EnvironmentKey | None = None, *, project: str | None = None
    ) -> tuple[Instance, ...]:
        self.claim.refuse_elsewhere()
        scope = {} if project is None else {"project": project}
        return self._instances(labels.filters(Role.SERVICE, key, **scope))

    def _instances(self, filters: Mapping[str, list[str]]) -> tuple[Instance, ...]:
        found = services.listed(self._client, filters)
        tasks = tasks_of(self._client, [one["ID"] for one in found if services.scale_of(one)])
        names = self._names(found, tasks)
        instances = (instance_of(one, in_this_life(one, tasks), names) for one in found)
        return tuple(one for one in instances if one is not None)

    def instance(self, deployment: str) -> Instance | None:
        found = services.find(self._client, deployment)
        return None if found is None else self._instance_of(found, self._tasks_of(found))

    def fingerprints(self, deployment: str, key: bytes) -> Mapping[str, str]:
        service = services.find(self._client, deployment)
        if service is None:
            return {}
        container = service["Spec"]["TaskTemplate"].get("ContainerSpec") or {}
        return fingerprints_of(container.get("Env") or (), key)

    def look_ahead(self, deployments: Iterable[str]) -> None:
        """Each is looked at when it is asked for."""

    def list_ahead(self, key: EnvironmentKey) -> None:
        """As `look_ahead`."""

    def container_of(self, instance: Instance) -> tuple[Client, str]:
        service = self._found(instance.deployment)
        task = newest(service, self._tasks_of(service)).get(instance.number)
        if task is None or not task.running:
            raise gone(instance.deployment, "does not run", number=instance.number)
        node = self._nodes.node(task.node)
        if node is None:
            raise gone(instance.deployment, number=instance.number)
        return self._nodes.client_of(node), task.container

    def _instance_of(self, service: Json, tasks: Iterable[Task]) -> Instance | None:
        own = in_this_life(service, tasks)
        return instance_of(service, own, self._names([service], own))

    def _names(self, found: Iterable[Json], tasks: Iterable[Task]) -> dict[str, str]:
        """The names of the machines where these tasks are, and of those that are bound to one."""
        nodes = {*map(services.bound_to, found), *(one.node for one in tasks)}
        return self._nodes.names(frozenset(nodes - {""}))

    def _tasks_of(self, service: Json) -> tuple[Task, ...]:
        return tasks_of(self._client, [service["ID"]])

    def _whole(self, service: Json) -> Instance:
        found = self._instance_of(service, self._tasks_of(service))
        if found is None:
            raise gone(services.marks_of(service).get(labels.DEPLOYMENT, "it"))
        return found

    def _found(self, deployment: str) -> Json:
        found = services.find(self._client, deployment)
        if found is None:
            raise gone(deployment)
        return found

    # --- networks ---------------------------------------------------------------------------------

    def make_network(self, key: EnvironmentKey, settings: NetworkSettings) -> None:
        self.claim.claim()
        self._refuse_plain(key)
        client, layout = self._client, self._layout
        patiently(lambda: networks.make_network(client, layout, key, settings, overlay=True))

    def _refuse_plain(self, key: EnvironmentKey) -> None:
        """Raises Refused: the environment is one of plain containers on this machine."""
        plain = ResourceNames(namespace=self._layout.namespace)
        if key in networks.networks(self._client, plain):
            raise Refused(
                f"the environment {show(key.environment)} has plain containers on this engine, and"
                " the project file says `swarm = true`",
                hint="delete it first (`compartment-tui environment delete`, without `swarm`), or"
                " deploy to another environment",
            )

    def remove_environment(self, key: EnvironmentKey, *, volumes: bool) -> None:
        for service in services.listed(self._client, labels.filters(Role.SERVICE, key)):
            self.remove(services.marks_of(service)[labels.DEPLOYMENT])
        deadline = time.monotonic() + REMOVAL_PATIENCE.total_seconds()
        while True:
            try:
                patiently(lambda: DockerEngine.remove_environment(self, key, volumes=volumes))
            except Conflict:
                # The last tasks are leaving the network.
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    # --- a deployment's life ----------------------------------------------------------------------

    def create(self, birth: "ContainerSpec") -> Instance:
        plan = birth.plan
        if services.find(self._client, plan.deployment) is None:
            image, where = self._image_and_place(birth)
            network = self._layout.network(plan.key)
            edge = edge_on(self._client, birth, network)
            spec = services.spec_of_service(
                birth, network, edge, where, image=image, newer=self._forbids_privileges()
            )
            services.create(self._client, spec, self._credentials(image))
        return self._whole(self._found(plan.deployment))

    def _image_and_place(self, birth: "ContainerSpec") -> tuple[str, list[str]]:
        """What tasks are made from, and where they may be. Raises ImageUnavailable."""
        plan, image = birth.plan, birth.image.id
        if plan.spec.volumes:
            return image, [services.BOUND + self.claim.node]
        if self._registry is None:
            return image, [constraint_of(image)]
        reference = self._registry.reference(image)
        if reference is None:
            raise ImageUnavailable(
                f"the home of the Swarm does not know by which digest {self._registry.name} has the"
                f" image of {plan.service}",
                hint="deploy again: that pushes it",
            )
        return reference, []

    def _credentials(self, image: str) -> dict[str, str]:
        """What nodes need to pull an image that is not named by its id."""
        if self._registry is None or not services.is_by_digest(image):
            return {}
        return self._registry.credentials(image)

    def _forbids_privileges(self) -> bool:
        with self._client.translate("tell about itself"):
            version = str(self._client.info().get("ServerVersion", ""))
        major = version.partition(".")[0]
        return major.isdecimal() and int(major) >= FORBIDS_PRIVILEGES

    def set_replicas(self, deployment: str, replicas: int) -> Instance:
        service = self._found(deployment)
        now = services.scale_of(service)
        scale = min(now, replicas)
        services.rescale(
            self._client, deployment, scale=scale, known=service, replicas=str(replicas)
        )
        if scale < now:
            self._await_scale(service["ID"], scale)
        return self._whole(self._found(deployment))

    def _await_scale(self, service: str, scale: int) -> None:
        """Until so many run, or long enough.

        The Swarm takes away from machines with several of them first, and may leave one that does
        not run in place of one that did.
        """
        deadline = time.monotonic() + END_PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            tasks = tasks_of(self._client, [service])
            staying = [one for one in tasks if one.wanted == RUNNING and not one.over]
            if len(staying) <= scale <= sum(one.running for one in tasks):
                return
            time.sleep(PAUSE_SECONDS)

    def start(self, deployment: str) -> bool:
        service = self._found(deployment)
        scale, wanted = services.scale_of(service), services.wanted_of(service)
        begun: datetime | None = None
        if scale != wanted:
            # What goes on is in its life still; what begins is younger than its last change.
            life = services.marks_of(service).get(services.SINCE) if scale else None
            services.rescale(
                self._client,
                deployment,
                scale=wanted,
                headers=self._credentials(services.image_of(service)),
                known=service,
                life=services.STARTED,
                since=life or service["UpdatedAt"],
            )
            begun = moment(self._found(deployment)["UpdatedAt"])
        self._begun[deployment] = begun
        return False

    def await_running(self, deployment: str) -> None:
        begun = self._begun.pop(deployment, None)
        written = TaskTail(self._client)
        name_of = self._nodes.name_of
        await_running(self._client, deployment, begun, written=written, name_of=name_of)

    def keep_running(self, deployment: str) -> None:
        self._found(deployment)  # its restart policy is that from its birth

    def retire(self, deployment: str, grace: timedelta) -> bool:
        return bool(self.retire_all({deployment: grace}))

    def retire_all(self, graces: Mapping[str, timedelta]) -> frozenset[str]:
        return self._retire_all(graces, by_us=True)

    def _retire_all(self, graces: Mapping[str, timedelta], *, by_us: bool) -> frozenset[str]:
        """`by_us`: not to wait until the Swarm stops their tasks."""
        going: dict[str, str] = {}
        before: list[Task] = []
        for deployment in graces:
            service = services.find(self._client, deployment)
            if service is None or not services.scale_of(service):
                continue
            before += self._tasks_of(service)
            try:
                services.rescale(
                    self._client, deployment, scale=0, known=service, life=services.STOPPED
                )
            except InstanceGone:
                continue
            going[service["ID"]] = deployment
        own = {id_: graces[deployment] for id_, deployment in going.items()}
        most = max(own.values(), default=timedelta())
        stop = TaskStop(self._nodes, own if by_us else {})
        killed = self._await_end(before, dict.fromkeys(going, 0), most, stop)
        return frozenset(going[one] for one in killed if own[one])

    def retire_replicas(self, deployment: str, above: int, grace: timedelta) -> None:
        service = services.find(self._client, deployment)
        if service is None:
            return
        scale, before = min(services.scale_of(service), above), self._tasks_of(service)
        services.rescale(self._client, deployment, scale=scale, known=service, replicas=str(above))
        # Others go on: here the Swarm has to see first that nobody is led to those that go.
        self._await_end(before, {service["ID"]: scale}, grace, TaskStop(self._nodes, {}))

    def _await_end(
        self,
        before: Iterable[Task],
        scales: Mapping[str, int],
        grace: timedelta,
        stop: TaskStop,
    ) -> frozenset[str]:
        """Until no more tasks of these services run than are to; those of which one was killed.

        `before` are the tasks that there were. Who is on a machine that is away is not waited for.
        """
        ending = {one.id for one in before if not one.over}
        killed: set[str] = set()
        began = time.monotonic()
        deadline = began + (grace + END_PATIENCE).total_seconds()
        nodes_at = began + NODES_SECONDS
        while ending and time.monotonic() < deadline:
            tasks = tasks_of(self._client, scales)
            ended = [one for one in tasks if one.over and one.id in ending]
            killed |= {one.service for one in ended if one.exit_code == KILLED}
            stop.begin(tasks)
            left = [one for one in tasks if not one.over and one.id not in stop.ended]
            if _as_few(left, scales):
                break
            if time.monotonic() >= nodes_at:
                nodes_at = time.monotonic() + NODES_SECONDS
                if self._out_of_reach(left):
                    break
            time.sleep(PAUSE_SECONDS)
        return frozenset(killed | stop.killed)

    def _out_of_reach(self, left: list[Task]) -> bool:
        """Whether those that are to end are on machines that are away, and nobody else is left."""
        if any(not one.node or one.wanted == RUNNING for one in left):
            return False
        ready = {one.id for one in self._nodes.all() if one.ready}
        return not any(one.node in ready for one in left if one.wanted in GOING)

    def remove(self, deployment: str) -> None:
        # Nothing of it is to be left on the machines: their images may go next.
        self._retire_all({deployment: timedelta()}, by_us=False)
        services.remove(self._client, deployment)
        # What a killed run left of its release command.
        containers.remove(self._client, deployment)

    def remove_image(self, image: str) -> None:
        # A kept service has no container that would keep it.
        used = {"label": [f"{labels.IMAGE}={image}"]}
        if services.listed(self._client, used):
            return
        self._spread.remove(image, self._registry.name if self._registry else "")

    # --- names inside -----------------------------------------------------------------------------

    def name_active(self, key: EnvironmentKey, active: Mapping[str, str | None]) -> None:
        """A name does not move in a Swarm: this only says which one is it, should records go."""
        found = services.listed(self._client, labels.filters(Role.SERVICE, key))
        for service in found:
            marks = services.marks_of(service)
            name, deployment = marks.get(labels.SERVICE, ""), marks.get(labels.DEPLOYMENT, "")
            if name not in active:
                continue
            is_it = active[name] == deployment
            if is_it is not (services.ACTIVE in marks):
                mark = "yes" if is_it else None
                services.rescale(self._client, deployment, known=service, active=mark)

    def name_awaited(self, key: EnvironmentKey, awaited: Mapping[str, str]) -> None:
        """Nobody waits for a name that does not move."""

    def end_stepping_aside(self, key: EnvironmentKey, services: Iterable[str]) -> None:
        """Nobody stepped aside."""

    # --- one replica ------------------------------------------------------------------------------

    def tail(self, deployment: str, lines: int, *, replica: int = 1) -> tuple[str, ...]:
        from compartment_tui.adapters.docker.swarm.task_logs import tail_of

        task = self._written_by(deployment, replica)
        return () if task is None else tail_of(self._client, task, lines)

    def logs(
        self,
        deployment: str,
        *,
        follow: bool,
        tail: int | None,
        since: datetime | None,
        replica: int = 1,
    ) -> Feed[LogLine]:
        from compartment_tui.adapters.docker.resources.logs import LogFeed
        from compartment_tui.adapters.docker.swarm.task_logs import lines_of

        service = self._found(deployment)
        task = self._written_by(deployment, replica)
        if task is None:
            raise gone(deployment, "has no log any more", number=replica)
        try:
            source = lines_of(self._client, task, follow=follow, tail=tail, since=since)
        except Missing as error:
            raise gone(deployment, "has no log any more", number=replica) from error
        name = services.marks_of(service).get(labels.SERVICE, "")
        return LogFeed(source, name, deployment, replica)

    def _written_by(self, deployment: str, replica: int) -> Task | None:
        """The replica's last task that had a container."""
        service = services.find(self._client, deployment)
        if service is None:
            return None
        tasks = [one for one in self._tasks_of(service) if one.container]
        current = newest(service, tasks).get(replica)
        return current or next((one for one in reversed(tasks) if one.slot == replica), None)

    def events(self, project: str) -> Feed[EngineEvent]:
        from compartment_tui.adapters.docker.swarm.events import SwarmEvents

        def look() -> tuple[list[Json], tuple[Task, ...], tuple[SwarmNode, ...]]:
            wanted = labels.filters(Role.SERVICE, None, project=project)
            found = services.listed(self._client, wanted)
            tasks = tasks_of(self._client, [one["ID"] for one in found])
            return found, tasks, self._nodes.all()

        return SwarmEvents(super().events(project), look)

    def stats(self, deployment: str, *, replica: int = 1) -> Feed[Sample]:
        from compartment_tui.adapters.docker.resources.stats import stats_of

        instance = self._running(deployment, replica)
        client, container = self.container_of(instance)
        return stats_of(client, container, instance, replica=replica)

    def execute(
        self, deployment: str, command: tuple[str, ...], *, terminal: bool, replica: int = 1
    ) -> int:
        from compartment_tui.adapters.docker.resources.exec_command import execute_in

        client, container = self.container_of(self._running(deployment, replica))
        return execute_in(
            client, container, command, deployment=deployment, terminal=terminal, replica=replica
        )

    def listeners(self, deployment: str) -> "tuple[Listener, ...]":
        from compartment_tui.adapters.docker.api.helper_shell import ShellGone
        from compartment_tui.adapters.docker.api.socket_table import listening
        from compartment_tui.adapters.docker.resources.connections import TABLES, open_helper_in

        instance = self._running(deployment, 1)
        client, container = self.container_of(instance)
        try:
            with open_helper_in(client, instance, container) as shell:
                return listening(shell.run(TABLES).text)
        except (Missing, Conflict, ShellGone) as error:
            raise gone(deployment, "does not run any more") from error

    def _running(self, deployment: str, replica: int) -> Instance:
        instance = self._whole(self._found(deployment))
        one = next((one for one in instance.replicas if one.number == replica), None)
        if one is None or not one.running:
            raise gone(deployment, "does not run", number=replica)
        return one

    # --- connections ------------------------------------------------------------------------------

    def count_connections(self, deployment: str, port: int, *, above: int = 0) -> ConnectionCount:
        from compartment_tui.adapters.docker.swarm.edge_count import EdgeCount

        if above:
            raise gone(deployment, "has no certain replicas to let go: the Swarm chooses them")
        instance = self.instance(deployment)
        if instance is None or not instance.any_running:
            raise gone(deployment, "does not run")
        return EdgeCount(self._client, self._layout.edge, instance, port)

    def callers(self, key: EnvironmentKey) -> "dict[str, Caller]":
        found = super().callers(key)
        for instance in self.instances(key):
            for one in instance.replicas:
                if one.address is not None:
                    found[one.address] = Caller(CallerKind.SERVICE, one.service)
        return found


def _as_few(left: Iterable[Task], scales: Mapping[str, int]) -> bool:
    """Whether no more tasks of these services are left than are to be."""
    per_service = Counter(one.service for one in left)
    return all(number <= scales[service] for service, number in per_service.items())
