"""Keys and strings as they are written into a project file."""

import re

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
_SHORT |= {'"': r"\"", "\\": r"\\"}
_ESCAPED = re.compile(
    # Control characters must be escaped; those that turn or break a line would mislead a reader.
    '[\x00-\x1f\x7f-\x9f"\\\\\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]'
)
_MULTI_LINE = 2
"""From how many line breaks on a value stands on several lines."""


def key_text(name: str) -> str:
    """A part of a key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else string_text(name)


def string_text(value: str) -> str:
    """A string on one line."""
    return f'"{_ESCAPED.sub(_escape, value)}"'


def long_text(value: str, newline: str) -> str:
    """A string, on several lines when it has several."""
    if value.count("\n") < _MULTI_LINE:
        return string_text(value)
    lines = (_ESCAPED.sub(_escape, line) for line in value.split("\n"))
    return f'"""{newline}{newline.join(lines)}"""'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT.get(char) or f"\\u{ord(char):04x}"
