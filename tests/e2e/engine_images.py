"""Images that an engine of a test's own has from its start, as files.

Loading them costs an engine ten seconds of a processor. So one engine has loaded them once, in the
test runner's cache, and each other one begins with a copy of its files.
"""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

CACHE = Path(__file__).parents[2] / ".pytest_cache" / "d" / "engine-images"
IMAGES = ("busybox:1", "traefik:v3.7", "python:3.11-slim")
KEPT = ("image", "overlay2")
"""Where an engine has what it knows of images, and their files."""


class Loader(Protocol):
    """An engine that is up, with nothing yet."""

    directory: Path

    def load(self, images: tuple[str, ...]) -> None: ...

    def stop(self) -> None: ...


def plant(directory: Path, started: Callable[[], AbstractContextManager[Loader]]) -> None:
    """Have an engine that will have its data in `directory` begin with `IMAGES`.

    `started` starts an engine that loads them, where none has done so yet.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seed = CACHE / _state()
        if not seed.is_dir():
            _make(seed, started)
    directory.mkdir()
    # What images are made of is never written to again, so their files may be the same ones.
    _copy(seed / "image", directory, "--archive")
    try:
        _copy(seed / "overlay2", directory, "--archive", "--link")
    except subprocess.CalledProcessError:
        shutil.rmtree(directory / "overlay2", ignore_errors=True)  # on another disk
        _copy(seed / "overlay2", directory, "--archive")


def _make(seed: Path, started: Callable[[], AbstractContextManager[Loader]]) -> None:
    for older in CACHE.iterdir():
        if older.is_dir():
            shutil.rmtree(older)
    half = seed.with_suffix(".half")
    half.mkdir()
    with started() as engine:
        engine.load(IMAGES)
        engine.stop()
        for name in KEPT:
            _copy(engine.directory / "data" / name, half, "--archive")
    half.rename(seed)


def _state() -> str:
    """A name for the images as they are on the engine that everybody uses."""
    words = ("docker", "image", "inspect", "--format={{.Id}}", *IMAGES)
    ids = subprocess.run(words, capture_output=True, check=True).stdout
    return hashlib.sha256(ids).hexdigest()[:16]


def _copy(what: Path, where: Path, *how: str) -> None:
    subprocess.run(["cp", *how, str(what), f"{where}/"], check=True, capture_output=True)
