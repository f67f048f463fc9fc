"""Messages of the variable editor."""

from dataclasses import dataclass

from textual.message import Message

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.variables.edits import VariableEdit
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.domain.variables.views import Identity
from compartment_tui.present.tone import Line
from compartment_tui.tui.variables.import_model import ImportSource


@dataclass(eq=False, repr=False)
class SheetArrived(Message):
    """All variables of an environment, for the editor."""

    sheet: Sheet


@dataclass(eq=False, repr=False)
class VariablesWritten(Message):
    """These edits are in the project file."""

    edits: tuple[VariableEdit, ...]
    first_reader: Identity | None = None
    """Who may read sensitive values now, when the file named nobody before."""
    readers: int = 0
    """The number of readers of the sensitive ones among them; 0 when there are none."""


@dataclass(eq=False, repr=False)
class WriteRefused(Message):
    """None of these edits is in the project file."""

    edits: tuple[VariableEdit, ...]
    error: CompartmentError
    accepted: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class ImportRead(Message):
    """The edits of a dotenv text; None and an error when it cannot be read."""

    source: ImportSource
    edits: tuple[VariableEdit, ...] | None = None
    error: CompartmentError | None = None
    notes: tuple[Line, ...] = ()
    """Warnings about keys that may not have been meant so."""


@dataclass(eq=False, repr=False)
class WriteWanted(Message):
    """Write these edits together; `accepted` new recipients may read what is sensitive in them."""

    edits: tuple[VariableEdit, ...]
    accepted: tuple[str, ...] = ()
