"""Reads and writes the variables of the project file, in threads."""

import os
from pathlib import Path

from textual.message import Message

from compartment_tui.domain.errors import UsageProblem, expected
from compartment_tui.domain.variables.edits import VariableEdit
from compartment_tui.operations import variable_transfer, variables
from compartment_tui.operations.variable_sheet import sheet
from compartment_tui.ports import Dotenv
from compartment_tui.present.variables import transfer_notes
from compartment_tui.tui.background import BackgroundThreads
from compartment_tui.tui.variables.import_model import ImportSource
from compartment_tui.tui.variables.messages import (
    ImportRead,
    SheetArrived,
    VariablesWritten,
    WriteRefused,
)


class VariableBridge:
    """Asks and writes in threads; nothing that is posted shows a sensitive value."""

    def __init__(self, background: BackgroundThreads) -> None:
        self._background = background

    def sheet(self, environment: str) -> None:
        """All variables of the environment, for the editor."""
        self._background.ask(
            lambda: SheetArrived(
                sheet(self._background.world, environment=environment, beside=True)
            )
        )

    def read_import(self, source: ImportSource, text: str) -> None:
        """Read a dotenv text, or file, as `ImportRead`; nothing is written."""

        def ask() -> Message:
            try:
                brought = variable_transfer.import_(
                    self._background.world,
                    environment=source.environment,
                    service=source.service,
                    text=_read(source.path, self._background.world.dotenv) if source.path else text,
                    replace=source.replace,
                    sensitive=source.sensitive,
                )
            except Exception as raised:
                error = expected(raised, self._background.world.error_log.write)
                return ImportRead(source, error=error)
            return ImportRead(source, edits=brought.edits, notes=tuple(transfer_notes(brought)))

        self._background.ask(ask)

    def write(self, edits: tuple[VariableEdit, ...], accepted: tuple[str, ...] = ()) -> None:
        """Write these edits together, as `VariablesWritten`; or `WriteRefused`."""

        def ask() -> Message:
            try:
                written = variables.write(self._background.world, edits, accepted=accepted)
            except Exception as raised:
                error = expected(raised, self._background.world.error_log.write)
                return WriteRefused(edits, error, accepted)
            return VariablesWritten(edits, written.first_reader, written.readers)

        self._background.ask(ask)


def _read(path: str, dotenv: Dotenv) -> str:
    """A file's text. Raises UsageProblem."""
    file = Path(os.path.expanduser(path))  # noqa: PTH111 - the other one raises without a home
    try:
        return dotenv.load(file).decode()
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{file} is not UTF-8") from error
