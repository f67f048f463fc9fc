"""The details of what nobody foresaw: kept for the user alone, or not at all."""

import stat
from pathlib import Path

import pytest

from compartment_tui.adapters.error_log import LARGEST, FileErrorLog


def raised() -> RuntimeError:
    try:
        raise RuntimeError("boom")
    except RuntimeError as error:
        return error


def test_the_traceback_is_kept_for_the_user_alone(tmp_path: Path) -> None:
    place = tmp_path / "state" / "compartment-tui"
    kept = Path(FileErrorLog(lambda: place).write(raised()))
    assert kept.parent == place
    text = kept.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "RuntimeError: boom" in text
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = FileErrorLog(lambda: tmp_path / "compartment-tui")
    kept = Path(log.write(raised()))
    kept.write_bytes(b"x" * (LARGEST + 1))
    log.write(raised())
    assert kept.stat().st_size < LARGEST


@pytest.mark.parametrize("place", ["/dev/null/compartment-tui", "link/compartment-tui"])
def test_where_it_cannot_be_kept_nothing_happens(place: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "at all")
    assert FileErrorLog(lambda: tmp_path / place).write(raised()) == ""


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    place = tmp_path / "compartment-tui"
    place.mkdir(mode=0o700)
    (place / "errors.log").symlink_to(precious)
    assert FileErrorLog(lambda: place).write(raised()) == ""
    assert precious.read_text(encoding="utf-8") == "mine"
