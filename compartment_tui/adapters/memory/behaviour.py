"""What a pretended image does when it is built, released, started and asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from compartment_tui.domain.deployment import Health
from compartment_tui.domain.names import EnvironmentKey

NO_TIME = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One line a container writes while it runs, `after` the one before."""

    after: timedelta
    line: str
    stream: str = "stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How containers of one service, or of one image, behave.

    Times count from the container's start. The default is a service without a fault: ready at once,
    nothing to drain.
    """

    ports: tuple[int, ...] = (8080,)
    """TCP ports the image exposes."""

    build_says: tuple[str, ...] = ("reading the build context", "image is ready")
    build_line_takes: timedelta = NO_TIME
    build_fails: str | None = None
    """The build ends with this line instead of an image."""

    release_says: tuple[str, ...] = ("nothing to migrate",)
    release_line_takes: timedelta = NO_TIME
    release_exit_code: int = 0

    says: tuple[str, ...] = ("listening",)
    """Lines it writes when it starts."""
    last_words: tuple[str, ...] = ()
    """Lines it writes when it ends by itself."""
    cannot_start: str | None = None
    """Why the engine refuses to start it."""

    ready_after: timedelta | None = NO_TIME
    """None: never."""
    refused_probes: int = 0
    """How many probes of each start are refused, whatever the time."""
    ready_for: timedelta | None = None
    """How long it stays ready before it refuses again; None: for good."""
    refusal: str = "connection refused"
    """What a probe gets while it is not ready; a number is a status of HTTP."""
    location: str = ""
    """Where its answer sends a visitor."""
    listens: tuple[tuple[str, int], ...] | None = None
    """Addresses and ports; None: everywhere on the port it is asked at, once it is ready."""

    exits_after: timedelta | None = None
    """Ends by itself that long after each start."""
    exits_in_service_after: timedelta | None = None
    """Ends by itself that long after it became active: its route in force, or its name given."""
    exit_code: int = 1
    out_of_memory: bool = False
    stop_takes: timedelta = NO_TIME
    """How long it takes to end after SIGTERM; it is killed when the grace is over."""
    deaf_as_first: bool = False
    """Does not end at SIGTERM as its container's first process; behind an init process it does."""

    check: Health | None = None
    """What the image's HEALTHCHECK says once it is ready; None when it has none."""
    check_output: str = ""
    check_command: tuple[str, ...] = ("/bin/check",)
    check_interval: timedelta = NO_TIME
    """When the engine runs it for the first time; it can be run by others before."""
    check_start_period: timedelta = NO_TIME
    check_missing: str = ""
    """A program that it needs and the image has not."""

    volumes: tuple[str, ...] = ()
    """Where the image declares a VOLUME."""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    stop_signal: str = ""

    connections: int = 0
    """How many connections are open while it is active."""
    callers: tuple[str, ...] = ()
    """Who has the first of them: a service, or an address. The edge has the others."""
    drain_takes: timedelta = NO_TIME
    """How long they stay open after it ceased to be active."""

    answers: int = 200
    """The HTTP status its visitors get."""
    cpu: float = 0.02
    """How much of a core it uses, about."""
    memory: int = 48 * 1024 * 1024
    """How many bytes it uses, about."""
    chatter: "Chatter | None" = None
    """What it writes while it runs."""

    command_exit_code: int = 0
    """What every command executed in the container ends with."""


Chatter: TypeAlias = Callable[[EnvironmentKey, str, int], Remark]
"""The next remark of a deployment in an environment that has made so many since its start."""

FAULTLESS = Behaviour()
