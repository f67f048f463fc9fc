"""Answers of the verbs for variables: places in the file, imports, readers."""

from dataclasses import dataclass
from enum import StrEnum

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.seals import MovedValue, SealPlace
from compartment_tui.domain.variable import (
    NameChanges,
    Scope,
    Secret,
    Sensitivity,
    Variable,
)
from compartment_tui.domain.variables.edits import VariableEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A variable and where the file has it."""

    environment: str
    variable: Variable
    scope: Scope
    service: str | None = None
    """Whose own it is; None is everyone's."""
    inherited: bool = False
    """It was asked for a service, and is everyone's."""
    first_reader: "Identity | None" = None
    """As in `Written`, when it was set just now."""
    readers: int = 0
    """As in `Written`, when it was set just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What an import or a copy comes to at one scope: its edits, what they change, by name."""

    service: str | None
    edits: tuple[VariableEdit, ...]
    changes: NameChanges
    keys: tuple[str, ...]
    """Every key that was brought, also those that had that value already."""
    literal_references: tuple[str, ...] = ()
    """Those whose value has `$NAME` or the like in it: it stays as it is written."""
    decoded_paths: tuple[str, ...] = ()
    """Those that look like a path of Windows in double quotes, in which `\\t` became a tab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """With what sensitive values are read here.

    `recipients` is whom others encrypt for, empty when there is no usable identity; then `problem`
    says why, and `hint` what to do.
    """

    place: str
    """Where it is, or would be made: a file, or the name of an environment variable."""
    recipients: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """What an encrypted text comes to in one place.

    `value` is None when it cannot be read here, or was sealed for another place, then `sealed_for`.
    """

    value: Secret | None = None
    sealed_for: SealPlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an edit of the file came to."""

    config: ProjectConfig
    first_reader: Identity | None = None
    """Whose recipient the file names since this edit, when it named none before."""
    readers: int = 0
    """How many can read the sensitive values that were written; 0 when there were none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who may read the sensitive values, and whether that is us."""

    recipients: tuple[str, ...]
    identity: Identity
    sensitive: int
    """How many sensitive values the file has."""
    unreadable: int
    """How many of them cannot be read here."""
    moved: tuple[MovedValue, ...] = ()
    """Those of the unreadable that were sealed for another place."""
    unknown: tuple[str, ...] = ()
    """Recipients that nobody has sealed for from here, and nobody added here."""

    def ours(self, recipient: str) -> bool:
        return recipient in self.identity.recipients


class VariableState(StrEnum):
    """How a key in the file compares with what the active deployment has."""

    RUNNING = "running"
    """It has this very value."""
    CHANGED = "changed"
    NEW = "new"
    REMOVED = "removed"
    """It has one, and the file no longer does."""
    MISSING = "missing"
    """The service requires it, and it has no value."""
    UNKNOWN = "unknown"
    """The value is sealed, or the engine is away: nobody here can tell."""
    NOT_DEPLOYED = "not_deployed"
    """Nothing is active to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableView:
    """One key of one service: the value in force, what it shadows, and whether it runs.

    `scope` is None where no scope declares the key: it is missing, or was removed.
    """

    key: str
    value: Secret | None
    sensitivity: Sensitivity
    scope: Scope | None
    shadowed: Variable | None
    state: VariableState

    def shown(self) -> str | None:
        """As `Variable.shown`; also None where there is no value at all."""
        return Variable(key=self.key, value=self.value, sensitivity=self.sensitivity).shown()
