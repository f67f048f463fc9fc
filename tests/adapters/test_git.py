import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from compartment_tui.adapters.git import GitSource, read_remotes, read_status
from compartment_tui.domain.deployment import Provenance
from compartment_tui.domain.errors import NotFound

pytestmark = pytest.mark.long

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
    assert GitSource(tmp_path).working_tree().provenance == Provenance(
        commit=git("rev-parse", "HEAD"), branch="trunk", dirty=False, author="Ada Example"
    )
    assert GitSource(tmp_path).dirty_files() == ()


def test_changed_renamed_and_new_files_are_dirty(git: Git, tmp_path: Path) -> None:
    (tmp_path / "app" / "new").write_text("")
    git("mv", "elsewhere", "moved away")
    (tmp_path / "app" / "one file").write_text("2")
    source = GitSource(tmp_path)
    assert source.working_tree().provenance.dirty
    assert set(source.dirty_files()) == {"app/one file", "app/new", "moved away"}


def test_only_what_lies_below_the_project_counts(git: Git, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("2")
    assert GitSource(tmp_path).working_tree().provenance.dirty
    assert not GitSource(tmp_path / "app").working_tree().provenance.dirty


def test_a_detached_head_has_no_branch(git: Git, tmp_path: Path) -> None:
    git("checkout", "--detach")
    found = GitSource(tmp_path).working_tree().provenance
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
    assert (source.working_tree().provenance, source.dirty_files()) == (Provenance(), ())


def test_before_the_first_commit(git: Git, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git("init", str(fresh))
    assert GitSource(fresh).working_tree().provenance == Provenance()


def test_without_git(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GitSource(tmp_path).working_tree().provenance == Provenance()


def test_a_git_that_hangs_is_given_up(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 5\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("compartment_tui.adapters.git_command.TIMEOUT_SECONDS", 0.2)
    assert GitSource(tmp_path).working_tree().provenance == Provenance()


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


def test_a_link_stays_a_link_wherever_it_leads(git: Git, tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "gone").symlink_to("nowhere")
    git("add", ".")
    git("commit", "-m", "Look around")
    with GitSource(tmp_path).check_out("HEAD") as found:
        assert (found.root / "out").readlink() == Path("/etc")
        assert (found.root / "gone").readlink() == Path("nowhere")


# --- what cannot be read is said ------------------------------------------------------------------


def test_a_repository_of_another_user(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    source = GitSource(tmp_path)
    assert source.working_tree().provenance == Provenance()
    way_on = f"git config --global --add safe.directory {tmp_path}"
    assert "dubious ownership" in source.working_tree().problem
    assert way_on in source.working_tree().problem
    with pytest.raises(NotFound, match="dubious ownership") as refused, source.check_out("HEAD"):
        pass
    assert way_on in refused.value.hint


def _file_for_git(root: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").write_text("nonsense")


def _file_that_leads_nowhere(root: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").write_text("gitdir: /nowhere/at/all\n")


def _emptied(root: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").mkdir()


def _without_head(root: Path) -> None:
    (root / ".git" / "HEAD").unlink()


def _broken_settings(root: Path) -> None:
    (root / ".git" / "config").write_text("[core\n")


def _newer_format(root: Path) -> None:
    with (root / ".git" / "config").open("a") as config:
        config.write("[core]\nrepositoryformatversion = 99\n")


def _without_objects(root: Path) -> None:
    for directory in (root / ".git" / "objects").iterdir():
        shutil.rmtree(directory)


@pytest.mark.parametrize(
    "broken",
    [
        _file_for_git,
        _file_that_leads_nowhere,
        _emptied,
        _without_head,
        _broken_settings,
        _newer_format,
        _without_objects,
    ],
)
def test_a_broken_repository_is_told_from_none(
    git: Git, tmp_path: Path, broken: Callable[[Path], None]
) -> None:
    broken(tmp_path)
    source = GitSource(tmp_path)
    assert source.working_tree().problem.startswith(
        ("the commit of these files cannot be read: ", "what differs from the commit cannot be")
    )
    assert "\n" not in source.working_tree().problem
    with pytest.raises(NotFound), source.check_out("HEAD"):
        pass


def test_a_broken_index_leaves_the_commit(git: Git, tmp_path: Path) -> None:
    commit = git("rev-parse", "HEAD")
    (tmp_path / ".git" / "index").write_text("nonsense of some length, to be an index")
    source = GitSource(tmp_path)
    assert source.working_tree().provenance == Provenance(
        commit=commit, branch="trunk", dirty=True, author="Ada Example"
    )
    assert "counts as changed" in source.working_tree().problem
    assert "index file" in source.working_tree().problem
    with source.check_out("HEAD") as found:
        assert (found.root / "elsewhere").exists()


def test_git_that_is_missing_is_said_only_where_it_is_needed(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path.parent / f"{tmp_path.name}-away"
    away.mkdir()
    monkeypatch.setenv("PATH", str(away))
    assert "no `git` on PATH; install git" in GitSource(tmp_path).working_tree().problem
    assert GitSource(away).working_tree().problem == ""


def test_nothing_is_wrong_outside_or_before_the_first_commit(git: Git, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git("init", str(fresh))
    assert (
        GitSource(tmp_path).working_tree().problem == GitSource(fresh).working_tree().problem == ""
    )
    with (
        pytest.raises(NotFound, match="there is no commit") as refused,
        GitSource(fresh).check_out("HEAD"),
    ):
        pass
    assert "nothing is committed" in refused.value.hint


def test_a_lock_that_somebody_has_is_not_in_the_way(git: Git, tmp_path: Path) -> None:
    (tmp_path / ".git" / "index.lock").write_text("")
    source = GitSource(tmp_path)
    assert (source.working_tree().provenance.commit, source.working_tree().problem) == (
        git("rev-parse", "HEAD"),
        "",
    )
    with source.check_out("HEAD") as found:
        assert (found.root / "elsewhere").exists()


def test_a_second_working_tree(git: Git, tmp_path: Path) -> None:
    other = tmp_path.parent / f"{tmp_path.name}-other"
    git("worktree", "add", "-b", "other", str(other))
    source = GitSource(other)
    assert (source.working_tree().provenance.branch, source.working_tree().problem) == ("other", "")
    with source.check_out("trunk") as found:
        assert (found.root / "elsewhere").read_text() == "1"


def test_what_a_hook_is_told_is_not_about_us(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", ".")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
    found = GitSource(tmp_path / "app").working_tree().provenance
    assert (found.branch, found.dirty) == ("trunk", False)


def test_new_files_count_whatever_the_repository_wants_to_see(git: Git, tmp_path: Path) -> None:
    git("config", "status.showUntrackedFiles", "no")
    (tmp_path / "new").write_text("")
    assert GitSource(tmp_path).dirty_files() == ("new",)


def test_a_shallow_clone_knows_no_range_rather_than_a_wrong_one(git: Git, tmp_path: Path) -> None:
    for number in range(4):
        git("commit", "--allow-empty", "-m", f"Change {number}")
    old, new = git("rev-parse", "HEAD~3"), git("rev-parse", "HEAD")
    shallow = tmp_path / "shallow"
    git("clone", "--depth", "1", f"file://{tmp_path}", str(shallow))
    git("-C", str(shallow), "fetch", "--depth", "1", "origin", old)
    source = GitSource(shallow)
    assert not source.commits_between(old, new)
    with pytest.raises(NotFound) as refused, source.check_out(git("rev-parse", "HEAD~1")):
        pass
    assert "git fetch --unshallow" in refused.value.hint
    with source.check_out("HEAD") as found:
        assert (found.root / "elsewhere").exists()


# --- a commit as `git checkout` gives it ----------------------------------------------------------


def files_of(root: Path) -> dict[str, str]:
    """Content, mode and targets of everything below, but for `.git`."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if ".git" in Path(name).parts:
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{bool(path.stat().st_mode & 0o100)} {path.read_bytes()!r}"
        else:
            found[name] = "directory"
    return found


def test_a_commit_is_what_a_checkout_gives(git: Git, tmp_path: Path) -> None:
    """Attributes that `git archive` goes by leave nothing out and change nothing."""
    for path, content in {
        ".gitattributes": "*.txt export-subst\ntests export-ignore\n*.bat eol=crlf\n*.id ident\n"
        "*.u16 working-tree-encoding=UTF-16LE\n* text=auto\n",
        "app/.gitattributes": "secret export-ignore\n",
        "version.txt": "$Format:%H$\n",
        "run.bat": "echo\n",
        "one.id": "$Id$\n",
        "tests/test": "x",
        "app/secret": "x",
        "-dash": "x",
        "with\nline": "x",
        "with * star": "x",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    (tmp_path / "wide.u16").write_bytes("wide\n".encode("utf-16-le"))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9")).write_text("x")
    (tmp_path / "tool").write_text("x")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "link").symlink_to("app/secret")
    git("add", "-A")
    git("commit", "-m", "Take all sorts")
    git("config", "core.autocrlf", "true")
    clone = tmp_path.parent / f"{tmp_path.name}-clone"
    git("-c", "core.autocrlf=true", "clone", str(tmp_path), str(clone))
    with GitSource(tmp_path).check_out("HEAD") as found:
        assert files_of(found.root) == files_of(clone)
        assert found.notes == ()
    with GitSource(tmp_path / "app").check_out("HEAD") as below:
        assert files_of(below.root) == files_of(clone / "app")


def test_attributes_come_from_the_commit_not_from_the_working_tree(
    git: Git, tmp_path: Path
) -> None:
    (tmp_path / ".gitattributes").write_text("app/* eol=crlf\n")
    (tmp_path / "app" / "lines").write_text("1\n2\n")
    git("add", "-A")
    git("commit", "-m", "End lines")
    (tmp_path / ".gitattributes").write_text("app/* -text\n")
    with GitSource(tmp_path / "app").check_out("HEAD") as found:
        assert (found.root / "lines").read_bytes() == b"1\r\n2\r\n"


def test_a_sparse_working_tree_still_gives_the_whole_commit(git: Git, tmp_path: Path) -> None:
    git("sparse-checkout", "set", "app")
    git("config", "core.sparseCheckout", "true")
    with GitSource(tmp_path).check_out("HEAD") as found:
        assert set(files_of(found.root)) == {"app", "app/one file", "elsewhere"}


@pytest.fixture
def nested(git: Git, tmp_path: Path) -> Path:
    """A clone of a repository with a submodule that has one itself; neither is there yet."""
    away = tmp_path.parent / f"{tmp_path.name}-away"
    for name in ("inner", "outer", "whole"):
        git("init", "--initial-branch", "trunk", str(away / name))
    taking = ("-c", "protocol.file.allow=always", "submodule", "add")
    for name, contains in (("inner", ""), ("outer", "inner"), ("whole", "outer")):
        place = ("-C", str(away / name))
        (away / name / f"{name} file").write_text(name)
        if contains:
            git(*place, *taking, str(away / contains), f"libs/{contains}")
        git(*place, "add", "-A")
        git(*place, "commit", "-m", "Begin")
    git("clone", str(away / "whole"), str(away / "clone"))
    return away / "clone"


def test_submodules_are_part_of_a_commit(git: Git, nested: Path) -> None:
    with (
        pytest.raises(NotFound, match="the submodule “libs/outer” is not here") as refused,
        GitSource(nested).check_out("HEAD"),
    ):
        pass
    assert "git submodule update --init --recursive" in refused.value.hint
    update = ("-c", "protocol.file.allow=always", "submodule", "update", "--init")
    git("-C", str(nested), *update)
    with (
        pytest.raises(NotFound, match="the submodule “libs/outer/libs/inner” is not here"),
        GitSource(nested).check_out("HEAD"),
    ):
        pass
    git("-C", str(nested), *update, "--recursive")
    with GitSource(nested).check_out("HEAD") as found:
        assert (found.root / "libs" / "outer" / "libs" / "inner" / "inner file").exists()
        assert (found.root / "libs" / "outer" / "outer file").exists()
        assert files_of(found.root) == files_of(nested)
        assert not list(found.root.rglob(".git"))
    with GitSource(nested / "libs").check_out("HEAD") as below:
        assert (below.root / "outer" / "libs" / "inner" / "inner file").exists()


def test_a_submodule_that_was_put_away_is_still_here(git: Git, nested: Path) -> None:
    update = ("-c", "protocol.file.allow=always", "submodule", "update", "--init", "--recursive")
    git("-C", str(nested), *update)
    git("-C", str(nested), "submodule", "deinit", "--all", "--force")
    with GitSource(nested).check_out("HEAD") as found:
        assert (found.root / "libs" / "outer" / "libs" / "inner" / "inner file").exists()


def test_a_submodule_outside_the_project_is_not_needed(git: Git, nested: Path) -> None:
    (nested / "shop").mkdir()
    (nested / "shop" / "page").write_text("x")
    git("-C", str(nested), "add", "-A")
    git("-C", str(nested), "commit", "-m", "Open a shop")
    with GitSource(nested / "shop").check_out("HEAD") as found:
        assert list(files_of(found.root)) == ["page"]


def test_what_changed_in_a_submodule_is_dirty(git: Git, nested: Path) -> None:
    update = ("-c", "protocol.file.allow=always", "submodule", "update", "--init", "--recursive")
    git("-C", str(nested), *update)
    assert not GitSource(nested).working_tree().provenance.dirty
    (nested / "libs" / "outer" / "libs" / "inner" / "inner file").write_text("other")
    assert GitSource(nested).dirty_files() == ("libs/outer/libs/inner/inner file",)


def test_a_repository_inside_that_nobody_named_is_empty_and_said(git: Git, tmp_path: Path) -> None:
    git("init", str(tmp_path / "app" / "stray"))
    git("-C", str(tmp_path / "app" / "stray"), "commit", "--allow-empty", "-m", "Begin")
    git("add", "-A")
    git("commit", "-m", "Take it by accident")
    shutil.rmtree(tmp_path / "app" / "stray")
    with GitSource(tmp_path).check_out("HEAD") as found:
        assert list((found.root / "app" / "stray").iterdir()) == []
        assert len(found.notes) == 1
        assert "“app/stray” is empty" in found.notes[0]


def test_a_partial_clone_says_what_is_missing(git: Git, tmp_path: Path) -> None:
    for content in ("2", "3"):
        (tmp_path / "app" / "one file").write_text(content)
        git("commit", "-a", "-m", "Change it")
    git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path.parent / f"{tmp_path.name}-partial"
    git("clone", "--filter=blob:none", f"file://{tmp_path}", str(partial))
    source = GitSource(partial)
    with source.check_out("HEAD") as found:
        assert (found.root / "app" / "one file").read_text() == "3"
    with pytest.raises(NotFound, match="app/one file") as refused, source.check_out("HEAD~1"):
        pass
    assert "partial clone" in refused.value.hint
    git("-C", str(partial), "fetch", "--refetch", "--no-filter")
    with source.check_out("HEAD~1") as found:
        assert (found.root / "app" / "one file").read_text() == "2"


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n".format("a" * 64)


def test_large_files_that_stay_pointers_are_said(git: Git, tmp_path: Path) -> None:
    (tmp_path / ".gitattributes").write_text("*.png filter=lfs diff=lfs merge=lfs -text\n")
    for name in ("a.png", "b.png", "not.txt"):
        (tmp_path / "app" / name).write_text(POINTER)
    git("add", "-A")
    git("commit", "-m", "Draw")
    with GitSource(tmp_path).check_out("HEAD") as found:
        (note,) = found.notes
    assert "“app/a.png”, “app/b.png” are Git LFS pointers" in note
    assert "not.txt" not in note
    assert "git lfs install" in note


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
