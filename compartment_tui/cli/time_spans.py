"""Moments as they are typed: how long ago, or a time."""

import re
from datetime import datetime, timedelta

from compartment_tui.domain.errors import UsageProblem
from compartment_tui.present.text import show

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(?:\d+[smhd])+")


def parse_since(text: str, now: datetime) -> datetime:
    """`10m`, `1h30m` ago, or an ISO time, local if it names no zone. Raises UsageProblem."""
    if _SPAN.fullmatch(text):
        span = timedelta()
        for number, unit in re.findall(r"(\d+)([smhd])", text):
            span += timedelta(**{_UNITS[unit]: int(number)})
        return now - span
    try:
        return datetime.fromisoformat(text).astimezone(now.tzinfo)
    except ValueError as error:
        raise UsageProblem(
            f"{show(text)} is neither a time nor how long ago",
            hint="for example 30s, 10m, 2h, 1h30m, 1d, or 2025-01-31T10:00:00Z",
        ) from error
