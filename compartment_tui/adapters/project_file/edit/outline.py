"""A TOML text as a person sees it: tables with their lines, and where a new one would go."""

import re
import unicodedata
from dataclasses import dataclass

from compartment_tui.adapters.project_file.token_positions import KeyPath, Piece, pieces

_MEANT = re.compile(r"(?:[ \t]*\r?\n)+((?:[ \t]*#[^\n]*\n)+)(?=[ \t]*\r?\n)")
"""A paragraph of remarks, with blank lines before and behind it."""


@dataclass(slots=True)
class Block:
    """A header with the pairs under it; the first block of a text has no header."""

    header: Piece | None
    pairs: list[Piece]

    @property
    def last(self) -> Piece | None:
        return self.pairs[-1] if self.pairs else self.header


def normal(path: KeyPath) -> KeyPath:
    """Environments are compared by their name in normal form C, however it was written."""
    return tuple(unicodedata.normalize("NFC", name) for name in path)


class Outline:
    """One reading of a text. Paths that are asked for are in normal form."""

    def __init__(self, text: str) -> None:
        self.text = text
        first = text.find("\n")
        self.newline = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
        self.blocks = [Block(header=None, pairs=[])]
        self.headers: dict[KeyPath, Block] = {}
        self.pairs: dict[KeyPath, Piece] = {}
        """Every key that has a value, also those in braces."""
        self.dotted: dict[KeyPath, Piece] = {}
        """By table: the last pair that puts something into it by a dotted key."""
        self._parents: dict[int, Piece] = {}
        for piece in pieces(text):
            path = normal(piece.path)
            if piece.header:
                block = Block(header=piece, pairs=[])
                self.blocks.append(block)
                self.headers[path] = block
            else:
                self.blocks[-1].pairs.append(piece)
                self._note(piece, path, None)

    def _note(self, piece: Piece, path: KeyPath, parent: Piece | None) -> None:
        if not piece.own:
            return
        self.pairs[path] = piece
        for depth in range(len(path) - piece.own + 1, len(path)):
            self.dotted[path[:depth]] = piece
        if parent is not None:
            self._parents[piece.start] = parent
        for inner in piece.inside:
            self._note(inner, normal(inner.path), piece)

    def parent(self, piece: Piece) -> Piece | None:
        """The pair in whose braces it stands."""
        return self._parents.get(piece.start)

    def spelled(self, path: KeyPath) -> tuple[str, ...] | None:
        """How the text writes a path, if it does."""
        for piece in (block.header for block in self.blocks if block.header):
            if normal(piece.path[: len(path)]) == path:
                return piece.words[: len(path)]
        for found, piece in self.pairs.items():
            if found[: len(path)] == path:
                return piece.words[: len(path)]
        return None

    # --- lines ---------------------------------------------------------------------------------

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """After the line break, or where the text ends."""
        return self.text.find("\n", at) + 1 or len(self.text)

    def lines_of(self, piece: Piece) -> tuple[int, int]:
        """The whole lines it stands on; at an end without a line break, the one before them too."""
        start, end = self.line_start(piece.start), self.line_end(piece.end)
        if end == len(self.text) and not self.text.endswith("\n"):
            start -= len(self.newline) if self.text[:start].endswith(self.newline) else 0
        return start, end

    def indent_of(self, piece: Piece) -> str:
        before = self.text[self.line_start(piece.start) : piece.start]
        return before if before.isspace() else ""

    def after(self, block: Block) -> int:
        """Where something new goes behind a block: after its last line and the remarks on it.

        Remarks right above the next header are about that one; a paragraph with a table that is
        commented out is where such a table was meant to go. When nothing but remarks follows, that
        is the end of the text.
        """
        last = block.last
        at = 0 if last is None else self.line_end(last.end)
        if block is self.blocks[-1]:
            return len(self.text)
        end = at
        while self._line(end).startswith("#"):
            end = self.line_end(end)
        if self._line(end).startswith("["):
            return at
        meant = _MEANT.match(self.text, end)
        return meant.end() if meant and "[environments." in meant[1] else end

    def _line(self, at: int) -> str:
        return self.text[at : self.line_end(at)].strip()

    def as_lines(self, at: int, lines: list[str]) -> str:
        """New lines as they are put in at the beginning of a line, or at the end of the text."""
        if at and self.text[at - 1] != "\n":
            return "".join(self.newline + line for line in lines)
        return "".join(line + self.newline for line in lines)

    def as_tables(self, at: int, tables: dict[str, list[str]]) -> str:
        """New tables, with a blank line around each."""
        body = (self.newline * 2).join(
            self.newline.join([f"[{header}]", *lines]) for header, lines in tables.items()
        )
        before, after = self.text[:at], self.text[at:]
        if before and not before.endswith("\n"):
            return self.newline * 2 + body
        lead = self.newline if before.strip() and self._line(self.line_start(at - 1)) else ""
        tail = self.newline if after and self._line(at) else ""
        return lead + body + self.newline + tail

    # --- where new tables go -------------------------------------------------------------------

    def place_for(self, table: KeyPath) -> int:
        """Behind the last block of the nearest kin: the environment, environments, services."""
        for kin in (table[:-1], table[:2], table[:1], ("services",)):
            own = self.headers.get(kin)
            if own is not None and len(kin) > 1 and kin == table[:-1]:
                return self.after(own)
            related = [block for block in self.blocks if self._touches(block, kin)]
            if related:
                return self.after(related[-1])
        return len(self.text)

    def _touches(self, block: Block, kin: KeyPath) -> bool:
        size = len(kin)
        if block.header is not None and normal(block.header.path[:size]) == kin:
            return True
        return any(normal(pair.path[:size]) == kin for pair in block.pairs)
