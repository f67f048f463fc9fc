"""What is released holds what its readers need: its tests, its types, its license."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("compartment_tui", "tests", "benchmarks", "docs", "examples", ".ci", ".github")
FILES = (
    *("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile"),
    *("pyproject.toml", "compartment.toml.example", ".editorconfig", ".pre-commit-config.yaml"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the source distribution and the wheel."""
    directory = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "--target"]
    for target in ("sdist", "wheel"):
        subprocess.run(
            [*command, target, "--directory", str(directory)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    return directory


@pytest.fixture(scope="module")
def source(built: Path) -> frozenset[str]:
    """The files of the source distribution, relative to its own folder."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return frozenset(name.partition("/")[2] for name in opened.getnames())


@pytest.fixture(scope="module")
def wheel(built: Path) -> frozenset[str]:
    (archive,) = built.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        return frozenset(opened.namelist())


def files_of(folder: str) -> Iterator[str]:
    for file in (ROOT / folder).rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_source_has_the_whole_folder(source: frozenset[str], folder: str) -> None:
    files = set(files_of(folder))
    assert files
    assert files <= source


def test_the_source_has_what_lies_beside_the_folders(source: frozenset[str]) -> None:
    assert set(FILES) <= source


def test_the_source_has_nothing_that_was_made_here(source: frozenset[str]) -> None:
    tops = {name.partition("/")[0] for name in source}
    assert not tops & {".git", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", "dist"}
    assert not [name for name in source if name.endswith(".pyc")]


def test_the_wheel_has_the_package_and_nothing_else(wheel: frozenset[str]) -> None:
    package = {name for name in wheel if ".dist-info/" not in name}
    assert package == set(files_of("compartment_tui"))
    assert "compartment_tui/py.typed" in package


def test_the_wheel_has_the_license(wheel: frozenset[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)
