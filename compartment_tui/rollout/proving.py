"""Candidates: started beside the active ones, and asked until they are ready."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from compartment_tui.domain.config import UNDECLARED, Readiness
from compartment_tui.domain.deployment import Attempt, Health, Instance, Stage
from compartment_tui.domain.errors import CandidateExited, InstanceGone, NeverReady
from compartment_tui.domain.events import Event, Probed
from compartment_tui.domain.plan import Plan
from compartment_tui.domain.typed import option_for
from compartment_tui.rollout.context import Rollout
from compartment_tui.rollout.making import birth_of
from compartment_tui.rollout.retirement import killed_notes, retire

WORKER_UPTIME = timedelta(seconds=2)
"""How long a worker that declares nothing must stay up to count as ready."""
TAIL_LINES = 20
EAGER = timedelta(milliseconds=50)
"""How often a candidate is asked in its first second: most are ready within that."""
EAGER_FOR = timedelta(seconds=1)


def start_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Start the candidates. A stop-first service's active deployment is stopped right before."""
    engine = rollout.world.engine
    for plan in plans:
        rollout.on(plan, Stage.STARTING_CANDIDATE)
        yield from rollout.enter(Stage.STARTING_CANDIDATE, [plan])
        if not plan.kept:
            engine.create(birth_of(rollout, plan))
        if plan.spec.stop_first and plan.previous is not None:
            if plan.gap:
                rollout.gaps.begin(plan.service)
            killed = retire(rollout.world, (plan.previous,))
            yield from killed_notes(plan.key, killed, rollout.now)
        engine.start(plan.deployment)
        yield rollout.leave(Stage.STARTING_CANDIDATE, plan)


def make_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Make the candidates without starting them: two of a stop-first service must not run."""
    for plan in plans:
        rollout.on(plan, Stage.STARTING_CANDIDATE)
        yield from rollout.enter(Stage.STARTING_CANDIDATE, [plan])
        rollout.world.engine.create(birth_of(rollout, plan))
        yield rollout.leave(Stage.STARTING_CANDIDATE, plan, note="made, not started")


def prove_candidates(rollout: Rollout, plans: tuple[Plan, ...]) -> Iterator[Event]:
    """Ask all candidates in turn until each is ready and still is after its `settle`.

    Raises CandidateExited at once when one exits, NeverReady at its deadline.
    """
    yield from rollout.enter(Stage.CHECKING_READINESS, plans)
    clock = rollout.world.clock
    proofs = [Proof(rollout=rollout, plan=plan, began=clock.monotonic()) for plan in plans]
    while proofs:
        for proof in proofs:
            if clock.monotonic() >= proof.due:
                yield from proof.ask()
        proofs = [proof for proof in proofs if not proof.done]
        if proofs:
            rollout.check_cancel()
            nearest = min(proof.due for proof in proofs)
            clock.sleep(max(nearest - clock.monotonic(), timedelta()))


@dataclass(slots=True, kw_only=True)
class Proof:
    """One candidate on its way from started to proven."""

    rollout: Rollout
    plan: Plan
    began: timedelta
    due: timedelta = timedelta()
    attempts: list[Attempt] = field(default_factory=list)
    settled_at: timedelta | None = None
    """When it must still be ready; None until it was ready once."""
    done: bool = False

    @property
    def readiness(self) -> Readiness:
        return self.plan.spec.readiness or UNDECLARED

    def ask(self) -> Iterator[Event]:
        """One attempt, and what follows from it."""
        rollout, plan = self.rollout, self.plan
        rollout.on(plan, Stage.CHECKING_READINESS)
        clock = rollout.world.clock
        asked = clock.monotonic()
        reason = self._reason(self._running_instance())
        took = clock.monotonic() - asked
        attempt = Attempt(
            number=len(self.attempts) + 1, ready=reason is None, detail=reason or "ready", took=took
        )
        self.attempts.append(attempt)
        yield Probed(at=rollout.now, target=plan.target, attempt=attempt)
        if reason is not None:
            self._not_yet(asked)
        elif self.settled_at is None and plan.spec.settle:
            self.settled_at = self.due = clock.monotonic() + plan.spec.settle
        else:
            self.done = True
            if plan.host is None:
                rollout.gaps.end(plan.service)
            yield rollout.leave(
                Stage.CHECKING_READINESS, plan, note=f"{len(self.attempts)} attempts"
            )

    def _running_instance(self) -> Instance:
        instance = self.rollout.world.engine.instance(self.plan.deployment)
        if instance is None:
            when = "held" if self.plan.held else "being checked"
            raise InstanceGone(
                f"the candidate of {self.plan.service} was removed while it was {when}",
                hint=self._discard() if self.plan.held else "",
            )
        if not instance.running:
            raise self._exited(instance)
        return instance

    def _reason(self, instance: Instance) -> str | None:
        """Why it is not ready, in words; None when it is."""
        spec, hold = self.plan.spec, self.rollout.hold
        if spec.readiness is None and instance.checked is not None:
            healthy = instance.checked is Health.HEALTHY
            return None if healthy else f"HEALTHCHECK {instance.checked}: {instance.check_output}"
        if spec.readiness is None and not spec.kind.routed:
            up = self.rollout.world.clock.monotonic() - self.began
            return None if up >= WORKER_UPTIME else f"up for {up.total_seconds():.1f} s"
        return hold.ready(instance, self.readiness, instance.port)

    def _not_yet(self, asked: timedelta) -> None:
        self.settled_at = None
        young = asked - self.began < EAGER_FOR
        self.due = asked + (
            min(EAGER, self.readiness.interval) if young else self.readiness.interval
        )
        if self.due >= self.began + self.readiness.timeout:
            raise self._never_ready()

    def _exited(self, instance: Instance) -> CandidateExited:
        code = "" if instance.exit_code is None else f" with code {instance.exit_code}"
        memory = ", out of memory" if instance.out_of_memory else ""
        held = self.plan.held and not self.plan.starts
        when = "while it was held" if held else "before it was ready"
        return CandidateExited(
            f"{self.plan.service} exited{code}{memory} {when}",
            hint=self._look(),
            tail=self._evidence(),
        )

    def _never_ready(self) -> NeverReady:
        seconds = self.readiness.timeout.total_seconds()
        return NeverReady(
            f"{self.plan.service} was not ready within {seconds:g} s: {self.attempts[-1].detail}",
            hint=self._look(),
            tail=self._evidence(),
        )

    def _discard(self) -> str:
        service, environment = self.plan.service, self.plan.key.environment
        return f"`compartment-tui discard -s {service} -e {environment}` lets go of it"

    def _look(self) -> str:
        if self.plan.held:
            return f"it is still held: {self._discard()}"
        short = self.plan.deployment[-10:].lower()
        option = option_for(self.plan.key.environment)
        return (
            f"it is kept, stopped: `compartment-tui deployment logs {short}{option}`"
            f" has all of its output"
        )

    def _evidence(self) -> tuple[str, ...]:
        """Every attempt, those alike folded into one line, then its last log lines."""
        lines = self.rollout.world.engine.tail(self.plan.deployment, TAIL_LINES)
        return (*folded(self.attempts), *lines)


def folded(attempts: list[Attempt]) -> tuple[str, ...]:
    """Attempts in words, a row of equal answers as one line: `attempts 3 to 17: 503`."""
    rows = []
    for detail, group in groupby(attempts, key=lambda attempt: attempt.detail):
        numbers = [attempt.number for attempt in group]
        span = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        rows.append(f"attempt{'s' if len(numbers) > 1 else ''} {span}: {detail}")
    return tuple(rows)
