"""The variable editor: which scope is looked at, what is staged, and what that comes to.

Staged edits are made on whatever the file says by now: it may change meanwhile, they stay.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.variable import Scope, Variable
from compartment_tui.domain.variables.edits import SetVariable, VariableEdit, edited
from compartment_tui.domain.variables.sheet import Sheet
from compartment_tui.domain.variables.views import VariableState


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One key at one scope: what an edit is about. `service` None is everyone's."""

    environment: str
    service: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """One project's variables while they are edited; at most one edit is staged for a place."""

    before: Sheet | None = None
    """As the file is; None until it was read."""
    after: Sheet | None = None
    """As it will be once what is staged is written."""
    service: str | None = None
    """The scope looked at: a service, or with None what is everyone's."""
    staged: tuple[VariableEdit, ...] = ()
    """Of all environments, the oldest first."""
    lost: tuple[VariableEdit, ...] = ()
    """Staged edits that the file as it is by now has no place for: of a service that is gone."""
    wanted: str = ""
    """Letters of the keys that are to be shown."""

    @property
    def environment(self) -> str:
        return self.before.environment if self.before else ""

    def with_sheet(self, sheet: Sheet) -> "Editor":
        """The file, or what runs, is another; a service that is gone is no longer looked at."""
        scope = self.service if self.service in sheet.services else None
        return replace(self, before=sheet, service=scope)._judged()

    def choosing(self, service: str | None) -> "Editor":
        return replace(self, service=service)

    def by(self, step: int) -> "Editor":
        """The next scope or the one before: everyone's, then service by service."""
        scopes = (None, *(self.before.services if self.before else ()))
        return self.choosing(scopes[(scopes.index(self.service) + step) % len(scopes)])

    def staging(self, edits: Iterable[VariableEdit]) -> "Editor":
        """With these as well; of two for one place the later one is kept.

        One that changes nothing takes back what was staged for its place.
        """
        staged = {place_of(edit): edit for edit in self.staged}
        for edit in edits:
            staged.pop(place_of(edit), None)
            if self.before is None or not changes_nothing(self.before.config, edit):
                staged[place_of(edit)] = edit
        return replace(self, staged=tuple(staged.values()))._judged()

    def dropping(self, place: Place) -> "Editor":
        """Without what is staged for that place."""
        kept = tuple(edit for edit in self.staged if place_of(edit) != place)
        return replace(self, staged=kept)._judged()

    def written(self, edits: Iterable[VariableEdit]) -> "Editor":
        """These are in the file now. What was staged meanwhile stays."""
        written = tuple(edits)
        kept = tuple(edit for edit in self.staged if not any(edit is other for other in written))
        before = self.before
        if before is not None:  # until the file itself was read again
            before = replace(before, config=_all_of(before.config, written))
        return replace(self, before=before, staged=kept)._judged()

    def staged_at(self, key: str, service: str | None) -> VariableEdit | None:
        """The edit that is staged for a key of the chosen environment, at one scope."""
        place = Place(environment=self.environment, service=service, key=key)
        return next((edit for edit in self.staged if place_of(edit) == place), None)

    def trying(self, edit: VariableEdit) -> Sheet | None:
        """The sheet with this staged too; None for an edit that cannot be."""
        try:
            return self.staging((edit,)).after if self.before else None
        except CompartmentError:
            return None

    def _judged(self) -> "Editor":
        if self.before is None:
            return self
        lost: list[VariableEdit] = []
        config = _all_of(self.before.config, self.staged, lost)
        return replace(self, after=replace(self.before, config=config), lost=tuple(lost))


def _all_of(
    config: ProjectConfig, edits: Iterable[VariableEdit], lost: list[VariableEdit] | None = None
) -> ProjectConfig:
    """The file after these edits; those that cannot be made are left out, and told as `lost`."""
    for edit in edits:
        try:
            config = edited(config, (edit,))
        except CompartmentError:
            if lost is not None:
                lost.append(edit)
    return config


def place_of(edit: VariableEdit) -> Place:
    """The place of the edit."""
    return Place(environment=edit.environment, service=edit.service, key=edit.key)


def declared(config: ProjectConfig, place: Place) -> Variable | None:
    """The variable that the file has there."""
    table = config.environment(place.environment)
    held = table.variables if place.service is None else table.services.get(place.service, {})
    return held.get(place.key)


def in_force(editor: Editor, service: str | None, key: str) -> Variable | None:
    """The variable a service will get, or everyone's; None where there is nothing."""
    if editor.after is None:
        return None
    if service is None:
        return editor.after.table.variables.get(key)
    row = editor.after.resolved(service, key)
    return row.winner if row else None


def changes_nothing(config: ProjectConfig, edit: VariableEdit) -> bool:
    """Whether the file says so already."""
    there = declared(config, place_of(edit))
    if not isinstance(edit, SetVariable):
        return there is None
    return there is not None and there.value == edit.value and there.sensitivity is edit.sensitivity


# --- rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorRow:
    """One key at the scope looked at, as it will be."""

    key: str
    variable: Variable | None
    """In force there; None where there is none, or none any more."""
    scope: Scope | None
    state: VariableState
    shadowed: Variable | None = None
    shadowing: tuple[str, ...] = ()
    """Of everyone's value: services that have their own."""
    lacking: tuple[str, ...] = ()
    """Services that require it and do not get it."""
    before: Variable | None = None
    """The variable before, where that is another one."""
    staged: bool = False
    """Whether something staged is why."""


def editor_rows(editor: Editor) -> tuple[EditorRow, ...]:
    """Every key of the scope, wanted or not, in alphabetical order."""
    if editor.before is None or editor.after is None:
        return ()
    if editor.service is None:
        found = _everyones(editor, editor.before, editor.after)
    else:
        found = _of_service(editor, editor.before, editor.after, editor.service)
    return tuple(found)


def fits(key: str, wanted: str) -> bool:
    """Whether every word fits: a part of the key, or with `!` no part of it."""
    folded = key.casefold()
    return all(
        (word[1:] not in folded or word == "!") if word.startswith("!") else word in folded
        for word in wanted.casefold().split()
    )


def _staged_keys(editor: Editor) -> dict[str | None, set[str]]:
    """By scope, in the environment looked at."""
    found: dict[str | None, set[str]] = {}
    for edit in editor.staged:
        if edit.environment == editor.environment:
            found.setdefault(edit.service, set()).add(edit.key)
    return found


def _of_service(editor: Editor, before: Sheet, after: Sheet, service: str) -> Iterator[EditorRow]:
    keys = _staged_keys(editor)
    touched = keys.get(service, set()) | keys.get(None, set())
    rows, were = after.rows(service), before.rows(service)
    requires, runs = after.requires(service), after.running.get(service, {})
    for key in sorted({*rows, *requires, *runs, *(touched & were.keys())}):
        row, was = rows.get(key), were.get(key) if key in touched else None
        changed = key in touched and (was and was.winner) != (row and row.winner)
        missing = VariableState.MISSING if key in requires else VariableState.REMOVED
        yield EditorRow(
            key=key,
            variable=row.winner if row else None,
            scope=row.scope if row else None,
            state=after.state(service, row.winner) if row else missing,
            shadowed=row.shadowed if row else None,
            before=was.winner if was and changed else None,
            staged=changed or key in keys.get(service, set()),
        )


def _everyones(editor: Editor, before: Sheet, after: Sheet) -> Iterator[EditorRow]:
    keys = _staged_keys(editor).get(None, set())
    held, was = after.table.variables, before.table.variables
    own = {service: set(after.table.services.get(service, {})) for service in after.services}
    lacking = _lacking(after, own)
    for key in sorted({*held, *(key for key in keys if key in was), *lacking}):
        variable = held.get(key)
        yield EditorRow(
            key=key,
            variable=variable,
            scope=Scope.ENVIRONMENT if variable else None,
            state=_worst(after, own, variable) if variable else _without(key, lacking),
            shadowing=tuple(service for service in after.services if key in own[service]),
            lacking=lacking.get(key, ()),
            before=was.get(key) if key in keys else None,
            staged=key in keys,
        )


def _lacking(after: Sheet, own: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    """Required keys that nobody gives, by key."""
    found: dict[str, tuple[str, ...]] = {}
    for service in after.services:
        for key in after.requires(service) - own[service] - after.table.variables.keys():
            found[key] = (*found.get(key, ()), service)
    return found


def _without(key: str, lacking: dict[str, tuple[str, ...]]) -> VariableState:
    return VariableState.MISSING if key in lacking else VariableState.REMOVED


_WORST = (
    VariableState.CHANGED,
    VariableState.NEW,
    VariableState.UNKNOWN,
    VariableState.RUNNING,
    VariableState.NOT_DEPLOYED,
)


def _worst(sheet: Sheet, own: dict[str, set[str]], variable: Variable) -> VariableState:
    """The worst state among the services that get everyone's value."""
    getting = [service for service in sheet.services if variable.key not in own[service]]
    states = sheet.states(getting, variable)
    return next((state for state in _WORST if state in states), VariableState.NOT_DEPLOYED)
