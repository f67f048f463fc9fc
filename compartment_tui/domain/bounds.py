"""Bounds on what comes from outside: how much is read, how deep, and why that much.

A bound is far beyond what anybody who means well needs, and near enough that what is refused costs
nobody a second or a gigabyte. It is looked at before anything is parsed.
"""

import re
from pathlib import Path

from compartment_tui.domain.errors import InvalidFile

KIB = 1024
MIB = 1024 * KIB

PROJECT_FILE = MIB
"""Ten thousand variables fit. The editor keeps several copies of it, and shows each line."""
RECORD = 16 * MIB
"""A thousand deployments of some dozen services, with everything known of them."""
INDEX_ENTRY = 4 * KIB
"""Two names."""
ROUTE_DOCUMENT = MIB
"""A thousand routes of one environment."""
ARCHIVE = 512 * MIB
"""What the engine hands out of our volumes at once: all records of all environments."""
ARCHIVE_MEMBERS = 100_000
"""Files in such an archive: a hundred shelves of a thousand environments."""
ENGINE_ANSWER = 64 * MIB
"""A list of some ten thousand containers, with long labels."""
FRAME = 16 * MIB
"""A piece of a container's output; the engine makes them of 16 or 32 KiB."""
SHELL_ANSWER = 64 * MIB
"""What a helper container of ours says to one question: at most all route documents."""
STREAM_LINE = 4 * MIB
"""One line of a feed of JSON: an event with all labels, or a sample of very many cores."""
DOCKERFILE = MIB
"""Also ignore files: both are read by people."""
DOTENV = MIB
"""The same as the project file, into which it is imported."""
SMALL_FILE = MIB
"""Settings of others that we look at: the docker command's, a theme, a list of ignored files."""
LABEL_CHARACTERS = 64 * KIB
"""The longest of ours is a service's specification; the engine has no limit of its own."""

DEPTH = 64
"""Tables and lists in each other, and names in a dotted key. Ours have six at most, and a parser
that calls itself for each has a few hundred."""
ENTRIES = 200_000
"""Of keys in one text: a record of the largest size has fewer."""

_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
    r"|[\[\]{}]",
    re.DOTALL,
)
_OPENED = re.compile(rf"[\[{{](?:[^\[\]{{}}]*[\[{{]){{{DEPTH}}}")
"""So many in a row that none was closed in between: then it is worth counting."""
_LONG_KEY = re.compile(
    rf"(?<![\w\"'.-])(?:(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')[ \t]*\.[ \t]*){{{DEPTH}}}"
)


class TooMuch(InvalidFile):
    """More, or deeper, than any file that means well."""

    code = "too_much"


def refuse_large(size: int, bound: int, what: str) -> None:
    """Raises TooMuch when `what` has more bytes than it may have."""
    if size > bound:
        raise TooMuch(
            f"{what} is larger than {in_words(bound)}, which is the most that is read of it",
            hint="nothing that is written for people is that large: see what it holds",
        )


def in_words(size: int) -> str:
    """`64 KiB`, `1 MiB`: bounds are whole."""
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def refuse_toml(text: str, bound: int, what: str) -> None:
    """Raises TooMuch when a text in TOML is too large, too deep, or has too many keys to parse."""
    refuse_large(len(text), bound, what)
    if text.count("=") > ENTRIES and _keys(text) > ENTRIES:
        raise TooMuch(f"{what} has more than {ENTRIES} keys", hint="see what it holds")
    _refuse_deep(text, what)
    if text.count(".") >= DEPTH and _LONG_KEY.search(text) and _LONG_KEY.search(_bare(text)):
        raise TooMuch(f"{what} has a key of more than {DEPTH} names")


def refuse_deep_json(text: str, what: str) -> None:
    """Raises TooMuch when a text in JSON is nested too deeply to parse."""
    _refuse_deep(text, what)


def _refuse_deep(text: str, what: str) -> None:
    if _OPENED.search(text) and _depth(text) > DEPTH:
        raise TooMuch(f"{what} has brackets nested too deeply, more than {DEPTH}")


def _keys(text: str) -> int:
    return _TOKENS.sub("", text).count("=")


def _bare(text: str) -> str:
    """The text with one word in place of each string, and without comments."""
    return _TOKENS.sub(_word, text)


def _word(match: re.Match[str]) -> str:
    piece = match[0]
    if piece[0] == "#":
        return ""
    return piece if piece in ("[", "]", "{", "}") else "_"


def _depth(text: str) -> int:
    """How deep brackets stand in each other, outside strings and comments; no further than told."""
    deepest = depth = 0
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH:
                break
        elif token in ("]", "}"):
            depth = max(depth - 1, 0)
    return deepest


def read_file(file: Path, bound: int, what: str) -> bytes:
    """A file's bytes, no more than it may have. Raises OSError, TooMuch."""
    with file.open("rb") as opened:
        content = opened.read(bound + 1)
    refuse_large(len(content), bound, what)
    return content
