"""Required variables: refusals when services could not start with the values there are."""

from collections.abc import Callable, Collection, Mapping, Sequence
from shlex import quote

from compartment_tui import PROGRAM
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.errors import MissingVariables, SensitiveUnreadable, UsageProblem
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.seals import MovedValue
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.variable import Variable, resolve, sealed
from compartment_tui.domain.variables.views import Identity


def check_variables(
    config: ProjectConfig,
    key: EnvironmentKey,
    specs: Sequence[ServiceSpec],
    identity: Callable[[], Identity],
) -> None:
    """All that is wrong at once. `identity` is asked only when a value cannot be read.

    Raises MissingVariables, SensitiveUnreadable.
    """
    environment = config.environment(key.environment)
    rows = {spec.name: resolve(environment.layers(spec.name)) for spec in specs}
    missing: dict[str, list[str]] = {}
    for spec in specs:
        present = {row.key for row in rows[spec.name]}
        lacking = [name for name in spec.requires if name not in present]
        if lacking:
            missing[spec.name] = lacking
    if missing:
        raise _missing(key, missing)
    unreadable = {spec.name: sealed(rows[spec.name]) for spec in specs if sealed(rows[spec.name])}
    if unreadable:
        raise unreadable_values(unreadable, key, identity())


def refuse_unbuildable(
    config: ProjectConfig, key: EnvironmentKey, specs: Sequence[ServiceSpec]
) -> None:
    """Raises MissingVariables when a build secret is a variable that has no value here."""
    environment = config.environment(key.environment)
    missing: dict[str, list[str]] = {}
    for spec in specs:
        present = {row.key for row in resolve(environment.layers(spec.name))}
        wanted = dict.fromkeys(one.variable for one in spec.build.secrets if one.variable)
        if lacking := [name for name in wanted if name not in present]:
            missing[spec.name] = lacking
    if missing:
        raise _missing(key, missing, verb="is built with", option=" --sensitive")


def unreadable_values(
    variables: Mapping[str, Sequence[Variable]], key: EnvironmentKey, identity: Identity
) -> SensitiveUnreadable:
    """That sensitive values cannot be read here, by who needs them; why not, and the way on.

    First those that were sealed for another place, which no identity opens here.
    """
    moved = [
        f"{who} needs {one.key} in {show(key.environment)}, and what stands there was sealed"
        f" for {one.sealed_for.words_from(key.project)}"
        for who, needed in variables.items()
        for one in needed
        if one.sealed_for is not None
    ]
    if moved:
        return SensitiveUnreadable(f"{'; '.join(moved)}: {OPENS_NOWHERE_ELSE}", hint=MOVED_HINT)
    needs = "; ".join(
        f"{who} needs {', '.join(one.key for one in needed)}" for who, needed in variables.items()
    )
    return SensitiveUnreadable(
        f"{needs} in {show(key.environment)}, sensitive and not to be read here:"
        f" {reason(identity)}",
        hint=remedy(identity),
    )


OPENS_NOWHERE_ELSE = "a sealed value opens nowhere else"
MOVED_HINT = (
    f"`{PROGRAM} variable rekey` if it was you who moved or renamed it; else set the value anew"
)


def misplaced_values(moved: Sequence[MovedValue]) -> SensitiveUnreadable:
    """That values were sealed for other places, so that they are not encrypted again."""
    words = "; ".join(
        f"what stands at {one.here.words()} was sealed for"
        f" {one.sealed_for.words_from(one.here.project)}"
        for one in moved
    )
    return SensitiveUnreadable(f"{words}: {OPENS_NOWHERE_ELSE}", hint=MOVED_HINT)


def refuse_readers(recipients: Sequence[str], readers: Collection[str] | None) -> None:
    """Raises UsageProblem when a recipient is none of those that were agreed to."""
    new = [one for one in recipients if readers is not None and one not in readers]
    if new:
        raise UsageProblem(
            f"{', '.join(show(one) for one in new)} would read it, and nobody here agreed to that"
            " yet: nothing was written",
            hint="look at the recipients, and do it again: then it is asked",
        )


def reason(identity: Identity) -> str:
    """Why a sensitive value cannot be read with it."""
    return identity.problem or f"not encrypted for the identity in {identity.place}"


def remedy(identity: Identity) -> str:
    """What to do about it."""
    if identity.hint or not identity.recipients:
        return identity.hint
    mine = identity.recipients[0]
    return f"somebody who can read them lets you: {PROGRAM} recipients add {mine}"


def _missing(
    key: EnvironmentKey,
    missing: Mapping[str, Sequence[str]],
    *,
    verb: str = "requires",
    option: str = "",
) -> MissingVariables:
    needs = "; ".join(f"{service} {verb} {', '.join(names)}" for service, names in missing.items())
    owners: dict[str, list[str]] = {}
    for service, names in missing.items():
        for name in names:
            owners.setdefault(name, []).append(service)
    single = len(owners) == 1
    commands = (
        f"{PROGRAM} variable set {name} VALUE{option}{option_for(key.environment)}"
        + (f" --service {quote(services[0])}" if len(services) == 1 else "")
        for name, services in owners.items()
    )
    return MissingVariables(
        f"{needs}: {'it has' if single else 'they have'} no value in {show(key.environment)}",
        hint="; ".join(commands),
    )
