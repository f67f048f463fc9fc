"""The figures as a person reads them, as Markdown, and as JSON."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.calls import Asked
from benchmarks.figures import TIMES, Comparison, duration

COLUMNS = ("what", "median", "middle half", "n", "beside it", "ratio", "aim", "failed requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one run of the benchmarks found."""

    comparisons: Sequence[Comparison]
    asked: Sequence[Asked] = ()
    milestones: Sequence[tuple[str, str, float]] = ()
    silences: Sequence[tuple[str, float]] = ()
    remarks: Sequence[str] = ()
    engine: str = ""

    def text(self) -> str:
        """Markdown that also reads well on a terminal."""
        parts = [
            "# Benchmarks",
            _machine(self.engine),
            _table(COLUMNS, map(_cells, self.comparisons)),
        ]
        if self.silences:
            worst = (f"{name} {duration(seconds)}" for name, seconds in self.silences)
            parts.append(f"Longest time without an answer: {', '.join(worst)}.")
        if self.milestones:
            rows = ((verb, f"… {name}", duration(spent)) for verb, name, spent in self.milestones)
            parts += ["## Where the time goes", _table(("verb", "until", "median"), rows)]
        for asked in self.asked:
            counts = ((str(count), what) for what, count in asked.counted().most_common())
            title = f"## Calls to the engine: {asked.what}, {len(asked.calls)}"
            parts += [title, _table(("calls", "endpoint"), counts)]
        parts.extend(self.remarks)
        return "\n\n".join(parts) + "\n"

    def json(self) -> str:
        """All measurements, for whoever wants to compute something else from them."""
        document = {
            "machine": _machine(self.engine),
            "comparisons": [_object(one) for one in self.comparisons],
            "longestSilenceSeconds": dict(self.silences),
            "milestones": [
                {"verb": verb, "until": name, "medianSeconds": round(spent, 4)}
                for verb, name, spent in self.milestones
            ],
            "calls": {
                asked.what: [
                    {"at": round(call.at, 4), "method": call.method, "path": call.path}
                    for call in asked.calls
                ]
                for asked in self.asked
            },
            "remarks": list(self.remarks),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _machine(engine: str) -> str:
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {engine}."


def busy() -> str:
    """A remark when others keep this machine's processors busy; ask before anything is measured."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load < processors / 2:
        return ""
    return (
        f"Others were at work when this began (load {load:.1f} on {processors} processors):"
        " measure again on a quiet machine before believing it."
    )


def _cells(one: Comparison) -> tuple[str, ...]:
    first, third = one.measured.quartiles
    beside = f"{duration(one.against.median)} {one.beside}" if one.against else ""
    aim = ""
    if one.aim is not None:
        aim = (
            f"{one.aim} = {duration(one.aim.limit(one.against))}"
            if one.aim.factor
            else str(one.aim)
        )
        aim += ": met" if one.met else ": MISSED"
    return (
        one.what,
        duration(one.measured.median),
        f"{duration(first)} to {duration(third)}",
        str(len(one.measured.seconds)),
        beside,
        f"{one.ratio:.2f} {TIMES}" if one.ratio is not None else "",
        aim,
        "" if one.failed is None else f"{one.failed} of {one.asked}",
    )


def _object(one: Comparison) -> dict[str, object]:
    return {
        "what": one.what,
        "seconds": [round(each, 4) for each in one.measured.seconds],
        "medianSeconds": round(one.measured.median, 4),
        "beside": one.beside or None,
        "besideSeconds": [round(each, 4) for each in one.against.seconds] if one.against else None,
        "ratio": round(one.ratio, 3) if one.ratio is not None else None,
        "aimSeconds": round(one.aim.limit(one.against), 4) if one.aim else None,
        "met": one.met,
        "requests": one.asked or None,
        "failedRequests": one.failed,
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up as plain text."""
    lines = [tuple(columns), *(tuple(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )
