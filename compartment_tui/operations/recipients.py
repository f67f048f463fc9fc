"""Who may read the sensitive values of a project."""

from collections.abc import Sequence

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.declared import Readers
from compartment_tui.domain.edits import Rekey
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.variables import Sensitivity
from compartment_tui.operations.scope import opened
from compartment_tui.ports import World


def readers(world: World) -> Readers:
    """As the project file has it now."""
    return _readers(world, world.project.config())


def add(world: World, recipients: Sequence[str] = ()) -> Readers:
    """Let these read too; ours, made first when there is none, when nobody is named.

    Every sensitive value is encrypted again. Raises UsageProblem, SensitiveUnreadable.
    """
    chosen = tuple(world.secrets.check_recipient(one) for one in recipients)
    if not chosen:
        chosen = world.secrets.make_identity().recipients
    return _rekeyed(world, Rekey(add=chosen))


def remove(world: World, recipients: Sequence[str]) -> Readers:
    """Encrypt every sensitive value again, not for these any more.

    Who could read them once may have kept them. Raises NotFound, UsageProblem (nobody would be
    left), SensitiveUnreadable.
    """
    config = world.project.config()
    gone = tuple(one.strip() for one in recipients)
    for one in gone:
        if one not in config.recipients:
            known = ", ".join(config.recipients) or "none"
            raise NotFound(f"{show(one)} is not a recipient", hint=f"there are: {known}")
    left = set(config.recipients) - set(gone)
    if not left and _readers(world, config).sensitive:
        raise UsageProblem(
            "nobody could read the sensitive values any more",
            hint="add another recipient first, or remove the sensitive values",
        )
    return _rekeyed(world, Rekey(remove=gone))


def rekey(world: World) -> Readers:
    """Encrypt every sensitive value again for the recipients there are.

    Raises UsageProblem (there are none), SensitiveUnreadable.
    """
    return _rekeyed(world, Rekey())


def _rekeyed(world: World, edit: Rekey) -> Readers:
    return _readers(world, world.project.edit((edit,)))


def _readers(world: World, config: ProjectConfig) -> Readers:
    found = [
        variable
        for environment in opened(world, config).environments
        for _, variables in environment.scopes()
        for variable in variables.values()
        if variable.sensitivity is Sensitivity.SENSITIVE
    ]
    return Readers(
        recipients=config.recipients,
        identity=world.secrets.identity(),
        sensitive=len(found),
        unreadable=sum(one.value is None for one in found),
    )
