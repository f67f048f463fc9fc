"""A dotenv text about to be imported: what it brings to one scope, before anything is staged."""

from collections.abc import Sequence
from dataclasses import dataclass

from compartment_tui.domain.variables.edits import VariableEdit
from compartment_tui.present.text import counted
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.tui.kit.choice import Choice
from compartment_tui.tui.variables.editor_model import Editor
from compartment_tui.tui.variables.editor_table import services_words
from compartment_tui.tui.variables.staged_edits import edit_line, touched


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSource:
    """Options of an import; `path` names its file, empty when the text itself was given."""

    environment: str
    service: str | None
    path: str = ""
    sensitive: bool = False
    replace: bool = False


def kept_choice() -> Choice:
    """Whether what is read is sensitive."""
    return Choice(options=("plain", "all of them sensitive"))


def replace_choice() -> Choice:
    """Whether keys that are not in the text are kept."""
    return Choice(options=("add and change", "and remove what is not in it"))


def import_lines(
    editor: Editor, edits: Sequence[VariableEdit], notes: Sequence[Line] = ()
) -> tuple[Line, ...]:
    """The effect of the edits, key by key, with the services they touch."""
    if not edits:
        return (*notes, (with_symbol("everything in it is so already", Tone.GOOD),))
    would = editor.staging(edits)
    services = touched(would).get(editor.environment, ())
    words = f"touches {services_words(services)}" if services else "touches no service"
    head = (Cell(f"{counted(len(edits), 'change')}, {words}"),)
    return (*notes, head, *(edit_line(would, edit) for edit in edits))


def nothing_yet() -> tuple[Line, ...]:
    """Before anything was given."""
    return (line("KEY=value lines, quoted where they need it", Tone.QUIET),)
