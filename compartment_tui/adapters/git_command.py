"""Runs git on a repository that need not be trusted.

What lies in a repository may name programs: filters, hooks, a file system monitor, helpers of
remotes, signature checks. Reading it runs none of them, and reaches no network. The settings of
the person at the keyboard stay in force.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from compartment_tui.domain.names import show

TIMEOUT_SECONDS = 2.0
LONG_TIMEOUT_SECONDS = 120.0
"""For what writes files."""

HARMLESS = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "log.showSignature=false",
    "status.submoduleSummary=false",
)
"""Settings that keep git from running what a repository names."""

_IDENTITY_PREFIX = "COMPARTMENT_TUI_IDENTITY"
_FILTER = re.compile(r"filter\.(?P<driver>.*)\.(?P<part>clean|smudge|process|required)", re.DOTALL)
_BLANK = {"clean": "", "smudge": "", "process": "", "required": "false"}
_TRUST = re.compile(r"git config --global --add safe\.directory \S.*")
_NO_REPOSITORY = "not a git repository"
_OF_ONE_REPOSITORY = frozenset(
    (
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
        "GIT_EXTERNAL_DIFF",
    )
)
"""What git sets for a hook that runs us; we ask about the repository around a project."""


class GitFailed(Exception):
    """Git did not do it: why, in its own words where it said any, and the way on."""

    def __init__(self, why: str, *, hint: str = "", outside: bool = False) -> None:
        super().__init__(why)
        self.hint = hint
        self.outside = outside
        """There is no repository: nothing is wrong."""


class GitCommand:
    """Git in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(
        self,
        *arguments: str,
        settings: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        given: bytes = b"",
        long: bool = False,
        exact: bool = False,
    ) -> str:
        """What git prints; raises GitFailed.

        With `exact` bytes that are no UTF-8 survive as surrogates: for paths that are used.
        """
        options = (word for one in (*HARMLESS, *settings) for word in ("-c", one))
        timeout = LONG_TIMEOUT_SECONDS if long else TIMEOUT_SECONDS
        try:
            done = subprocess.run(
                ["git", *options, "-C", str(self.directory), *arguments],
                env={**child_environment(), **(variables or {})},
                input=given,
                capture_output=True,
                timeout=timeout,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise self._refused(error.stderr.decode("utf-8", "replace")) from error
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git did not answer within {timeout:g} s") from error
        except FileNotFoundError as error:
            raise GitFailed(
                "there is no `git` on PATH",
                hint="install git",
                outside=repository_near(self.directory) is None,
            ) from error
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror or error}") from error
        return done.stdout.decode("utf-8", "surrogateescape" if exact else "replace")

    def read(self, *arguments: str) -> str:
        """What git prints, without the line's end; nothing when it fails."""
        try:
            return self.run(*arguments).strip()
        except GitFailed:
            return ""

    def foreign_filters(self) -> dict[str, dict[str, str]]:
        """The filter drivers that the repository itself defines, by name and part.

        Raises GitFailed.
        """
        return _drivers(self._local_settings())

    def without_foreign_filters(self) -> tuple[str, ...]:
        """Settings that put the person's own definition, or none, in place of the repository's."""
        foreign = self.foreign_filters()
        if not foreign:
            return ()
        for driver in foreign:
            if "=" in driver:  # `-c` would take the rest of the name for the value
                raise GitFailed(
                    f"the repository's own settings define a filter {show(driver)},"
                    " and git cannot be told not to run it",
                    hint=f"remove `filter.{driver}` from its .git/config",
                )
        own = self.own_filters()
        return tuple(
            f"filter.{driver}.{part}={value}"
            for driver, parts in foreign.items()
            # A blank `process` would keep git from the person's own `clean`.
            for part, value in _instead(parts, own.get(driver, {})).items()
        )

    def own_filters(self) -> dict[str, dict[str, str]]:
        """The filter drivers of the person and the machine."""
        found: list[tuple[str, str]] = []
        for scope in ("--system", "--global"):
            found += _settings(self.read("config", scope, "--includes", "--list", "-z"))
        return _drivers(found)

    def _local_settings(self) -> list[tuple[str, str]]:
        listed = ("--includes", "--list", "-z")
        try:
            found = _settings(self.run("config", "--local", *listed))
        except GitFailed:
            self.run("rev-parse", "--git-dir")  # says better what is wrong
            raise
        # A worktree's own file counts only where this is set, and is an error where it is not.
        if any(name == "extensions.worktreeconfig" for name, _ in found):
            found += _settings(self.read("config", "--worktree", *listed))
        return found

    def _refused(self, said: str) -> GitFailed:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        fatal = [line for line in lines if line.startswith("fatal: ")]
        errors = [line for line in lines if line.startswith("error: ")]
        chosen = (fatal or errors or lines or ["it says nothing"])[0]
        why = chosen.removeprefix("fatal: ").removeprefix("error: ")
        near = repository_near(self.directory)
        if why.startswith(_NO_REPOSITORY) and near is None:
            return GitFailed(f"{self.directory} is not in a git repository", outside=True)
        if why.startswith(_NO_REPOSITORY):
            return GitFailed(f"git does not take {near} for a repository: {why}")
        trust = next((found[0] for line in lines if (found := _TRUST.search(line))), "")
        if trust:
            return GitFailed(why, hint=f"if you trust it: `{trust}`")
        return GitFailed(why)


def repository_near(directory: Path) -> Path | None:
    """The `.git` that git would find from a directory upwards."""
    ends = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    for place in (directory, *directory.parents):
        if str(place) in ends and place != directory:
            return None
        if os.path.lexists(place / ".git"):
            return place / ".git"
    return None


def child_environment() -> dict[str, str]:
    """For git: no questions, no locks, no network, English, and never the identity."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_IDENTITY_PREFIX) and name not in _OF_ONE_REPOSITORY
    }
    return {
        **inherited,
        "GIT_TERMINAL_PROMPT": "0",
        # Looking must not get in the way of a commit that is being made.
        "GIT_OPTIONAL_LOCKS": "0",
        # No such protocol: a remote that git would ask for missing objects may be a program.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        # Git LFS has its own way to the network, and a commit can name where to.
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }


def _settings(output: str) -> list[tuple[str, str]]:
    """Names and values in what `git config --list -z` prints; a name alone means true."""
    pairs = (entry.partition("\n") for entry in output.split("\0") if entry)
    return [(name, value if line_end else "true") for name, line_end, value in pairs]


def _instead(parts: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    blank = {part: _BLANK[part] for part in parts}
    return {**blank, **({} if own else {"required": "false"}), **own}


def _drivers(settings: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    drivers: dict[str, dict[str, str]] = {}
    for name, value in settings:
        if match := _FILTER.fullmatch(name):
            drivers.setdefault(match["driver"], {})[match["part"]] = value
    return drivers
