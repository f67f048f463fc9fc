"""`compartment.toml`: found, read, and turned into a `ProjectConfig`."""

import os
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.adapters.project_file.atomic_write import (
    open_project_file,
    project_file_content,
    signature,
)
from compartment_tui.adapters.project_file.parse import FILE_NAME, parse_config, text_of
from compartment_tui.adapters.repository_files import FileRefused, is_inside, read_chosen
from compartment_tui.adapters.system import FileChanges
from compartment_tui.domain import bounds
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import NotFound, ProjectFileInvalid, Surroundings, UsageProblem
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.ports import Secrets

if TYPE_CHECKING:
    from compartment_tui.adapters.project_file.known_recipients import KnownRecipients
    from compartment_tui.adapters.record_file.copies import RecordCopies
    from compartment_tui.domain.engine import EngineIdentity
    from compartment_tui.domain.variables.edits import Edit

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
        cls, start: Path | None, file: Path | None = None, *, secrets: Secrets | None = None
    ) -> "TomlProject":
        """The project of `file` if given, else the nearest one upwards.

        It is looked for from `start`, or from the working directory. Raises NotFound;
        ProjectFileInvalid when what bears its name is no file.
        """
        if file is not None:
            chosen = file / FILE_NAME if file.is_dir() else file
            if not os.path.lexists(chosen):
                raise NotFound(f"there is no project file {chosen}")
            return cls(_checked(_absolute(chosen.parent) / chosen.name), secrets)
        start = _absolute(start or Path())
        for directory in (start, *start.parents):
            if os.path.lexists(directory / FILE_NAME):
                return cls(_checked(directory / FILE_NAME), secrets)
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
            with os.fdopen(open_project_file(self._file), "rb") as opened:
                found = os.fstat(opened.fileno())
                if self._known is not None and self._known[0] == signature(found):
                    return self._known[1]
                content = project_file_content(self._file, opened.fileno())
        except FileNotFoundError as error:
            raise NotFound(f"there is no project file {self._file}") from error
        except OSError as error:
            raise ProjectFileInvalid(f"{self._file} cannot be read: {error.strerror}") from error
        text = text_of(self._file, content)
        config = parse_config(text, root=self.root, file_name=self._file.name)
        self._remember(found, config)
        return config

    def known_recipients(self) -> frozenset[str]:
        return self._known_recipients().read()

    def remember_recipients(self, recipients: Collection[str]) -> None:
        self._known_recipients().write(recipients)

    def edit(
        self, edits: "Sequence[Edit]", *, readers: Collection[str] | None = None
    ) -> ProjectConfig:
        from compartment_tui.adapters.project_file.edit.edit_file import edit_file

        config, found = edit_file(self._file, edits, self._secrets, readers=readers)
        self._known = (signature(found), config)
        return config

    def services_in(self, root: Path) -> tuple[ServiceSpec, ...]:
        file = root / self._file.name
        if not is_inside(root, file):  # a commit can hold any link
            raise ProjectFileInvalid(f"{file.name} of that commit is a link out of the repository")
        return TomlProject(file).config().services

    def named_text(self, path: str) -> str:
        named = f"{show(path)}, which {self._file.name} names,"
        try:
            file = self.root / Path(path).expanduser()
            return read_chosen(file, largest=bounds.SMALL_FILE).decode()
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise UsageProblem(f"{named} cannot be read: {why}") from error
        except FileRefused as why_not:
            raise UsageProblem(f"{named} {why_not}") from why_not
        except UnicodeDecodeError:
            # Not kept as the cause: it carries what is in the file, and that may be a key.
            raise UsageProblem(f"{named} is no text") from None

    def _remember(self, found: os.stat_result, config: ProjectConfig) -> None:
        """Not what was written a moment ago: a next writing could bear the same time."""
        fresh = time.time_ns() - found.st_mtime_ns < JUST_WRITTEN
        self._known = None if fresh else (signature(found), config)

    def changes(self) -> FileChanges:
        return FileChanges(self._file)

    def keep_copy(self, state: EnvironmentRecord, engine: "EngineIdentity") -> None:
        self._copies().keep(state, engine)

    def copy(self, key: EnvironmentKey, address: str) -> tuple[EnvironmentRecord, datetime] | None:
        return self._copies().find(key, address)

    def copies_elsewhere(
        self, key: EnvironmentKey, engine: "EngineIdentity"
    ) -> Mapping[str, EnvironmentRecord]:
        return self._copies().elsewhere(key, engine)

    def _copies(self) -> "RecordCopies":
        from compartment_tui.adapters.places import state_directory
        from compartment_tui.adapters.record_file.copies import RecordCopies

        return RecordCopies(state_directory(os.environ), self.root)

    def _known_recipients(self) -> "KnownRecipients":
        from compartment_tui.adapters.places import state_directory
        from compartment_tui.adapters.project_file.known_recipients import KnownRecipients

        return KnownRecipients(state_directory(os.environ), self.root, self.config().name)


def _absolute(path: Path) -> Path:
    """Raises Surroundings when it stands in a working directory that is gone."""
    try:
        return path.resolve()
    except FileNotFoundError as error:
        raise Surroundings(
            "the working directory was deleted", hint="go into one that exists: `cd`"
        ) from error


def _checked(file: Path) -> Path:
    """The file, when it is one, and no link out of its directory.

    What it says and what is written into it would else be of a place that nobody named. Raises
    ProjectFileInvalid, NotFound.
    """
    if not is_inside(file.parent, file):
        from compartment_tui.domain.shell_quotes import shell_word

        target = Path(os.path.realpath(file))
        where = f"to {show(str(target))}, out of its directory"
        hint = f"if that is the project, name it: --file {shell_word(str(target))}"
        raise ProjectFileInvalid(f"{file} is a link {where}", hint=hint)
    if not file.exists():
        raise NotFound(f"there is no project file where the link {file} leads")
    if not file.is_file():
        what = "a directory" if file.is_dir() else "no regular file"
        raise ProjectFileInvalid(f"{file} is {what}", hint="the project file is a text file")
    return file
