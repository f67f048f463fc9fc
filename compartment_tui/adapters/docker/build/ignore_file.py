"""Ignore files of build contexts, by the rules of the docker command."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath

_SPACE = " \t\n\v\f\r\u0085\u00a0"
_ANYTHING, _DIRECTORIES, _IN_NAME = ".*", "(?:.*/)?", "[^/]*"
_WILD = (_ANYTHING, _DIRECTORIES, _IN_NAME)
FEW_WILDCARDS = 3
"""As many as a regular expression is quick with."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_patterns(content: bytes) -> tuple[str, ...]:
    """The patterns of an ignore file, in its order. Raises ValueError for what is none."""
    patterns = []
    for number, line in enumerate(content.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("#") or not text.strip(_SPACE):
            continue
        text = text.strip(_SPACE)
        negated = text.startswith("!")
        path = text[1:].strip(_SPACE) if negated else text
        if not path:
            raise ValueError(f"line {number}: `!` stands alone")
        pattern = _clean(path)
        try:
            _expression(pattern)
        except (re.error, ValueError) as error:
            raise ValueError(f"line {number}: {path} is no pattern") from error
        patterns.append(f"!{pattern}" if negated else pattern)
    return tuple(patterns)


def written(patterns: Sequence[str]) -> bytes:
    """An ignore file of these patterns; a space keeps `#` from beginning a comment."""
    lines = (f" {one}" if one.startswith("#") else one for one in patterns)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def sent_paths(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    """What a build context is made of, relative to `root`; a directory comes before its content.

    The last pattern that matches a path or a directory above it decides. Raises OSError when a
    directory that may hold something cannot be read.
    """
    rules = tuple(_Rule.of(pattern) for pattern in patterns)
    yield from _below(root, "", rules, (False,) * len(rules))


@dataclass(frozen=True, slots=True)
class _Rule:
    negated: bool
    expression: "re.Pattern[str] | _Steps"

    @classmethod
    def of(cls, pattern: str) -> "_Rule":
        return cls(pattern.startswith("!"), _expression(pattern.removeprefix("!")))


def _below(
    root: Path, directory: str, rules: tuple[_Rule, ...], above: tuple[bool, ...]
) -> Iterator[str]:
    negations = any(rule.negated for rule in rules)
    for entry in sorted(os.scandir(root / directory), key=lambda entry: entry.name):
        path = f"{directory}/{entry.name}" if directory else entry.name
        matches = tuple(
            known or rule.expression.fullmatch(path) is not None
            for rule, known in zip(rules, above, strict=True)
        )
        left_out = next(
            (
                not rule.negated
                for rule, matched in zip(reversed(rules), reversed(matches), strict=True)
                if matched
            ),
            False,
        )
        if not left_out:
            yield path
        if not entry.is_dir(follow_symlinks=False) or (left_out and not negations):
            continue
        inner = _below(root, path, rules, matches)
        if not left_out:
            yield from inner
        elif (first := next(inner, None)) is not None:
            yield path
            yield first
            yield from inner


def _clean(path: str) -> str:
    """As Go's `filepath.Clean` does it, without a slash at the front."""
    cleaned = normpath(path)
    return cleaned.lstrip("/") if cleaned.strip("/") else "/"


class _Steps:
    """A pattern with many wildcards, tried all ways at once.

    A regular expression would try them one after the other, which can take longer than anybody
    waits. `fullmatch` is not None when it matches, as of a regular expression.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = tuple(pieces)
        self._single = {
            piece: re.compile(piece, re.DOTALL) for piece in pieces if piece not in _WILD
        }

    def fullmatch(self, path: str) -> bool | None:
        states = self._skipped({(0, False)})
        for char in path:
            states = self._skipped(set(self._after(states, char)))
        return True if (len(self._pieces), False) in states else None

    def _skipped(self, states: set[tuple[int, bool]]) -> set[tuple[int, bool]]:
        """With those that are reached by wildcards that stand for nothing."""
        found, left = set(states), list(states)
        while left:
            at, inside = left.pop()
            if at < len(self._pieces) and not inside and self._pieces[at] in _WILD:
                following = (at + 1, False)
                if following not in found:
                    found.add(following)
                    left.append(following)
        return found

    def _after(self, states: set[tuple[int, bool]], char: str) -> Iterator[tuple[int, bool]]:
        for at, inside in states:
            piece = self._pieces[at] if at < len(self._pieces) else ""
            if piece == _DIRECTORIES:
                yield at, True
                if char == "/":
                    yield at + 1, False
            elif piece == _ANYTHING or (piece == _IN_NAME and char != "/"):
                yield at, inside
            elif piece in self._single and self._single[piece].fullmatch(char):
                yield at + 1, False


def _expression(pattern: str) -> "re.Pattern[str] | _Steps":
    pieces = _pieces(pattern)
    if sum(piece in _WILD for piece in pieces) > FEW_WILDCARDS:
        return _Steps(pieces)
    return re.compile("".join(pieces), re.DOTALL)


def _pieces(pattern: str) -> list[str]:
    """One regular expression after the other: for a wildcard, or for one character."""
    made, at = list[str](), 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern[at : at + 1] == "*":
            at += 1
            at += pattern[at : at + 1] == "/"
            made.append(_ANYTHING if at == len(pattern) else _DIRECTORIES)
        elif char == "*":
            made.append(_IN_NAME)
        elif char == "?":
            made.append("[^/]")
        elif char == "\\":
            if at == len(pattern):
                raise ValueError(pattern)
            made.append(re.escape(pattern[at]))
            at += 1
        elif char == "[":
            end = _class_end(pattern, at)
            made.append(_class(pattern[at:end]))
            at = end + 1
        else:
            made.append(re.escape(char))
    return made


def _class_end(pattern: str, at: int) -> int:
    start = at + (pattern[at : at + 1] == "^")
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    if at >= len(pattern) or at == start:
        raise ValueError(pattern)
    return at


def _class(inner: str) -> str:
    """Python takes `[[` and `--` for more than Go does."""
    negated, inner = inner.startswith("^"), inner.removeprefix("^")
    safe = re.sub(r"(?<!\\)([\[&~|])", r"\\\1", inner)
    return f"[{'^' if negated else ''}{safe}]"
