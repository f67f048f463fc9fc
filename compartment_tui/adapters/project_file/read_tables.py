"""From the TOML of a project file to values that keep the schema's promises, or to problems."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compartment_tui.adapters.project_file.schema import ANY, ITEM, KEYS, NAME_CHECKS, ROOT, Node
from compartment_tui.domain.names import show
from compartment_tui.domain.suggestion import nearest

if TYPE_CHECKING:
    from compartment_tui.adapters.project_file.token_positions import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Item(str):
    """The step of a path into a list: which of its elements, from 0."""

    __slots__ = ()

    def __new__(cls, index: int) -> Item:
        return super().__new__(cls, f"[{index}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong at `path`: the rest of a sentence that begins with file and line."""

    path: KeyPath
    message: str
    hint: str = ""


def dotted(path: KeyPath) -> str:
    """A key path as it is written in TOML, safe to print; which element it is, a line tells."""
    return ".".join(
        name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=not name.isprintable())
        for name in path
        if not isinstance(name, Item)
    )


def header(path: KeyPath) -> str:
    """The header of the table at a path, as it is written in TOML."""
    inside = dotted(path)
    return f"[[{inside}]]" if path and isinstance(path[-1], Item) else f"[{inside}]"


def read_tables(document: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The document with every value parsed, and what is wrong with it.

    Environment names are brought to normal form C. What is wrong is left out of the tables, so they
    are complete only when there is no problem.
    """
    reader = _Reader()
    tables = reader.table(document, ROOT, (), ())
    return tables, tuple(reader.problems)


@dataclass(slots=True)
class _Reader:
    """Checks table by table, and gathers what is wrong."""

    problems: list[Problem] = field(default_factory=list)

    def table(
        self, table: Mapping[str, Any], node: Node, at: KeyPath, pattern: KeyPath
    ) -> dict[str, Any]:
        """`at` is the path as it is written, `pattern` the same as the schema has it.

        That is with `*` for chosen names, and `[]` for the tables of an array.
        """
        result: dict[str, Any] = {}
        for name, value in table.items():
            here = (*at, name)
            child = node.child(name)
            if child is None:
                self.problems.append(_unknown(here, tuple(node.children)))
                continue
            chosen = name not in node.children
            if chosen and not self._good_name(name, here, pattern):
                continue
            normal = unicodedata.normalize("NFC", name) if pattern == ("environments",) else name
            if normal in result:
                self._wrong(here, f"[{dotted(at)}] names {show(normal)} twice, in two spellings")
                continue
            step = ANY if chosen else name
            result |= self._value(value, child, here, (*pattern, step), normal)
        return result

    def _value(
        self, value: object, node: Node, at: KeyPath, pattern: KeyPath, name: str
    ) -> dict[str, Any]:
        if ITEM in node.children:
            return self._array(value, node.children[ITEM], at, pattern, name)
        if isinstance(value, dict) and node.children:
            return {name: self.table(value, node, at, pattern)}
        if node.key is None:
            self._wrong(at, f"{dotted(at)} must be a table")
            return {}
        try:
            return {name: node.key.type.read(value)}
        except ValueError as error:
            self._wrong(at, f"{dotted(at)} {error}")
            return {}

    def _array(
        self, value: object, node: Node, at: KeyPath, pattern: KeyPath, name: str
    ) -> dict[str, Any]:
        """Tables that stand in a row, each below a header in double brackets."""
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._wrong(at, f"{dotted(at)} must be tables, each below a header [[{dotted(at)}]]")
            return {}
        tables = (
            self.table(one, node, (*at, Item(index)), (*pattern, ITEM))
            for index, one in enumerate(value)
        )
        return {name: list(tables)}

    def _good_name(self, name: str, at: KeyPath, pattern: KeyPath) -> bool:
        try:
            NAME_CHECKS[pattern](name)
        except ValueError as error:
            self._wrong(at, f"{show(name)} in [{dotted(at[:-1])}] {error}")
            return False
        return True

    def _wrong(self, at: KeyPath, message: str) -> None:
        self.problems.append(Problem(path=at, message=message))


def _unknown(at: KeyPath, known: tuple[str, ...]) -> Problem:
    table, name = at[:-1], at[-1]
    named = tuple(one for one in known if one != ANY)
    where = f"{header(table)} has no key" if table else "there is no table"
    shown = name if _BARE.fullmatch(name) else show(name)
    near = nearest(name, named)
    elsewhere = "" if near else _elsewhere(name)
    return Problem(
        path=at,
        message=f"{where} `{shown}`{near}",
        hint=f"{elsewhere}it may have: {', '.join(named)}",
    )


def _elsewhere(name: str) -> str:
    """Where there is such a key, for who has the right one in the wrong table."""
    tables = (key.path[:-1] for key in KEYS if key.path[-1] == name and len(key.path) > 1)
    table = next(tables, None)
    return "" if table is None else f"[{'.'.join(table)}] has one; "


def walk_names(tables: Mapping[str, Any], *path: str) -> Iterator[tuple[str, Any]]:
    """The entries of the table at `path`; none when it is not there."""
    for step in path:
        tables = tables.get(step, {})
    yield from tables.items()
