"""The repository's version control, by the git command: read only, never asks, never waits long."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from compartment_tui.domain.commits import Checkout, Commit, CommitRange
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import show
from compartment_tui.domain.owner import Origin, remote_name

TIMEOUT_SECONDS = 2.0
HISTORY_TIMEOUT_SECONDS = 10.0
ARCHIVE_TIMEOUT_SECONDS = 60.0
LOG_LIMIT = 20
"""How many commits are told one by one."""
READ_LIMIT = 1_000
"""How many are counted, and whose authors are told."""

REMOTES_LIMIT = 20

_REMOTE = re.compile(r"([^\t]+)\t(.*) \((?:fetch|push)\)")
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

    def origin(self) -> Origin:
        import socket

        host = socket.gethostname().lower()
        where = self._git("rev-parse", "--show-prefix", "--git-path", "shallow").split("\n")
        inside, shallow = (where[0], where[1]) if len(where) > 1 else ("", "")
        return Origin(
            remotes=read_remotes(self._git("remote", "-v"), host=host),
            first_commit=self._first_commit(shallow),
            path=inside.strip("/"),
            host=host,
            # A name that is not UTF-8 could not be written into a record.
            directory=os.fsencode(self._root.resolve()).decode("utf-8", "backslashreplace"),
        )

    def _first_commit(self, shallow: str) -> str:
        """Where the history begins, by first parents: what was merged in has its own beginning."""
        line = ("rev-list", "--first-parent", "--max-parents=0", "HEAD")
        found = self._git(*line, timeout=HISTORY_TIMEOUT_SECONDS).split()
        if not found:
            return ""
        try:
            # Where a shallow clone was cut, git shows a commit without parents, too.
            cut = (self._root / shallow).read_text().split() if shallow else []
        except (OSError, ValueError):
            cut = []
        return "" if found[0] in cut else found[0]

    def dirty_files(self) -> tuple[str, ...]:
        return self._status()[1]

    def commits_between(self, older: str, newer: str) -> CommitRange:
        if not (_COMMIT.fullmatch(older) and _COMMIT.fullmatch(newer)):
            return CommitRange()
        return self._range(older, newer) or replace(self._range(newer, older), backwards=True)

    def _range(self, older: str, newer: str) -> CommitRange:
        from collections import Counter

        log = ("log", f"--max-count={READ_LIMIT}", "--format=%h%x00%s%x00%an")
        output = self._git(*log, f"{older}..{newer}", "--")
        # Not `splitlines`: a subject may hold what that takes for the end of a line.
        rows = [line.split("\0") for line in output.split("\n") if line]
        commits = [Commit(id=row[0], subject=row[1], author=row[2]) for row in rows]
        return CommitRange(
            total=len(commits),
            newest=tuple(commits[:LOG_LIMIT]),
            authors=tuple(author for author, _ in Counter(c.author for c in commits).most_common()),
        )

    @contextmanager
    def check_out(self, ref: str) -> Iterator[Checkout]:
        import tempfile  # loading it takes longer than most commands may

        commit = self._commit_of(ref)
        with tempfile.TemporaryDirectory(prefix="compartment-ref-") as directory:
            self._unpack(commit, Path(directory), ref)
            author = self._git("log", "-1", "--format=%an", commit).strip()
            provenance = Provenance(commit=commit, branch=self._branch_of(ref), author=author)
            yield Checkout(root=Path(directory), provenance=provenance)

    def _commit_of(self, ref: str) -> str:
        if not self._git("rev-parse", "--git-dir"):
            raise NotFound(
                f"{show(ref)} cannot be deployed: {self._root} is not in a git repository",
                hint="leave --ref away to deploy the files as they are",
            )
        # A leading dash would be an option; `--end-of-options` is younger than many gits.
        found = (
            "" if ref.startswith("-") else self._git("rev-parse", "--verify", f"{ref}^{{commit}}")
        )
        commit = found.strip()
        if not _COMMIT.fullmatch(commit):
            raise NotFound(
                f"there is no commit {show(ref)} in this repository",
                hint="a commit, a branch or a tag; `git fetch` brings what others pushed",
            )
        return commit

    def _branch_of(self, ref: str) -> str:
        """The branch, when one was named; what else a commit is on, git does not know for sure."""
        full = self._git("rev-parse", "--symbolic-full-name", ref).strip()
        for start in ("refs/heads/", "refs/remotes/"):
            if full.startswith(start):
                return full.removeprefix(start)
        return ""

    def _unpack(self, commit: str, directory: Path, ref: str) -> None:
        """The commit's files below the project's root, as they lie in it, into the directory."""
        import tarfile
        import tempfile

        command = self._command("archive", "--format=tar", commit)
        with tempfile.TemporaryFile() as archive:
            try:
                subprocess.run(
                    command,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=archive,
                    stderr=subprocess.PIPE,
                    timeout=ARCHIVE_TIMEOUT_SECONDS,
                    check=True,
                )
                archive.seek(0)
                with tarfile.open(fileobj=archive) as files:
                    # Nothing may come to lie outside, whatever links the commit holds.
                    files.extractall(directory, filter="data")
            except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
                said = getattr(error, "stderr", b"") or b""
                why = said.decode("utf-8", "replace").strip().splitlines() or [str(error)]
                raise NotFound(
                    f"the files of {show(ref)} cannot be taken from git: {why[-1]}"
                ) from error

    def _status(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """What git says of the branch, and the changed files below the project's root."""
        output = self._git("status", "--porcelain=v2", "--branch", "-z", "--", ".")
        return read_status(output)

    def _git(self, *arguments: str, timeout: float = TIMEOUT_SECONDS) -> str:
        """What git prints; nothing when it fails, is missing or takes too long."""
        try:
            done = subprocess.run(
                self._command(*arguments),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return done.stdout.decode("utf-8", "replace")

    def _command(self, *arguments: str) -> list[str]:
        # A repository may name programs to run on `status`; reading must not run them.
        return ["git", "-c", "core.fsmonitor=false", "-C", str(self._root), *arguments]


def read_remotes(output: str, *, host: str) -> tuple[str, ...]:
    """The repositories in what `git remote -v` prints, each once, the one called origin first."""
    rows = [found.groups() for line in output.split("\n") if (found := _REMOTE.match(line))]
    rows.sort(key=lambda row: row[0] != "origin")
    names = [remote_name(url, host=host) for _, url in rows]
    return tuple(dict.fromkeys(name for name in names if name))[:REMOTES_LIMIT]


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
