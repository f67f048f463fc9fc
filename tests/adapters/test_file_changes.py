"""An edited project file is noticed, whichever way an editor writes it."""

import threading
from pathlib import Path

import pytest

from compartment_tui.adapters.system import FileChanges


@pytest.fixture
def noticed(tmp_path: Path) -> tuple[Path, threading.Event, FileChanges, threading.Thread]:
    file = tmp_path / "compartment.toml"
    file.write_text("one")
    changes, seen = FileChanges(file), threading.Event()

    def read() -> None:
        for _ in changes:
            seen.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return file, seen, changes, thread


def written_until(seen: threading.Event, write: object) -> bool:
    """Writing is repeated: the watch begins a moment after the thread does."""
    for _ in range(100):
        write()  # type: ignore[operator]
        if seen.wait(0.1):
            return True
    return False


def test_a_write_in_place_and_a_rename_over_it_are_noticed(
    noticed: tuple[Path, threading.Event, FileChanges, threading.Thread],
) -> None:
    file, seen, changes, thread = noticed
    assert written_until(seen, lambda: file.write_text("two"))
    seen.clear()

    def rename() -> None:
        new = file.with_name("new")
        new.write_text("three")
        new.replace(file)

    assert written_until(seen, rename)
    changes.close()
    thread.join(10)
    assert not thread.is_alive()
