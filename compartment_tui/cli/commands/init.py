"""A project's first file."""

from pathlib import Path
from typing import Annotated

import typer

from compartment_tui import PROGRAM
from compartment_tui.cli.command import command
from compartment_tui.cli.session import Session
from compartment_tui.domain.errors import Surroundings
from compartment_tui.ports import ProjectSurvey
from compartment_tui.present.text import clean
from compartment_tui.present.tone import Cell

app = typer.Typer()


@command(app, examples=("init", "init --name shop"))
def init(
    session: Session,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="The project's name. Default: the directory's."
        ),
    ] = None,
) -> None:
    """Write a compartment.toml for the directory you are in."""
    directory = session.file.parent if session.file is not None else _working_directory()
    found = session.entrances.init_project(directory, name)
    if session.output.json:
        services = [
            {
                "name": service,
                "path": path,
                "dockerfile": found.dockerfiles.get(service, "Dockerfile"),
            }
            for service, path in found.services
        ]
        descriptor = {"name": found.name, "services": services}
        recipient = found.recipient
        session.output.document(
            {"descriptor": descriptor, "file": str(found.file), "recipient": recipient}
        )
        return
    facts = [("project", Cell(found.name)), ("file", Cell(clean(str(found.file))))]
    facts += [("service", Cell(_place_words(found, service))) for service, _ in found.services]
    if found.recipient:
        facts.append(("recipient", Cell(f"{found.recipient}, you")))
    session.output.facts(facts)
    for note in found.notes:
        session.output.warn(clean(note))
    session.output.say(f"next: look at the file, then {PROGRAM} deploy")


def _working_directory() -> Path:
    """Raises Surroundings when it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise Surroundings(
            "the working directory was deleted", hint="go into one that exists: `cd`"
        ) from error


def _place_words(found: ProjectSurvey, service: str) -> str:
    """`web in .`, and which Dockerfile where it is not the one called so."""
    path = dict(found.services)[service]
    dockerfile = found.dockerfiles.get(service)
    return f"{service} in {clean(path)}" + (f" from {clean(dockerfile)}" if dockerfile else "")
