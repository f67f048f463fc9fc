"""The engines of a project: which one an environment is on, and all of them asked side by side."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from compartment_tui.background import Background
from compartment_tui.domain.config import USUAL_ENGINE, ProjectConfig, engine_label
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.errors import CompartmentError, EngineProblem, UsageProblem
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name
from compartment_tui.ports import World

if TYPE_CHECKING:
    from compartment_tui.domain.engine import EngineInfo

T = TypeVar("T")


def world_of(world: World, environment: str) -> World:
    """The world at the engine that an environment is on: the file says it.

    One that has no table there is on the docker command's, unless another of the project's has it.
    Raises UsageProblem (no environment name), ProjectFileInvalid, NotFound (no such file).
    """
    name = parse_environment_name(environment)
    return world_for(world, world.project.config(), name)


def world_for(world: World, config: ProjectConfig, environment: str) -> World:
    """The same, of an environment by its name in the file."""
    declared = any(one.name == environment for one in config.environments)
    names = _names(config)
    if declared or len(names) == 1:
        return world.at(config.engine_of(environment))
    key = EnvironmentKey(config.name, environment)
    worlds = [world.at(name) for name in names]
    questions = [Background(partial(_has, one, key)) for one in worlds]
    for at, question in zip(worlds, questions, strict=True):
        with suppress(CompartmentError):  # one that is away has nothing that anybody could reach
            if question.answer():
                return at
    return world.at("")


def _has(world: World, key: EnvironmentKey) -> bool:
    return key in world.records.environments(key.project)


def _names(config: ProjectConfig) -> tuple[str, ...]:
    """The engines of a project: the docker command's, then those of the file's environments."""
    return tuple(dict.fromkeys(("", *(one.engine for one in config.environments))))


def world_at(world: World, engine: str | None) -> World:
    """The world at the engine that a person names, or at the only one there is.

    Raises UsageProblem (there are several), NotFound, ProjectFileInvalid.
    """
    if engine is not None:
        return world.at("" if engine == USUAL_ENGINE else engine)
    config = world.project.config()
    names = tuple(dict.fromkeys(one.engine for one in config.environments_or_default))
    if len(names) > 1:
        there = ", ".join(map(engine_label, names))
        raise UsageProblem(
            "the environments of this project are on several engines",
            hint=f"name one with --engine: {there}",
        )
    return world.at(names[0])


def swarm_world(world: World, engine: str | None) -> World:
    """The same, of the only Swarm that the file names where a person names no engine."""
    swarms = [one.name for one in world.project.config().engines if one.swarm]
    return world_at(world, swarms[0] if engine is None and len(swarms) == 1 else engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineView:
    """One engine as it describes itself, or why it does not."""

    label: str
    info: "EngineInfo | None" = None
    problem: str = ""


def engine_views(world: World, *, engine: str | None = None) -> tuple[EngineView, ...]:
    """The engines that environments are on, or the one that a person names. Raises NotFound."""
    config = world.project.config()
    used = dict.fromkeys(one.engine for one in config.environments_or_default)
    worlds = [world.at(name) for name in used] if engine is None else [world_at(world, engine)]
    looks = [(one.engine_name, Background(one.engine.info)) for one in worlds]
    return tuple(_view(engine_label(name), look) for name, look in looks)


def _view(label: str, look: "Background[EngineInfo]") -> EngineView:
    try:
        return EngineView(label=label, info=look.answer())
    except EngineProblem as error:
        return EngineView(label=label, problem=error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEngine:
    """One engine that a project may have something on."""

    world: World
    """At that engine."""
    names: tuple[str, ...]
    """All names of the file that lead to it; the empty one is the docker command's."""
    used: bool = True
    """Whether an environment of the file is on it."""
    failure: CompartmentError | None = None
    """Why it cannot be asked."""

    @property
    def label(self) -> str:
        """What it is called where engines are told apart."""
        return ", ".join(map(engine_label, self.names))


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAnswer(Generic[T]):
    """What one engine answered; its `failure` says why where it did not."""

    engine: ProjectEngine
    answer: T | None


def last_met(world: World, config: ProjectConfig, record: EnvironmentRecord) -> str:
    """The address of another engine where an environment is live, if a copy of its record says so.

    Asked for one that has nothing here, where the file names engines: it may have been moved.
    """
    if not config.engines or record.deployments:
        return ""
    copies = world.project.copies_elsewhere(record.key, world.engine.identity())
    return next((address for address, copy in copies.items() if copy.active), "")


def engines_of(world: World) -> tuple[ProjectEngine, ...]:
    """The docker command's engine, then those that the file's environments are on, each once.

    What is deployed without a table is on the first one; where that is away and the file has no
    environment on it, it is not missed. Nothing is asked of an engine that is the only one.
    """
    config = world.project.config()
    worlds = [world.at(name) for name in _names(config)]
    if len(worlds) == 1:
        return (ProjectEngine(world=worlds[0], names=("",)),)
    identities = [Background(partial(_identity, one)) for one in worlds]
    found: dict[str, ProjectEngine] = {}
    for at, question in zip(worlds, identities, strict=True):
        name, used = at.engine_name, _is_used(config, at.engine_name)
        try:
            identity = question.answer()
        except CompartmentError as error:
            if used:
                found[f"away: {name}"] = ProjectEngine(world=at, names=(name,), failure=error)
            continue
        known = found.get(identity, ProjectEngine(world=at, names=(), used=False))
        chosen = at if used and not known.used else known.world
        found[identity] = ProjectEngine(
            world=chosen, names=(*known.names, name), used=known.used or used
        )
    return tuple(found.values())


def ask_engines(
    engines: tuple[ProjectEngine, ...], ask: Callable[[ProjectEngine], T]
) -> tuple[EngineAnswer[T], ...]:
    """Ask them all, side by side; one that is away keeps the others from nothing.

    Raises what asking raised where no engine answered.
    """
    if len(engines) == 1 and engines[0].failure is None:
        return (EngineAnswer(engine=engines[0], answer=ask(engines[0])),)
    questions = [None if one.failure else Background(partial(ask, one)) for one in engines]
    answers: list[EngineAnswer[T]] = []
    for engine, question in zip(engines, questions, strict=True):
        answer, failure = None, engine.failure
        if question is not None:
            try:
                answer = question.answer()
            except CompartmentError as error:
                failure = error
        answers.append(EngineAnswer(engine=replace(engine, failure=failure), answer=answer))
    failures = [one.engine.failure for one in answers if one.engine.failure is not None]
    if len(failures) == len(answers):
        raise failures[0]
    return tuple(answers)


def _identity(world: World) -> str:
    return world.engine.identity().key


def _is_used(config: ProjectConfig, engine: str) -> bool:
    """A file that names no environment is about the default one."""
    return any(one.engine == engine for one in config.environments_or_default)
