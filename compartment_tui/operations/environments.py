"""All environments of a project, in one look."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from compartment_tui.background import Background
from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Health, Instance
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations.engines import ProjectEngine, ask_engines, engines_of
from compartment_tui.operations.environment_record import copy_of, without_record
from compartment_tui.operations.status_rows import StatusRows
from compartment_tui.ports import World


def declared_environments(world: World) -> tuple[EnvironmentView, ...]:
    """What the file names, and what copies of their engines' records say: when those are away.

    Never none: a file that names none is about the default one.

    Raises ProjectFileInvalid, NotFound (no such file).
    """
    config = world.project.config()
    return tuple(
        _declared(world.at(one.engine), config, one) for one in config.environments_or_default
    )


def _declared(world: World, config: ProjectConfig, one: EnvironmentConfig) -> EnvironmentView:
    """One of the file, as the copy of its record has it."""
    key = EnvironmentKey(config.name, one.name)
    copy = copy_of(world, key)
    state = copy[0] if copy else EnvironmentRecord(key=key)
    return EnvironmentView(
        key=key,
        protected=one.protected,
        declared=one in config.environments,
        active=len(state.active),
        health=Health.PENDING,
        last=state.runs[-1] if state.runs else None,
        owner=state.owner,
        engine=one.engine,
    )


def environments(world: World) -> tuple[EnvironmentView, ...]:
    """Declared environments in file order, then those only on an engine, the newest run first.

    Never none: where the file declares none, the default one is the first.
    However many there are, each engine is asked the same few questions. One whose record cannot be
    read is among them, with what is known without it. One that an engine has and the file says is
    on another is told with that one; of an engine that is away, what the file says and copies say.
    """
    config = world.project.config()
    answers = ask_engines(engines_of(world), partial(_on_engine, config))
    found = {one.engine.names: one.answer or {} for one in answers}
    views = []
    for one in config.environments_or_default:
        key = EnvironmentKey(config.name, one.name)
        mine = next(answer for answer in answers if one.engine in answer.engine.names)
        if mine.answer is None:
            view = _declared(world.at(one.engine), config, one)
            view = replace(view, away=_away(mine.engine))
        else:
            view = replace(mine.answer[key], engine=one.engine)
        views.append(replace(view, also_on=_also_on(found, key, mine.engine.names)))
    known, others = {view.key for view in views}, {}
    for names, there in found.items():
        for key, view in there.items():
            if key not in known and key not in others:
                also_on = _also_on(found, key, names)
                others[key] = replace(view, engine=names[0], also_on=also_on)
    return (*views, *sorted(others.values(), key=_newest_first))


_Found: TypeAlias = Mapping[EnvironmentKey, EnvironmentView]


def _on_engine(config: ProjectConfig, engine: ProjectEngine) -> _Found:
    """What one engine has, and what the file says is on it."""
    world = engine.world
    records = Background(lambda: world.records.read_all(config.name))
    tables = Background(world.edge.tables)
    here = _by_key(world.engine.instances(project=config.name))
    edge = world.edge.info()
    on_record = records.answer()
    declared = [EnvironmentKey(config.name, one.name) for one in config.environments]
    meant = [
        EnvironmentKey(config.name, one.name)
        for one in config.environments_or_default
        if one.engine in engine.names
    ]
    views = {}
    for key in dict.fromkeys([*meant, *on_record, *here]):
        instances, table = here.get(key, ()), tables.answer().get(key, RouteTable())
        record, unreadable = on_record.get(key), None
        if not isinstance(record, EnvironmentRecord):
            record, unreadable = without_record(world, record, key, instances, table)
        rows = StatusRows(world, config, record, instances, table, edge)
        view = rows.environment(declared=key in declared)
        views[key] = replace(view, unreadable=unreadable)
    return views


def _away(engine: ProjectEngine) -> Failure | None:
    error = engine.failure
    if error is None:
        return None
    return Failure(code=error.code, message=error.message, hint=error.hint)


def _also_on(
    found: Mapping[tuple[str, ...], _Found], key: EnvironmentKey, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Other engines that have something of that name."""
    return tuple(there[0] for there in found if there != names and key in found[there])


def _newest_first(view: EnvironmentView) -> tuple[float, str]:
    newest = -view.last.created.timestamp() if view.last else 0.0
    return newest, view.key.environment


def _by_key(instances: Iterable[Instance]) -> dict[EnvironmentKey, list[Instance]]:
    found: dict[EnvironmentKey, list[Instance]] = {}
    for one in instances:
        found.setdefault(one.key, []).append(one)
    return found
