"""All environments of a project, in one look."""

from collections.abc import Iterable
from dataclasses import replace

from compartment_tui.background import Background
from compartment_tui.domain.deployment import EnvironmentRecord, Health, Instance
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations.environment_record import copy_of, without_record
from compartment_tui.operations.status_rows import StatusRows
from compartment_tui.ports import World


def declared_environments(world: World) -> tuple[EnvironmentView, ...]:
    """What the file names, and what copies of this engine's records say: when it is away.

    Never none: a file that names none is about the default one.

    Raises ProjectFileInvalid, NotFound (no such file).
    """
    config = world.project.config()
    views = []
    for one in config.environments_or_default:
        key = EnvironmentKey(config.name, one.name)
        copy = copy_of(world, key)
        state = copy[0] if copy else EnvironmentRecord(key=key)
        views.append(
            EnvironmentView(
                key=key,
                protected=one.protected,
                declared=one in config.environments,
                active=len(state.active),
                health=Health.PENDING,
                last=state.runs[-1] if state.runs else None,
                owner=state.owner,
            )
        )
    return tuple(views)


def environments(world: World) -> tuple[EnvironmentView, ...]:
    """Declared environments in file order, then those only on the engine, the newest run first.

    Never none: where the file declares none, the default one is the first.
    However many there are, the engine is asked the same few questions. One whose record cannot be
    read is among them, with what is known without it.
    """
    config = world.project.config()
    records = Background(lambda: world.records.read_all(config.name))
    tables = Background(world.edge.tables)
    here = _by_key(world.engine.instances(project=config.name))
    edge = world.edge.info()
    on_record = records.answer()
    declared = [EnvironmentKey(config.name, one.name) for one in config.environments]
    meant = [EnvironmentKey(config.name, one.name) for one in config.environments_or_default]
    views = []
    for key in dict.fromkeys([*meant, *on_record, *here]):
        instances, table = here.get(key, ()), tables.answer().get(key, RouteTable())
        record, unreadable = on_record.get(key), None
        if not isinstance(record, EnvironmentRecord):
            record, unreadable = without_record(world, record, key, instances, table)
        rows = StatusRows(world, config, record, instances, table, edge)
        view = rows.environment(declared=key in declared)
        views.append(replace(view, unreadable=unreadable))
    others = sorted(views[len(meant) :], key=_newest_first)
    return (*views[: len(meant)], *others)


def _newest_first(view: EnvironmentView) -> tuple[float, str]:
    newest = -view.last.created.timestamp() if view.last else 0.0
    return newest, view.key.environment


def _by_key(instances: Iterable[Instance]) -> dict[EnvironmentKey, list[Instance]]:
    found: dict[EnvironmentKey, list[Instance]] = {}
    for one in instances:
        found.setdefault(one.key, []).append(one)
    return found
