"""Frozen dataclasses to plain TOML values and back, by their type hints.

What is None or the default is left out. Unknown keys are passed over, so that a program reads what
a slightly newer one wrote; `unknown_keys` names them to whoever would write it again without them.
"""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

T = TypeVar("T")
Plain = dict[str, Any]


# What crosses this border is plain TOML and type hints: both are `Any` by nature.
def encode(value: object) -> Any:  # noqa: ANN401
    """`value` as what TOML knows: tables, arrays, strings, numbers, dates."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: encode(one) for field, one in held if not _understood(field, one)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    return value


def decode(kind: type[T], plain: Plain) -> T:
    """An instance of the dataclass `kind`.

    Raises ValueError, TypeError, LookupError or AttributeError when `plain` is not one.
    """
    return kind(
        **{
            name: _value(hint, plain[name]) if name in plain else None
            for name, (hint, needed) in _fields(cast(Hashable, kind)).items()
            if name in plain or (needed and types.NoneType in typing.get_args(hint))
        }
    )


def unknown_keys(hint: Any, plain: object) -> Iterator[str]:  # noqa: ANN401
    """The paths of the keys in `plain` that decoding it as `hint` would pass over."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        for kind in inner:
            yield from unknown_keys(kind, plain)
    elif origin is tuple and isinstance(plain, list):
        for item in plain:
            yield from unknown_keys(inner[0], item)
    elif dataclasses.is_dataclass(hint) and isinstance(plain, dict):
        fields = _fields(cast(Hashable, hint))
        for name, value in plain.items():
            if name in fields:
                yield from _below(name, unknown_keys(fields[name][0], value))
            else:
                yield name
    elif origin is not None and issubclass(origin, Mapping) and isinstance(plain, dict):
        for name, value in plain.items():
            yield from _below(name, unknown_keys(inner[1], value))


def _below(name: str, keys: Iterator[str]) -> Iterator[str]:
    return (f"{name}.{key}" for key in keys)


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:  # noqa: ANN401
    """Each field's type, and whether it has no default."""
    hints = typing.get_type_hints(kind)
    return {
        field.name: (hints[field.name], _default(field) is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    }


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _understood(field: dataclasses.Field[Any], value: object) -> bool:
    return value is None or value == _default(field)


def _value(hint: Any, plain: object) -> Any:  # noqa: ANN401
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (one for one in inner if one is not types.NoneType)
        return _value(hint, plain)
    if origin is tuple:
        return tuple(_value(inner[0], one) for one in _checked(list, plain))
    if origin is not None and issubclass(origin, Mapping):
        return {key: _value(inner[1], one) for key, one in _checked(dict, plain).items()}
    if dataclasses.is_dataclass(hint):
        return decode(cast(type[object], hint), _checked(dict, plain))
    if issubclass(hint, enum.Enum):
        return hint(plain)
    if hint is datetime:
        return _checked(datetime, plain).astimezone(UTC)
    return _checked(hint, plain)


def _checked(kind: type[T], plain: object) -> T:
    # A TOML boolean is no number, though Python's is.
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise TypeError(f"expected {kind.__name__}, found {type(plain).__name__}")
    return plain
