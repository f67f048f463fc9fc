"""Copies a pretended machine, so that a sweep sets its situation up once and not for every fault.

    snapshot = Snapshot(prepare())
    opened = snapshot.open()        # as prepared, as often as it is wanted

Facts of the domain, times and classes never change, so all copies share them; whatever remembers is
copied. What cannot be copied, as a closure that waits for its time on the clock, is an error and
never shared.
"""

import operator
import pickle
import threading
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from io import BytesIO
from typing import Any

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.variable import Secret

_RLOCK = type(threading.RLock())
_VALUES = frozenset({type, datetime, timedelta, timezone})
"""Never changed and slow to read back: a class is looked up by its name."""
_FACTS: dict[type, bool] = {}
_RECKONED: dict[type, bool] = {}
"""What was found out about each class: both are asked for every object there is."""


class Snapshot:
    """A pretended machine and the worlds open on it, as they were at one moment."""

    def __init__(self, opened: MemoryWorld) -> None:
        stored = BytesIO()
        writer = _Writer(stored)
        writer.dump(opened)
        self._stored = stored.getvalue()
        self._shared = writer.shared

    def open(self) -> MemoryWorld:
        """A machine of its own in that state."""
        reader = _Reader(BytesIO(self._stored))
        reader.shared = self._shared
        opened = reader.load()
        assert isinstance(opened, MemoryWorld)
        return opened


class Fingerprint:
    """Equal to another of the same machine when nothing on it has changed in between."""

    def __init__(self, opened: MemoryWorld) -> None:
        stored = BytesIO()
        writer = _Reckoner(stored)
        writer.dump(opened)
        self._stored, self._shared = stored.getvalue(), writer.shared

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fingerprint) or self._stored != other._stored:
            return False
        return all(map(operator.is_, self._shared, other._shared))

    __hash__ = None  # type: ignore[assignment]


class _Writer(pickle.Pickler):
    def __init__(self, file: BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.shared: list[object] = []
        self._positions: dict[int, int] = {}

    def persistent_id(self, found: object) -> int | None:
        kind = type(found)
        shared = _FACTS.get(kind)
        if shared is None:
            shared = _FACTS[kind] = _is_class_of_facts(kind)
        return self.position(found) if shared else None

    def position(self, found: object) -> int:
        position = self._positions.setdefault(id(found), len(self.shared))
        if position == len(self.shared):
            self.shared.append(found)
        return position

    def reducer_override(self, found: object) -> Any:  # noqa: ANN401 - as the base class has it
        unlocked: Callable[[], object] = threading.RLock
        return (unlocked, ()) if isinstance(found, _RLOCK) else NotImplemented


class _Reckoner(_Writer):
    """Nothing of it is read back: what waits for its time on the clock may be shared, too."""

    def persistent_id(self, found: object) -> int | None:
        kind = type(found)
        shared = _RECKONED.get(kind)
        if shared is None:
            shared = _RECKONED[kind] = callable(found) or _is_class_of_facts(kind)
        return self.position(found) if shared else None


class _Reader(pickle.Unpickler):
    shared: list[object]

    def persistent_load(self, position: int) -> object:
        return self.shared[position]


def _is_class_of_facts(kind: type) -> bool:
    """Whether what is of that class never changes."""
    if kind in _VALUES:
        return True
    if not kind.__module__.startswith("compartment_tui.domain."):
        return False
    if issubclass(kind, Enum | Secret):
        return True
    return is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
