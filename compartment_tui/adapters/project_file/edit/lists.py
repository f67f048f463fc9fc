"""Changing lists of strings, and taking whole tables away, by replacing only what must change."""

import tomllib
from collections.abc import Collection, Sequence

from compartment_tui.adapters.project_file.edit.outline import Block, Outline, normal
from compartment_tui.adapters.project_file.edit.quotes import string_text
from compartment_tui.adapters.project_file.edit.set_keys import Splice, Words, changed, spliced
from compartment_tui.adapters.project_file.token_positions import KeyPath, Piece


def with_items(text: str, path: KeyPath, *, add: Sequence[str], remove: Collection[str]) -> str:
    """The text with strings taken from a list, and others put at its end.

    Remarks beside the strings that stay, stay.
    """
    outline = Outline(text)
    found = outline.pairs.get(path)
    if found is None:
        return changed(text, {path: Words(tuple(add))}) if add else text
    items = [(str(_read(text, item)), item) for item in found.inside]
    gone = [item for word, item in items if word in remove]
    kept = [item for word, item in items if word not in remove]
    if not kept:
        inside = ", ".join(string_text(word) for word in add)
        return spliced(text, [(found.value[0] + 1, found.value[1] - 1, inside)])
    splices = [_without(outline, found, item, kept[0]) for item in gone]
    splices += _behind(outline, found, kept[-1], tuple(string_text(word) for word in add))
    return spliced(text, splices)


def without_table(text: str, path: KeyPath) -> str:
    """The text without a table and everything under it, however it is written."""
    outline = Outline(text)
    size = len(path)
    splices: list[Splice] = []
    whole = outline.pairs.get(path)
    if whole is not None and outline.parent(whole) is not None:
        return changed(text, {path: None})
    for block in outline.blocks:
        if block.header is not None and normal(block.header.path[:size]) == path:
            splices.append(_block_lines(outline, block))
            continue
        splices += [
            (*outline.lines_of(pair), "")
            for pair in block.pairs
            if normal(pair.path[:size]) == path
        ]
    return spliced(text, splices)


def _read(text: str, piece: Piece) -> object:
    start, end = piece.value
    return tomllib.loads(f"item = {text[start:end]}")["item"]


def _block_lines(outline: Outline, block: Block) -> Splice:
    """From its header to the blank lines behind it; a remark above the next header stays."""
    header, last = block.header, block.last
    if header is None or last is None:
        return (0, 0, "")
    end = outline.line_end(last.end)
    while end < len(outline.text) and not outline.text[end : outline.line_end(end)].strip():
        end = outline.line_end(end)
    return (outline.line_start(header.start), end, "")


def _without(outline: Outline, whole: Piece, item: Piece, first_kept: Piece) -> Splice:
    """An item on a line of its own goes with its line, another one with a comma."""
    text = outline.text
    start, end = outline.lines_of(item)
    alone = not text[start : item.start].strip() and start > whole.value[0]
    rest = text[item.end : end].strip()
    if alone and (not rest.strip(",") or rest.strip(", ").startswith("#")):
        return (start, end, "")
    neighbours = whole.inside
    place = neighbours.index(item)
    if item.start < first_kept.start:
        return (item.start, neighbours[place + 1].start, "")
    return (neighbours[place - 1].end, item.end, "")


def _behind(outline: Outline, whole: Piece, last: Piece, words: tuple[str, ...]) -> list[Splice]:
    """New items after the last one: each on a line of its own where that one has one."""
    if not words:
        return []
    text = outline.text
    start = outline.line_start(last.start)
    if start <= whole.value[0] or text[start : last.start].strip():
        return [(last.end, last.end, "".join(f", {word}" for word in words))]
    rest = text[last.end : whole.value[1] - 1]
    comma = rest.lstrip().startswith(",")
    line_end = min(outline.line_end(last.end), whole.value[1] - 1)
    lines = [f"{text[start : last.start]}{word}," for word in words]
    if not comma:
        lines[-1] = lines[-1].removesuffix(",")
    added = outline.newline.join(lines)
    if text[line_end - 1] == "\n":
        added += outline.newline
    else:
        added = outline.newline + added
    return [*([] if comma else [(last.end, last.end, ",")]), (line_end, line_end, added)]
