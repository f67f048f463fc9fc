"""Versions, the project file, and the engine."""

import platform
import sys
from importlib.metadata import version

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import engine_document
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import EngineProblem
from compartment_tui.present.fields import info_facts
from compartment_tui.present.text import clean
from compartment_tui.present.tone import Cell

app = typer.Typer()


@command(app)
def info(session: Session) -> None:
    """Show versions, the project file, and the Docker engine used."""
    program = version(PROGRAM)
    python = f"{platform.python_version()} ({sys.executable})"
    project = session.world.project
    try:
        engine, trouble = session.world.engine.info(), ""
    except EngineProblem as error:
        engine, trouble = None, error.message
    if session.output.json:
        document: dict[str, object] = {
            "version": program,
            "python": platform.python_version(),
            "project": {"name": session.config.name},
            "file": str(project.file),
            "engine": engine_document(engine) if engine else None,
            "engineProblem": trouble or None,
        }
        session.output.document(document)
        return
    head = (
        (PROGRAM, Cell(program)),
        ("python", Cell(clean(python))),
        ("project", Cell(session.config.name)),
        ("file", Cell(clean(str(project.file)))),
    )
    session.output.facts((*head, *info_facts(engine, trouble)))
