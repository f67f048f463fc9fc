"""Versions, the project file, and the engine."""

import platform
import sys
from importlib.metadata import version

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.json_documents.upkeep import engine_document
from compartment_tui.cli.options import EngineName
from compartment_tui.cli.session import Session
from compartment_tui.operations.engines import EngineView, engine_views
from compartment_tui.present.fields import info_facts
from compartment_tui.present.text import clean
from compartment_tui.present.tone import Cell, line

app = typer.Typer()


@command(app)
def info(session: Session, *, engine: EngineName = None) -> None:
    """Show versions, the project file, and the Docker engine used."""
    program = version(PROGRAM)
    python = f"{platform.python_version()} ({sys.executable})"
    project = session.world.project
    views = engine_views(session.world, engine=engine)
    if session.output.json:
        document: dict[str, object] = {
            "version": program,
            "python": platform.python_version(),
            "project": {"name": session.config.name},
            "file": str(project.file),
            **_document(views[0]),
        }
        if len(views) > 1:
            document["engines"] = [{"name": one.label, **_document(one)} for one in views]
        session.output.document(document)
        return
    head = (
        (PROGRAM, Cell(program)),
        ("python", Cell(clean(python))),
        ("project", Cell(session.config.name)),
        ("file", Cell(clean(str(project.file)))),
    )
    if len(views) == 1:
        session.output.facts((*head, *info_facts(views[0].info, views[0].problem)))
        return
    session.output.facts(head)
    for one in views:
        session.output.lines([line("")])
        name = ("name", Cell(clean(one.label)))
        session.output.facts((name, *info_facts(one.info, one.problem)))


def _document(view: EngineView) -> dict[str, object]:
    return {
        "engine": engine_document(view.info) if view.info else None,
        "engineProblem": view.problem or None,
    }
