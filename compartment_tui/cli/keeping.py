"""What the commands around deployments do and write."""

import os
import sys
import webbrowser
from pathlib import Path

from compartment_tui.cli.asking import allow_exposure, allow_loss
from compartment_tui.cli.session import Session
from compartment_tui.domain.edge_address import detour
from compartment_tui.domain.errors import EngineUnreachable, NotFound, Surroundings, UsageProblem
from compartment_tui.domain.names import primary_web
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.operations import inspect as looking
from compartment_tui.operations import upkeep
from compartment_tui.ports import ProjectSurvey
from compartment_tui.present.fields import deletion_lines, lock_facts
from compartment_tui.present.json_upkeep import deletion_document, edge_document, lock_document
from compartment_tui.present.status import PROGRAM
from compartment_tui.present.tables import edge_rows
from compartment_tui.present.text import clean, show, show_name
from compartment_tui.present.tone import Cell, Tone, line, with_symbol


def init(session: Session, name: str | None) -> None:
    """Beside `--file` if that names a place, else here. Raises UsageProblem."""
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
    facts += [("service", Cell(place_words(found, service))) for service, _ in found.services]
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


def place_words(found: ProjectSurvey, service: str) -> str:
    """`web in .`, and which Dockerfile where it is not the one called so."""
    path = dict(found.services)[service]
    dockerfile = found.dockerfiles.get(service)
    return f"{service} in {clean(path)}" + (f" from {clean(dockerfile)}" if dockerfile else "")


def open_service(session: Session) -> None:
    """Raises NotFound when it is not live, UsageProblem when it has no address."""
    service = _routed_service(session)
    status = looking.status(session.world, environment=session.environment, services=(service,))
    if status.away is not None:  # where a copy says that it was is no place to go to
        raise EngineUnreachable(status.away.message, hint=status.away.hint)
    found = next((one for one in status.services if one.service == service), None)
    if found is None or found.active is None:
        raise NotFound(
            f"{show(service)} is not live in {show_name(session.environment)}",
            hint=f"{PROGRAM} deploy{option_for(session.environment)}",
        )
    if found.url is None:
        raise UsageProblem(f"{show(service)} is a worker: it has no address")
    if session.output.json:
        session.output.document({"serviceName": service, "routeUrl": found.url})
        return
    session.output.lines([line(clean(found.url))])
    engine_host = session.world.engine.info().host
    way = detour(found.active.host or "", session.config.edge, engine_host)
    if way is not None:
        session.output.say(f"the engine is {show(engine_host)}, that name is this machine: {way}")
        return
    if session.output.out.terminal and _has_browser():
        webbrowser.open(found.url)


def execute(session: Session, words: tuple[str, ...], deployment: str | None) -> int:
    """The command's exit code. Raises UsageProblem, NotFound, InstanceGone."""
    service = session.one_service(tuple(spec.name for spec in session.config.services), "exec")
    return looking.execute(
        session.world,
        environment=session.environment,
        service=service,
        command=words,
        terminal=session.output.interactive,
        deployment=deployment,
    )


def delete_environment(session: Session, *, volumes: bool, variables: bool, plan: bool) -> None:
    """Never one that was not named. Raises UsageProblem, NotFound, Cancelled."""
    if session.named_environment is None:
        raise UsageProblem(
            "which environment?", hint=f"{PROGRAM} environment delete NAME, or --env NAME"
        )
    where, world = session.environment, session.world
    deletion = upkeep.plan_deletion(
        world, environment=where, variables=variables, take_over=session.take_over
    )
    lines = deletion_lines(deletion, volumes=volumes, variables=variables)
    if not plan:
        allow_loss(session, f"delete {show_name(where)}", lines)
        if deletion.deployed:
            allow_exposure(session)
        deletion = upkeep.delete_environment(
            world,
            environment=where,
            volumes=volumes,
            variables=variables,
            take_over=session.take_over,
        )
        lines = ((with_symbol(f"{show_name(where)} is deleted", Tone.GOOD),),)
    if session.output.json:
        done = not plan
        session.output.document(
            deletion_document(deletion, done=done, volumes=volumes, variables=variables)
        )
    else:
        session.output.lines(lines)


def edge_status(session: Session) -> None:
    """The edge, or that there is none."""
    found = upkeep.edge(session.world)
    if session.output.json:
        session.output.document(edge_document(found))
    elif found is None:
        session.output.say("this engine has no edge yet: the first deploy makes it")
    else:
        session.output.facts(edge_rows(found, session.world.clock.now()))


def edge_restart(session: Session, *, apply: bool) -> None:
    """It says whom it interrupts before it does. Raises NotFound when there is no edge."""
    before = upkeep.edge(session.world)
    if before is not None and before.environments:
        names = ", ".join(
            f"{show_name(key.environment)} of {key.project}" for key in before.environments
        )
        session.output.warn(f"interrupts for a moment: {names}")
    if apply or before is None:
        allow_exposure(session, changed=True)
    found = upkeep.restart_edge(session.world, apply=apply)
    if session.output.json:
        session.output.document(edge_document(found))
    else:
        session.output.facts(edge_rows(found, session.world.clock.now()))


def edge_remove(session: Session) -> None:
    """It says who is no longer reached, and asks. Raises AnswerNeeded, Cancelled."""
    found = upkeep.edge(session.world)
    if found is None:
        session.output.say("this engine has no edge")
    else:
        lines = [line(f"no longer reached: {found.hosts} hosts")]
        lines += [
            line(f"  {show_name(key.environment)} of {key.project}") for key in found.environments
        ]
        allow_loss(session, "remove the edge", lines, named=False)
        upkeep.remove_edge(session.world)
        session.output.say((with_symbol("the edge is removed", Tone.GOOD),))
    if session.output.json:
        session.output.document({"removed": found is not None})


def lock_show(session: Session) -> None:
    """Who is changing the environment, if anyone."""
    found = upkeep.lock_holder(session.world, environment=session.environment)
    if session.output.json:
        session.output.document(lock_document(found, session.key))
    elif found is None:
        session.output.lines([line(f"nobody is changing {show_name(session.environment)}")])
    else:
        session.output.facts(lock_facts(found, session.world.clock.now()))


def lock_release(session: Session) -> None:
    """It says whose lock it is, and asks. Raises AnswerNeeded, Cancelled."""
    found = upkeep.lock_holder(session.world, environment=session.environment)
    released = False
    if found is None:
        session.output.say(f"nobody is changing {show_name(session.environment)}")
    else:
        holder = f"{clean(found.holder)} holds it to {clean(found.purpose)}"
        allow_loss(session, f"release the lock of {show_name(session.environment)}", [line(holder)])
        released = upkeep.break_lock(session.world, environment=session.environment)
        session.output.say((with_symbol("released", Tone.GOOD),))
    if session.output.json:
        session.output.document({"released": released})


def _routed_service(session: Session) -> str:
    """The one named, else the one that owns the short address, else the only one with any."""
    routed = tuple(spec for spec in session.config.services if spec.kind.routed)
    primary = primary_web((spec.name, spec.kind.value) for spec in session.config.services)
    if not session.services and primary is not None:
        return primary
    return session.one_service(tuple(spec.name for spec in routed), "open")


def _has_browser() -> bool:
    """A window to open it in: a text browser would take over this terminal."""
    if sys.platform not in ("darwin", "win32") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
