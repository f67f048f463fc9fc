"""Messages inside the application: results down from the bridge, intents up to the app.

Nobody compares messages or prints them, and making the functions for it would take time that a
person waits for the first frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.message import Message

from compartment_tui.domain.deployment import Sample
from compartment_tui.domain.detail_views import RouteView, RunView, SwarmView, Visit
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.requests import Request
from compartment_tui.domain.variables.views import VariableView
from compartment_tui.domain.views import EnvironmentStatus, EnvironmentView
from compartment_tui.ports import LogLine

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
class RefreshFailed(Message):
    """A look could not be had. `error` names the file's line or the engine; the last look stays."""

    error: CompartmentError
    environment: str = ""
    """The one that was looked at; empty when it was all of them, or the file."""


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
class NodesArrived(Message):
    """The machines of the Swarm that an environment is on."""

    environment: str
    swarm: SwarmView


@dataclass(eq=False, repr=False)
class VariablesArrived(Message):
    """The variables of a service in an environment."""

    environment: str
    service: str
    variables: tuple[VariableView, ...]


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
    """The newest sample of each replica that is being watched, by deployment and number."""

    samples: Mapping[tuple[str, int], Sample]


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

    request: Request
    look_only: bool = False
    """Only show the plan."""


@dataclass(eq=False, repr=False)
class OriginWanted(Message):
    """A person wants to promote from another environment, yet to be chosen."""

    environment: str
    services: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class ScaleWanted(Message):
    """A person wants another number of replicas of these, yet to be named."""

    environment: str
    services: tuple[str, ...] = ()


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
    replica: int | None = None
    """Of several, which."""


@dataclass(eq=False, repr=False)
class EditorWanted(Message):
    """Open the variable editor at the scope of a service, or at everyone's."""

    service: str | None
    key: str | None = None
