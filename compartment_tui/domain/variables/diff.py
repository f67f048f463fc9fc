"""Differences of variables: before and after edits, and between two environments."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.variable import (
    Resolved,
    Scope,
    Sensitivity,
    Variable,
    resolve,
)


class Difference(StrEnum):
    """How two values of one key compare."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"
    UNKNOWN = "unknown"
    """A sensitive value cannot be read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one key comes to on two sides, for one service; None where it has no value."""

    key: str
    left: Resolved | None
    right: Resolved | None

    @property
    def difference(self) -> Difference:
        if self.left is None:
            return Difference.ONLY_RIGHT
        if self.right is None:
            return Difference.ONLY_LEFT
        return difference(self.left.winner, self.right.winner)

    @property
    def plain_on_one_side(self) -> bool:
        """Both sides have a value, and only one keeps it sensitive."""
        if self.left is None or self.right is None:
            return False
        return self.left.winner.sensitivity is not self.right.winner.sensitivity

    @property
    def hidden(self) -> bool:
        """A side is sensitive: then neither is shown, for they may be the same."""
        rows = (self.left, self.right)
        return any(row and row.winner.sensitivity is Sensitivity.SENSITIVE for row in rows)


ScopePairs: TypeAlias = tuple[str | None, tuple[Pair, ...]]
"""A service, or None for everyone's, and its pairs."""


def difference(left: Variable, right: Variable) -> Difference:
    """Whether two variables have the same value; sensitivity is not part of it."""
    if left.value is None or right.value is None:
        same_text = left.sealed is not None and left.sealed == right.sealed
        return Difference.SAME if same_text else Difference.UNKNOWN
    return Difference.SAME if left.value == right.value else Difference.DIFFERS


def paired(
    left: ProjectConfig, right: ProjectConfig, *, environments: tuple[str, str], service: str | None
) -> tuple[Pair, ...]:
    """Every key either side has, in alphabetical order.

    `environments` are the left's and the right's. For `service` None only what is everyone's.
    """
    sides = [
        {row.key: row for row in resolve(config.environment(environment).layers(service or ""))}
        for config, environment in zip((left, right), environments, strict=True)
    ]
    keys = sorted({*sides[0], *sides[1]})
    return tuple(Pair(key=key, left=sides[0].get(key), right=sides[1].get(key)) for key in keys)


def pairs_by_scope(
    config: ProjectConfig, *, environments: tuple[str, str]
) -> tuple[ScopePairs, ...]:
    """Everyone's pairs (None), then by service, in file order, of the keys it has for itself.

    Where only one side has a value of the service's own, the other's is what it inherits there.
    """
    scopes: list[ScopePairs] = [
        (None, paired(config, config, environments=environments, service=None))
    ]
    for spec in config.services:
        pairs = paired(config, config, environments=environments, service=spec.name)
        scopes.append((spec.name, tuple(pair for pair in pairs if _is_own(pair))))
    return tuple((service, pairs) for service, pairs in scopes if pairs)


def _is_own(pair: Pair) -> bool:
    return any(row is not None and row.scope is Scope.SERVICE for row in (pair.left, pair.right))


def effects(
    before: ProjectConfig, after: ProjectConfig, environment: str
) -> Mapping[str, tuple[Pair, ...]]:
    """By service, in file order, the keys whose value in force is another one after the edits.

    The left is before, the right after. A service that nothing touches is left out.
    """
    by_service = {
        spec.name: tuple(
            pair
            for pair in paired(
                before, after, environments=(environment, environment), service=spec.name
            )
            if pair.difference is not Difference.SAME and not _untouched(pair)
        )
        for spec in after.services
    }
    return {service: pairs for service, pairs in by_service.items() if pairs}


def _untouched(pair: Pair) -> bool:
    """One that cannot be read on either side, and is the very same."""
    if pair.left is None or pair.right is None:
        return False
    return pair.left.winner == pair.right.winner
