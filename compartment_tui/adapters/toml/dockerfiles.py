"""What a Dockerfile says that matters before it is built: what it copies from its context."""

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from compartment_tui.adapters.repository_files import has_match

MOST_SOURCES = 100
"""How many paths of one Dockerfile are looked for."""

_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_MOUNT = re.compile(r"--mount=(\S+)")
_ELSEWHERE = ("://", "git@", "<<", "$")
"""Marks of a source that is no path in the context, or not known before the build."""


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction, upper case, and what follows it on one line; no comments, no heredocs."""
    escape = "`" if re.match(r"\s*#\s*escape\s*=\s*`", text, re.IGNORECASE) else "\\"
    lines = iter(text.splitlines())
    for line in lines:
        whole = line.strip()
        if not whole or whole.startswith("#"):
            continue
        written = [whole]
        while written[-1].endswith(escape):
            following = next(lines, "").strip()
            while following.startswith("#"):  # a comment between the lines of one instruction
                following = next(lines, "").strip()
            written[-1] = written[-1][:-1].rstrip()
            written.append(following)
        whole = " ".join(written)
        word, _, rest = whole.partition(" ")
        word = word.upper()
        if word in ("RUN", "COPY", "ADD"):
            for found in _HEREDOC.finditer(rest):
                _skip_heredoc(lines, found[2])
        yield word, rest.strip()


def _skip_heredoc(lines: Iterator[str], end: str) -> None:
    for line in lines:
        if line.strip() == end:
            return


def context_sources(text: str) -> tuple[str, ...]:
    """The paths that a build takes from its context by name, as they are from its root.

    Not the whole of it, nothing of other stages and images, nothing that a variable decides.
    """
    found: list[str] = []
    for word, rest in instructions(text):
        if word in ("COPY", "ADD"):
            found += _copied(rest)
        elif word == "RUN":
            found += _mounted(rest)
    paths = (posixpath.normpath("/" + source).lstrip("/") for source in found)
    return tuple(dict.fromkeys(path for path in paths if path and path != "."))[:MOST_SOURCES]


def _copied(rest: str) -> list[str]:
    words = rest.split()
    flags = [word for word in words if word.startswith("--")]
    if any(flag.lower().startswith("--from") for flag in flags):
        return []
    while rest.startswith("--"):
        rest = rest.partition(" ")[2].strip()
    if rest.startswith("["):
        try:
            words = [str(word) for word in json.loads(rest)]
        except ValueError:
            return []
    else:
        words = rest.split()
    return [word for word in words[:-1] if not any(mark in word for mark in _ELSEWHERE)]


def _mounted(rest: str) -> list[str]:
    """What `RUN --mount=type=bind` shows of the context."""
    found = []
    for mount in _MOUNT.findall(rest):
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        source = parts.get("source") or parts.get("src") or ""
        bound = parts.get("type", "bind") == "bind" and "from" not in parts
        if bound and source and "$" not in source:
            found.append(source)
    return found


def is_in(directory: Path, source: str) -> bool:
    """Whether a path that a Dockerfile names is in that directory; it may have wildcards."""
    try:
        if any(mark in source for mark in "*?["):
            return has_match(directory, source)
        return (directory / source).exists()
    except (OSError, ValueError):
        return False
