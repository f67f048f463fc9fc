"""Another home for a Swarm whose home is lost: the claim, the edge, the records and the routes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import Adoption
from compartment_tui.domain.errors import (
    CompartmentError,
    NotFound,
    RecordInvalid,
    Refused,
    UsageProblem,
)
from compartment_tui.domain.events import Noted, RunFinished
from compartment_tui.domain.home import (
    LOST,
    READY,
    REMOVED,
    RecordCopy,
    SwarmHome,
    single_machine,
)
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.record.adoption import (
    AdoptedEnvironment,
    adopted,
    adoption_line,
    left_behind_of,
    stopped,
)
from compartment_tui.domain.requests import AdoptEdge
from compartment_tui.operations.recovery import keep_copy
from compartment_tui.ports import EnvironmentLock, World
from compartment_tui.rollout.infrastructure import edge_settings
from compartment_tui.rollout.recovery import recover
from compartment_tui.rollout.switch import await_in_force


def plan_adoption(world: World, request: AdoptEdge) -> Adoption:
    """What would be brought to the new home; nothing is touched.

    Raises Refused (a single machine, no home yet, the home is there), UsageProblem (another machine
    is addressed), NotFound (there is none of that name).
    """
    home = _home(world)
    if home.machines and request.node not in home.machines:
        raise NotFound(
            f"this Swarm has no machine {show(request.node)}",
            hint=f"there are: {', '.join(home.machines)}",
        )
    if request.node != home.addressed:
        raise UsageProblem(
            f"{home.addressed} is addressed, and {request.node} is to become the home",
            hint=f"let the engine's `address` lead to {request.node}, or say"
            f" `--node {home.addressed}`",
        )
    if not home.here:
        _refuse_living(home)
    found = (_of_copy(world, home, key) for key in home.keys)
    return Adoption(
        node=home.addressed,
        lost="" if home.here else home.name,
        environments=tuple(one for one in found if one is not None),
        former=home.former,
        managers=home.managers - (0 if home.here or home.state == REMOVED else 1),
        engine=world.engine_name,
    )


def adopt_edge(world: World, request: AdoptEdge) -> Adoption:
    """Do it. What was broken off in the middle is done by the same verb.

    Raises as `plan_adoption`, Refused (another machine was quicker), PortTaken, EdgeConflict.
    """
    adoption = plan_adoption(world, request)
    notes = list(world.engine.adopt(_home(world)))
    with world.locks.engine(actor=world.actor):
        world.edge.ensure(edge_settings(world, world.project.config()))
    failed = []
    for environment in adoption.environments:
        try:
            notes += _bring(world, environment, adoption.node)
        except CompartmentError as error:
            # One keeps none of the others from being served.
            notes.append(f"{_words(environment.key)}: {error.message}")
            failed.append(environment.key)
    return replace(adoption, notes=tuple(notes), failed=tuple(failed))


def _home(world: World) -> SwarmHome:
    home = world.engine.home()
    if home is not None:
        return home
    if not world.engine.nodes():
        raise single_machine()
    raise Refused(
        "this Swarm has no home yet, so none is lost", hint="the first deploy there makes it"
    )


def _refuse_living(home: SwarmHome) -> None:
    """Raises Refused unless the managers have given the home up: there are never two edges."""
    if home.state in (LOST, REMOVED):
        return
    name = home.name
    if home.state == READY:
        raise Refused(
            f"{name} is the home of this Swarm, and it is there",
            hint=f"it is at {home.address}; another machine takes its place only once it is lost",
        )
    raise Refused(
        f"the managers do not know yet whether {name}, the home, is lost (they call it"
        f" {home.state})",
        hint="try again in a minute: `docker node ls` says Down once they have given it up",
    )


def _of_copy(world: World, home: SwarmHome, key: EnvironmentKey) -> AdoptedEnvironment | None:
    """The environment as it would be; None where its record is here already."""
    copy = home.copies.get(key)
    if home.here and not _is_newer(copy, world, key):
        return None
    instances = [one for one in home.instances if one.key == key]
    return adopted(key, copy, instances, world.clock.now())


def _is_newer(copy: RecordCopy | RecordInvalid | None, world: World, key: EnvironmentKey) -> bool:
    """Whether a copy has what the record here has not: one from before this was the home."""
    here = world.records.read(key)
    if here is None:
        return True
    if not isinstance(copy, RecordCopy) or copy.record == here:
        return False
    latest, known = ([line.at for line in one.audit[-1:]] for one in (copy.record, here))
    return latest > known


def _bring(world: World, environment: AdoptedEnvironment, node: str) -> Iterator[str]:
    """Write record and routes, and settle what a run has left; what there is to say of it."""
    key = environment.key
    with world.locks.environment(key, actor=world.actor, purpose=AdoptEdge.command) as lock:
        now = world.clock.now()
        line = adoption_line(environment, world.actor, node, now)
        marked = _marked_anew(world, environment.record)
        record = replace(marked, audit=(*marked.audit, line))
        lock.write_record_and_routes(record, environment.table)
        await_in_force(world, lock, environment.table)
        ending = (*environment.strays, *map(record.active.get, environment.left_behind))
        world.engine.retire_all({one: timedelta() for one in ending if one is not None})
        for event in recover(world, lock, record):
            if isinstance(event, Noted):
                yield f"{_words(key)}: {event.message}"
            elif isinstance(event, RunFinished) and event.failure is not None:
                yield f"{_words(key)}: {event.failure.message}; {event.failure.hint}"
        if record.journal is not None:
            _stop_left_behind(world, lock, key)
        if problem := keep_copy(world, lock):
            yield f"{_words(key)}: {problem}"


def _stop_left_behind(world: World, lock: EnvironmentLock, key: EnvironmentKey) -> None:
    """What could not be told to be stopped before its run was finished or reverted."""
    record = world.records.read(key)
    if record is None or record.journal is not None:
        return
    names = left_behind_of(record)
    if names:
        marker = world.clock.new_id("run")
        record, table = stopped(record, lock.routes(), names, marker)
        lock.write_record_and_routes(record, table)
        await_in_force(world, lock, table)
        world.engine.retire_all({record.active[name]: timedelta() for name in names})


def _marked_anew(world: World, record: EnvironmentRecord) -> EnvironmentRecord:
    """The record with fingerprints by this home's key: the lost one's was on it alone.

    What has no container any more keeps those it has, by which nothing is the same any more.
    """
    key = world.records.fingerprint_key()
    for one in record.deployments.values():
        found = world.engine.fingerprints(one.id, key) if one.fingerprints else {}
        if found:
            marks = {name: found.get(name, mark) for name, mark in one.fingerprints.items()}
            record = record.with_deployment(replace(one, fingerprints=marks))
    return record


def _words(key: EnvironmentKey) -> str:
    return f"{show(key.environment)} of {key.project}"
