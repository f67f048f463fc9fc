"""One pretended container and its life."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.feeds import MemoryFeed
from compartment_tui.adapters.memory.stats import sample, until_next_second
from compartment_tui.domain.deployment import Health, Instance, InstanceState, Sample
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec
from compartment_tui.domain.readiness_advice import Listener
from compartment_tui.ports import LogLine

FIRST_BACKOFF = timedelta(milliseconds=100)
"""How long the engine waits before it brings a container back; doubled each time."""
LONGEST_BACKOFF = timedelta(minutes=1)
KEPT_LINES = 5_000
"""How many lines of its log stay, as the engine's log files are bounded."""
KILLED = 137


def replica_key(deployment: str, number: int) -> str:
    """Where a replica stands among the containers: the first one under its deployment."""
    return deployment if number == 1 else f"{deployment}/{number}"


@dataclass(slots=True, kw_only=True, eq=False)
class Container:
    """A container that behaves as its script says. Whoever writes a test may change all of it."""

    birth: ContainerSpec
    name: str
    address: str
    behaviour: Behaviour
    clock: FakeClock
    tell: Callable[["Container", str], None]
    """Told what happens to it, in the engine's words: `start`, `die`…"""
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    number: int = 1
    """Which replica of its deployment it is."""
    one_name: bool = False
    """All replicas are found by the first one's name, as in a Swarm."""
    node: str = ""
    """The machine of a Swarm that it runs on."""
    bound: str = ""
    """The only machine of a Swarm that it may run on, by id; empty: any that has its image."""
    lost_node: str = ""
    """The machine of a Swarm that it was on, while it is brought back elsewhere."""
    waits_since: datetime | None = None
    """Since when a Swarm places it or has it started."""
    unreached: str = ""
    """Why nobody gets to it though it may run; empty when everybody does."""

    state: InstanceState = InstanceState.CREATED
    always: bool = False
    """Restart policy `always`."""
    exit_code: int | None = None
    out_of_memory: bool = False
    started: datetime | None = None
    finished: datetime | None = None
    restarts: int = 0
    log: list[LogLine] = field(default_factory=list)
    followers: list[MemoryFeed[LogLine]] = field(default_factory=list)
    watchers: list[MemoryFeed[Sample]] = field(default_factory=list)

    serving: bool = False
    """Whether it is active as far as callers can tell: by a route in force or by its name."""
    left: datetime | None = None
    """When it ceased to be."""
    _life: int = 0
    """Counts starts and ends, so that what was due in an earlier life does not happen later."""
    _probes: int = 0
    _measured: bool = False
    """Whether its next sample is due."""
    id: str = field(init=False)
    spec: str = field(init=False)
    """`ServiceSpec.text()` as it was at its birth."""

    def __post_init__(self) -> None:
        self.id = hashlib.sha256(replica_key(self.deployment, self.number).encode()).hexdigest()
        self.spec = self.birth.plan.spec.text()

    @property
    def deployment(self) -> str:
        return self.birth.plan.deployment

    @property
    def service(self) -> str:
        return self.birth.plan.service

    @property
    def key(self) -> EnvironmentKey:
        return self.birth.plan.key

    @property
    def running(self) -> bool:
        return self.state is InstanceState.RUNNING

    def start(self) -> None:
        if self.running:
            return
        self.restarts = 0
        self._begin()

    def stop(self, grace: timedelta, *, waited: timedelta = timedelta()) -> bool:
        """SIGTERM, and SIGKILL when `grace` is over; whether it took all of that.

        `waited` is how long ago it was sent SIGTERM.
        """
        if self.state is InstanceState.RESTARTING:
            self._end(self.exit_code or 0)
        if not self.running:
            return False
        life = self._life
        self.clock.sleep(max(self.stop_in(grace) - waited, timedelta()))
        killed = self._stops_after > grace
        if self._life != life:
            return False
        self._end(KILLED if killed else 0)
        return killed and grace > timedelta()

    def stop_in(self, grace: timedelta) -> timedelta:
        """How long after SIGTERM it ends."""
        return min(self._stops_after, grace)

    @property
    def _stops_after(self) -> timedelta:
        """An init process passes the signal on to one that would not hear it as the first."""
        deaf = self.behaviour.deaf_as_first and not self.birth.plan.spec.init
        return timedelta.max if deaf else self.behaviour.stop_takes

    def die(self, code: int | None = None) -> None:
        """End by itself; the engine brings it back when its restart policy says so."""
        if not self.running:
            return
        for line in self.behaviour.last_words:
            self.write(line, stream="stderr")
        self.out_of_memory = self.behaviour.out_of_memory
        self._end(self.behaviour.exit_code if code is None else code)
        if self.always:
            backoff = min(FIRST_BACKOFF * 2**self.restarts, LONGEST_BACKOFF)
            self.restarts += 1
            self.state = InstanceState.RESTARTING
            self._later(backoff, self._begin)

    def vanish(self) -> None:
        """Its machine is gone and it with it; whoever brings it back starts it."""
        if self.running:
            self._end(KILLED)
        self._life += 1
        self.exit_code, self.unreached = None, ""
        self.state = InstanceState.RESTARTING

    def serve(self, serving: bool) -> None:
        """Note whether callers reach it from now on."""
        if serving == self.serving:
            return
        self.serving = serving
        self.left = None if serving else self.clock.now()
        if serving and self.running:
            self._later(self.behaviour.exits_in_service_after, self.die)

    def write(self, message: str, *, stream: str = "stdout") -> None:
        """Write one line to its log."""
        line = LogLine(
            at=self.clock.now(),
            service=self.service,
            deployment=self.deployment,
            stream=stream,
            message=message,
            replica=self.number,
        )
        self.log.append(line)
        if len(self.log) > KEPT_LINES:
            del self.log[: KEPT_LINES // 10]
        for feed in tuple(self.followers):
            feed.push(line)

    def chat(self, said: int = 0) -> None:
        """Write what its script has it say while it runs, one remark after the other."""
        if self.behaviour.chatter is None or not self.running:
            return
        remark = self.behaviour.chatter(self.key, replica_key(self.deployment, self.number), said)

        def say() -> None:
            self.write(remark.line, stream=remark.stream)
            self.chat(said + 1)

        self._later(remark.after, say)

    def watch(self, feed: MemoryFeed[Sample]) -> None:
        """Tell what it uses, now and at every full second, for as long as it runs."""
        self.watchers.append(feed)
        feed.push(self._sample())
        if not self._measured:
            self._measured = True
            self._later(until_next_second(self.clock.now()), self._measure)

    def probe(self) -> str | None:
        """Why it refuses, or None; a container is also asked by those who count refusals."""
        self._probes += 1
        return self.refuses()

    def refuses(self) -> str | None:
        """Why it cannot take traffic now, or None when it can."""
        if not self.running or self.started is None:
            return "connection refused"
        if self.unreached:
            return self.unreached
        after, lasts = self.behaviour.ready_after, self.behaviour.ready_for
        age = self.clock.now() - self.started
        if after is None or age < after or self._probes < self._probes_needed:
            return self.behaviour.refusal
        if lasts is not None and age >= after + lasts:
            return self.behaviour.refusal
        return None

    def listeners(self) -> tuple[Listener, ...]:
        """Where it accepts connections now."""
        where = self.behaviour.listens
        if where is None:
            port = self.birth.port
            where = () if port is None or self.refuses() else (("0.0.0.0", port),)  # noqa: S104
        return tuple(Listener(address=address, port=port) for address, port in where)

    @property
    def _probes_needed(self) -> int:
        refused = self.behaviour.refused_probes
        return refused + 1 if refused else 0

    def connections(self) -> int:
        if self.serving:
            return self.behaviour.connections
        still = self.left and self.clock.now() < self.left + self.behaviour.drain_takes
        return self.behaviour.connections if still else 0

    def instance(self) -> Instance:
        plan = self.birth.plan
        return Instance(
            key=plan.key,
            service=plan.service,
            deployment=plan.deployment,
            run=plan.run,
            container=self.id,
            name=self.name,
            image=self.birth.image.id,
            port=self.birth.port,
            spec=self.spec,
            provenance=plan.provenance,
            fingerprints=dict(plan.fingerprints),
            sensitive=plan.sensitive,
            previous=plan.previous.id if plan.previous else None,
            inner=self.birth.inner,
            created=self.birth.created,
            state=self.state,
            exit_code=self.exit_code,
            out_of_memory=self.out_of_memory,
            started=self.started,
            finished=self.finished,
            restarts=self.restarts,
            checked=self._checked(),
            check_output=self.behaviour.check_output,
            address=self.address if self.running else None,
            number=self.number,
            one_name=self.one_name,
            node=self.node if self.running else "",
        )

    def _checked(self) -> Health | None:
        lame = self.behaviour.check is None or self.behaviour.check_missing
        if lame or not self.running or self.started is None:
            return self.behaviour.check and Health.PENDING
        after = self.behaviour.ready_after
        age = self.clock.now() - self.started
        due = after is not None and age >= max(after, self.behaviour.check_interval)
        return self.behaviour.check if due else Health.PENDING

    def _begin(self) -> None:
        self._life += 1
        self._probes = 0
        self.state = InstanceState.RUNNING
        self.started, self.finished = self.clock.now(), None
        self.exit_code, self.out_of_memory = None, False
        for line in self.behaviour.says:
            self.write(line)
        self.tell(self, "start")
        self._later(self.behaviour.exits_after, self.die)
        self.chat()
        if self.serving:
            self._later(self.behaviour.exits_in_service_after, self.die)

    def _end(self, code: int) -> None:
        self._life += 1
        self.state = InstanceState.EXITED
        self.exit_code, self.finished = code, self.clock.now()
        for follower in self.followers:
            follower.end()
        for watcher in self.watchers:
            watcher.end()
        self.followers.clear()
        self.watchers.clear()
        self._measured = False
        self.tell(self, "die")

    def _sample(self) -> Sample:
        limit = self.birth.plan.spec.limits.memory
        return sample(
            replica_key(self.deployment, self.number),
            self.behaviour,
            at=self.clock.now(),
            limit=limit,
        )

    def _measure(self) -> None:
        for feed in tuple(self.watchers):
            feed.push(self._sample())
        self._measured = bool(self.watchers)
        if self._measured:
            self._later(until_next_second(self.clock.now()), self._measure)

    def _later(self, delay: timedelta | None, happen: Callable[[], None]) -> None:
        if delay is None:
            return
        self.clock.call_in(delay, partial(self._unless_changed, self._life, happen))

    def _unless_changed(self, life: int, happen: Callable[[], None]) -> None:
        if self._life == life:
            happen()
