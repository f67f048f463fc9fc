"""Nothing that a repository holds is followed out of it, waited for, or read without end."""

import os
import re
import socket
import stat
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.build import ignore_file
from compartment_tui.adapters.docker.build.build_context import prepared
from compartment_tui.adapters.docker.build.build_secrets import secret_files
from compartment_tui.adapters.docker.build.builder import _packed
from compartment_tui.adapters.docker.build.ignore_file import sent_paths
from compartment_tui.adapters.git_checkout import SourceRepository, _submodule_origins
from compartment_tui.adapters.project_file import atomic_write
from compartment_tui.adapters.project_file.init import init_project, survey_project
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.record_file.copies import RecordCopies
from compartment_tui.adapters.repository_files import (
    FileRefused,
    has_match,
    read_chosen,
    read_inside,
)
from compartment_tui.domain.config import Build, BuildSecret, Kind, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord, Trigger
from compartment_tui.domain.dockerfile import own_ports
from compartment_tui.domain.engine import EngineIdentity
from compartment_tui.domain.errors import BuildFailed, NotFound, ProjectFileInvalid, UsageProblem
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ImageSource, Plan
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import SetVariable

HEAD = '[project]\nname = "shop"\n[services]\nweb = "."\n'
CANARY = "PRIVATE-CANARY\n"
QUICK = 30.0
"""Seconds, on a busy machine; without a bound these would take minutes, or never end."""


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    made = tmp_path / "outside"
    made.mkdir()
    (made / "private").write_text(CANARY)
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    (made / "compartment.toml").write_text(HEAD)
    (made / "Dockerfile").write_text("FROM scratch\n")
    return made


def link(target: str) -> Callable[[Path], None]:
    return lambda file: file.symlink_to(target)


def huge(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(64 * 1024**3)


def listening(file: Path) -> None:
    here = Path.cwd()
    os.chdir(file.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(file.name)
    finally:
        os.chdir(here)


STRANGE: dict[str, Callable[[Path], None]] = {
    "a link out": link("../outside/private"),
    "a link to nothing outside": link("../outside/nothing"),
    "an absolute link": link("/etc/passwd"),
    "a link into /proc": link("/proc/self/environ"),
    "a device": link("/dev/zero"),
    "a terminal": link("/dev/tty"),
    "a circle": lambda file: file.symlink_to(file.name),
    "a pipe": os.mkfifo,
    "a socket": listening,
    "a huge file": huge,
    "a directory": lambda file: file.mkdir(),
}


@pytest.fixture(params=STRANGE)
def strange(request: pytest.FixtureRequest, outside: Path) -> Callable[[Path], None]:
    assert outside.exists()
    return STRANGE[str(request.param)]


def spec(**more: object) -> ServiceSpec:
    return ServiceSpec(name="web", path=".", **more)  # type: ignore[arg-type]


# --- what is read -------------------------------------------------------------------------------


def test_a_file_that_is_none_is_refused(root: Path, strange: Callable[[Path], None]) -> None:
    strange(root / "file")
    with pytest.raises(FileRefused):
        read_inside(root, root / "file")


def test_a_link_inside_is_taken_as_it_is(root: Path, outside: Path) -> None:
    (root / "deep").mkdir()
    (root / "deep" / "real").write_text("yes")
    (root / "alias").symlink_to("deep")
    (root / "file").symlink_to("alias/real")
    assert read_inside(root, root / "file") == b"yes"
    (root / "deep" / "back").symlink_to(outside)
    with pytest.raises(FileRefused, match="leads out"):
        read_inside(root, root / "alias" / "back" / "private")


def test_a_directory_that_becomes_a_link_meanwhile_is_not_followed(
    root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "deep").mkdir()
    (root / "deep" / "private").write_text("ours")
    resolve = Path.resolve

    def then_swapped(self: Path, strict: bool = False) -> Path:
        found = resolve(self, strict)
        if self.name == "private":
            (root / "deep").rename(root / "before")
            (root / "deep").symlink_to(outside)
        return found

    monkeypatch.setattr(Path, "resolve", then_swapped)
    with pytest.raises(FileRefused):
        read_inside(root, root / "deep" / "private")


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "Dockerfile.dockerignore"])
def test_what_a_build_reads(root: Path, strange: Callable[[Path], None], name: str) -> None:
    (root / name).unlink(missing_ok=True)
    strange(root / name)
    with (
        pytest.raises(BuildFailed, match=r"Dockerfile|dockerignore") as refused,
        prepared(spec(), TomlProject(root / "compartment.toml")),
    ):
        pass
    assert "CANARY" not in str(refused.value)


def test_a_secret_of_a_build(root: Path, strange: Callable[[Path], None]) -> None:
    strange(root / "token")
    with (
        pytest.raises(BuildFailed, match="token"),
        secret_files(plan(secrets=(BuildSecret(id="T", file="token"),)), root),
    ):
        pass


def plan(**build: object) -> Plan:
    service = spec(build=Build(**build))  # type: ignore[arg-type]
    return Plan(
        key=EnvironmentKey("shop", "production"),
        run="run_1",
        trigger=Trigger.DEPLOY,
        spec=service,
        deployment="dep_1",
        source=ImageSource.BUILD,
    )


@pytest.mark.parametrize("kind", [Kind.WEB, Kind.STATIC])
def test_a_context_that_became_a_link(root: Path, outside: Path, kind: Kind) -> None:
    project = TomlProject(root / "compartment.toml")
    (root / "web").symlink_to(outside)
    with (
        pytest.raises(BuildFailed, match="leads out"),
        prepared(ServiceSpec(name="web", path="web", kind=kind), project),
    ):
        pass


def test_links_in_a_context_are_sent_as_links(root: Path, outside: Path) -> None:
    """Also by the engine's own builder, and the ignore file that it gets is no way out either."""
    (root / "Dockerfile.dockerignore").write_text("nothing\n")
    (root / "everything").symlink_to(outside)
    (root / "page").symlink_to(outside / "private")
    os.mkfifo(root / "pipe")
    project = TomlProject(root / "compartment.toml")
    with prepared(spec(), project) as recipe:
        assert "everything/private" not in set(sent_paths(recipe.context, recipe.ignored))
        with _packed(plan(), recipe) as archive, tarfile.open(fileobj=archive) as tar:
            kinds = {one.name: (one.issym(), one.size) for one in tar.getmembers()}
    assert kinds["everything"] == kinds["page"] == (True, 0)
    (root / ".dockerignore").symlink_to(outside / "private")
    with prepared(spec(), project) as recipe, pytest.raises(BuildFailed, match="leads out"):
        _packed(plan(), recipe)


def test_a_submodule_is_not_where_a_link_leads(root: Path, outside: Path) -> None:
    (outside / ".git").mkdir()
    (root / "module").symlink_to(outside)
    origin = SourceRepository(
        git_directory=root / ".git", work_tree=root, settings=("a", "b"), foreign=frozenset()
    )
    assert list(_submodule_origins(origin, "module", None)) == []


# --- the project file ---------------------------------------------------------------------------


def test_a_project_file_that_is_none(root: Path, strange: Callable[[Path], None]) -> None:
    file = root / "compartment.toml"
    file.unlink()
    strange(file)
    for named in (None, file, root):
        with pytest.raises((ProjectFileInvalid, NotFound)) as refused:
            TomlProject.find(root, named).config()
        assert "CANARY" not in str(refused.value)


def test_a_project_file_that_leads_out_is_named_and_not_touched(root: Path, outside: Path) -> None:
    other, file = outside / "compartment.toml", root / "compartment.toml"
    other.write_text(HEAD)
    file.unlink()
    file.symlink_to(other)
    with pytest.raises(ProjectFileInvalid, match="out of its directory") as refused:
        TomlProject.find(root)
    assert f"--file {other}" in refused.value.hint
    assert TomlProject.find(root, other).root == outside  # named, it is the person's own choice


def test_an_edit_never_writes_through_a_link(root: Path, outside: Path) -> None:
    """One that takes the file's place after it was opened."""
    other, file = outside / "compartment.toml", root / "compartment.toml"
    other.write_text(HEAD)
    project = TomlProject.find(root)
    project.config()
    file.unlink()
    file.symlink_to(other)
    edit = SetVariable(
        environment="production",
        service=None,
        key="A",
        value=Secret("1"),
        sensitivity=Sensitivity.PLAIN,
    )
    with pytest.raises(ProjectFileInvalid):
        project.edit((edit,))
    with pytest.raises(ProjectFileInvalid):
        project.config()
    assert other.read_text() == HEAD


def test_what_is_replaced_is_the_name_and_not_where_it_leads(root: Path, outside: Path) -> None:
    file = root / "file"
    file.symlink_to(outside / "private")
    atomic_write.write_atomically(file, b"ours")
    assert (outside / "private").read_text() == CANARY
    assert not file.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) & 0o111 == 0


@pytest.mark.parametrize("target", ["../outside/made", "/nonexistent/x", "compartment.toml"])
def test_the_first_project_file_is_not_written_where_a_link_leads(
    root: Path, outside: Path, target: str
) -> None:
    file = root / "compartment.toml"
    file.unlink()
    file.symlink_to(target)
    said = r"link that leads to nothing|already"
    with pytest.raises(UsageProblem, match=said):
        init_project(root, None)
    with pytest.raises(UsageProblem, match=said):
        survey_project(root)
    assert [one.name for one in outside.iterdir()] == ["private"]
    assert file.is_symlink()


def test_a_project_file_that_came_up_meanwhile_stays(root: Path, outside: Path) -> None:
    made = root / "made"
    made.symlink_to(outside / "made")
    with pytest.raises(FileExistsError):
        atomic_write.write_new(made, b"")
    with pytest.raises(FileExistsError):
        atomic_write.write_new(root / "compartment.toml", b"")
    assert (root / "compartment.toml").read_text() == HEAD
    assert not (outside / "made").exists()


@pytest.mark.parametrize("name", ["Dockerfile", "app/Dockerfile", ".gitignore"])
def test_what_the_first_project_file_is_made_of(
    root: Path, strange: Callable[[Path], None], name: str
) -> None:
    (root / "compartment.toml").unlink()
    (root / "app").mkdir()
    (root / name).unlink(missing_ok=True)
    strange(root / name)
    began = time.monotonic()
    found = survey_project(root)
    assert time.monotonic() - began < QUICK
    assert "CANARY" not in repr(found)


SLOW = {
    "blank lines": "FROM scratch\n" + "\n" * 500_000 + "x",
    "an endless line": "RUN a" + " \\\n" * 300_000,
    "patterns": "FROM scratch\n" + "COPY **/**/**/**/**/x *?[a]* /\n" * 10_000,
    "a link in a pattern": "COPY everything/*/*/*/*/*/x /\n" * 100,
    "many sources": "COPY a b c d e f g h i j k /\n" * 30_000,
    "many ports": "FROM scratch\n" + "EXPOSE 1-65535\n" * 60_000,
    "values of values": "FROM scratch\nENV A0=xx\n"
    + "".join(f"ENV A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    + "EXPOSE $A60\n",
    "an open variable": "FROM scratch\nEXPOSE " + "${a-" * 200_000,
    "many stages": "".join(f"FROM a{n} AS b{n}\n" for n in range(40_000)),
    "a long number": f"FROM scratch\nEXPOSE {'9' * 5000}\n",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_the_work_of_reading_a_dockerfile_has_an_end(root: Path, text: str) -> None:
    (root / "compartment.toml").unlink()
    (root / "everything").symlink_to("/")
    (root / "Dockerfile").write_text(text)
    began = time.monotonic()
    survey_project(root)
    own_ports(text, {}, "9" * 5000)
    (root / "compartment.toml").write_text(HEAD)
    with prepared(spec(), TomlProject(root / "compartment.toml")):
        pass
    assert time.monotonic() - began < QUICK * 2


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/" * 40 + "b", "**/*a" * 20 + "/**/b"])
def test_the_work_of_an_ignore_file_has_an_end(root: Path, pattern: str) -> None:
    (root / ("a" * 120) / ("a" * 120)).mkdir(parents=True)
    began = time.monotonic()
    assert len(list(sent_paths(root, (pattern,)))) == 4
    assert time.monotonic() - began < QUICK


@given(st.text("ab/*", max_size=12), st.text("ab/", min_size=1, max_size=8))
def test_many_wildcards_mean_what_few_do(pattern: str, path: str) -> None:
    pieces = ignore_file._pieces(pattern)
    plain = re.compile("".join(pieces), re.DOTALL).fullmatch(path)
    assert (ignore_file._Steps(pieces).fullmatch(path) is None) == (plain is None)


def test_a_pattern_follows_no_link(root: Path, outside: Path) -> None:
    (root / "src").mkdir()
    (root / "src" / "main.c").write_text("")
    (root / "away").symlink_to(outside)
    assert has_match(root, "src/*.c")
    assert has_match(root, "s*/main.c")
    assert not has_match(root, "away/p*")
    assert not has_match(root, "a*/private")


# --- what a person names ------------------------------------------------------------------------


def test_a_pipe_that_somebody_fills_is_read_to_its_end() -> None:
    """As a shell gives it: `variable import <(decrypt secrets)`."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as given:
        given.write(b"A=1\n")
    try:
        assert read_chosen(Path(f"/dev/fd/{reader}"), largest=100) == b"A=1\n"
    finally:
        os.close(reader)


def test_a_pipe_into_which_nobody_writes_and_an_endless_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileRefused, match="nobody writes"):
        read_chosen(tmp_path / "pipe", largest=100)
    with pytest.raises(FileRefused, match="larger"):
        read_chosen(Path("/dev/zero"), largest=100)


# --- the user's own directory -------------------------------------------------------------------

KEY = EnvironmentKey("shop", "production")
STATE = EnvironmentRecord(key=KEY, active={"web": "dep_1"})
HERE = EngineIdentity(address="unix:///x", id="HERE")


def test_a_state_directory_in_the_repository_is_neither_filled_nor_believed(
    root: Path, outside: Path
) -> None:
    for state in (root / ".state" / "compartment-tui", root / "away" / "compartment-tui"):
        if state.parent.name == "away":
            (outside / "back").symlink_to(root)
            state.parent.symlink_to(outside / "back" / ".state")
        RecordCopies(state, outside).keep(STATE, HERE)  # as if it had come with the repository
        assert RecordCopies(state, outside).find(KEY, HERE.address) is not None
        kept = sorted(root.rglob("*"))
        copies = RecordCopies(state, root)
        assert copies.find(KEY, HERE.address) is None
        copies.keep(STATE, HERE)
        assert sorted(root.rglob("*")) == kept


@pytest.mark.parametrize("level", ["copies", "copies/addresses", "copies/*", "copies/*/*"])
def test_no_directory_above_a_copy_is_a_link(
    root: Path, tmp_path: Path, outside: Path, level: str
) -> None:
    state = tmp_path / "state" / "compartment-tui"
    copies = RecordCopies(state, root)
    copies.keep(STATE, HERE)
    assert copies.find(KEY, HERE.address) is not None
    place = next(one for one in state.glob(level) if one.is_dir())
    place.rename(outside / "moved")
    place.symlink_to(outside / "moved")
    before = {one: one.stat().st_mtime_ns for one in outside.rglob("*")}
    assert copies.find(KEY, HERE.address) is None
    copies.keep(STATE, HERE)
    assert {one: one.stat().st_mtime_ns for one in outside.rglob("*")} == before
