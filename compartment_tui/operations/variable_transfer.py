"""Many variables at once: from a dotenv text, to one, and from one environment to another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import (
    PLAIN_KEY_PATTERN,
    EnvironmentKey,
    parse_environment_name,
    show,
)
from compartment_tui.domain.planning.required_variables import unreadable_values
from compartment_tui.domain.variable import NameChanges, Secret, Sensitivity, Variable
from compartment_tui.domain.variables.diff import Difference, difference
from compartment_tui.domain.variables.edits import RemoveVariable, SetVariable, VariableEdit
from compartment_tui.domain.variables.program_variables import decided_by
from compartment_tui.domain.variables.views import Transfer
from compartment_tui.operations.environment_record import (
    key_and_config,
    open_project,
    refuse_unknown_service,
)
from compartment_tui.operations.variables import listed
from compartment_tui.ports import TextForm, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Variables as a text."""

    text: str = field(repr=False)
    not_for_shells: tuple[str, ...] = ()
    """The keys in it that no POSIX shell can have as a variable."""
    deciding: tuple[str, ...] = ()
    """Those that would decide what is run on the machine of a shell that reads it."""


def import_(
    world: World,
    *,
    environment: str,
    service: str | None = None,
    text: str,
    replace: bool = False,
    sensitive: bool = False,
    form: TextForm = TextForm.DOTENV,
) -> Transfer:
    """What a dotenv text would bring to one scope; `write` its edits to do it.

    `replace`: what the text does not have is removed. A key keeps being sensitive. Raises
    UsageProblem with line numbers, NotFound (no such service).
    """
    key, config = key_and_config(world, environment)
    if service is not None:
        refuse_unknown_service(config, service)
    before = _own(config, key.environment, service)
    content = world.dotenv.read(text, form)
    brought = {
        name: Variable(
            key=name,
            value=value,
            sensitivity=Sensitivity.SENSITIVE
            if sensitive or (name in before and before[name].sensitivity is Sensitivity.SENSITIVE)
            else Sensitivity.PLAIN,
        )
        for name, value in content.values.items()
    }
    gone = tuple(name for name in before if name not in brought) if replace else ()
    return changed(
        _transfer(key.environment, service, before, brought, gone),
        literal_references=content.literal_references,
        decoded_paths=content.decoded_paths,
    )


def export(
    world: World,
    *,
    environment: str,
    service: str | None = None,
    sensitive: bool = False,
    inherited: bool = False,
    form: TextForm = TextForm.DOTENV,
) -> Export:
    """A dotenv text of what is everyone's, or of a service's own, or with `inherited` all it gets.

    Raises UsageProblem when one is sensitive and that was not asked for, or the form cannot say
    one; SensitiveUnreadable.
    """
    found = [
        one.variable
        for one in listed(world, environment=environment, service=service)
        if inherited or (one.service == service)
    ]
    hidden = [one.key for one in found if one.sensitivity is Sensitivity.SENSITIVE]
    if hidden and not sensitive:
        raise UsageProblem(
            f"sensitive values are not exported unless asked for: {', '.join(hidden)}",
            hint="--sensitive writes them in clear",
        )
    key, _ = key_and_config(world, environment)
    values = {one.key: _value(world, one, key, "the export") for one in found}
    return Export(
        text=world.dotenv.text(values, form),
        not_for_shells=tuple(key for key in values if not PLAIN_KEY_PATTERN.fullmatch(key)),
        deciding=tuple(key for key in values if decided_by(key)),
    )


def copy(
    world: World,
    *,
    source: str,
    target: str,
    service: str | None = None,
    keys: Sequence[str] = (),
) -> tuple[Transfer, ...]:
    """What copying variables from one environment to another would change, scope by scope.

    All scopes, or one service's own; all keys, or these. `write` the edits to do it. Raises
    NotFound (no such service, no such key), SensitiveUnreadable.
    """
    key, config = key_and_config(world, source)
    into = parse_environment_name(target)
    config = open_project(world, config)
    if service is not None:
        refuse_unknown_service(config, service)
    transfers = []
    for owner, variables in config.environment(key.environment).scopes():
        if service is not None and owner != service:
            continue
        chosen = {name: one for name, one in variables.items() if not keys or name in keys}
        for one in chosen.values():
            _value(world, one, key, "the copy")
        if chosen:
            transfers.append(_transfer(into, owner, _own(config, into, owner), chosen, ()))
    found = {name for transfer in transfers for name in transfer.keys}
    missing = [show(name) for name in keys if name not in found]
    if missing:
        where = show(key.environment)
        raise NotFound(f"there is no variable {', '.join(missing)} in {where}")
    return tuple(transfers)


def _own(config: ProjectConfig, environment: str, service: str | None) -> Mapping[str, Variable]:
    found = config.environment(environment)
    return found.variables if service is None else found.services.get(service, {})


def _transfer(
    environment: str,
    service: str | None,
    before: Mapping[str, Variable],
    brought: Mapping[str, Variable],
    gone: Iterable[str],
) -> Transfer:
    """Edits only for what is not so already."""
    edits: list[VariableEdit] = []
    added, changed, removed, exposed = [], [], [], []
    for name, one in brought.items():
        known = before.get(name)
        if known is None:
            added.append(name)
        elif known.sensitivity is one.sensitivity and difference(known, one) is Difference.SAME:
            continue
        else:
            changed.append(name)
            if _exposes(known, one):
                exposed.append(name)
        if one.value is not None:
            edits.append(
                SetVariable(
                    environment=environment,
                    service=service,
                    key=name,
                    value=one.value,
                    sensitivity=one.sensitivity,
                )
            )
    for name in gone:
        removed.append(name)
        edits.append(RemoveVariable(environment=environment, service=service, key=name))
    changes = NameChanges(
        added=tuple(added), changed=tuple(changed), removed=tuple(removed), exposed=tuple(exposed)
    )
    return Transfer(service=service, edits=tuple(edits), changes=changes, keys=tuple(brought))


def _exposes(before: Variable, after: Variable) -> bool:
    plain = after.sensitivity is Sensitivity.PLAIN
    return plain and before.sensitivity is Sensitivity.SENSITIVE


def _value(world: World, variable: Variable, key: EnvironmentKey, who: str) -> Secret:
    if variable.value is None:
        raise unreadable_values({who: (variable,)}, key, world.secrets.identity())
    return variable.value
