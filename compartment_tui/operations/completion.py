"""Completion of a word that is being typed in a shell: at once, or nothing.

The file is read first; the engine is asked with little patience, because somebody waits with a
finger on the tab key. What it does not say in time, the local copies say.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import TypeVar

from compartment_tui.domain.claims import (
    own_instances,
)
from compartment_tui.domain.config import (
    USUAL_ENGINE,
)
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name
from compartment_tui.domain.views import LEFT_WORDS, Left
from compartment_tui.operations.engines import ask_engines, engines_of, world_of
from compartment_tui.operations.environment_record import copy_of
from compartment_tui.operations.status_rows import what_is_left
from compartment_tui.ports import World

PATIENCE = timedelta(milliseconds=700)

T = TypeVar("T")


def environments(world: World) -> tuple[str, ...]:
    """Those of the file, or the default one, then those on the engine."""
    config = world.project.config()
    declared = (one.name for one in config.environments_or_default)
    deployed = _in_time(lambda: _deployed(world, config.name)) or ()
    return tuple(dict.fromkeys([*declared, *(key.environment for key in deployed)]))


def _deployed(world: World, project: str) -> list[EnvironmentKey]:
    answers = ask_engines(engines_of(world), lambda one: one.world.records.environments(project))
    return [key for one in answers for key in one.answer or ()]


def engines(world: World) -> tuple[str, ...]:
    """The docker command's, then those of the file."""
    return (USUAL_ENGINE, *(one.name for one in world.project.config().engines))


def services(world: World) -> tuple[str, ...]:
    """Those of the file."""
    return tuple(spec.name for spec in world.project.config().services)


def deployments(world: World, *, environment: str) -> Iterator[tuple[str, str]]:
    """Ids, newest first, and what each is in words."""
    world = world_of(world, environment)
    record = _state(world, environment)
    known = sorted(record.deployments.values(), key=lambda one: one.id, reverse=True)
    left = _in_time(lambda: _what_is_left(world, record.key, known)) or {}
    for one in known:
        there = left.get(one.id)
        past = there is not None and one.activated is not None and not record.is_active(one.id)
        words = f", {LEFT_WORDS[there]}" if there is not None and past else ""
        yield one.id, f"{one.service} {one.stage.value.replace('_', ' ')}{words}"


def _what_is_left(
    world: World, key: EnvironmentKey, known: Iterable[Deployment]
) -> dict[str, Left]:
    here = {one.deployment: one for one in world.engine.instances(key)}
    return {one.id: what_is_left(world, one, here.get(one.id)) for one in known}


def replicas(
    world: World, *, environment: str, services: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Numbers of what is live, and whose replica each is."""
    world = world_of(world, environment)
    record = _state(world, environment)
    here = _in_time(lambda: own_instances(record, world.engine.instances(record.key))) or {}
    found: dict[int, list[str]] = {}
    for service, deployment in record.active.items():
        instance = here.get(deployment)
        if instance is None or (services and service not in services):
            continue
        for one in instance.replicas:
            found.setdefault(one.number, []).append(f"{service} {one.state.value}")
    for number, words in sorted(found.items()):
        yield str(number), ", ".join(words)


def runs(world: World, *, environment: str) -> Iterator[tuple[str, str]]:
    """Ids, newest first, and what each was in words."""
    world = world_of(world, environment)
    record = _state(world, environment)
    for run in sorted(record.runs, key=lambda run: run.id, reverse=True):
        yield run.id, f"{run.trigger.value} {' '.join((*run.services, *run.removed))}"


def _state(world: World, environment: str) -> EnvironmentRecord:
    key = EnvironmentKey(world.project.config().name, parse_environment_name(environment))
    found = _in_time(lambda: world.records.read(key))
    if found is not None:
        return found
    copy = copy_of(world, key)
    return copy[0] if copy else EnvironmentRecord(key=key)


def _in_time(ask: Callable[[], T]) -> T | None:
    """The answer, if it comes soon. The thread is a daemon: nobody waits for it at the end."""
    found: list[T] = []

    def run() -> None:
        with suppress(CompartmentError):
            found.append(ask())

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE.total_seconds())
    return found[0] if found else None
