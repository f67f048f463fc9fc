import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from compartment_tui.adapters.git import GitSource, read_remotes, read_status
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.errors import NotFound

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one commit in `tmp_path`; returns what runs git in it."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments: str) -> str:
        who = ("-c", "user.name=Ada Example", "-c", "user.email=ada@example.com")
        command = ["git", *who, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--initial-branch", "trunk")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "one file").write_text("1")
    (tmp_path / "elsewhere").write_text("1")
    run("add", ".")
    run("commit", "-m", "Begin")
    return run


def test_a_clean_tree(git: Git, tmp_path: Path) -> None:
    assert GitSource(tmp_path).provenance() == Provenance(
        commit=git("rev-parse", "HEAD"), branch="trunk", dirty=False, author="Ada Example"
    )
    assert GitSource(tmp_path).dirty_files() == ()


def test_changed_renamed_and_new_files_are_dirty(git: Git, tmp_path: Path) -> None:
    (tmp_path / "app" / "new").write_text("")
    git("mv", "elsewhere", "moved away")
    (tmp_path / "app" / "one file").write_text("2")
    source = GitSource(tmp_path)
    assert source.provenance().dirty
    assert set(source.dirty_files()) == {"app/one file", "app/new", "moved away"}


def test_only_what_lies_below_the_project_counts(git: Git, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("2")
    assert GitSource(tmp_path).provenance().dirty
    assert not GitSource(tmp_path / "app").provenance().dirty


def test_a_detached_head_has_no_branch(git: Git, tmp_path: Path) -> None:
    git("checkout", "--detach")
    found = GitSource(tmp_path).provenance()
    assert (found.commit, found.branch) == (git("rev-parse", "HEAD"), "")


def test_commits_between_newest_first_and_at_most_twenty(git: Git, tmp_path: Path) -> None:
    first = git("rev-parse", "HEAD")
    for number in range(22):
        git("commit", "--allow-empty", "-m", f"Change {number}")
    last = git("rev-parse", "HEAD")
    found = GitSource(tmp_path).commits_between(first, last)
    assert [one.subject for one in found.newest] == [
        f"Change {number}" for number in range(21, 1, -1)
    ]
    assert (found.total, found.backwards) == (22, False)
    back = GitSource(tmp_path).commits_between(last, first)
    assert (back.total, back.authors, back.backwards) == (22, found.authors, True)
    assert not GitSource(tmp_path).commits_between(last, last)


def test_the_authors_of_a_range_those_of_most_commits_first(git: Git, tmp_path: Path) -> None:
    first = git("rev-parse", "HEAD")
    for name in ("Ada", "Bob", "Bob"):
        git("commit", "--allow-empty", f"--author={name} <a@example.com>", "-m", "x\x0by\x85z")
    found = GitSource(tmp_path).commits_between(first, git("rev-parse", "HEAD"))
    assert found.authors == ("Bob", "Ada")
    assert found.total == 3


@pytest.mark.parametrize("commit", ["", "HEAD", "--output=evil", "f" * 40])
def test_commits_that_are_unknown_or_no_commits(git: Git, tmp_path: Path, commit: str) -> None:
    assert not GitSource(tmp_path).commits_between(commit, git("rev-parse", "HEAD"))
    assert not (tmp_path / "evil").exists()


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    source = GitSource(tmp_path)
    assert (source.provenance(), source.dirty_files()) == (Provenance(), ())


def test_before_the_first_commit(git: Git, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git("init", str(fresh))
    assert GitSource(fresh).provenance() == Provenance()


def test_without_git(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitSource(tmp_path).provenance() == Provenance()


def test_a_git_that_hangs_is_given_up(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 5\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("compartment_tui.adapters.git.TIMEOUT_SECONDS", 0.2)
    assert GitSource(tmp_path).provenance() == Provenance()


def test_git_never_sees_the_identity(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f"#!/bin/sh\nenv > '{seen}'\n")
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("COMPARTMENT_TUI_IDENTITY", "made up")
    GitSource(tmp_path).dirty_files()
    assert "GIT_TERMINAL_PROMPT=0" in seen.read_text()
    assert "COMPARTMENT_TUI_IDENTITY" not in seen.read_text()


def test_a_rename_is_one_file() -> None:
    output = (
        "# branch.oid abc\0# branch.head a b\0" + "2 R. N... 1 1 1 a b R100 new name\0old\0? x\0"
    )
    assert read_status(output) == (
        {"branch.oid": "abc", "branch.head": "a b"},
        ("new name", "x"),
    )


def test_a_commit_is_checked_out_clean(git: Git, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir(exist_ok=True)
    (tmp_path / "app" / "committed").write_text("old")
    git("add", ".")
    git("commit", "-m", "Keep it", "--author=Grace <g@example.com>")
    git("branch", "release/1")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "app" / "committed").write_text("changed")
    (tmp_path / "app" / "untracked").write_text("new")
    git("commit", "--allow-empty", "-m", "Later")
    with GitSource(tmp_path).check_out("release/1") as found:
        assert (found.root / "app" / "committed").read_text() == "old"
        assert not (found.root / "app" / "untracked").exists()
        assert not (found.root / ".git").exists()
        assert found.provenance == Provenance(commit=commit, branch="release/1", author="Grace")
    assert not found.root.exists()
    assert (tmp_path / "app" / "committed").read_text() == "changed"
    with GitSource(tmp_path).check_out(commit[:10]) as by_id:
        assert by_id.provenance == Provenance(commit=commit, author="Grace")


def test_a_project_below_the_repositorys_root_is_checked_out_from_there(
    git: Git, tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "compartment.toml").write_text("")
    git("add", ".")
    git("commit", "-m", "Begin the shop")
    with GitSource(tmp_path / "shop").check_out("HEAD") as found:
        assert [path.name for path in found.root.iterdir()] == ["compartment.toml"]


@pytest.mark.parametrize("ref", ["", "nope", "--output=evil", "f" * 40, "HEAD:app", "a..b", "\x1b"])
def test_what_is_no_commit_is_not_found(git: Git, tmp_path: Path, ref: str) -> None:
    with (
        pytest.raises(NotFound, match="there is no commit"),
        GitSource(tmp_path).check_out(ref),
    ):
        pass
    assert not (tmp_path / "evil").exists()


def test_outside_git_there_is_nothing_to_check_out(tmp_path: Path) -> None:
    with (
        pytest.raises(NotFound, match="not in a git repository"),
        GitSource(tmp_path).check_out("HEAD"),
    ):
        pass


def test_a_link_that_leads_out_of_the_commit_is_refused(git: Git, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    git("add", ".")
    git("commit", "-m", "Look around")
    with (
        pytest.raises(NotFound, match="cannot be taken from git"),
        GitSource(tmp_path).check_out("HEAD"),
    ):
        pass


def test_where_it_comes_from(git: Git, tmp_path: Path) -> None:
    git("remote", "add", "upstream", "git@github.com:acme/shop.git")
    git("remote", "add", "origin", "https://ada:hunter2@github.com/ada/shop.git")
    git("remote", "set-url", "--push", "origin", "ssh://git@github.com/ada/push.git")
    found = GitSource(tmp_path / "app").origin()
    first = git("rev-list", "--max-parents=0", "HEAD")
    assert found.remotes == (
        "github.com/ada/shop",
        "github.com/ada/push",
        "github.com/acme/shop",
    )
    assert (found.first_commit, found.path) == (first, "app")
    assert found.directory == str((tmp_path / "app").resolve())
    assert "hunter2" not in repr(found)


def test_outside_git_it_is_only_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = GitSource(tmp_path).origin()
    assert (found.remotes, found.first_commit, found.path) == ((), "", "")
    assert (bool(found.host), found.directory) == (True, str(tmp_path.resolve()))


def test_clones_forks_and_shallow_clones_are_the_same_repository(
    git: Git, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git("commit", "--allow-empty", "-m", "Go on")
    place = tmp_path_factory.mktemp("clones")
    for name, options in (("whole", ()), ("shallow", ("--depth=1",))):
        url = tmp_path.as_uri()
        subprocess.run(["git", "clone", "-q", *options, url, str(place / name)], check=True)
    ours = GitSource(tmp_path).origin()
    whole, shallow = GitSource(place / "whole").origin(), GitSource(place / "shallow").origin()
    assert whole.first_commit == ours.first_commit
    assert shallow.first_commit == ""
    assert ours.is_same(whole)
    assert ours.is_same(shallow)
    assert whole.is_same(shallow)


def test_what_was_merged_in_does_not_make_two_repositories_one(git: Git, tmp_path: Path) -> None:
    first = git("rev-parse", "HEAD")
    git("checkout", "--orphan", "library")
    git("commit", "-m", "A library")
    git("checkout", "-f", "trunk")
    git("merge", "-s", "ours", "--allow-unrelated-histories", "-m", "Take it in", "library")
    assert GitSource(tmp_path).origin().first_commit == first


def test_remotes_with_blanks_and_what_newer_gits_add() -> None:
    output = (
        "up\t/srv/one shop.git (fetch)\nup\t/srv/one shop.git (push)\n"
        "origin\thttps://git.example.com/a/b (fetch) [blob:none]\nnone\n"
    )
    assert read_remotes(output, host="box") == ("git.example.com/a/b", "box:/srv/one shop")
