"""What a repository names as a program is not run by looking at it, nor by `--ref`."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from compartment_tui.adapters.git import GitSource
from compartment_tui.domain.errors import NotFound


class Trap:
    """A repository that names a program; the program leaves a mark when it is run."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "repository"
        self.mark = directory / "mark"
        self.program = directory / "program"
        self.program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{self.mark}'\ncat\n")
        self.program.chmod(0o755)
        self.root.mkdir()
        self.git("init", "--initial-branch", "trunk")
        self.commit("app/page", "one\n")
        self.before = self.head
        self.commit("app/page", "two\n")

    def git(self, *words: str, at: Path | None = None) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = ["git", *who, "-C", str(at or self.root), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, path: str, content: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-m", f"Write {path}")

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def touch(self) -> None:
        """Make git look into the file: same size, other time."""
        os.utime(self.root / "app" / "page", (1, 1))

    def spring(self, root: Path | None = None) -> None:
        """Everything the product asks of git."""
        source = GitSource(root or self.root)
        source.working_tree()
        head, before = self.head, self.before
        source.commits_between(before, head)
        for ref in (head, before):
            with suppress(NotFound), source.check_out(ref):
                pass


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return Trap(tmp_path)


def _set(name: str, value: str = "{program}") -> Callable[[Trap], None]:
    def lay(trap: Trap) -> None:
        trap.git("config", name, value.format(program=trap.program))

    return lay


def _filter(part: str, driver: str = "evil") -> Callable[[Trap], None]:
    def lay(trap: Trap) -> None:
        trap.commit(".gitattributes", f"* filter={driver}\n")
        trap.git("config", f"filter.{driver}.{part}", str(trap.program))
        trap.git("config", f"filter.{driver}.required", "true")

    return lay


def _included(trap: Trap) -> None:
    trap.commit(".gitattributes", "* filter=evil\n")
    more = trap.root / ".git" / "more"
    more.write_text(f'[filter "evil"]\nclean = {trap.program}\nsmudge = {trap.program}\n')
    trap.git("config", "include.path", "more")


def _included_when_here(trap: Trap) -> None:
    _included(trap)
    trap.git("config", "--unset", "include.path")
    trap.git("config", f"includeIf.gitdir:{trap.root}/.path", "more")


def _of_the_worktree(trap: Trap) -> None:
    trap.commit(".gitattributes", "* filter=evil\n")
    trap.git("config", "extensions.worktreeConfig", "true")
    trap.git("config", "--worktree", "filter.evil.clean", str(trap.program))
    trap.git("config", "--worktree", "filter.evil.smudge", str(trap.program))


def _private_attributes(trap: Trap) -> None:
    (trap.root / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    for part in ("clean", "smudge"):
        trap.git("config", f"filter.evil.{part}", str(trap.program))


def _hooks(trap: Trap) -> None:
    for name in ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction"):
        hook = trap.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(trap.program.read_bytes())
        hook.chmod(0o755)


def _hooks_elsewhere(trap: Trap) -> None:
    _hooks(trap)
    (trap.root / ".git" / "hooks").rename(trap.root / "hooks")
    trap.git("config", "core.hooksPath", str(trap.root / "hooks"))


def _signed(trap: Trap) -> None:
    text = trap.git("cat-file", "commit", "HEAD")
    head, _, message = text.partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
    made = subprocess.run(
        ["git", "-C", str(trap.root), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=f"{head}\n{signature}\n\n{message}\n",
        check=True,
        capture_output=True,
        text=True,
    )
    trap.git("update-ref", "HEAD", made.stdout.strip())
    trap.git("config", "log.showSignature", "true")
    trap.git("config", "gpg.program", str(trap.program))


def _promised(trap: Trap) -> None:
    """A file and a commit that are not here, and a remote that is a program."""
    missing = [trap.git("rev-parse", name) for name in ("HEAD:app/page", trap.before)]
    trap.git("config", "remote.origin.url", f"ext::{trap.program} %S")
    trap.git("config", "remote.origin.promisor", "true")
    trap.git("config", "core.repositoryFormatVersion", "1")
    trap.git("config", "extensions.partialClone", "origin")
    trap.git("config", "protocol.ext.allow", "always")
    for name in missing:
        (trap.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    (trap.root / "app" / "page").write_text("three\n")


def _promised_by_ssh(trap: Trap) -> None:
    _promised(trap)
    trap.git("config", "remote.origin.url", "ssh://nowhere.invalid/x")
    trap.git("config", "core.sshCommand", str(trap.program))


def _promised_by_upload_pack(trap: Trap) -> None:
    _promised(trap)
    trap.git("config", "remote.origin.url", str(trap.root))
    trap.git("config", "remote.origin.uploadpack", str(trap.program))


def _external_diff(trap: Trap) -> None:
    trap.commit(".gitattributes", "* diff=evil\n")
    for name in ("diff.external", "diff.evil.command", "diff.evil.textconv"):
        trap.git("config", name, str(trap.program))


def _paged(trap: Trap) -> None:
    for name in ("core.pager", "pager.log", "pager.status", "pager.config", "core.editor"):
        trap.git("config", name, str(trap.program))


def _aliased(trap: Trap) -> None:
    for name in ("status", "log", "rev-parse", "read-tree", "checkout-index"):
        trap.git("config", f"alias.{name}", f"!{trap.program}")


def _submodule(trap: Trap) -> None:
    """A submodule whose own settings name the program."""
    inner = trap.root.parent / "inner"
    inner.mkdir()
    trap.git("init", at=inner)
    (inner / ".gitattributes").write_text("* filter=evil\n")
    (inner / "file").write_text("1\n")
    trap.git("add", "-A", at=inner)
    trap.git("commit", "-m", "Begin", at=inner)
    trap.git("-c", "protocol.file.allow=always", "submodule", "add", str(inner), "app/inner")
    trap.git("commit", "-m", "Take it in")
    checked_out = trap.root / "app" / "inner"
    for part in ("clean", "smudge"):
        trap.git("config", f"filter.evil.{part}", str(trap.program), at=checked_out)
    trap.git("config", "core.fsmonitor", str(trap.program), at=checked_out)
    os.utime(checked_out / "file", (1, 1))


WAYS: dict[str, Callable[[Trap], None]] = {
    "a clean filter": _filter("clean"),
    "a smudge filter": _filter("smudge"),
    "a filter process": _filter("process"),
    "a filter with a dotted name": _filter("clean", "e.v.il"),
    "a filter with = in its name": _filter("clean", "e=vil"),
    "a smudge filter with = in its name": _filter("smudge", "e=vil"),
    "a filter called as Git LFS is": _filter("clean", "lfs"),
    "a filter from an included file": _included,
    "a filter from a file included when here": _included_when_here,
    "a filter of the worktree": _of_the_worktree,
    "a filter by private attributes": _private_attributes,
    "a file system monitor": _set("core.fsmonitor"),
    "hooks": _hooks,
    "hooks elsewhere": _hooks_elsewhere,
    "a check of signatures": _signed,
    "a promise of a program": _promised,
    "a promise over ssh": _promised_by_ssh,
    "a promise of an upload-pack": _promised_by_upload_pack,
    "diffs by programs": _external_diff,
    "pagers and editors": _paged,
    "aliases": _aliased,
    "a submodule's own": _submodule,
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_a_repository_names_is_run(trap: Trap, way: str) -> None:
    WAYS[way](trap)
    trap.mark.unlink(missing_ok=True)
    trap.touch()
    trap.spring()
    assert not trap.mark.exists(), trap.mark.read_text()


def test_a_bare_repository_that_came_with_a_clone(trap: Trap, tmp_path: Path) -> None:
    """A repository can carry another as plain files, and that one's settings come along."""
    inner = trap.root / "app" / "inner"
    trap.git("clone", "--bare", str(trap.root), str(inner))
    with (inner / "config").open("a") as config:
        config.write(f"[core]\nbare = false\nworktree = ..\nfsmonitor = {trap.program}\n")
        config.write(f'[filter "evil"]\nclean = {trap.program}\nsmudge = {trap.program}\n')
    (inner / "info").mkdir(exist_ok=True)
    (inner / "info" / "attributes").write_text("* filter=evil\n")
    (inner / "refs" / "keep").write_text("")
    (inner / "compartment.toml").write_text("")
    trap.git("add", "-A", "-f")
    trap.git("commit", "-m", "Bring it")
    clone = tmp_path / "clone"
    trap.git("clone", str(trap.root), str(clone))
    trap.mark.unlink(missing_ok=True)
    trap.spring(clone / "app" / "inner")
    assert not trap.mark.exists(), trap.mark.read_text()
    assert "bare repository" in GitSource(clone / "app" / "inner").working_tree().problem


def test_the_persons_own_filter_does_its_work(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the repository defines one of the same name."""
    own = tmp_path / "own-settings"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    trap.git("config", "--global", "filter.loud.clean", "tr A-Z a-z")
    trap.git("config", "--global", "filter.loud.smudge", "tr a-z A-Z")
    trap.commit(".gitattributes", "app/* filter=loud\n")
    trap.git("config", "filter.loud.clean", str(trap.program))
    trap.git("config", "filter.loud.smudge", str(trap.program))
    trap.mark.unlink(missing_ok=True)
    (trap.root / "app" / "page").write_text("TWO\n")
    source = GitSource(trap.root)
    assert not source.working_tree().provenance.dirty
    with source.check_out("HEAD") as found:
        assert (found.root / "app" / "page").read_text() == "TWO\n"
    assert not trap.mark.exists()


def test_a_commit_that_only_the_repositorys_own_filter_could_write_is_refused(trap: Trap) -> None:
    _filter("smudge", "crypt")(trap)
    with (
        pytest.raises(NotFound, match="the filter “crypt”") as refused,
        GitSource(trap.root).check_out("HEAD"),
    ):
        pass
    assert "git config --global filter.crypt.smudge" in refused.value.hint
