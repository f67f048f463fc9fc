"""The repository's version control, by the git command: read only, never asks, never waits long."""

import os
import re
import subprocess
from pathlib import Path

from compartment_tui.domain.deployment import Provenance

TIMEOUT_SECONDS = 2.0
LOG_LIMIT = 20

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10}
"""Of a line of `git status --porcelain=v2`, by its first word."""
_IDENTITY_PREFIX = "COMPARTMENT_TUI_IDENTITY"


class GitSource:
    """The git repository around a project. Without git, or outside one, everything is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def provenance(self) -> Provenance:
        headers, files = self._status()
        commit = headers.get("branch.oid", "")
        if not _COMMIT.fullmatch(commit):  # outside a repository, or before its first commit
            return Provenance()
        branch = headers.get("branch.head", "")
        return Provenance(
            commit=commit,
            branch="" if branch == "(detached)" else branch,
            dirty=bool(files),
            author=self._git("log", "-1", "--format=%an", commit).strip(),
        )

    def dirty_files(self) -> tuple[str, ...]:
        return self._status()[1]

    def commits_between(self, older: str, newer: str) -> tuple[str, ...]:
        if not (_COMMIT.fullmatch(older) and _COMMIT.fullmatch(newer)):
            return ()
        log = ("log", f"--max-count={LOG_LIMIT}", "--format=%h %s", f"{older}..{newer}", "--")
        return tuple(self._git(*log).splitlines())

    def _status(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """What git says of the branch, and the changed files below the project's root."""
        output = self._git("status", "--porcelain=v2", "--branch", "-z", "--", ".")
        return read_status(output)

    def _git(self, *arguments: str) -> str:
        """What git prints; nothing when it fails, is missing or takes too long."""
        # A repository may name programs to run on `status`; reading must not run them.
        command = ["git", "-c", "core.fsmonitor=false", "-C", str(self._root), *arguments]
        try:
            done = subprocess.run(
                command,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return done.stdout.decode("utf-8", "replace")


def read_status(output: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Headers and changed paths in what `git status --porcelain=v2 --branch -z` prints."""
    headers: dict[str, str] = {}
    files: list[str] = []
    entries = iter(output.split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind == "?":
            files.append(rest)
        elif kind in _FIELDS_BEFORE_PATH:
            files.append(entry.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
            if kind == "2":
                next(entries, None)  # a rename: the path it had before
    return headers, tuple(files)


def _environment() -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(_IDENTITY_PREFIX)
    }
    # GIT_OPTIONAL_LOCKS: looking must not get in the way of a commit that is being made.
    return {**inherited, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
