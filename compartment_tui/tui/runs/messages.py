"""Messages about plans, runs and the jobs that carry them out."""

from dataclasses import dataclass

from textual.message import Message

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.proposal import Done, Proposed
from compartment_tui.domain.requests import Request
from compartment_tui.present.plan import PlanContext
from compartment_tui.present.timeline import Timeline
from compartment_tui.tui.state.job_output import OutputLine


@dataclass(eq=False, repr=False)
class PlanReady(Message):
    """The plan of a request."""

    request: Request
    plan: Proposed
    context: PlanContext
    protected: bool = False
    """Whether the environment asks for its name before it is changed."""


@dataclass(eq=False, repr=False)
class ActRefused(Message):
    """The request cannot be done; nothing was touched."""

    request: Request
    error: CompartmentError


@dataclass(eq=False, repr=False)
class JobMoved(Message):
    """A job went on. `timeline.outcome` is set when it is over."""

    job: int
    request: Request
    timeline: Timeline
    said: tuple[OutputLine, ...] = ()
    """Its output since the last message of this kind."""
    dropped: int = 0
    """Lines that came too fast to be carried here."""


@dataclass(eq=False, repr=False)
class JobEnded(Message):
    """Nothing more comes of this job; `error` when it was refused or broke."""

    job: int
    request: Request
    timeline: Timeline
    error: CompartmentError | None = None
    done: Done | None = None


@dataclass(eq=False, repr=False)
class CancelWanted(Message):
    """A person wants this job to stop."""

    job: int
