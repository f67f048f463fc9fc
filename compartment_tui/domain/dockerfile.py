"""Facts of a Dockerfile that need no build. Reading never fails: it is foreign text."""

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

MAX_PORT = 65535
MOST_SOURCES = 100
"""How many paths of one Dockerfile are looked for."""
LONGEST_NUMBER = 9
LONGEST_VALUE = 8192
"""Characters of a value that are looked at: values made of others would grow without end."""
MOST_INSTRUCTIONS = 2_000
_ESCAPE = re.compile(r"^#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_HEREDOC = re.compile(r"""<<-?\s*(["']?)([A-Za-z0-9_.-]+)\1""")
_STAGE = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?[-+?]([^}]*))?\})")
_TAKES_HEREDOC = ("RUN", "COPY", "ADD")
_MOUNT = re.compile(r"--mount=(\S+)")
_ELSEWHERE = ("://", "git@", "<<", "$")
"""Marks of a source that is no path in the context, or not known before the build."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, the rest as it is written, on one line."""

    name: str
    rest: str
    line: int


@dataclass(slots=True)
class _Stage:
    base: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)


def instructions(text: str) -> Iterator[Instruction]:
    """Every instruction in order; comments, continued lines and here-documents are done with."""
    lines = text.removeprefix("\ufeff").splitlines()
    escape = "\\"
    for line in lines:
        if not line.lstrip().startswith("#"):
            break
        if found := _ESCAPE.match(line.strip()):
            escape = found[1]
    at = 0
    while at < len(lines):
        began, written = at, list[str]()
        while at < len(lines):
            line = lines[at].strip()
            at += 1
            if line.startswith("#") or not line:
                began += 0 if written else 1
                continue
            goes_on = line.endswith(escape)
            written.append(f"{line[:-1]} " if goes_on else line)
            if not goes_on:
                break
        name, _, rest = "".join(written).strip().partition(" ")
        if not name:
            continue
        if name.upper() in _TAKES_HEREDOC:
            for _, end in _HEREDOC.findall(rest):
                while at < len(lines) and lines[at].strip() != end:
                    at += 1
                at += 1
        yield Instruction(name.upper(), rest.strip(), began + 1)


def context_sources(text: str) -> tuple[str, ...]:
    """The paths that a build takes from its context by name, as they are from its root.

    Not the whole of it, nothing of other stages and images, nothing that a variable decides.
    """
    sources: list[str] = []
    for instruction in instructions(text):
        if instruction.name in ("COPY", "ADD"):
            sources += copied(instruction.rest)
        elif instruction.name == "RUN":
            sources += _mounted(instruction.rest)
    paths = (posixpath.normpath("/" + source).lstrip("/") for source in sources)
    return tuple(dict.fromkeys(path for path in paths if path and path != "."))[:MOST_SOURCES]


def copied(rest: str) -> tuple[str, ...]:
    """What a COPY or an ADD takes from the context, as it is written behind that word."""
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        rest = rest.strip()
        if flag.lower().startswith("--from"):
            return ()
    if rest.startswith("["):
        try:
            words = [str(word) for word in json.loads(rest)]
        except ValueError:
            return ()
    else:
        words = rest.split()
    return tuple(word for word in words[:-1] if not any(mark in word for mark in _ELSEWHERE))


def _mounted(rest: str) -> list[str]:
    """What `RUN --mount=type=bind` shows of the context."""
    sources = []
    for mount in _MOUNT.findall(rest):
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        source = parts.get("source") or parts.get("src") or ""
        bound = parts.get("type", "bind") == "bind" and "from" not in parts
        if bound and source and "$" not in source:
            sources.append(source)
    return sources


def own_ports(text: str, args: Mapping[str, str], target: str | None = None) -> tuple[int, ...]:
    """The tcp ports that the Dockerfile itself exposes in the stage that is built, as written.

    Those of its base image are not in it. What cannot be resolved is left out.
    """
    stages: list[_Stage] = []
    before: dict[str, str] = {}
    exposed_ports = 0
    for instruction in islice(instructions(text), MOST_INSTRUCTIONS):
        values = stages[-1].values if stages else before
        if instruction.name == "FROM" and (stage_words := _STAGE.fullmatch(instruction.rest)):
            base = _resolved(stage_words[1], {**before, **_given(before, args)})
            inherited = next((s.values for s in stages if _is(s, base)), {})
            stages.append(_Stage(base, (stage_words[2] or "").lower(), dict(inherited)))
        elif instruction.name == "ARG":
            for name, value in _assignments(instruction.rest):
                values[name] = args.get(name, _resolved(value or before.get(name, ""), values))
        elif instruction.name == "ENV":
            for name, value in _assignments(instruction.rest):
                values[name] = _resolved(value, values)
        elif instruction.name == "EXPOSE" and stages and exposed_ports <= MAX_PORT:
            found_ports = exposed(_resolved(instruction.rest, values))
            exposed_ports += len(found_ports)
            stages[-1].ports += found_ports
    wanted = _chosen(stages, target)
    chain: list[_Stage] = []
    while wanted is not None and wanted not in chain:
        chain.append(wanted)
        earlier = stages[: stages.index(wanted)]
        wanted = next((s for s in reversed(earlier) if _is(s, wanted.base)), None)
    return tuple(dict.fromkeys(port for stage in reversed(chain) for port in stage.ports))


def exposed(words: str) -> tuple[int, ...]:
    """The tcp ports of an EXPOSE: `3000`, `2000-2020/tcp`; udp and what is no port is left out."""
    ports: list[int] = []
    for word in words.split():
        span, _, protocol = word.partition("/")
        low, _, high = span.partition("-")
        if protocol.lower() not in ("", "tcp") or not _is_number(low):
            continue
        last = int(high) if _is_number(high) else int(low)
        ports += [port for port in range(int(low), min(last, MAX_PORT) + 1) if port > 0]
        if len(ports) > MAX_PORT:
            break
    return tuple(dict.fromkeys(ports))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_NUMBER


def _chosen(stages: list[_Stage], target: str | None) -> _Stage | None:
    if target is None:
        return stages[-1] if stages else None
    named = (stage for stage in stages if stage.name == target.lower())
    numbered = stages[int(target)] if _is_number(target) and int(target) < len(stages) else None
    return next(named, numbered)


def _is(stage: _Stage, base: str) -> bool:
    return bool(stage.name) and stage.name == base.lower()


def _given(names: Mapping[str, str], args: Mapping[str, str]) -> dict[str, str]:
    return {name: args[name] for name in names if name in args}


def _assignments(rest: str) -> Iterator[tuple[str, str]]:
    """`A=1 B="2"`, and the old form `A 1`."""
    head, _, tail = rest.partition(" ")
    if "=" not in head and tail:
        yield head, tail.strip()
        return
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


def _resolved(text: str, values: Mapping[str, str]) -> str:
    def value(reference: re.Match[str]) -> str:
        return values.get(reference[1] or reference[2]) or reference[3] or ""

    return _VARIABLE.sub(value, text[:LONGEST_VALUE])[:LONGEST_VALUE]
