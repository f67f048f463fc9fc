"""Images that go from one engine to another: where from, and how much of it is done."""

from dataclasses import dataclass

from compartment_tui.domain.config import USUAL_ENGINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """How much of an image has gone its way, in bytes; of a total of 0 nothing is lacking."""

    done: int
    total: int

    @property
    def words(self) -> str:
        """`43 of 118 MB`."""
        size, unit = _unit(self.total)
        return f"{self.done / size:.0f} of {self.total / size:.0f} {unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOrigin:
    """The engine that an image is carried from."""

    engine: str
    """Its name in the project file; empty: the docker command's."""
    address: str
    size: int | None = None
    """About how many bytes the image has; None while it is still to be made."""
    registry: str = ""
    """What it is carried by; empty: it is streamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCarriage:
    """How an image gets from the home of a Swarm to the other machines."""

    registry: str = ""
    """What they pull it from; empty: it is brought to each over its own connection."""


def amount(count: int) -> str:
    """`118 MB`."""
    size, unit = _unit(count)
    return f"{count / size:.0f} {unit}"


def _unit(count: int) -> tuple[int, str]:
    """As the docker command counts."""
    return next((one for one in ((1_000_000, "MB"), (1000, "kB")) if count >= one[0]), (1, "bytes"))


def engine_words(name: str) -> str:
    """What an engine is called where a person reads it."""
    return name or USUAL_ENGINE
