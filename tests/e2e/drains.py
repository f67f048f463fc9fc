"""Drains as a run told of them, and whether somebody's slow request explains how long they took."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

IDLE_SECONDS = 5.0
"""So long after the last answer of the one that goes, on a machine that keeps nobody waiting, there
is nothing left to wait for.

The edge lets go of a connection that is idle for 1 s, a drain wants to see nobody for 1 s more, and
looks every 0.2 s: less than half of it.
"""
Answers = Mapping[str, Sequence[float]]
"""By deployment: the moments at which clients got an answer from it, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """One deployment on its way out; both ends as seconds since the epoch, on this machine."""

    service: str
    previous: str
    began: float
    ended: float

    @property
    def took(self) -> float:
        return self.ended - self.began

    def idle(self, answers: Answers) -> float:
        """For how long it went on after the last request that anybody had under way."""
        moments = answers.get(self.previous, ())
        found = bisect_right(moments, self.ended)
        last = moments[found - 1] if found else self.began
        return self.ended - max(self.began, last)

    def words(self, answers: Answers) -> str:
        return (
            f"the drain of {self.service} ({self.previous}) took {self.took:.1f} s,"
            f" {self.idle(answers):.1f} s of it after the last answer"
        )


def drains_of(events: Iterable[Mapping[str, Any]]) -> list[Drain]:
    """The drains of one run, by its events."""
    previous: dict[str, str] = {}
    drains = []
    for event in events:
        if event["type"] == "run_planned":
            plans = event["deployments"]
            previous = {one["serviceName"]: one["previousDeploymentId"] for one in plans}
        elif event["type"] == "stage_finished" and event["stage"] == "draining_previous":
            goes = previous.get(event["service"])
            if goes is not None:
                ended = datetime.fromisoformat(event["at"]).timestamp()
                began = ended - event["durationSeconds"]
                drain = Drain(service=event["service"], previous=goes, began=began, ended=ended)
                drains.append(drain)
    return drains


def unexplained(drains: Iterable[Drain], answers: Answers, *, stall: float = 0) -> list[str]:
    """Those that went on without anybody's request.

    `stall` is for how many seconds the machine kept anybody waiting meanwhile: a drain may have
    waited as long.
    """
    limit = IDLE_SECONDS + stall
    return [one.words(answers) for one in drains if one.idle(answers) > limit]


def summary(drains: Sequence[Drain], answers: Answers) -> str:
    took = sorted(one.took for one in drains)
    idle = sorted(one.idle(answers) for one in drains)
    middle = len(drains) // 2
    return (
        f"{len(drains)} drains: median {took[middle]:.1f} s, longest {took[-1]:.1f} s;"
        f" after the last answer: median {idle[middle]:.1f} s, longest {idle[-1]:.1f} s"
    )
