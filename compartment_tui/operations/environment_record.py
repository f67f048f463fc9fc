"""The environment that a verb is about, and its record."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.deployment import EnvironmentRecord, Instance
from compartment_tui.domain.errors import EngineProblem, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, no_such_service, parse_environment_name
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.record.rebuild import rebuild
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.variable import Variable
from compartment_tui.ports import World


def key_and_config(world: World, environment: str) -> tuple[EnvironmentKey, ProjectConfig]:
    """The environment's key; the file, with that environment's sensitive values opened.

    Raises ProjectFileInvalid, UsageProblem (no environment name).
    """
    config = world.project.config()
    name = parse_environment_name(environment)
    return EnvironmentKey(config.name, name), open_project(world, config, name)


def open_project(
    world: World, config: ProjectConfig, environment: str | None = None
) -> ProjectConfig:
    """Sensitive values opened where they can be read here: all, or those of one environment.

    The others stay sealed.
    """

    def one(where: str, service: str | None, variable: Variable) -> Variable:
        if variable.sealed is None or variable.value is not None:
            return variable
        place = config.seal_place(where, service, variable.key)
        found = world.secrets.unseal(variable.sealed, place)
        return replace(variable, value=found.value, sealed_for=found.sealed_for)

    return replace(
        config,
        environments=tuple(
            where.each(partial(one, where.name)) if environment in (None, where.name) else where
            for where in config.environments
        ),
    )


def record_of(world: World, key: EnvironmentKey) -> EnvironmentRecord:
    """The record of an environment as it can be read without the lock.

    A lost one is made again from routes and labels, as the next change will; an environment that
    never was has an empty one.
    """
    record = world.records.read(key)
    if record is not None:
        return record
    instances = world.engine.instances(key)
    table = world.edge.tables().get(key, RouteTable()) if instances else RouteTable()
    return rebuilt_or_empty(key, instances, table, world.clock.now())


def visible_record(world: World, key: EnvironmentKey) -> tuple[EnvironmentRecord, Failure | None]:
    """The record for whoever only looks: when it cannot be read, what is known without it, and why.

    Whoever changes that environment is refused.
    """
    try:
        return record_of(world, key), None
    except RecordInvalid as error:
        table = world.edge.tables().get(key, RouteTable())
        return without_record(world, error, key, world.engine.instances(key), table)


def without_record(
    world: World,
    error: RecordInvalid | None,
    key: EnvironmentKey,
    instances: Sequence[Instance],
    table: RouteTable,
) -> tuple[EnvironmentRecord, Failure | None]:
    """What routes and labels tell of one without a record; and why it has none, unless only lost.

    They tell nothing while several containers claim to be the same deployment.
    """
    try:
        record = rebuilt_or_empty(key, instances, table, world.clock.now())
    except RecordInvalid as claimed:
        record, error = EnvironmentRecord(key=key), error or claimed
    if error is None:
        return record, None
    return replace(record, rebuilt=False), Failure(
        code=error.code, message=error.message, hint=error.hint
    )


def copy_of(world: World, key: EnvironmentKey) -> tuple[EnvironmentRecord, datetime] | None:
    """The copy of the record on this very engine and when it was made, for when it is away."""
    try:
        address = world.engine.address()
    except EngineProblem:  # whose copy would it be?
        return None
    return world.project.copy(key, address)


def rebuilt_or_empty(
    key: EnvironmentKey, instances: Sequence[Instance], table: RouteTable, now: datetime
) -> EnvironmentRecord:
    """What an environment without a record comes to: an empty one when nothing is left of it."""
    return rebuild(key, instances, table, now) if instances else EnvironmentRecord(key=key)


def refuse_unknown_service(config: ProjectConfig, service: str) -> None:
    """Raises NotFound when the file has no such service."""
    if config.service(service) is None:
        raise no_such_service(service, (spec.name for spec in config.services))


def refuse_unknown_services(
    record: EnvironmentRecord, config: ProjectConfig, services: Iterable[str]
) -> None:
    """Raises NotFound for one that neither the file nor the record has."""
    known = {one.service for one in record.deployments.values()}
    known |= {spec.name for spec in config.services}
    for name in services:
        if name not in known:
            raise no_such_service(name, sorted(known))
