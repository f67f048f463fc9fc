"""What the commands that look around write."""

from compartment_tui.cli.session import Session
from compartment_tui.cli.standing import nothing_deployed, status_lines, told_why
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.errors import EngineProblem, NotFound
from compartment_tui.operations import inspect as operations
from compartment_tui.present.fields import (
    deployment_facts,
    environment_facts,
    info_facts,
    inspect_facts,
)
from compartment_tui.present.json import (
    deployment_document,
    environment_summary,
    history_document,
    route_summary,
    status_document,
)
from compartment_tui.present.json_upkeep import checks_document, engine_document, inspect_document
from compartment_tui.present.status import PROGRAM
from compartment_tui.present.tables import (
    checks_table,
    environments_table,
    history_table,
    routes_table,
)
from compartment_tui.present.text import clean, show_name
from compartment_tui.present.tone import Cell, line


def inspect(session: Session) -> None:
    """Service after service. Raises NotFound, EngineUnreachable."""
    views = operations.inspect_services(
        session.world, environment=session.environment, services=session.services
    )
    if session.output.json:
        session.output.document(inspect_document(views, session.key))
        return
    for number, view in enumerate(views):
        if number:
            session.output.lines([line("")])
        session.output.facts(inspect_facts(view, session.world.clock.now()))


def history(session: Session, *, limit: int) -> None:
    """The newest `limit` runs. Raises NotFound."""
    runs = operations.history(
        session.world,
        environment=session.environment,
        services=session.services,
        limit=limit,
    )
    if session.output.json:
        session.output.document(history_document(runs, session.key))
    elif runs:
        session.output.table(history_table(runs, session.world.clock.now()))
    else:
        session.output.say(nothing_deployed(session.environment))


def deployment(session: Session, identifier: str) -> None:
    """One deployment, by its id or the end of it. Raises NotFound."""
    found = operations.deployment(
        session.world, environment=session.environment, deployment=identifier
    )
    if session.output.json:
        session.output.document(deployment_document(found, session.key))
    else:
        session.output.facts(deployment_facts(found, session.world.clock.now()))


def environments(session: Session) -> None:
    """Declared ones and deployed ones."""
    found = operations.environments(session.world)
    if session.output.json:
        project = {"name": session.config.name}
        summaries = [environment_summary(one) for one in found]
        session.output.document({"environments": summaries, "project": project})
    elif found:
        session.output.table(environments_table(found, session.world.clock.now()))
    else:
        session.output.say(f"no environments yet: {PROGRAM} deploy makes the first")


def environment(session: Session) -> int:
    """Raises NotFound when it is neither deployed nor declared."""
    views = operations.environments(session.world)
    view = next((one for one in views if one.key == session.key), None)
    if view is None:
        known = ", ".join(show_name(one.key.environment) for one in views) or "none"
        raise NotFound(
            f"there is no environment {show_name(session.environment)}", hint=f"there are: {known}"
        )
    found = operations.status(session.world, environment=session.environment)
    if session.output.json:
        document = status_document(found)
        summary = environment_summary(view)
        session.output.document({**document, "environment": summary})
    else:
        session.output.facts(environment_facts(view, found, session.world.clock.now()))
        session.output.lines([line(""), *status_lines(session, found)])
    return told_why(session, found)


def routes(session: Session) -> None:
    """Those of the project, or of the environment that was named."""
    named = session.named_environment
    found = operations.routes(
        session.world, environment=None if named is None else session.environment
    )
    if session.output.json:
        project = {"name": session.config.name}
        summaries = [route_summary(one) for one in found]
        session.output.document({"routes": summaries, "project": project})
    elif found:
        session.output.table(routes_table(found))
    else:
        session.output.say("no routes: nothing that is live has an address")


def doctor(session: Session) -> int:
    """1 when something is wrong that keeps a deploy from working."""
    checks = operations.doctor(session.world)
    if session.output.json:
        session.output.document(checks_document(checks))
    else:
        session.output.table(checks_table(checks))
        for check in checks:
            if check.hint and check.grade is not Grade.GOOD:
                session.output.lines([line(f"{clean(check.name)} → {clean(check.hint)}")])
    return 1 if any(check.grade is Grade.BAD for check in checks) else 0


def info(session: Session) -> None:
    """Also when the engine is away: then it says so."""
    # These take longer to load than a status takes.
    import platform
    import sys
    from importlib.metadata import version

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
