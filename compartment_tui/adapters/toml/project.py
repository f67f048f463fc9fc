"""`compartment.toml`: found, read, and turned into a `ProjectConfig`."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.adapters.system import FileChanges
from compartment_tui.adapters.toml.files import signature
from compartment_tui.adapters.toml.parsing import FILE_NAME, parse_config, text_of
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentState
from compartment_tui.domain.errors import NotFound, ProjectFileInvalid, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import Secrets

if TYPE_CHECKING:
    from compartment_tui.domain.edits import Edit

COPY_DIRECTORY = ".compartment"
JUST_WRITTEN = 100_000_000
"""Nanoseconds in which file systems may give two writings the same time."""


class TomlProject:
    """A repository by its project file."""

    def __init__(self, file: Path, secrets: Secrets | None = None) -> None:
        self._file = file.resolve()
        self._secrets = secrets
        self._known: tuple[tuple[int, int, int, int], ProjectConfig] | None = None

    @classmethod
    def find(
        cls, start: Path, file: Path | None = None, *, secrets: Secrets | None = None
    ) -> "TomlProject":
        """The project of `file` if given, else the nearest one from `start` upwards.

        Raises NotFound.
        """
        if file is not None:
            chosen = file / FILE_NAME if file.is_dir() else file
            if not chosen.is_file():
                raise NotFound(f"there is no project file {chosen}")
            return cls(chosen, secrets)
        start = start.resolve()
        for directory in (start, *start.parents):
            if (directory / FILE_NAME).is_file():
                return cls(directory / FILE_NAME, secrets)
        raise NotFound(
            f"there is no {FILE_NAME} here or in a directory above",
            hint="`compartment-tui init` writes one, `--file` names one elsewhere",
        )

    @property
    def root(self) -> Path:
        return self._file.parent

    @property
    def file(self) -> Path:
        return self._file

    def config(self) -> ProjectConfig:
        """As in `ports.Project`; a file that did not change since is not read again."""
        try:
            with self._file.open("rb") as opened:
                found = os.fstat(opened.fileno())
                if self._known is not None and self._known[0] == signature(found):
                    return self._known[1]
                content = opened.read()
        except FileNotFoundError as error:
            raise NotFound(f"there is no project file {self._file}") from error
        except OSError as error:
            raise ProjectFileInvalid(f"{self._file} cannot be read: {error.strerror}") from error
        text = text_of(self._file, content)
        config = parse_config(text, root=self.root, file_name=self._file.name)
        self._remember(found, config)
        return config

    def edit(self, edits: "Sequence[Edit]") -> ProjectConfig:
        from compartment_tui.adapters.toml.editing import edit_file

        config, found = edit_file(self._file, edits, self._secrets)
        self._known = (signature(found), config)
        return config

    def services_in(self, root: Path) -> tuple[ServiceSpec, ...]:
        file = root / self._file.name
        if not file.resolve().is_relative_to(root.resolve()):  # a commit can hold any link
            raise ProjectFileInvalid(f"{file.name} of that commit is a link out of the repository")
        return TomlProject(file).config().services

    def _remember(self, found: os.stat_result, config: ProjectConfig) -> None:
        """Not what was written a moment ago: a next writing could bear the same time."""
        fresh = time.time_ns() - found.st_mtime_ns < JUST_WRITTEN
        self._known = None if fresh else (signature(found), config)

    def changes(self) -> FileChanges:
        return FileChanges(self._file)

    def keep_copy(self, state: EnvironmentState) -> None:
        from compartment_tui.adapters.toml.files import write_atomically
        from compartment_tui.adapters.toml.records import dumps

        directory = self.root / COPY_DIRECTORY
        with suppress(OSError):
            directory.mkdir(exist_ok=True)
            ignore = directory / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, b"*\n")
            write_atomically(self._copy_of(state.key), dumps(state).encode())

    def copy(self, key: EnvironmentKey) -> tuple[EnvironmentState, datetime] | None:
        from compartment_tui.adapters.toml.records import loads

        file = self._copy_of(key)
        try:
            written = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
            return loads(file.read_text(encoding="utf-8")), written
        except (OSError, UnicodeDecodeError, RecordInvalid):
            return None

    def _copy_of(self, key: EnvironmentKey) -> Path:
        return self.root / COPY_DIRECTORY / f"{key.text}.toml"
