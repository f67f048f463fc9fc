"""Small edits of a project file, in place: everything that is not edited stays byte for byte."""

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path

from compartment_tui.adapters.project_file.atomic_write import (
    open_project_file,
    project_file_content,
    signature,
    write_atomically,
)
from compartment_tui.adapters.project_file.edit import documents
from compartment_tui.adapters.project_file.edit.lists import with_items, without_table
from compartment_tui.adapters.project_file.edit.seals import Sealing
from compartment_tui.adapters.project_file.edit.set_keys import (
    SEALED,
    PlainText,
    Sealed,
    Value,
    Words,
    changed,
)
from compartment_tui.adapters.project_file.parse import (
    BYTE_ORDER_MARK,
    config_of,
    parse_text,
    text_of,
)
from compartment_tui.adapters.project_file.token_positions import KeyPath
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.errors import NotFound, ProjectFileInvalid, UsageProblem
from compartment_tui.domain.names import parse_environment_name
from compartment_tui.domain.variable import Sensitivity
from compartment_tui.domain.variables.edits import (
    Edit,
    Rekey,
    RemoveEnvironment,
    RemoveVariable,
    SetVariable,
    VariableEdit,
    edited,
)
from compartment_tui.ports import Secrets

RECIPIENTS: KeyPath = ("secrets", "recipients")


def edit_file(
    file: Path,
    edits: Sequence[Edit],
    secrets: Secrets | None,
    *,
    readers: Collection[str] | None = None,
) -> tuple[ProjectConfig, os.stat_result]:
    """See `ports.Project.edit`; also the file as it lies there then.

    What an editor saves meanwhile is read, not overwritten.
    """
    while True:
        with _held(file) as opened:
            before = os.fstat(opened)
            text = text_of(file, project_file_content(file, opened))
            after, config = edited_text(
                text, edits, secrets, root=file.parent, name=file.name, readers=readers
            )
            if after == text:
                return config, before
            if signature(before) == signature(file.lstat()):
                return config, _written(file, after.encode())


def edited_text(
    text: str,
    edits: Sequence[Edit],
    secrets: Secrets | None,
    *,
    root: Path,
    name: str,
    readers: Collection[str] | None = None,
) -> tuple[str, ProjectConfig]:
    """A project file's text after these edits, and what it says then.

    Raises as `ports.Project.edit`.
    """
    document = parse_text(text, name)
    config = config_of(document, text, root=root, file_name=name)
    recipients = edited(config, edits).recipients
    sealing = Sealing(secrets, recipients, config.name, readers)
    for kind, group in groupby(edits, _kind):
        some = tuple(group)
        body = text.removeprefix(BYTE_ORDER_MARK)
        mark = text[: len(text) - len(body)]
        expected = documents.normal(document)
        if kind is RemoveEnvironment:
            body = _without_environments(body, some, expected)
        elif kind is Rekey:
            moved = [move for edit in some if isinstance(edit, Rekey) for move in edit.moved]
            body = _rekeyed(body, some, sealing.again(config, moved), expected)
        else:
            body = _with_variables(body, some, sealing, expected)
        document = parse_text(body, name)
        if documents.pruned(documents.normal(document)) != documents.pruned(expected):
            raise ProjectFileInvalid(
                f"{name}: this edit cannot be made in place", hint="edit the file by hand"
            )
        text = mark + body
        config = config_of(document, text, root=root, file_name=name)
    return text, config


def _written(file: Path, content: bytes) -> os.stat_result:
    try:
        return write_atomically(file, content)
    except OSError as error:
        raise UsageProblem(f"{file} cannot be written: {error.strerror}") from error


def _kind(edit: Edit) -> type:
    """Neighbours of one kind are made in one go."""
    return SetVariable if isinstance(edit, RemoveVariable) else type(edit)


def _with_variables(
    text: str, edits: Sequence[Edit], sealing: Sealing, document: documents.Document
) -> str:
    """The new text; `document` becomes what it must mean, here and below."""
    changes: dict[KeyPath, Value | None] = {}
    for edit in edits:
        if isinstance(edit, RemoveVariable):
            changes[_path(edit)] = None
        elif isinstance(edit, SetVariable):
            changes.pop(_path(edit), None)
            changes[_path(edit)] = _value(edit, sealing)
    new = {
        path: value
        for path, value in changes.items()
        if documents.found(document, path) != _plain(value)
    }
    for path, value in new.items():
        documents.put(document, path, _plain(value))
    return changed(text, new)


def _value(edit: SetVariable, sealing: Sealing) -> Value:
    if edit.sensitivity is not Sensitivity.SENSITIVE:
        return PlainText(edit.value.reveal())
    environment = parse_environment_name(edit.environment)
    text = sealing.sealed(edit.value, environment=environment, service=edit.service, key=edit.key)
    return Sealed(text)


def _rekeyed(
    text: str, edits: Sequence[Edit], sealed: Mapping[KeyPath, str], document: documents.Document
) -> str:
    for path, value in sealed.items():
        documents.put(document, path, {SEALED: value})
    text = changed(text, {path: Sealed(value) for path, value in sealed.items()})
    for edit in edits:
        if isinstance(edit, Rekey):
            before = tuple(documents.found(document, RECIPIENTS) or ())
            after = edit.recipients(before)
            text = with_items(
                text,
                RECIPIENTS,
                add=[one for one in after if one not in before],
                remove=[one for one in before if one not in after],
            )
            documents.put(document, RECIPIENTS, list(after))
    return text


def _without_environments(text: str, edits: Sequence[Edit], document: documents.Document) -> str:
    for edit in edits:
        if isinstance(edit, RemoveEnvironment):
            path = ("environments", parse_environment_name(edit.environment))
            text = without_table(text, path)
            documents.put(document, path, None)
    return text


def _path(edit: VariableEdit) -> KeyPath:
    environment = ("environments", parse_environment_name(edit.environment))
    own = () if edit.service is None else ("services", edit.service)
    return (*environment, *own, "variables", edit.key)


def _plain(value: Value | None) -> object:
    """As tomllib would read it."""
    match value:
        case PlainText(text):
            return text
        case Sealed(text):
            return {SEALED: text}
        case Words(items):
            return list(items)
    return None


@contextmanager
def _held(file: Path) -> Iterator[int]:
    """The file, opened for reading, while no other of us edits it.

    The lock is on the file itself, so that nothing lies about. Writing replaces the file, so one
    that waited looks again whether what it locked is still the file.
    """
    while True:
        try:
            opened = open_project_file(file)
        except FileNotFoundError as error:
            raise NotFound(f"there is no project file {file}") from error
        except OSError as error:
            raise ProjectFileInvalid(f"{file} cannot be read: {error.strerror}") from error
        try:
            with suppress(OSError):  # a file system without locks; what we compare still helps
                fcntl.flock(opened, fcntl.LOCK_EX)
            if _same_file(opened, file):
                yield opened
                return
        finally:
            os.close(opened)


def _same_file(opened: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), file.lstat())
    except FileNotFoundError:
        return False
