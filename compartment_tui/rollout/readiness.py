"""The start of candidates and the proof that they are ready."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

from compartment_tui.domain import image_notes
from compartment_tui.domain.config import UNDECLARED, Readiness, ReadinessKind, ServiceSpec
from compartment_tui.domain.deployment import Health, Image, Instance, Stage
from compartment_tui.domain.errors import (
    CandidateExited,
    CompartmentError,
    InstanceGone,
    NeverReady,
)
from compartment_tui.domain.events import Attempt, Event, Probed
from compartment_tui.domain.placement import placement_words
from compartment_tui.domain.planning.plan import ContainerSpec, Plan
from compartment_tui.domain.readiness_advice import (
    Advice,
    AskedPort,
    check_advice,
    listening_advice,
    status_advice,
)
from compartment_tui.domain.refusal import Cause, Refusal
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.target import Target
from compartment_tui.rollout.build import birth_of
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.progress import Progress
from compartment_tui.rollout.retirement import killed_notes, retire
from compartment_tui.rollout.wait import begin_wait

MISSING_FOR = timedelta(seconds=5)
"""How long a program that is not in the image may take to appear: something may bring it along."""
LEAST_CHECKS = 2
"""How often an image's own check is run at least, however long it hangs."""
WORKER_UPTIME = timedelta(seconds=2)
"""How long a worker that declares nothing must stay up to count as ready."""
TAIL_LINES = 20
MOST_PROOFS = 3
"""How often what a Swarm moves again and again is proven again."""
EAGER = timedelta(milliseconds=50)
"""How often a candidate is asked in its first second: most are ready within that."""
EAGER_FOR = timedelta(seconds=1)
LOOKED_AT = timedelta(milliseconds=250)
"""How often one that there is nothing to ask is looked at then: it is not ready within that."""


def start_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Start the candidates. A stop-first service's active deployment is stopped right before.

    On a Swarm all are asked for before the first is waited for.
    """
    engine = rollout.world.engine
    awaited = []
    for plan in plans:
        rollout.work_on(Stage.STARTING_CANDIDATE, plan.target)
        yield from rollout.enter(Stage.STARTING_CANDIDATE, [plan])
        if not plan.reuses_container:
            birth = birth_of(rollout, plan)
            rollout.inner[plan.deployment] = birth.inner
            rollout.made[plan.deployment] = engine.create(birth)
            yield from _warned(rollout, birth)
        elif plan.replicas != max(1, len(rollout.record.deployments[plan.deployment].containers)):
            rollout.made[plan.deployment] = engine.set_replicas(plan.deployment, plan.replicas)
        if plan.spec.stop_first and plan.previous is not None:
            entry = next(e for e in rollout.record.journal_entries if e.service == plan.service)
            if entry.wait:
                yield from begin_wait(rollout, plan, entry, _port_of(rollout, plan))
            elif plan.has_downtime:
                rollout.downtime.begin(plan.service)
            killed = retire(rollout.world, (plan.previous,))
            yield from killed_notes(plan.key, killed, rollout.now)
        if engine.start(plan.deployment):
            yield rollout.end(Stage.STARTING_CANDIDATE, plan.target)
        else:
            awaited.append(plan)
    for plan in awaited:
        rollout.work_on(Stage.STARTING_CANDIDATE, plan.target)
        engine.await_running(plan.deployment)
        yield rollout.end(Stage.STARTING_CANDIDATE, plan.target)
    # They are asked about as soon as the next stage is on the record.
    engine.look_ahead(plan.deployment for plan in plans)


def _port_of(rollout: Rollout, plan: Plan) -> int | None:
    """Where the candidate listens, now that its image is known."""
    birth = rollout.birth(plan)
    return birth.port if birth else plan.port


def make_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Make the candidates without starting them: two of a stop-first service must not run."""
    for plan in plans:
        rollout.work_on(Stage.STARTING_CANDIDATE, plan.target)
        yield from rollout.enter(Stage.STARTING_CANDIDATE, [plan])
        birth = birth_of(rollout, plan)
        rollout.inner[plan.deployment] = birth.inner
        rollout.made[plan.deployment] = rollout.world.engine.create(birth)
        yield from _warned(rollout, birth)
        yield rollout.end(Stage.STARTING_CANDIDATE, plan.target, note="made, not started")


def _warned(rollout: Rollout, birth: ContainerSpec) -> Iterator[Event]:
    """What the image declares and this deployment bends; the result says it again."""
    for warning in image_notes.warnings(birth.plan, birth.image):
        yield rollout.note(warning, birth.plan.target)


def prove_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Ask all candidates in turn until each is ready and still is after its `settle`.

    Raises CandidateExited at once when one exits, NeverReady at its deadline.
    """
    yield from rollout.enter(Stage.CHECKING_READINESS, plans)
    began = rollout.world.clock.monotonic()
    yield from prove(rollout, [_proof_of(rollout, plan, began) for plan in plans])


def prove_moved(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Prove again what a Swarm has moved since its proof: visitors get to what was proven.

    Raises as `prove_candidates`, and NeverReady for what is moved again and again.
    """
    for _ in range(MOST_PROOFS):
        moved = [plan for plan in plans if _is_moved(rollout, plan)]
        if not moved:
            return
        for plan in moved:
            yield rollout.note("moved by the Swarm since it was proven: proven again", plan.target)
            yield rollout.begin(Stage.CHECKING_READINESS, plan.target)
        began = rollout.world.clock.monotonic()
        yield from prove(rollout, [_proof_of(rollout, plan, began) for plan in moved])
    for plan in plans:
        rollout.work_on(Stage.CHECKING_READINESS, plan.target)
        if _is_moved(rollout, plan):
            raise NeverReady(
                f"{plan.service} was moved by the Swarm each time that it had been proven",
                hint="`compartment-tui node list` tells how its machines do",
            )


def _is_moved(rollout: Rollout, plan: Plan) -> bool:
    proven = rollout.proven.get(plan.deployment)
    if proven is None:
        return False
    instance = rollout.world.engine.instance(plan.deployment)
    return instance is None or _lives(instance.replicas) != _lives(proven)


def _lives(replicas: tuple[Instance, ...]) -> list[tuple[object, ...]]:
    """What another task in a replica's place has otherwise."""
    return [(one.state, one.node, one.address, one.started) for one in replicas]


def _proof_of(rollout: Rollout, plan: Plan, began: timedelta) -> "Proof":
    birth = rollout.birth(plan)
    return Proof(
        progress=rollout,
        target=plan.target,
        deployment=plan.deployment,
        spec=plan.spec,
        host=plan.host,
        port=plan.port,
        image=birth.image if birth else None,
        held=plan.from_hold,
        waited=plan.from_hold and not plan.starts_candidate,
        began=began,
    )


def prove(progress: Progress, proofs: list["Proof"]) -> Iterator[Event]:
    """Ask all of them in turn until each is done.

    Raises CandidateExited, NeverReady; `progress.working_on` is the one it is about.
    """
    clock = progress.world.clock
    while proofs:
        for proof in proofs:
            if clock.monotonic() >= proof.due:
                yield from proof.ask()
        proofs = [proof for proof in proofs if not proof.done]
        if proofs:
            progress.check_cancel()
            nearest = min(proof.due for proof in proofs)
            clock.sleep(max(nearest - clock.monotonic(), timedelta()))


@dataclass(slots=True, kw_only=True)
class Proof:
    """One candidate on its way from started to proven."""

    progress: Progress
    target: Target
    deployment: str
    spec: ServiceSpec
    began: timedelta
    host: str | None
    """The one that leads to it, or will; None for a worker."""
    port: int | None
    """Where the file or the variables name it."""
    image: Image | None = None
    """What it was made from, where this run made it."""
    held: bool = False
    """It is a held candidate: if it fails it still is."""
    waited: bool = False
    """It ran while it was held: this run has not started it."""
    due: timedelta = timedelta()
    attempts: list[Attempt] = field(default_factory=list)
    settled_at: timedelta | None = None
    """When it must still be ready; None until it was ready once."""
    done: bool = False

    own: Readiness | None = None
    """The image's HEALTHCHECK as a question of ours, once it was needed."""
    refusal: Refusal | None = None
    """What came of the last attempt."""
    replica: int = 1
    """Who refused last."""
    found: tuple[Instance, ...] = ()
    """The replicas that were ready first."""

    @property
    def readiness(self) -> Readiness:
        return self.spec.readiness or self.own or UNDECLARED

    def ask(self) -> Iterator[Event]:
        """One attempt, and what follows from it."""
        progress = self.progress
        progress.work_on(Stage.CHECKING_READINESS, self.target)
        clock = progress.world.clock
        asked = clock.monotonic()
        replicas = self._replicas()
        self.refusal = self._first_refusal(replicas)
        took = clock.monotonic() - asked
        attempt = Attempt(
            number=len(self.attempts) + 1,
            ready=self.refusal is None,
            detail=self.refusal.detail if self.refusal else "ready",
            took=took,
        )
        self.attempts.append(attempt)
        yield Probed(at=progress.now, target=self.target, attempt=attempt)
        if self.refusal is not None:
            self._not_yet(asked, self.refusal)
        elif self.spec.settle and (self.settled_at is None or self._moved(replicas)):
            self.settled_at = self.due = clock.monotonic() + self.spec.settle
            self.found = replicas
        else:
            self.done = True
            if replicas[0].one_name:
                progress.proven[self.deployment] = replicas
            if self.host is None:
                progress.downtime.end(self.target.service)
            note = f"{len(self.attempts)} attempts"
            yield progress.end(Stage.CHECKING_READINESS, self.target, note=note)

    def _moved(self, replicas: tuple[Instance, ...]) -> bool:
        """Whether these are others than were ready first."""
        return _lives(replicas) != _lives(self.found)

    def _replicas(self) -> tuple[Instance, ...]:
        instance = self.progress.world.engine.instance(self.deployment)
        if instance is None:
            when = "held" if self.held else "being checked"
            raise InstanceGone(
                f"the candidate of {self.target.service} was removed while it was {when}",
                hint=self._discard() if self.held else "",
            )
        return instance.replicas

    def _first_refusal(self, replicas: tuple[Instance, ...]) -> Refusal | None:
        """Why one of them is not ready, the others unasked; None when all are.

        Who refused last is asked first. Raises CandidateExited.
        """
        for replica in replicas:
            if not replica.running:
                self.replica = replica.number
                if replica.placement is None:
                    raise self._exited(replica, of=len(replicas))
                placed = replace(replica.placement, since=None)
                words = placement_words([placed], len(replicas), self.progress.now)
                return Refusal(detail=words)
        for replica in sorted(replicas, key=lambda one: one.number != self.replica):
            refusal = self._asked(replica)
            if refusal is not None:
                self.replica = replica.number
                which = f"replica {replica.number}: " if len(replicas) > 1 else ""
                return replace(refusal, detail=f"{which}{refusal.detail}")
        return None

    def _asked(self, instance: Instance) -> Refusal | None:
        """Why it is not ready; None when it is."""
        spec, lock = self.spec, self.progress.lock
        if spec.readiness is not None:
            return lock.ready(instance, spec.readiness, instance.port)
        if instance.checked is not None:
            refusal = self._checked(instance)
            if refusal is not None or not spec.kind.routed:
                return refusal
        elif not spec.kind.routed:
            up = self.progress.world.clock.monotonic() - self.began
            if up >= WORKER_UPTIME:
                return None
            return Refusal(detail=f"up for {up.total_seconds():.1f} s")
        # Also of one whose own check passes: that may ask at another port than the edge will.
        return lock.ready(instance, UNDECLARED, instance.port)

    def _checked(self, instance: Instance) -> Refusal | None:
        """What the image's HEALTHCHECK says, run at our pace: the engine's first may be far off."""
        if instance.checked is Health.HEALTHY:
            return None
        if self.own is None:
            self.own = own_check(self._image(instance))
        if self.own is None:
            words = f"HEALTHCHECK {instance.checked}: {instance.check_output}"
            return Refusal(detail=words.removesuffix(": "))
        refusal = self.progress.lock.ready(instance, self.own, instance.port)
        if refusal is None:
            return None
        return replace(refusal, detail=f"its HEALTHCHECK: {refusal.detail}")

    def _image(self, instance: Instance) -> Image | None:
        return self.image or self.progress.world.engine.image(instance.image)

    def _not_yet(self, asked: timedelta, refusal: Refusal) -> None:
        self.settled_at = None
        young = asked - self.began < EAGER_FOR
        asked_itself = self.spec.kind.routed or self.readiness is not UNDECLARED
        eager = EAGER if asked_itself else LOOKED_AT
        pause = min(eager, self.readiness.interval) if young else self.readiness.interval
        self.due = asked + pause
        if self.own is not None:
            # A check may be work: it rests as long as it took, so that the service starts, too.
            now = self.progress.world.clock.monotonic()
            self.due = max(self.due, now + (now - asked))
        hopeless = refusal.cause is Cause.MISSING and self.due >= self.began + MISSING_FOR
        if self.due < self.began + self.readiness.timeout and not hopeless:
            return
        again = self.own is not None and refusal.cause is Cause.HUNG
        if not again or len(self.attempts) >= LEAST_CHECKS:
            raise self._never_ready(refusal)

    def _exited(self, instance: Instance, *, of: int) -> CandidateExited:
        code = "" if instance.exit_code is None else f" with code {instance.exit_code}"
        memory = ", out of memory" if instance.out_of_memory else ""
        when = "while it was held" if self.waited else "before it was ready"
        which = f"replica {instance.number} of " if of > 1 else ""
        return CandidateExited(
            f"{which}{self.target.service} exited{code}{memory} {when}",
            hint="; ".join((*self._bent(instance), self._look())),
            tail=self._evidence(),
        )

    def _never_ready(self, refusal: Refusal) -> NeverReady:
        waited = self.progress.world.clock.monotonic() - self.began
        missing = refusal.cause is Cause.MISSING
        seconds = (waited if missing else max(self.readiness.timeout, waited)).total_seconds()
        advice = self._advice(refusal)
        words = "; ".join(part for part in (refusal.detail, advice.found) if part)
        return NeverReady(
            f"{self.target.service} was not ready within {seconds:.0f} s: {words}",
            hint="; ".join(part for part in (advice.hint, *self._bent(), self._look()) if part),
            tail=self._evidence(),
        )

    def _advice(self, refusal: Refusal) -> Advice:
        """The likely cause, as far as it can be found out."""
        if refusal.cause is Cause.CLOSED:
            return self._listening()
        if refusal.reply is not None and self.spec.readiness is not None:
            return status_advice(self.spec.readiness, refusal.reply, self.target.service, self.host)
        if self.own is not None:
            return check_advice(refusal, self.target.service, routed=self.spec.kind.routed)
        return Advice()

    def _bent(self, instance: Instance | None = None) -> tuple[str, ...]:
        """What of the image may have to do with it."""
        engine = self.progress.world.engine
        try:
            running = instance or engine.instance(self.deployment)
            image = self._image(running) if running else None
        except CompartmentError:
            return ()
        return tuple(image_notes.suspects(self.spec, image)) if image else ()

    def _listening(self) -> Advice:
        engine = self.progress.world.engine
        try:
            instance = engine.instance(self.deployment)
            listeners = engine.listeners(self.deployment)
            image = self._image(instance) if instance else None
        except CompartmentError:
            return Advice()  # what is not known is not worth losing the reason for
        declared = self.spec.readiness.port if self.spec.readiness else None
        port = declared or (instance.port if instance else None)
        if port is None:
            return Advice()
        asked = AskedPort(port=port, readiness=declared is not None)
        advice = listening_advice(self.target.service, asked, listeners)
        if image is None or declared is not None:
            return advice
        choice = image_notes.port_choice(self.spec, self.port, image)
        return replace(advice, found="; ".join(filter(None, (advice.found, choice))))

    def _discard(self) -> str:
        service, environment = self.target.service, self.target.environment
        return f"`compartment-tui discard -s {service} -e {environment}` lets go of it"

    def _look(self) -> str:
        if self.held:
            return f"it is still held: {self._discard()}"
        short = self.deployment[-10:].lower()
        option = option_for(self.target.environment)
        return (
            f"it is kept, stopped: `compartment-tui deployment logs {short}{option}`"
            f" has all of its output"
        )

    def _evidence(self) -> tuple[str, ...]:
        """Every attempt, those alike folded into one line, then its last log lines."""
        engine = self.progress.world.engine
        lines = engine.tail(self.deployment, TAIL_LINES, replica=self.replica)
        return (*folded(self.attempts), *lines)


def own_check(image: Image | None) -> Readiness | None:
    """An image's HEALTHCHECK as a question at our pace; None when it has none.

    What it says while the image's start period lasts is not held against it.
    """
    if image is None or image.check is None:
        return None
    check = image.check
    return Readiness(
        kind=ReadinessKind.COMMAND,
        command=check.command,
        interval=min(UNDECLARED.interval, check.interval),
        timeout=UNDECLARED.timeout + check.start_period,
        attempt_timeout=check.timeout,
    )


def folded(attempts: list[Attempt]) -> tuple[str, ...]:
    """Attempts in words, a row of equal answers as one line: `attempts 3 to 17: 503`."""
    rows = []
    for detail, group in groupby(attempts, key=lambda attempt: attempt.detail):
        numbers = [attempt.number for attempt in group]
        span = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        rows.append(f"attempt{'s' if len(numbers) > 1 else ''} {span}: {detail}")
    return tuple(rows)
