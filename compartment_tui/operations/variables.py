"""The verbs for variables. They change the project file, never what runs."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import parse_environment_name, show
from compartment_tui.domain.planning.required_variables import unreadable_values
from compartment_tui.domain.shell_quotes import shell_word
from compartment_tui.domain.variable import (
    Resolved,
    Scope,
    Secret,
    Sensitivity,
    Variable,
    resolve,
    sealed,
    values,
)
from compartment_tui.domain.variables.diff import Pair, ScopePairs, paired, pairs_by_scope
from compartment_tui.domain.variables.edits import (
    Edit,
    Rekey,
    RemoveVariable,
    SetVariable,
    check_key,
    check_value,
    edited,
    is_sensitive,
)
from compartment_tui.domain.variables.program_variables import decided_by
from compartment_tui.domain.variables.views import Declared, Written
from compartment_tui.operations.environment_record import (
    key_and_config,
    open_project,
    refuse_unknown_service,
)
from compartment_tui.operations.recipients import edit_for_readers
from compartment_tui.operations.variable_sheet import resolved
from compartment_tui.ports import World

__all__ = [
    "Declared",
    "compare",
    "compare_scopes",
    "listed",
    "readable",
    "remove",
    "resolved",
    "run",
    "set_variable",
    "shown",
    "write",
]


def readable(world: World) -> ProjectConfig:
    """The project file, every sensitive value opened that can be read here."""
    return open_project(world, world.project.config())


def write(world: World, edits: Sequence[Edit], *, accepted: Collection[str] = ()) -> Written:
    """Make these edits in the project file, all or none; what it says afterwards.

    `accepted` are those of the recipients unknown here who may read what is sensitive in it; when
    there are others, nothing is written: see `recipients.unknown`.

    The first sensitive value of a file that names no recipients makes ours the first of them, in
    the same edit; an identity is made where there is none. Raises what `ports.Project.edit` does.
    """
    edits = tuple(edits)
    config = world.project.config()
    if not any(is_sensitive(edit) for edit in edits):
        return Written(config=open_project(world, world.project.edit(edits)))
    reader = None
    if not config.recipients:
        edited(config, edits)  # what cannot be written makes no identity
        reader = world.secrets.make_identity()
        edits = (Rekey(add=reader.recipients), *edits)
    written = edit_for_readers(world, edits, accepted=accepted)
    return Written(
        config=open_project(world, written), first_reader=reader, readers=len(written.recipients)
    )


def listed(world: World, *, environment: str, service: str | None = None) -> tuple[Declared, ...]:
    """The variables the file has for an environment, at every scope.

    For a service: those it gets. Raises NotFound (no such service).
    """
    key, config = key_and_config(world, environment)
    if service is None:
        found = config.environment(key.environment).scopes()
        return tuple(
            _declared(key.environment, variable, owner)
            for owner, variables in found
            for _, variable in sorted(variables.items())
        )
    refuse_unknown_service(config, service)
    rows = resolve(config.environment(key.environment).layers(service))
    return tuple(
        Declared(
            environment=key.environment,
            variable=row.winner,
            scope=row.scope,
            service=service if row.scope is Scope.SERVICE else None,
            inherited=row.scope is Scope.ENVIRONMENT,
        )
        for row in rows
    )


def shown(world: World, *, environment: str, service: str | None = None, key: str) -> Declared:
    """One variable, as `listed` has it; without a service what is everyone's.

    Raises NotFound, with the services that have one of that name.
    """
    found = [
        one
        for one in listed(world, environment=environment, service=service)
        if one.variable.key == key
    ]
    mine = [one for one in found if service is not None or one.service is None]
    if mine:
        return mine[0]
    owners = ", ".join(one.service for one in found if one.service)
    where = show(parse_environment_name(environment))
    raise NotFound(
        f"there is no variable {show(key)} in {where}" + (f" for {service}" if service else ""),
        hint=f"the services that have one of their own: {owners}" if owners else "",
    )


def set_variable(
    world: World,
    *,
    environment: str,
    service: str | None = None,
    key: str,
    value: Secret,
    sensitive: bool = False,
    accepted: Collection[str] = (),
) -> Declared:
    """Give a key a value; `accepted` as for `write`. Raises what `write` does."""
    sensitivity = Sensitivity.SENSITIVE if sensitive else Sensitivity.PLAIN
    edit = SetVariable(
        environment=environment,
        service=service,
        key=check_key(key),
        value=check_value(key, value),
        sensitivity=sensitivity,
    )
    written = write(world, (edit,), accepted=accepted)
    found = shown(world, environment=environment, service=service, key=key)
    return replace(found, first_reader=written.first_reader, readers=written.readers)


def remove(world: World, *, environment: str, service: str | None = None, key: str) -> None:
    """Take a key away at one scope. Raises NotFound when that scope does not have it."""
    found = shown(world, environment=environment, service=service, key=key)
    if found.inherited:
        raise NotFound(
            f"{service} has no {show(key)} of its own: it inherits the environment's",
            hint="without --service it is removed for all",
        )
    write(world, (RemoveVariable(environment=environment, service=service, key=key),))


def compare(world: World, *, left: str, right: str, service: str | None = None) -> tuple[Pair, ...]:
    """Two environments beside each other, key by key: what a service gets, or what is everyone's.

    Raises NotFound (no such service).
    """
    config = readable(world)
    if service is not None:
        refuse_unknown_service(config, service)
    names = (parse_environment_name(left), parse_environment_name(right))
    return paired(config, config, environments=names, service=service)


def compare_scopes(world: World, *, left: str, right: str) -> tuple[ScopePairs, ...]:
    """Two environments beside each other, scope by scope: everyone's, then services' own."""
    names = (parse_environment_name(left), parse_environment_name(right))
    return pairs_by_scope(readable(world), environments=names)


def run(
    world: World,
    *,
    environment: str,
    service: str | None = None,
    command: Sequence[str],
    allow: Sequence[str] = (),
) -> int:
    """Run a program on this machine with an environment's variables; its exit code.

    Variables that decide what is run here are given to it only when they are in `allow`; the
    program itself is found without them. Raises UsageProblem (such a variable), NotFound (no such
    service or program), SensitiveUnreadable.
    """
    key, config = key_and_config(world, environment)
    if service is not None:
        refuse_unknown_service(config, service)
    rows = resolve(config.environment(key.environment).layers(service or ""))
    _refuse_deciding(rows, key.environment, allow)
    if sealed(rows):
        raise unreadable_values({"the command": sealed(rows)}, key, world.secrets.identity())
    return world.programs.run(tuple(command), values(rows))


def _refuse_deciding(rows: Sequence[Resolved], environment: str, allow: Sequence[str]) -> None:
    found = {row.key: decided_by(row.key) for row in rows if row.key not in allow}
    found = {key: decides for key, decides in found.items() if decides}
    if found:
        shown = ", ".join(f"{key} ({decides})" for key, decides in found.items())
        few = len(found) == 1
        options = " ".join(f"--allow {shell_word(key)}" for key in found)
        raise UsageProblem(
            f"{'a variable' if few else 'variables'} of {show(environment)} would decide over this"
            f" machine: {shown}",
            hint=f"if {'it is' if few else 'they are'} meant for the command, too: {options}",
        )


def _declared(environment: str, variable: Variable, owner: str | None) -> Declared:
    scope = Scope.ENVIRONMENT if owner is None else Scope.SERVICE
    return Declared(environment=environment, variable=variable, scope=scope, service=owner)
