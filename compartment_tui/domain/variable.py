"""Variables: what a service really gets, and where each value comes from."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from compartment_tui.domain.seals import SealPlace

MASK = "<hidden>"


class Scope(StrEnum):
    """Where a value is declared."""

    ENVIRONMENT = "environment"
    SERVICE = "service"


PRECEDENCE = (Scope.SERVICE, Scope.ENVIRONMENT)
"""Which scope wins, first first."""


class Sensitivity(StrEnum):
    PLAIN = "plain"
    SENSITIVE = "sensitive"


class Secret:
    """A value that must not be seen.

    It prints as a mask by every road; `reveal` is the one way in.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Only adapters may ask, on its way into a container.

        What a person may see of a variable is `Variable.shown`.
        """
        return self._value

    def fingerprint(self, key: bytes) -> str:
        """Tells whether a value changed without keeping it: HMAC-SHA-256, the first 32 hex digits.

        `key` is the engine's, so that equal values on two engines cannot be told to be equal.
        """
        return hmac.new(key, self._bytes(), hashlib.sha256).hexdigest()[:32]

    def port(self) -> int | None:
        """The value as a positive number, if it is one: PORT decides where a service is reached."""
        text = self._value.strip()
        return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None

    def size(self) -> int:
        """In bytes, as a container gets it."""
        return len(self._bytes())

    def trouble(self) -> str | None:
        """Why no container can be given it, as the rest of a sentence; None when one can."""
        if "\0" in self._value:
            return "has a NUL character in it, which no variable can hold"
        if any("\ud800" <= char <= "\udfff" for char in self._value):
            return "is not valid text (UTF-8)"
        return None

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes(), other._bytes())

    def _bytes(self) -> bytes:
        # Whatever came in from a command line or an environment, also what is no valid text.
        return self._value.encode("utf-8", "surrogatepass")

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not copied out of the process")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One declared value.

    `sealed` is the encrypted text a sensitive one has in the file; where we cannot read it, `value`
    is None. It is also None for a text that was sealed for another place, then `sealed_for`.
    """

    key: str
    value: Secret | None
    sensitivity: Sensitivity = Sensitivity.PLAIN
    sealed: str | None = None
    sealed_for: SealPlace | None = None

    def shown(self) -> str | None:
        """The text a person may see: a plain value itself, for a sensitive one the mask.

        None when there is nothing to show: the value cannot be read here.
        """
        if self.value is None:
            return None
        return self.value.reveal() if self.sensitivity is Sensitivity.PLAIN else MASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What one key comes to for one service: the winner, and what it shadows."""

    key: str
    winner: Variable
    scope: Scope
    shadowed: Variable | None = None


Layers: TypeAlias = Mapping[Scope, Mapping[str, Variable]]
"""The declared variables of one service in one environment, by scope."""


def resolve(layers: Layers) -> tuple[Resolved, ...]:
    """Every key any scope declares, in alphabetical order, with its winner and what it shadows."""
    rows = []
    for key in sorted({key for layer in layers.values() for key in layer}):
        holders = [scope for scope in PRECEDENCE if key in layers.get(scope, {})]
        rest = holders[1:]
        rows.append(
            Resolved(
                key=key,
                winner=layers[holders[0]][key],
                scope=holders[0],
                shadowed=layers[rest[0]][key] if rest else None,
            )
        )
    return tuple(rows)


def values(rows: tuple[Resolved, ...]) -> dict[str, Secret]:
    """What a container gets. Sealed values are left out: the caller refuses them first."""
    return {row.key: row.winner.value for row in rows if row.winner.value is not None}


def sealed(rows: tuple[Resolved, ...]) -> tuple[Variable, ...]:
    """The variables in force whose value cannot be read here."""
    return tuple(row.winner for row in rows if row.winner.value is None)


def sensitive_keys(rows: tuple[Resolved, ...]) -> tuple[str, ...]:
    """The keys whose value in force is sensitive."""
    return tuple(row.key for row in rows if row.winner.sensitivity is Sensitivity.SENSITIVE)


def fingerprints(resolved: Mapping[str, Secret], key: bytes) -> dict[str, str]:
    """The fingerprint of every value, by name."""
    return {name: value.fingerprint(key) for name, value in sorted(resolved.items())}


def exposed_keys(
    before: Iterable[str] | None, after: Iterable[str] | None, keys: Iterable[str]
) -> tuple[str, ...]:
    """Those of `keys` that were sensitive and are not any more.

    Nothing while one of the two is not known: None.
    """
    if before is None or after is None:
        return ()
    return tuple(sorted({*before}.intersection(keys).difference(after)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChanges:
    """What changed between two sets of values, by name only."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    """Those that were sensitive and are plain now, whether or not their value is another one."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.exposed)


def compare(
    before: Mapping[str, str], after: Mapping[str, str], *, exposed: Iterable[str] = ()
) -> NameChanges:
    """Compare two sets of fingerprints; `exposed` are no longer sensitive."""
    return NameChanges(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(k for k in after.keys() & before.keys() if after[k] != before[k])),
        removed=tuple(sorted(before.keys() - after.keys())),
        exposed=tuple(sorted(exposed)),
    )
