"""The repository's version control, by the git command: read only, never asks, never waits long."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from compartment_tui.adapters.git_command import GitCommand, GitFailed, repository_near
from compartment_tui.adapters.repository_files import FileRefused, read_inside
from compartment_tui.background import EarlyQuestion
from compartment_tui.domain.commits import Checkout, Commit, CommitRange, WorkingTree
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.errors import NotFound
from compartment_tui.domain.names import show
from compartment_tui.domain.owner import Origin, remote_name

LOG_LIMIT = 20
"""How many commits are told one by one."""
SUBMODULE_DEPTH = 8
READ_LIMIT = 1_000
"""How many are counted, and whose authors are told."""

REMOTES_LIMIT = 20

_REMOTE = re.compile(r"([^\t]+)\t(.*) \((?:fetch|push)\)")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10}
"""Of a line of `git status --porcelain=v2`, by its first word."""


class GitSource:
    """The git repository around a project. Outside one everything is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._git = GitCommand(root)
        self._early_tree = EarlyQuestion(self._tree)
        self._early_origin = EarlyQuestion(self._origin)

    def warm_up(self) -> None:
        self._early_tree.begin()
        self._early_origin.begin()

    def working_tree(self) -> WorkingTree:
        return self._early_tree.answer()

    def dirty_files(self) -> tuple[str, ...]:
        return self._tree().files

    def _tree(self) -> WorkingTree:
        try:
            headers, files = self._status(self._git, ".")
        except GitFailed as failed:
            return WorkingTree() if failed.outside else self._unclear(failed)
        commit = headers.get("branch.oid", "")
        if not _COMMIT.fullmatch(commit):  # before its first commit
            return WorkingTree(files=files)
        branch = headers.get("branch.head", "")
        provenance = Provenance(
            commit=commit,
            branch="" if branch == "(detached)" else branch,
            dirty=bool(files),
            author=self._author(commit),
        )
        return WorkingTree(provenance=provenance, files=files)

    def _unclear(self, failed: GitFailed) -> WorkingTree:
        """The commit alone, when only the files could not be compared with it."""
        way_on = f"; {failed.hint}" if failed.hint else ""
        commit = self._git.read("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if not _COMMIT.fullmatch(commit):
            problem = f"the commit of these files cannot be read: {failed}{way_on}"
            return WorkingTree(problem=problem)
        branch = self._git.read("symbolic-ref", "--quiet", "--short", "HEAD")
        return WorkingTree(
            provenance=Provenance(
                commit=commit, branch=branch, dirty=True, author=self._author(commit)
            ),
            problem=f"what differs from the commit cannot be told, so it counts as changed:"
            f" {failed}{way_on}",
        )

    def _author(self, commit: str) -> str:
        return self._git.read("log", "-1", "--format=%an", commit)

    def origin(self) -> Origin:
        return self._early_origin.answer()

    def _origin(self) -> Origin:
        import socket

        host = socket.gethostname().lower()
        where = self._git.read("rev-parse", "--show-prefix", "--git-path", "shallow").split("\n")
        inside, shallow = (where[0], where[1]) if len(where) > 1 else ("", where[0])
        return Origin(
            remotes=read_remotes(self._git.read("remote", "-v"), host=host),
            first_commit=self._first_commit(shallow),
            path=inside.strip("/"),
            host=host,
            # A name that is not UTF-8 could not be written into a record.
            directory=os.fsencode(self._root.resolve()).decode("utf-8", "backslashreplace"),
        )

    def _first_commit(self, shallow: str) -> str:
        """Where the history begins, by first parents: what was merged in has its own beginning."""
        line = ("rev-list", "--first-parent", "--max-parents=0", "HEAD")
        try:
            found = self._git.run(*line, long=True).split()
        except GitFailed:
            return ""
        if not found:
            return ""
        try:
            # Where a shallow clone was cut, git shows a commit without parents, too.
            known = self._root / shallow
            cut = read_inside(known.parent, known).decode().split() if shallow else []
        except (OSError, ValueError, FileRefused):
            cut = []
        return "" if found[0] in cut else found[0]

    def commits_between(self, older: str, newer: str) -> CommitRange:
        if not (_COMMIT.fullmatch(older) and _COMMIT.fullmatch(newer)):
            return CommitRange()
        return self._range(older, newer) or replace(self._range(newer, older), backwards=True)

    def _range(self, older: str, newer: str) -> CommitRange:
        from collections import Counter

        if not self._reaches(older, newer):
            return CommitRange()
        log = ("log", f"--max-count={READ_LIMIT}", "--format=%h%x00%s%x00%an")
        output = self._git.read(*log, f"{older}..{newer}", "--")
        # Not `splitlines`: a subject may hold what that takes for the end of a line.
        rows = [line.split("\0") for line in output.split("\n") if line]
        commits = [Commit(id=row[0], subject=row[1], author=row[2]) for row in rows]
        return CommitRange(
            total=len(commits),
            newest=tuple(commits[:LOG_LIMIT]),
            authors=tuple(author for author, _ in Counter(c.author for c in commits).most_common()),
        )

    def _reaches(self, older: str, newer: str) -> bool:
        """Whether the history between them is here: that of a shallow clone may be cut off."""
        if self._git.read("rev-parse", "--is-shallow-repository") != "true":
            return True
        try:
            self._git.run("merge-base", "--is-ancestor", older, newer)
        except GitFailed:
            return False
        return True

    @contextmanager
    def check_out(self, ref: str) -> Iterator[Checkout]:
        import tempfile  # loading it takes longer than most commands may

        from compartment_tui.adapters.git_checkout import origin_of, write_commit

        commit = self._commit_of(ref)
        with tempfile.TemporaryDirectory(prefix="compartment-ref-") as directory:
            try:
                prefix = self._git.run("rev-parse", "--show-prefix").rstrip("\n")
                top = Path(self._git.run("rev-parse", "--show-toplevel").rstrip("\n"))
                notes = write_commit(origin_of(self._git, top), commit, prefix, Path(directory))
            except (GitFailed, OSError) as error:
                raise NotFound(
                    f"the files of {show(ref)} cannot be taken from git: {error}",
                    hint=self._way_on(error),
                ) from error
            provenance = Provenance(
                commit=commit, branch=self._branch_of(ref), author=self._author(commit)
            )
            root = Path(directory) / "files" / prefix
            yield Checkout(root=root, provenance=provenance, notes=notes)

    def _way_on(self, error: Exception) -> str:
        if isinstance(error, GitFailed) and error.hint:
            return error.hint
        if self._git.read("config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partial)"):
            return (
                "this is a partial clone, and nothing is fetched for a deploy:"
                " `git fetch --refetch --no-filter` brings everything"
            )
        return ""

    def _commit_of(self, ref: str) -> str:
        try:
            self._git.run("rev-parse", "--git-dir")
        except GitFailed as failed:
            outside = "leave --ref away to deploy the files as they are"
            raise NotFound(
                f"{show(ref)} cannot be deployed: {failed}", hint=failed.hint or outside
            ) from failed
        # A leading dash would be an option; `--end-of-options` is younger than many gits.
        commit = (
            ""
            if ref.startswith("-")
            else self._git.read("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        )
        if not _COMMIT.fullmatch(commit):
            raise NotFound(
                f"there is no commit {show(ref)} in this repository", hint=self._where_commits_are()
            )
        return commit

    def _where_commits_are(self) -> str:
        if self._git.read("rev-parse", "--is-shallow-repository") == "true":
            return "this is a shallow clone: `git fetch --unshallow` brings its whole history"
        if not self._git.read("rev-parse", "--verify", "--quiet", "HEAD"):
            return "nothing is committed on this branch yet"
        return "a commit, a branch or a tag; `git fetch` brings what others pushed"

    def _branch_of(self, ref: str) -> str:
        """The branch, when one was named; what else a commit is on, git does not know for sure."""
        full = self._git.read("rev-parse", "--symbolic-full-name", ref)
        for start in ("refs/heads/", "refs/remotes/"):
            if full.startswith(start):
                return full.removeprefix(start)
        return ""

    def _status(
        self, git: GitCommand, where: str, depth: int = 0
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """What git says of the branch, and the changed files below the project's root.

        Submodules are asked one by one, since git would run what their own settings name.
        Raises GitFailed.
        """
        output = git.run(
            *("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"),
            *("--ignore-submodules=dirty", "--", where),
            settings=git.without_foreign_filters(),
        )
        headers, files = read_status(output)
        if depth > SUBMODULE_DEPTH:
            return headers, files
        inside: list[str] = []
        for path in _gitlinks(git, where):
            submodule = GitCommand(git.directory / path)
            if repository_near(submodule.directory) == submodule.directory / ".git":
                _, changed = self._status(submodule, ".", depth + 1)
                shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
                inside += [f"{shown}/{file}" for file in changed]
        return headers, (*files, *inside)


def _gitlinks(git: GitCommand, where: str) -> Iterator[str]:
    """The submodules below a directory, relative to it. Raises GitFailed."""
    listed = git.run("ls-files", "--stage", "-z", "--", where, exact=True)
    for line in listed.split("\0"):
        if line.startswith("160000 "):
            yield line.partition("\t")[2]


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
