"""What travels inside the application: results down from the bridge, intents up to the app.

Nobody compares messages or prints them, and making the functions for it would take time that a
person waits for the first frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.message import Message

from compartment_tui.domain.declared import Identity
from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.details import RouteView, RunView, VariableView, Visit
from compartment_tui.domain.edits import VariableEdit
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.retention import Pruning
from compartment_tui.domain.sheet import Sheet
from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView
from compartment_tui.ports import LogLine
from compartment_tui.present.acts import Act
from compartment_tui.present.importing import Source
from compartment_tui.present.plan import PlanContext
from compartment_tui.present.proposal import Proposed
from compartment_tui.present.said import Said
from compartment_tui.present.timeline import Timeline
from compartment_tui.present.tone import Line

# --- results -------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class EnvironmentsArrived(Message):
    """All environments of the project, in the order of their tabs."""

    environments: tuple[EnvironmentView, ...]
    from_file: bool = False
    """Nobody asked the engine yet: they are only what the file names."""


@dataclass(eq=False, repr=False)
class StatusArrived(Message):
    """One environment, now; `stale` inside when the engine is away."""

    status: EnvironmentStatus


@dataclass(eq=False, repr=False)
class LookFailed(Message):
    """A look could not be had. `error` names the file's line or the engine; the last look stays."""

    error: CompartmentError


@dataclass(eq=False, repr=False)
class HistoryArrived(Message):
    """The newest runs of an environment, newest first."""

    environment: str
    runs: tuple[RunView, ...]


@dataclass(eq=False, repr=False)
class RoutesArrived(Message):
    """Routes of all environments, and what the edge answered for those that were visited."""

    routes: tuple[RouteView, ...]
    visits: Mapping[str, Visit]


@dataclass(eq=False, repr=False)
class VariablesArrived(Message):
    """What a service gets in an environment."""

    environment: str
    service: str
    variables: tuple[VariableView, ...]


@dataclass(eq=False, repr=False)
class SheetArrived(Message):
    """All variables of an environment, for the editor."""

    sheet: Sheet


@dataclass(eq=False, repr=False)
class VariablesWritten(Message):
    """These edits are in the project file."""

    edits: tuple[VariableEdit, ...]
    first_reader: Identity | None = None
    """Who may read sensitive values now, when the file named nobody before."""
    readers: int = 0
    """How many can read the sensitive ones among them; 0 when there are none."""


@dataclass(eq=False, repr=False)
class WriteRefused(Message):
    """None of these edits is in the project file."""

    edits: tuple[VariableEdit, ...]
    error: CompartmentError
    accepted: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class ImportRead(Message):
    """What a dotenv text would bring; `edits` None and an error when it cannot be read."""

    source: Source
    edits: tuple[VariableEdit, ...] | None = None
    error: CompartmentError | None = None
    notes: tuple[Line, ...] = ()
    """What of it may not have been meant so."""


@dataclass(eq=False, repr=False)
class LogLinesArrived(Message):
    """A batch of one stream; `stream` is the number `Bridge.follow` gave it."""

    stream: int
    lines: tuple[LogLine, ...]
    dropped: int = 0
    ended: str = ""
    """Why nothing follows; empty while it goes on."""


@dataclass(eq=False, repr=False)
class SamplesArrived(Message):
    """The newest sample of each deployment that is being watched."""

    samples: Mapping[str, Sample]


@dataclass(eq=False, repr=False)
class PlanReady(Message):
    """What an act would do."""

    act: Act
    plan: Proposed
    context: PlanContext
    protected: bool = False
    """Whether the environment asks for its name before it is changed."""


@dataclass(eq=False, repr=False)
class ActRefused(Message):
    """The act cannot be done; nothing was touched."""

    act: Act
    error: CompartmentError


@dataclass(eq=False, repr=False)
class JobMoved(Message):
    """A job went on. `timeline.outcome` is set when it is over."""

    job: int
    act: Act
    timeline: Timeline
    said: tuple[Said, ...] = ()
    """What it wrote since the last message of this kind."""
    dropped: int = 0
    """Lines that came too fast to be carried here."""


@dataclass(eq=False, repr=False)
class JobEnded(Message):
    """Nothing more comes of this job; `error` when it was refused or broke."""

    job: int
    act: Act
    timeline: Timeline
    error: CompartmentError | None = None
    pruned: Pruning | None = None


# --- intents -------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class EnvironmentChosen(Message):
    """A person wants to look at this environment."""

    environment: str


@dataclass(eq=False, repr=False)
class ServiceChosen(Message):
    """The selection moved to another service; None when there is none."""

    service: str | None


@dataclass(eq=False, repr=False)
class ServicesInView(Message):
    """Other rows of the services can be seen now."""

    services: tuple[str, ...]


@dataclass(eq=False, repr=False)
class ActWanted(Message):
    """A person wants this: plan it, show the plan, ask, do it."""

    act: Act
    look_only: bool = False
    """Only show the plan."""


@dataclass(eq=False, repr=False)
class EditorWanted(Message):
    """Open the variable editor at the scope of a service, or at everyone's."""

    service: str | None
    key: str | None = None


@dataclass(eq=False, repr=False)
class WriteWanted(Message):
    """Write these edits together; `accepted` new recipients may read what is sensitive in them."""

    edits: tuple[VariableEdit, ...]
    accepted: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class CancelWanted(Message):
    """A person wants this job to stop."""

    job: int


@dataclass(eq=False, repr=False)
class CopyWanted(Message):
    """Put `text` on the clipboard; `what` says what it is, for the toast."""

    text: str
    what: str


@dataclass(eq=False, repr=False)
class SaveWanted(Message):
    """Write `text` into a file of that kind (`logs`)."""

    text: str
    what: str


@dataclass(eq=False, repr=False)
class OpenWanted(Message):
    """Open an address in a browser."""

    url: str


@dataclass(eq=False, repr=False)
class ShellWanted(Message):
    """A shell in a deployment's container: the application steps aside for it."""

    environment: str
    service: str
    deployment: str
