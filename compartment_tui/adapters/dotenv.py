"""Dotenv text: read strictly, written so that reading gives the same values."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from compartment_tui.adapters.repository_files import FileRefused, read_chosen
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import PLAIN_KEY_PATTERN, show
from compartment_tui.domain.variable import Secret
from compartment_tui.domain.variables.dotenv import DotenvContent
from compartment_tui.domain.variables.edits import check_key, check_value
from compartment_tui.ports import TextForm

if TYPE_CHECKING:
    from dotenv.parser import Binding

LONGEST_DOCKER_LINE = 64 * 1024 - 1
"""In bytes: what docker reads as one line of an env-file."""

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,-]*")
"""What means itself without quotes, here, to shells and to docker."""
_START = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
"""What stands before a value: blank lines, `export`, the key, the sign."""
_IN_DOUBLE_QUOTES = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_CLOSED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_ESCAPE = re.compile(r"""\\[\\'"abfnrtv$`]""")
_ANY_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_REFERENCE = re.compile(r"(?<!\\)(?:\$(?:[A-Za-z_]|\{|\()|`[^`]+`)")
"""What a shell would put something else for: `$NAME`, `${NAME}`, `$(command)` or backticks."""
_PATH_START = re.compile(r"[A-Za-z]:\\|\\\\")
"""How a path of Windows begins."""
_PIECE = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(')""", re.DOTALL)
_PIECES = re.compile(
    rf"""\s*(?:export[^\S\r\n]+)?([^=#\s]+)=((?:{_PIECE.pattern}){{2,}})[^\S\r\n]*""", re.DOTALL
)
"""A value as shells themselves write one with quotes in it: quoted pieces without a gap."""
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[.*|\+)")
"""Keys that larger shells take for a part of another variable, and work out what is in them."""
_BLOCK_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]+-----")
_BLOCK_ENDS = re.compile(r"-----END [A-Z0-9 ]+-----")
_YAML = re.compile(r"\s*(?:- )?[A-Za-z0-9_.-]+:(?:\s|$)")
_IN_QUOTES = "a value with line breaks stands in quotes"


class DotenvText:
    """`Dotenv` by the rules of python-dotenv, minus its leniency, plus what shells escape."""

    def load(self, file: Path) -> bytes:
        try:
            # As bytes: reading text would make other line breaks of those in a value.
            return read_chosen(file, largest=bounds.DOTENV)
        except FileRefused as why:
            raise UsageProblem(f"{file} {why}") from why
        except OSError as error:
            raise UsageProblem(f"{file} cannot be read: {error.strerror}") from error

    def read(self, text: str, form: TextForm = TextForm.DOTENV) -> DotenvContent:
        found = _lines(text) if form is TextForm.DOCKER else _assignments(text)
        content = _Content()
        for assignment in found:
            content.take(assignment)
        if not content.values:
            raise UsageProblem("there is no variable in it", hint="a line is KEY=value")
        return DotenvContent(
            values=content.values,
            literal_references=tuple(content.references),
            decoded_paths=tuple(content.paths),
        )

    def text(self, values: Mapping[str, Secret], form: TextForm = TextForm.DOTENV) -> str:
        clear = {key: value.reveal() for key, value in values.items()}
        if form is TextForm.DOCKER:
            _refuse(
                [key for key, value in clear.items() if not _docker_takes(key, value)],
                "docker's env-file cannot have the value of",
                "it has no line breaks and no quotes, and 64 KiB a line; "
                "leave --format away for a file with quotes",
            )
            return "".join(f"{key}={value}\n" for key, value in clear.items())
        if form is TextForm.SHELL:
            _refuse(
                [key for key in clear if not PLAIN_KEY_PATTERN.fullmatch(key)],
                "a POSIX shell cannot have a variable of the name",
                "leave --format away to write them for what reads dotenv files",
            )
        return "".join(f"{_quoted_key(key)}={quoted(value)}\n" for key, value in clear.items())


@dataclass(frozen=True, slots=True)
class _Assignment:
    """`raw` is the value as it was written, with its quotes."""

    key: str
    value: str = field(repr=False)
    raw: str = field(repr=False)
    line: int


@dataclass(slots=True)
class _Content:
    """What was read so far."""

    values: dict[str, Secret] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def take(self, one: _Assignment) -> None:
        """Raises UsageProblem with the line: a key or a value that cannot be, or a second time."""
        try:
            key, value = check_key(one.key), Secret(one.value)
            check_value(key, value)
        except UsageProblem as problem:
            raise UsageProblem(f"line {one.line}: {problem.message}", hint=problem.hint) from None
        if key in self.values:
            raise UsageProblem(
                f"line {one.line}: {key} is there twice, first on line {self.lines[key]}",
                hint="keep one of them",
            )
        self.values[key], self.lines[key] = value, one.line
        if not one.raw.startswith("'") and _REFERENCE.search(one.raw):
            self.references.append(key)
        if _is_decoded_path(one.raw):
            self.paths.append(key)


def _is_decoded_path(raw: str) -> bool:
    """Whether a path of Windows in double quotes has lost a backslash."""
    inside = raw.removeprefix('"')
    if inside == raw or not _PATH_START.match(inside):
        return False
    return any(escape[1] in "abfnrtv" for escape in _ANY_ESCAPE.finditer(inside))


def _assignments(text: str) -> Iterator[_Assignment]:
    """Every assignment of a dotenv text. Raises UsageProblem for anything else."""
    from dotenv.parser import parse_stream

    before: tuple[str, int] | None = None
    for found in parse_stream(StringIO(text.removeprefix("\ufeff"), newline="")):
        written = found.original.string
        line = _line(written, found.original.line)
        if found.error and (pieces := _PIECES.fullmatch(written.rstrip("\r\n"))):
            before = None
            yield _Assignment(pieces[1], _joined(pieces[2]), "'", line)
            continue
        if found.error:
            raise _no_assignment(written, line, before)
        if found.key is None:
            continue
        if found.value is None:
            raise _no_value(written, line, before)
        start = _START.match(written)
        raw = written[start.end() :] if start else ""
        if raw[:1] not in ("'", '"'):
            before = found.key, line
            if _BLOCK_BEGINS.search(raw) and not _BLOCK_ENDS.search(raw):
                raise UsageProblem(
                    f"line {line}: {_IN_QUOTES}",
                    hint='put " before -----BEGIN and after the last -----, and import again',
                )
        else:
            before = None
        if not _names_a_key(found.key):
            raise UsageProblem(
                f"line {line}: what stands before the = is not a variable name",
                hint="a line is KEY=value; " + _IN_QUOTES,
            )
        yield _Assignment(found.key, _value(found, raw), raw, line)


def _lines(text: str) -> Iterator[_Assignment]:
    """Every line of docker's env-file: what stands behind the sign is the value, quotes too."""
    for number, written in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = written.removesuffix("\r").lstrip()
        if not line or line.startswith("#"):
            continue
        key, sign, value = line.partition("=")
        if not sign:
            raise _no_value(line, number, None)
        if not _names_a_key(key):
            raise UsageProblem(
                f"line {number}: what stands before the = is not a variable name",
                hint="a line is KEY=value, without spaces before the =",
            )
        yield _Assignment(key, value, "'", number)


def _value(found: "Binding", raw: str) -> str:
    """The value that was meant: as python-dotenv reads it, but for two things.

    In double quotes a backslash also escapes what a shell has it escape, and JSON is taken as it
    is, whatever looks like a remark in it.
    """
    if quoted_ := _IN_DOUBLE_QUOTES.match(raw):
        return _ESCAPE.sub(lambda match: _unescaped(match[0]), quoted_[1])
    line = raw.strip()
    if line[:1] in ("{", "[") and _is_json(line):
        return line
    return found.value or ""


def _joined(pieces: str) -> str:
    """What a shell makes of pieces in quotes that stand side by side."""
    return "".join(
        piece[1] or piece[3] or _ESCAPE.sub(lambda match: _unescaped(match[0]), piece[2] or "")
        for piece in _PIECE.finditer(pieces)
    )


def _unescaped(escape: str) -> str:
    return escape[1] if escape[1] in "$`" else codecs.decode(escape, "unicode-escape")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _names_a_key(text: str) -> bool:
    """Whether a bad key may be told: what is none may be a part of somebody's secret."""
    return PLAIN_KEY_PATTERN.fullmatch(text) is not None or _takes(text)


def _takes(key: str) -> bool:
    try:
        check_key(key)
    except UsageProblem:
        return False
    return True


def _no_assignment(written: str, line: int, before: tuple[str, int] | None) -> UsageProblem:
    """Why this is none, in the words for what it looks like, without a word of it."""
    start = _START.match(written)
    raw = written[start.end() :] if start else ""
    if raw[:1] in ("'", '"'):
        if _CLOSED.match(raw):
            why = "something stands behind its closing quote"
            hint = '"it\'s" and \'say "yes"\' are whole; a quote of the same kind has \\ before it'
        else:
            why, hint = "the quote before its value has no end", _IN_QUOTES
        return UsageProblem(f"line {line}: this is no assignment: {why}", hint=hint)
    if _YAML.match(written):
        return UsageProblem(
            f"line {line}: this is no assignment", hint="a line is KEY=value, not KEY: value"
        )
    return _goes_on(line, before) or UsageProblem(
        f"line {line}: this is no assignment", hint=f"a line is KEY=value; {_IN_QUOTES}"
    )


def _no_value(written: str, line: int, before: tuple[str, int] | None) -> UsageProblem:
    if _YAML.match(written):
        return _no_assignment(written, line, before)
    return _goes_on(line, before) or UsageProblem(
        f"line {line}: this key has no `=` and no value", hint="KEY= is the empty one"
    )


def _goes_on(line: int, before: tuple[str, int] | None) -> UsageProblem | None:
    """When the line before it has a value without quotes, it may be the rest of that one."""
    if before is None or before[1] + 1 != line:
        return None
    key, first = before
    return UsageProblem(
        f"line {line}: this is no assignment",
        hint=f"a line is KEY=value; if it belongs to {show(key)} on line {first}: {_IN_QUOTES}",
    )


def _line(piece: str, first: int) -> int:
    """The line of what a piece of text says: blank lines before it belong to the piece."""
    blank = piece[: len(piece) - len(piece.lstrip())]
    return first + len(re.findall(r"\r\n|\n|\r", blank))


def _quoted_key(key: str) -> str:
    """In quotes where a shell would do more than to pass over a name it cannot have."""
    return f"'{key}'" if _ASSIGNED.fullmatch(key) else key


def quoted(value: str) -> str:
    """The plainest form that means the value here and to a POSIX shell.

    Single quotes where both leave all of it as it is; else double quotes, in which both undo the
    same backslashes.
    """
    if _SAFE.fullmatch(value):
        return value
    if "'" not in value and "\\\\" not in value and not value.endswith("\\"):
        return f"'{value}'"
    escaped = re.sub(r'[\\"$`]', r"\\\g<0>", value)
    return f'"{escaped}"'


def _docker_takes(key: str, value: str) -> bool:
    breaks = "\n" in value or value.endswith("\r")
    return not breaks and len(f"{key}={value}".encode()) <= LONGEST_DOCKER_LINE


def _refuse(keys: list[str], what: str, hint: str) -> None:
    """Raises UsageProblem when there are any."""
    if keys:
        raise UsageProblem(f"{what} {', '.join(map(show, keys))}", hint=hint)
