"""Refusals of a candidate that is not ready: the question, the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from compartment_tui.domain.config import Readiness, ReadinessKind


class Cause(StrEnum):
    """What kind of refusal it was."""

    CLOSED = "closed"
    """Nothing accepts connections there."""
    STATUS = "status"
    """It answered, and with a status that does not mean ready."""
    MISSING = "missing"
    """The command to ask with is not in the image."""
    HUNG = "hung"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back over HTTP; `location` and `challenge` are foreign text."""

    status: int
    location: str = ""
    challenge: str = ""
    """`WWW-Authenticate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One "not yet". `detail` says in words what was asked and what came back."""

    detail: str
    cause: Cause = Cause.OTHER
    reply: Reply | None = None
    program: str = ""
    """What is missing."""


def question_words(readiness: Readiness, port: int) -> str:
    """What is asked, as every message names it: `localhost/healthz on port 8080`."""
    if readiness.kind is ReadinessKind.HTTP:
        return f"{readiness.host or 'localhost'}{readiness.path} on port {port}"
    return f"port {port}"


def unanswered(readiness: Readiness, port: int, why: str, cause: Cause = Cause.OTHER) -> Refusal:
    """Nobody answered there."""
    return Refusal(detail=f"{question_words(readiness, port)}: {why}", cause=cause)


def judged(readiness: Readiness, port: int, reply: Reply) -> Refusal | None:
    """None when the answer means ready."""
    if readiness.accepts(reply.status):
        return None
    to = f" to {reply.location}" if reply.location else ""
    return Refusal(
        detail=f"{question_words(readiness, port)} answered {reply.status}{to}",
        cause=Cause.STATUS,
        reply=reply,
    )


def statuses_text(ranges: Sequence[tuple[int, int]]) -> str:
    """As the project file has it: `200-299,304`."""
    return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ranges)
