"""Dotenv text: read strictly, written so that reading gives the same values."""

import re
from collections.abc import Iterator, Mapping
from io import StringIO

from compartment_tui.domain.edits import check_key, check_value
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variables import Secret

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,-]+")
"""What means itself without quotes, here and to shells."""


class DotenvText:
    """`Dotenv` by the rules of python-dotenv, minus its leniency."""

    def read(self, text: str) -> Mapping[str, Secret]:
        values: dict[str, Secret] = {}
        lines: dict[str, int] = {}
        for key, value, line in _assignments(text):
            if key in values:
                raise UsageProblem(
                    f"line {line}: {key} is there twice, first on line {lines[key]}",
                    hint="keep one of them",
                )
            values[key], lines[key] = value, line
        if not values:
            raise UsageProblem("there is no variable in it", hint="a line is KEY=value")
        return values

    def text(self, values: Mapping[str, Secret]) -> str:
        return "".join(f"{key}={_quoted(value.reveal())}\n" for key, value in values.items())


def _assignments(text: str) -> Iterator[tuple[str, Secret, int]]:
    """Key, value and line number of every assignment. Raises UsageProblem for anything else."""
    from dotenv.parser import parse_stream

    for found in parse_stream(StringIO(text.removeprefix("\ufeff"), newline="")):
        if found.error:
            raise UsageProblem(
                f"line {_line(found.original.string, found.original.line)}: this is no assignment",
                hint="a line is KEY=value; a value with line breaks stands in quotes",
            )
        if found.key is None:
            continue
        line = _line(found.original.string, found.original.line)
        try:
            if found.value is None:
                raise UsageProblem("this key has no `=` and no value", hint="KEY= is the empty one")
            value = check_value(check_key(found.key), Secret(found.value))
        except UsageProblem as problem:
            raise UsageProblem(f"line {line}: {problem.message}", hint=problem.hint) from problem
        yield found.key, value, line


def _line(piece: str, first: int) -> int:
    """The line of what a piece of text says: blank lines before it belong to the piece."""
    blank = piece[: len(piece) - len(piece.lstrip())]
    return first + len(re.findall(r"\r\n|\n|\r", blank))


def _quoted(value: str) -> str:
    if _SAFE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
