"""An environment's record as TOML text, and how to make it again from routes and labels. Pure."""

import tomllib
from typing import Any, TypeVar

import tomli_w

from compartment_tui.adapters.record_file.codec import decode, encode, unknown_keys
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import (
    AuditLine,
    EnvironmentRecord,
)
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, misnamed

T = TypeVar("T")
FORMAT = 1
ASK_DOCTOR = "`compartment-tui doctor` tells what helps"


def dumps(state: EnvironmentRecord) -> str:
    """The record as TOML text."""
    return tomli_w.dumps({"format": FORMAT, **encode(state)})


def loads(text: str, what: str = "a record", *, to_write: bool = False) -> EnvironmentRecord:
    """The record in `text`, called `what`. Raises RecordInvalid.

    `to_write` refuses one with keys that this version does not know, and would drop.
    """
    plain = _document(text, bounds.RECORD, what)
    if plain.get("format") != FORMAT:
        raise RecordInvalid(
            f"{what} has the format {plain.get('format')}, not {FORMAT}",
            hint="it was written by another version of compartment-tui: use that one, or update",
        )
    if to_write:
        del plain["format"]
        _refuse_newer(plain, what)
    return _decoded(EnvironmentRecord, plain, what)


def dumps_audit(key: EnvironmentKey, lines: tuple[AuditLine, ...]) -> str:
    """The audit lines of an environment whose record goes."""
    return dumps(EnvironmentRecord(key=key, audit=lines))


def dumps_key(key: EnvironmentKey) -> str:
    """An entry of the index of records."""
    return tomli_w.dumps(encode(key))


def loads_key(text: str) -> EnvironmentKey:
    """The environment an index entry names. Raises RecordInvalid."""
    what = "an index entry"
    key = _decoded(EnvironmentKey, _document(text, bounds.INDEX_ENTRY, what), what)
    if misnamed(key.project, key.environment):
        raise RecordInvalid(f"{what} names no environment that can be")
    return key


def _document(text: str, bound: int, what: str) -> dict[str, Any]:
    """Raises RecordInvalid when it is no TOML, or more than is parsed."""
    try:
        bounds.refuse_toml(text, bound, what)
        return tomllib.loads(text)
    except bounds.TooMuch as error:
        raise RecordInvalid(error.message, hint=error.hint) from error
    except RecursionError as error:
        raise RecordInvalid(f"{what} has brackets nested too deeply", hint=ASK_DOCTOR) from error
    except ValueError as error:  # also of a number with too many digits
        raise RecordInvalid(f"{what} is not TOML: {error}", hint=ASK_DOCTOR) from error


def _refuse_newer(plain: dict[str, Any], what: str) -> None:
    if any(unknown_keys(EnvironmentRecord, plain)):
        raise RecordInvalid(
            f"{what} was written by a newer version of compartment-tui: update this one",
            hint="to change that environment; looking at it goes on",
        )


def _decoded(kind: type[T], plain: dict[str, Any], what: str) -> T:
    try:
        return decode(kind, plain)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise RecordInvalid(f"{what} is not what it should be: {error}", hint=ASK_DOCTOR) from error
