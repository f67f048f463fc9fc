"""Copies of records: of one engine, one repository and one user, and never in the repository."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compartment_tui.adapters.places import NO_HOME, state_directory
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.record_file.copies import RecordCopies
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.engine import EngineIdentity
from compartment_tui.domain.names import EnvironmentKey

KEY = EnvironmentKey("shop", "caf\u00e9 / 1")
STATE = EnvironmentRecord(key=KEY, active={"web": "dep_1"})
SOCKET, FAR = "unix:///var/run/docker.sock", "ssh://far.example"
HERE = EngineIdentity(address=SOCKET, id="HERE")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "compartment-tui"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    return made


def test_a_copy_is_of_the_engine_that_was_met_at_the_address(state: Path, root: Path) -> None:
    copies = RecordCopies(state, root)
    assert copies.find(KEY, SOCKET) is None
    copies.keep(STATE, HERE)
    found = copies.find(KEY, SOCKET)
    assert found is not None
    assert found[0] == STATE
    assert abs(datetime.now(UTC) - found[1]) < timedelta(minutes=1)
    assert copies.find(KEY, FAR) is None
    assert RecordCopies(state, root.parent).find(KEY, SOCKET) is None
    assert copies.find(EnvironmentKey("shop", "production"), SOCKET) is None


def test_another_engine_at_the_same_address_has_no_copy(state: Path, root: Path) -> None:
    copies, other = RecordCopies(state, root), EnvironmentKey("shop", "staging")
    copies.keep(STATE, HERE)
    copies.keep(EnvironmentRecord(key=other), EngineIdentity(address=SOCKET, id="NEW"))
    assert copies.find(KEY, SOCKET) is None


def test_one_engine_has_one_copy_whatever_its_address(state: Path, root: Path) -> None:
    copies = RecordCopies(state, root)
    copies.keep(EnvironmentRecord(key=KEY), EngineIdentity(address=FAR, id="HERE"))
    copies.keep(STATE, HERE)
    found = copies.find(KEY, FAR)
    assert found is not None
    assert found[0] == STATE


def test_only_the_user_can_read_it(state: Path, root: Path) -> None:
    RecordCopies(state, root).keep(STATE, HERE)
    made = [state, *state.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_file()} == {0o600}


def test_nothing_but_the_project_file_lies_in_the_repository(
    state: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
    file = root / "compartment.toml"
    file.write_text('[project]\nname = "shop"\n', encoding="utf-8")
    old = root / ".compartment"
    old.symlink_to(root.parent / "elsewhere")
    project = TomlProject(file)
    project.keep_copy(STATE, HERE)
    assert project.copy(KEY, SOCKET) is not None
    assert sorted(one.name for one in root.iterdir()) == [".compartment", "compartment.toml"]
    assert not old.exists()


def test_a_link_is_neither_followed_nor_written_through(state: Path, root: Path) -> None:
    copies, target = RecordCopies(state, root), root / "precious"
    copies.keep(STATE, HERE)
    (file,) = state.rglob("*.toml")
    target.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(target)
    assert copies.find(KEY, SOCKET) is None
    before = target.read_bytes()
    copies.keep(EnvironmentRecord(key=KEY), HERE)
    assert target.read_bytes() == before
    assert not file.is_symlink()


def test_a_link_in_place_of_a_directory_takes_nothing(state: Path, root: Path) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    state.mkdir(parents=True)
    (state / "copies").symlink_to(elsewhere)
    RecordCopies(state, root).keep(STATE, HERE)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "broken",
    [b"", b"broken", b"\xff\xfe", b"a = " + b"[" * 5000, b"version = 99"],
    ids=["empty", "no TOML", "no text", "too deep", "newer"],
)
def test_a_broken_copy_is_none(state: Path, root: Path, broken: bytes) -> None:
    copies = RecordCopies(state, root)
    copies.keep(STATE, HERE)
    (file,) = state.rglob("*.toml")
    file.write_bytes(broken)
    assert copies.find(KEY, SOCKET) is None


def test_a_pipe_in_its_place_holds_nobody_up(state: Path, root: Path) -> None:
    copies = RecordCopies(state, root)
    copies.keep(STATE, HERE)
    (file,) = state.rglob("*.toml")
    file.unlink()
    os.mkfifo(file)
    assert copies.find(KEY, SOCKET) is None


@pytest.mark.parametrize("place", [Path("/dev/null/x"), NO_HOME])
def test_a_copy_that_cannot_be_written_is_not_worth_a_word(place: Path, root: Path) -> None:
    copies = RecordCopies(place / "compartment-tui", root)
    copies.keep(STATE, HERE)
    assert copies.find(KEY, SOCKET) is None


def test_where_the_state_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_directory({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "compartment-tui"
    usual = Path.home() / ".local" / "state" / "compartment-tui"
    assert state_directory({"XDG_STATE_HOME": "relative"}) == usual
    assert state_directory({}) == usual

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    assert state_directory({}).is_relative_to(NO_HOME)
