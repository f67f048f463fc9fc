"""Small edits of a project file, in place."""

from collections.abc import Sequence
from pathlib import Path

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.edits import Edit
from compartment_tui.domain.errors import UsageProblem


def edit_file(file: Path, edits: Sequence[Edit]) -> ProjectConfig:
    """See `ports.Project.edit`."""
    raise UsageProblem(f"{file.name} is not edited yet ({len(edits)} edits)")
