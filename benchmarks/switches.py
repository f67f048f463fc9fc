"""Deploys and rollbacks of the product, in turns with what Docker and docker-compose do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.compose import Compose
from benchmarks.figures import Aim, Comparison, sample
from benchmarks.floors import Floor
from benchmarks.ground import Ground
from benchmarks.product import MILESTONES, Product, Switch

DEPLOY_AIM = Aim(factor=1.5)
ROLLBACK_AIM = Aim(factor=1, extra=0.5)
*_BEFORE, _SWITCHED = dict.fromkeys(MILESTONES.values())
# The routes are in force before the stage is over: names inside and the record come after them.
ORDER = (*_BEFORE, "first answer", _SWITCHED, "end")


@dataclass(slots=True, kw_only=True)
class Rounds:
    """What was measured so far, an entry a round."""

    ground: Ground
    compose_version: str = ""
    """Empty when there is no compose to compare with."""
    deploys: list[Switch] = field(default_factory=list)
    rollbacks: list[Switch] = field(default_factory=list)
    composed: list[Switch] = field(default_factory=list)
    built: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)

    def comparisons(self) -> list[Comparison]:
        """The rows of the table."""
        settle = self.ground.settle
        build_floor = sample(self.built).plus(settle)
        start_floor = sample(self.started).plus(settle)
        rows = [
            _row(
                "deploy with one changed file, to the first answer",
                self.deploys,
                beside=f"docker build + docker run + first answer + settle {settle:g} s",
                against=build_floor.seconds,
                aim=DEPLOY_AIM,
            ),
            _row(
                "rollback, to the first answer",
                self.rollbacks,
                beside=f"docker start + first answer + settle {settle:g} s",
                against=start_floor.seconds,
                aim=ROLLBACK_AIM,
            ),
        ]
        if self.composed:
            rows.append(
                _row(
                    f"docker-compose {self.compose_version} up -d --build, to the first answer",
                    self.composed,
                    beside="the same floor as deploy",
                    against=build_floor.seconds,
                )
            )
        return rows

    def commands(self) -> list[Comparison]:
        """How long the commands themselves took, the draining of the previous one included."""
        return [
            Comparison(what=f"{name}, the whole command", measured=sample(s.whole for s in done))
            for name, done in (
                ("deploy", self.deploys),
                ("rollback", self.rollbacks),
                ("docker-compose up", self.composed),
            )
            if done
        ]

    def silences(self) -> list[tuple[str, float]]:
        """The longest time without an answer in any round, in seconds, by who caused it."""
        kinds = (
            ("deploy", self.deploys),
            ("rollback", self.rollbacks),
            ("docker-compose up", self.composed),
        )
        return [(name, max(s.longest_silence for s in done)) for name, done in kinds if done]

    def milestones(self) -> list[tuple[str, str, float]]:
        """Verb, milestone, and the median of the seconds spent since the one before it."""
        return [
            (verb, *spent)
            for verb, done in (("deploy", self.deploys), ("rollback", self.rollbacks))
            for spent in _spent(done)
        ]


def measure(ground: Ground, rounds: int, tell: Callable[[str], None], *, compose: bool) -> Rounds:
    """Each round does everything once, beginning with another thing each time."""
    product = Product(ground=ground)
    tell("first deploy, floor and peer are prepared")
    before = ground.version(ground.shop, "before")
    product.run("deploy")
    floor = Floor.prepared(ground)
    peer = Compose.prepared(ground) if compose else None
    found = Rounds(ground=ground, compose_version=peer.version if peer else "")

    def switch(name: str) -> None:
        found.deploys.append(product.switch("deploy", ground.version(ground.shop, name)))
        found.rollbacks.append(product.switch("rollback", before))

    turns: list[Callable[[str], None]] = [
        lambda name: found.built.append(floor.deploy(name)),
        lambda _: found.started.append(floor.start()),
        switch,
    ]
    if peer is not None:
        composed = peer
        turns.append(lambda name: found.composed.append(composed.up(name)))
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        first = number % len(turns)
        for turn in (*turns[first:], *turns[:first]):
            turn(f"round{number}")
    return found


def _row(
    what: str,
    done: list[Switch],
    *,
    beside: str,
    against: tuple[float, ...],
    aim: Aim | None = None,
) -> Comparison:
    return Comparison(
        what=what,
        measured=sample(switch.first_answer for switch in done),
        beside=beside,
        against=sample(against),
        aim=aim,
        failed=sum(switch.failed for switch in done),
        asked=sum(switch.asked for switch in done),
    )


def _spent(done: list[Switch]) -> list[tuple[str, float]]:
    """Where the time goes: medians of the differences between milestones, in their order."""
    steps: dict[str, list[float]] = {}
    for switch in done:
        passed = {**switch.passed, "first answer": switch.first_answer, "end": switch.whole}
        at = 0.0
        for name in (name for name in ORDER if name in passed):
            steps.setdefault(name, []).append(passed[name] - at)
            at = passed[name]
    return [(name, sample(spent).median) for name, spent in steps.items()]
