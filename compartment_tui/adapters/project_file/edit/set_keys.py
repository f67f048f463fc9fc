"""Changing keys of a TOML text by replacing only the characters that must change.

Everything else stays as it is because it is never touched, rather than written again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from compartment_tui.adapters.project_file.edit.outline import Block, Outline
from compartment_tui.adapters.project_file.edit.quotes import key_text, long_text, string_text
from compartment_tui.adapters.project_file.token_positions import KeyPath, Piece

SEALED = "sensitive"
"""The key of an encrypted value in its braces."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A value as it is."""

    text: str = field(repr=False)

    def written(self, newline: str | None) -> str:
        """As TOML; on several lines where the kind of line ending is given."""
        return string_text(self.text) if newline is None else long_text(self.text, newline)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value."""

    text: str

    def written(self, _newline: str | None) -> str:
        return f"{{ {SEALED} = {string_text(self.text)} }}"


@dataclass(frozen=True, slots=True)
class Words:
    """A list of strings."""

    items: tuple[str, ...]

    def written(self, _newline: str | None) -> str:
        return f"[{', '.join(string_text(item) for item in self.items)}]"


Value: TypeAlias = PlainText | Sealed | Words
Splice: TypeAlias = tuple[int, int, str]
"""From where to where, and what comes there instead."""


def changed(text: str, changes: Mapping[KeyPath, Value | None]) -> str:
    """The text with these keys as given: None is taken away, others are set, new ones come last."""
    changes_ = _Changes(Outline(text))
    for path, value in changes.items():
        if value is None:
            changes_.remove(path)
        else:
            changes_.set(path, value)
    return spliced(text, changes_.splices())


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with every piece replaced; insertions at one place keep their order."""
    parts: list[str] = []
    at = 0
    for start, end, instead in sorted(splices, key=lambda one: one[:2]):
        parts += [text[at:start], instead]
        at = max(at, end)
    return "".join([*parts, text[at:]])


@dataclass(slots=True)
class _Braces:
    """What happens to a value in braces."""

    piece: Piece
    gone: list[Piece] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


class _Changes:
    """What is to be replaced in one text. Keys are changed once each."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._splices: list[Splice] = []
        self._lines: dict[int, list[str]] = {}
        """New lines, by the place they are put in."""
        self._tables: dict[int, dict[str, list[str]]] = {}
        """New tables with their lines, by place and header."""
        self._braces: dict[int, _Braces] = {}

    def set(self, path: KeyPath, value: Value) -> None:
        pair = self._outline.pairs.get(path)
        sealed = self._outline.pairs.get((*path, SEALED))
        if isinstance(value, Sealed) and sealed is not None:
            self._splices.append((*sealed.value, string_text(value.text)))
        elif pair is not None:
            self._splices.append((*pair.value, value.written(self._newline_in(pair))))
        elif sealed is not None and sealed.own > 1:
            key = ".".join(sealed.words[-sealed.own : -1])
            written = value.written(self._newline_in(sealed))
            self._splices.append((sealed.start, sealed.end, f"{key} = {written}"))
        else:
            self.remove(path)
            self._insert(path, value)

    def remove(self, path: KeyPath) -> None:
        pair, sealed = (self._outline.pairs.get(one) for one in (path, (*path, SEALED)))
        block = self._outline.headers.get(path)
        if block is not None and block.header is not None:
            self._splices.append((*self._outline.lines_of(block.header), ""))
        found = pair or sealed
        if found is None:
            return
        parent = self._outline.parent(found)
        if parent is None:
            self._splices.append((*self._outline.lines_of(found), ""))
        else:
            self._in_braces(parent).gone.append(found)

    def splices(self) -> list[Splice]:
        """Everything that is to be replaced."""
        found = [*self._splices]
        for braces in self._braces.values():
            found += _in_braces(self._outline.text, braces)
        for at, lines in self._lines.items():
            found.append((at, at, self._outline.as_lines(at, lines)))
        for at, tables in self._tables.items():
            found.append((at, at, self._outline.as_tables(at, tables)))
        return found

    def _insert(self, path: KeyPath, value: Value) -> None:
        """A key that is not there, into the table where that is, whatever way it is written."""
        table = path[:-1]
        block, dotted = self._outline.headers.get(table), self._outline.dotted.get(table)
        if block is not None:
            self._under(block, path[-1], value)
        elif dotted is not None:
            depth = len(dotted.path) - dotted.own
            key = ".".join((*dotted.words[depth : len(table)], key_text(path[-1])))
            self._beside(dotted, key, value)
        elif (braces := self._nearest_braces(table)) is not None:
            key = ".".join(key_text(part) for part in path[len(braces.path) :])
            self._in_braces(braces).new.append(f"{key} = {value.written(None)}")
        else:
            self._in_new_table(path, value)

    def _under(self, block: Block, key: str, value: Value) -> None:
        last, outline = block.last, self._outline
        if last is None:
            return
        line = f"{key_text(key)} = {value.written(outline.newline)}"
        if last is not block.header:
            line = f"{outline.indent_of(last)}{line}"
        self._lines.setdefault(outline.line_end(last.end), []).append(line)

    def _beside(self, pair: Piece, key: str, value: Value) -> None:
        """After a pair of the same table."""
        parent, outline = self._outline.parent(pair), self._outline
        if parent is not None:
            self._in_braces(parent).new.append(f"{key} = {value.written(None)}")
            return
        line = f"{outline.indent_of(pair)}{key} = {value.written(outline.newline)}"
        self._lines.setdefault(outline.line_end(pair.end), []).append(line)

    def _in_new_table(self, path: KeyPath, value: Value) -> None:
        table, outline = path[:-1], self._outline
        known = outline.spelled(table[:2]) or ()
        words = [*known, *(key_text(part) for part in table[len(known) :])]
        tables = self._tables.setdefault(outline.place_for(table), {})
        line = f"{key_text(path[-1])} = {value.written(outline.newline)}"
        tables.setdefault(".".join(words), []).append(line)

    def _nearest_braces(self, table: KeyPath) -> Piece | None:
        """The innermost value in braces that the table is in, or is."""
        for depth in range(len(table), 0, -1):
            found = self._outline.pairs.get(table[:depth])
            if found is not None:
                return found
        return None

    def _in_braces(self, piece: Piece) -> _Braces:
        return self._braces.setdefault(piece.start, _Braces(piece))

    def _newline_in(self, pair: Piece) -> str | None:
        """Values in braces stay on their line."""
        return None if self._outline.parent(pair) else self._outline.newline


def _in_braces(text: str, braces: _Braces) -> list[Splice]:
    """Pairs go with the comma before them, the first ones with the one behind; new ones last."""
    pairs = braces.piece.inside
    gone = {piece.start for piece in braces.gone}
    kept = [pair for pair in pairs if pair.start not in gone]
    new = ", ".join(braces.new)
    start, end = braces.piece.value
    if not kept:
        inner = (pairs[0].start, pairs[-1].end, new) if pairs else (start + 1, end - 1, f" {new} ")
        return [inner]
    found: list[Splice] = []
    for place, pair in enumerate(pairs):
        if pair.start not in gone:
            continue
        if pair.start < kept[0].start:
            found.append((pair.start, pairs[place + 1].start, ""))
        else:
            found.append((pairs[place - 1].end, pair.end, ""))
    if new:
        found.append((kept[-1].end, kept[-1].end, f", {new}"))
    return found
