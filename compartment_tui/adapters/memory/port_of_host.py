"""A port of a pretended machine, which answers nothing while the way there is broken."""

from collections.abc import Callable
from functools import partial

from compartment_tui.adapters.memory.host import Host
from compartment_tui.domain.errors import EngineUnreachable

KNOWN_HERE = frozenset({"address", "warm_up", "ahead", "look_ahead", "list_ahead", "read_ahead"})
"""What is answered without asking the engine, or begun without waiting for it."""


class PortOfHost:
    """Stands for a port; everything that would ask the engine raises EngineUnreachable."""

    def __init__(self, host: Host, port: object) -> None:
        self._host = host
        self._port = port

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what copying asks for is not the port's
            raise AttributeError(name)
        found = getattr(self._port, name)
        if name in KNOWN_HERE or not callable(found):
            return found
        return partial(self._ask, found)

    def _ask(self, question: Callable[..., object], /, *args: object, **options: object) -> object:
        if self._host.away:
            raise EngineUnreachable(self._host.away, hint="start it, then try again")
        return question(*args, **options)
