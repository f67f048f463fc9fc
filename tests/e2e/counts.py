"""What one kind of traffic did."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

REASONS_KEPT = 5


@dataclass(slots=True, kw_only=True)
class Counts:
    """What one flow did. `cut` are streams and kept connections that ended before we ended them."""

    name: str
    sent: int = 0
    ok: int = 0
    failed: int = 0
    cut: int = 0
    opened: int = 0
    calls: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    deployments: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    reasons: list[str] = field(default_factory=list)
    answered: dict[str, set[float]] = field(default_factory=lambda: defaultdict(set))
    """When each deployment answered, in seconds since the epoch, to the tenth."""

    def document(self) -> dict[str, object]:
        """All but the moments, which are many."""
        counted = (one.name for one in fields(self) if one.name != "answered")
        return {name: getattr(self, name) for name in counted}

    def note_answer(self, deployment: str, at: float) -> None:
        self.deployments[deployment] += 1
        self.answered[deployment].add(round(at, 1))

    def fail(self, problem: BaseException | str, *, began: float | None = None) -> None:
        self.failed += 1
        self.remember(problem, began)

    def lose(self, problem: BaseException | str) -> None:
        self.cut += 1
        self.remember(problem, None)

    def remember(self, problem: BaseException | str, began: float | None) -> None:
        if len(self.reasons) < REASONS_KEPT:
            text = problem if isinstance(problem, str) else f"{type(problem).__name__}: {problem}"
            after = "" if began is None else f" after {time.monotonic() - began:.3f} s"
            self.reasons.append(f"{datetime.now(UTC):%H:%M:%S.%f} {text}{after}")

    def count_calls(self, report: dict[str, Any]) -> None:
        """What a service says about the calls it made to another one."""
        self.calls += report["calls"]
        self.versions.update(report["versions"])
        for reason in report.get("cut", ()):
            self.lose(f"a kept connection inside: {reason}")
        for deployment, at in report.get("answered", {}).items():
            self.answered[deployment].add(round(at, 1))
        if report["failed"]:
            self.fail(f"{report['failed']} of {report['calls']} calls: {report['failures'][0]}")
        else:
            self.ok += 1
