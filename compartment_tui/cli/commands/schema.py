"""The JSON Schema of the project file."""

import typer

from compartment_tui.cli.command import command
from compartment_tui.cli.session import Session

app = typer.Typer()


@command(app, examples=("schema > compartment.schema.json",))
def schema(session: Session) -> None:
    """Print the JSON Schema of compartment.toml, for editors.

    With it they complete and check while you type; the README says how.
    """
    session.output.document(dict(session.entrances.file_schema()))
