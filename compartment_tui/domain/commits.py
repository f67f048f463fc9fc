"""Commits: a checkout, and the range between two."""

from dataclasses import dataclass
from pathlib import Path

from compartment_tui.domain.deployment import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit. `id` is short; `subject` and `author` are foreign text."""

    id: str
    subject: str
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRange:
    """The commits from one to another, empty when they are not known here."""

    total: int = 0
    newest: tuple[Commit, ...] = ()
    """At most 20, newest first."""
    authors: tuple[str, ...] = ()
    """Everyone who wrote any of them, who wrote most first."""
    backwards: bool = False
    """They are taken back: the way leads to an older commit."""

    def __bool__(self) -> bool:
        return self.total > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTree:
    """The files as they are, by version control; empty outside of one."""

    provenance: Provenance = Provenance()
    files: tuple[str, ...] = ()
    """What differs from the commit, below the project's root."""
    problem: str = ""
    """Why the commit, or what differs from it, cannot be read, and the way on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A commit's files, and nothing else, in a directory of their own."""

    root: Path
    """What the project's root is in that commit."""
    provenance: Provenance
    notes: tuple[str, ...] = ()
    """What a person should know of these files: Git LFS pointers, say, instead of the content."""
