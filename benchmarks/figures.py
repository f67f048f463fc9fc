"""Samples, what is compared with what, and the verdict."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Repeated measurements of one thing, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The middle half lies between these."""
        if len(self.seconds) < 2:
            return self.median, self.median
        first, _, third = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return first, third

    def plus(self, seconds: float) -> "Sample":
        """The same measurements, each so much longer."""
        return sample(one + seconds for one in self.seconds)


def sample(seconds: Iterable[float]) -> Sample:
    """Measurements as they come."""
    return Sample(seconds=tuple(seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """At most `factor` times what it is compared with, plus `extra` seconds; or `extra` alone."""

    factor: float = 0.0
    extra: float = 0.0

    def limit(self, against: Sample | None) -> float:
        return self.extra + (self.factor * against.median if against else 0.0)

    def __str__(self) -> str:
        extra = duration(self.extra)
        if not self.factor:
            return f"≤ {extra}"
        times = "" if self.factor == 1 else f"{self.factor:g} {TIMES} "
        return f"≤ {times}floor{f' + {extra}' if self.extra else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One row: what was measured, beside what, and what was aimed at."""

    what: str
    measured: Sample
    beside: str = ""
    against: Sample | None = None
    aim: Aim | None = None
    failed: int | None = None
    """Requests that were not answered with 200 meanwhile; None when nobody asked."""
    asked: int = 0

    @property
    def ratio(self) -> float | None:
        return self.measured.median / self.against.median if self.against else None

    @property
    def met(self) -> bool | None:
        """None when nothing was aimed at."""
        return None if self.aim is None else self.measured.median <= self.aim.limit(self.against)


def duration(seconds: float) -> str:
    """As people read it: milliseconds below a second, with a decimal where there are few."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    thousandths = seconds * 1000
    return f"{thousandths:.0f} ms" if thousandths >= 10 else f"{thousandths:.1f} ms"
