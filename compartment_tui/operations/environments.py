"""All environments of a project, in one look."""

from collections.abc import Iterable, Mapping, Sequence

from compartment_tui.domain.deployment import EnvironmentRecord, Health, Instance
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations.background import Background
from compartment_tui.operations.environment_record import copy_of, rebuilt_or_empty
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
    However many there are, the engine is asked the same few questions.
    Raises RecordInvalid when one of their records cannot be read.
    """
    config = world.project.config()
    records = Background(lambda: world.records.read_all(config.name))
    tables = Background(world.edge.tables)
    here = _by_key(world.engine.instances(project=config.name))
    edge = world.edge.info()
    states = _readable(records.answer())
    declared = [EnvironmentKey(config.name, one.name) for one in config.environments]
    meant = [EnvironmentKey(config.name, one.name) for one in config.environments_or_default]
    views = []
    for key in dict.fromkeys([*meant, *states, *here]):
        instances, table = here.get(key, ()), tables.answer().get(key, RouteTable())
        state = states.get(key) or _rebuilt(world, key, instances, table)
        around = StatusRows(world, config, state, instances, table, edge)
        views.append(around.environment(declared=key in declared))
    others = sorted(views[len(meant) :], key=_newest_first)
    return (*views[: len(meant)], *others)


def _rebuilt(
    world: World, key: EnvironmentKey, instances: Sequence[Instance], table: RouteTable
) -> EnvironmentRecord:
    """What is left of one without a record; nothing while several containers claim to be one.

    `doctor` names them, and whoever changes that environment is told: it must not hide the others.
    """
    try:
        return rebuilt_or_empty(key, instances, table, world.clock.now())
    except RecordInvalid:
        return EnvironmentRecord(key=key)


def _newest_first(view: EnvironmentView) -> tuple[float, str]:
    newest = -view.last.created.timestamp() if view.last else 0.0
    return newest, view.key.environment


def _readable(
    records: Mapping[EnvironmentKey, EnvironmentRecord | RecordInvalid],
) -> dict[EnvironmentKey, EnvironmentRecord]:
    """Raises RecordInvalid, naming the environment, when one of them is not."""
    found = {}
    for key, record in records.items():
        if isinstance(record, RecordInvalid):
            raise RecordInvalid(
                f"the record of {show(key.environment)} cannot be read: {record.message}",
                hint=record.hint,
            ) from record
        found[key] = record
    return found


def _by_key(instances: Iterable[Instance]) -> dict[EnvironmentKey, list[Instance]]:
    found: dict[EnvironmentKey, list[Instance]] = {}
    for one in instances:
        found.setdefault(one.key, []).append(one)
    return found
