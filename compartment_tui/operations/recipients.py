"""Recipients: who may read the sensitive values of a project."""

from collections.abc import Collection, Sequence

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import NotFound, UsageProblem
from compartment_tui.domain.names import show
from compartment_tui.domain.seals import MovedValue
from compartment_tui.domain.variable import Sensitivity
from compartment_tui.domain.variables.edits import Edit, Rekey
from compartment_tui.domain.variables.views import Readers
from compartment_tui.operations.environment_record import open_project
from compartment_tui.ports import World


def readers(world: World) -> Readers:
    """As the project file has it now."""
    return _readers(world, world.project.config())


def unknown(world: World, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """The recipients of the file that nobody has sealed for from here, nor added here; not ours.

    A pull request may have put them there. `without` those that are about to go.
    """
    return _unknown(world, world.project.config(), without)


def edit_for_readers(
    world: World, edits: Sequence[Edit], *, accepted: Collection[str]
) -> ProjectConfig:
    """Edit the file where values are sealed by it: for nobody but whom this person knows.

    Those are ourselves, whom was sealed for before, whom the edits add, and the `accepted`; from
    then on all of them are known. Raises what `ports.Project.edit` does.
    """
    added = {one for edit in edits if isinstance(edit, Rekey) for one in edit.add}
    ours = world.secrets.identity().recipients
    known = {*world.project.known_recipients(), *ours, *added, *accepted}
    written = world.project.edit(edits, readers=known)
    world.project.remember_recipients(written.recipients)
    return written


def add(world: World, recipients: Sequence[str] = (), *, accepted: Collection[str] = ()) -> Readers:
    """Let these read too; ours, made first when there is none, when nobody is named.

    Every sensitive value is encrypted again. Raises UsageProblem, SensitiveUnreadable.
    """
    chosen = tuple(world.secrets.check_recipient(one) for one in recipients)
    if not chosen:
        chosen = world.secrets.make_identity().recipients
    return _rekeyed(world, Rekey(add=chosen), accepted)


def remove(world: World, recipients: Sequence[str], *, accepted: Collection[str] = ()) -> Readers:
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
    return _rekeyed(world, Rekey(remove=gone), accepted)


def rekey(
    world: World, *, accepted: Collection[str] = (), moved: Sequence[MovedValue] = ()
) -> Readers:
    """Encrypt every sensitive value again for the recipients there are, and where it stands.

    `moved` are those that were sealed for another place and may stand where they do; see
    `Readers.moved`. Raises UsageProblem (there are no recipients), SensitiveUnreadable.
    """
    return _rekeyed(world, Rekey(moved=tuple(moved)), accepted)


def _rekeyed(world: World, edit: Rekey, accepted: Collection[str]) -> Readers:
    return _readers(world, edit_for_readers(world, (edit,), accepted=accepted))


def _unknown(world: World, config: ProjectConfig, without: Collection[str] = ()) -> tuple[str, ...]:
    asked = [one for one in dict.fromkeys(config.recipients) if one not in without]
    if not asked:
        return ()
    known = {*world.project.known_recipients(), *world.secrets.identity().recipients}
    return tuple(one for one in asked if one not in known)


def _readers(world: World, config: ProjectConfig) -> Readers:
    found = [
        (config.seal_place(environment.name, service, variable.key), variable)
        for environment in open_project(world, config).environments
        for service, variables in environment.scopes()
        for variable in variables.values()
        if variable.sensitivity is Sensitivity.SENSITIVE
    ]
    return Readers(
        recipients=config.recipients,
        identity=world.secrets.identity(),
        sensitive=len(found),
        unreadable=sum(one.value is None for _, one in found),
        moved=tuple(
            MovedValue(here=place, sealed_for=one.sealed_for)
            for place, one in found
            if one.sealed_for is not None
        ),
        unknown=_unknown(world, config),
    )
