"""Edits of a project's variables, and the configuration that they lead to.

Pure, so that a screen can show what each service would get while somebody types.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import (
    RESERVED_PREFIX,
    VARIABLE_PATTERN,
    VARIABLE_RULE,
    no_such_service,
    parse_environment_name,
    show,
)
from compartment_tui.domain.seals import MovedValue
from compartment_tui.domain.variable import Secret, Sensitivity, Variable

LONGEST_VALUE = 128 * 1024
"""In bytes, with the key and the sign between: what Linux takes as one variable of a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariable:
    """Give a key a value at one scope: a service's own, or with `service` None everyone's."""

    environment: str
    service: str | None = None
    key: str
    value: Secret
    sensitivity: Sensitivity = Sensitivity.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVariable:
    """Take a key away at one scope; nothing when it is not there."""

    environment: str
    service: str | None = None
    key: str


VariableEdit: TypeAlias = SetVariable | RemoveVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEnvironment:
    """Take everything the file says of an environment away: its variables, its protection."""

    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekey:
    """Encrypt every sensitive value again: for those who may read them, plus and minus some.

    Those of `moved` are sealed for where they stand; any other that was sealed for another place
    cannot be.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = field(default=())
    moved: tuple[MovedValue, ...] = ()

    def recipients(self, before: tuple[str, ...]) -> tuple[str, ...]:
        """Who may read them afterwards, in the file's order, new ones last."""
        kept = [one for one in before if one not in self.remove]
        return (*kept, *(one for one in dict.fromkeys(self.add) if one not in kept))


Edit: TypeAlias = VariableEdit | RemoveEnvironment | Rekey
"""A change of the project file."""


def is_sensitive(edit: Edit) -> bool:
    """Whether it puts a sensitive value into the file, which is sealed for the recipients then."""
    return isinstance(edit, SetVariable) and edit.sensitivity is Sensitivity.SENSITIVE


def check_key(key: str) -> str:
    """The key, if a variable can have it. Raises UsageProblem with the rule."""
    if not VARIABLE_PATTERN.fullmatch(key):
        raise UsageProblem(f"{show(key)} is not a variable name", hint=VARIABLE_RULE)
    if key.startswith(RESERVED_PREFIX):
        raise UsageProblem(
            f"{show(key)} is reserved", hint=f"names that begin with {RESERVED_PREFIX} are ours"
        )
    return key


def check_value(key: str, value: Secret) -> Secret:
    """The value, if a container can be given it; the empty one can.

    Raises UsageProblem with the rule, never with the value.
    """
    trouble = value.trouble()
    if trouble:
        raise UsageProblem(f"the value of {show(key)} {trouble}")
    if value.size() + len(key) + 2 > LONGEST_VALUE:
        raise UsageProblem(
            f"the value of {show(key)} is too long: {value.size()} bytes",
            hint=f"a process is given at most {LONGEST_VALUE} bytes in one variable",
        )
    return value


def edited(config: ProjectConfig, edits: Iterable[Edit]) -> ProjectConfig:
    """What the file would mean after these edits, made in this order; nothing is written.

    Raises UsageProblem (a key, a value, an environment's name), NotFound (no such service).
    """
    for edit in edits:
        match edit:
            case SetVariable():
                check_key(edit.key)
                check_value(edit.key, edit.value)
                variable = Variable(key=edit.key, value=edit.value, sensitivity=edit.sensitivity)
                config = _at_scope(config, edit, {edit.key: variable})
            case RemoveVariable():
                config = _at_scope(config, edit, {})
            case RemoveEnvironment():
                left = tuple(one for one in config.environments if one.name != edit.environment)
                config = replace(config, environments=left)
            case Rekey():
                config = replace(config, recipients=edit.recipients(config.recipients))
            case _:
                assert_never(edit)
    return config


def _at_scope(
    config: ProjectConfig, edit: VariableEdit, put: Mapping[str, Variable]
) -> ProjectConfig:
    """The config with one key of one scope as `put` has it: there, or not there."""
    name = parse_environment_name(edit.environment)
    if edit.service is not None and config.service(edit.service) is None:
        raise no_such_service(edit.service, (spec.name for spec in config.services))
    before = config.environment(name)
    if edit.service is None:
        after = replace(before, variables=_with(before.variables, edit.key, put))
    else:
        own = _with(before.services.get(edit.service, {}), edit.key, put)
        after = replace(before, services={**before.services, edit.service: own})
    return _with_environment(config, after)


def _with(
    variables: Mapping[str, Variable], key: str, put: Mapping[str, Variable]
) -> dict[str, Variable]:
    """A changed key keeps its place; a new one comes last, as it will in the file."""
    if key in put:
        return {**variables, key: put[key]}
    return {name: one for name, one in variables.items() if name != key}


def _with_environment(config: ProjectConfig, changed: EnvironmentConfig) -> ProjectConfig:
    known = [one.name for one in config.environments]
    if changed.name not in known:
        return replace(config, environments=(*config.environments, changed))
    return replace(
        config,
        environments=tuple(
            changed if one.name == changed.name else one for one in config.environments
        ),
    )
