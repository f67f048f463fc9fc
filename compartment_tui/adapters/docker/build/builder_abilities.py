"""What of a Dockerfile needs a newer builder, which builder has it, and what would bring it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compartment_tui.adapters.docker.build.build_command import BuildCommand
from compartment_tui.domain.dockerfile import instructions

_HEREDOC = re.compile(r"""<<-?["']?[A-Za-z_]""")
_SYNTAX = re.compile(r"^#\s*syntax\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_COPIES = ("COPY", "ADD")
_NEWEST = (999, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One form, as it is written, and the first engine whose BuildKit takes it by itself."""

    form: str
    since: tuple[int, int]
    names: tuple[str, ...]
    pattern: re.Pattern[str]


ABILITIES = (
    Ability(form="RUN --mount", since=(20, 10), names=("RUN",), pattern=re.compile(r"--mount=")),
    Ability(form="COPY --chmod", since=(20, 10), names=_COPIES, pattern=re.compile(r"--chmod=")),
    Ability(form="RUN --network", since=(23, 0), names=("RUN",), pattern=re.compile(r"--network=")),
    Ability(
        form="here-documents (<<EOF)",
        since=(23, 0),
        names=("RUN", *_COPIES),
        pattern=_HEREDOC,
    ),
    Ability(form="COPY --link", since=(23, 0), names=_COPIES, pattern=re.compile(r"--link\b")),
    Ability(
        form="ADD --checksum", since=(25, 0), names=("ADD",), pattern=re.compile(r"--checksum=")
    ),
    Ability(
        form="COPY --parents", since=_NEWEST, names=("COPY",), pattern=re.compile(r"--parents\b")
    ),
    Ability(form="COPY --exclude", since=_NEWEST, names=_COPIES, pattern=re.compile(r"--exclude=")),
)
SHOWN = ABILITIES[:6]
"""What is worth telling of a builder when nothing failed."""


def takes(ability: Ability, command: BuildCommand | None, engine: str) -> bool:
    """Whether a Dockerfile without a `# syntax=` line may use it here."""
    return command is not None and version_of(engine) >= ability.since


def version_of(engine: str) -> tuple[int, int]:
    """`20.10.24+dfsg1` as figures; zeros when it is none."""
    found = re.match(r"(\d+)\.(\d+)", engine)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def needed(dockerfile: str) -> tuple[Ability, ...]:
    """What of it the Dockerfile uses."""
    used = {
        ability.form
        for one in instructions(dockerfile)
        for ability in ABILITIES
        if one.name in ability.names and _flags_or_heredoc(ability, one.rest)
    }
    return tuple(ability for ability in ABILITIES if ability.form in used)


def _flags_or_heredoc(ability: Ability, rest: str) -> bool:
    if ability.pattern is _HEREDOC:
        return bool(_HEREDOC.search(rest))
    flags = re.match(r"(?:--\S+\s+)*", rest)
    return bool(flags and ability.pattern.search(flags[0]))


def frontend(dockerfile: str) -> str:
    """The image that its `# syntax=` line asks for; it counts only at the head of the file."""
    for line in dockerfile.removeprefix("\ufeff").splitlines():
        if not line.strip().startswith("#"):
            return ""
        if found := _SYNTAX.match(line.strip()):
            return found[1]
    return ""


def builder_words(command: BuildCommand | None, engine: str) -> str:
    """Which builder it is, for a message."""
    if command is None:
        return f"the engine's own builder without BuildKit (Docker {engine})"
    return f"BuildKit of Docker {engine}, by {command.path} {command.version}"


def way_on(command: BuildCommand | None, lacking: tuple[Ability, ...]) -> str:
    """What would help with what is lacking."""
    since = max(ability.since for ability in lacking)
    line = "`# syntax=docker/dockerfile:1` as the Dockerfile's first line, where a registry answers"
    if command is None:
        return (
            "a docker command with the buildx plugin (Debian: docker-buildx, else"
            " docker-buildx-plugin) on this machine builds with BuildKit"
        )
    if since == _NEWEST:
        return line
    return f"a Docker engine from {since[0]}.{since[1]} on; or {line}"


def advice(dockerfile: str, command: BuildCommand | None, engine: str) -> Iterator[str]:
    """What may have stopped a build, as far as the builder has to do with it."""
    image = frontend(dockerfile)
    lacking = tuple(one for one in needed(dockerfile) if not takes(one, command, engine))
    if lacking and not (image and command):
        forms = ", ".join(ability.form for ability in lacking)
        yield f"it was built by {builder_words(command, engine)}, which does not take {forms}"
        yield way_on(command, lacking)


def frontend_advice(dockerfile: str, command: BuildCommand | None, engine: str) -> Iterator[str]:
    """What to do when the image of its `# syntax=` line cannot be had."""
    image = frontend(dockerfile)
    lacking = tuple(one for one in needed(dockerfile) if not takes(one, command, engine))
    if not lacking:
        yield (
            f"its first line asks a registry for {image}, and the Dockerfile needs nothing of it:"
            " leave the `# syntax=` line out"
        )
        return
    forms = ", ".join(ability.form for ability in lacking)
    since = max(ability.since for ability in lacking)
    yield f"its first line asks a registry for {image}, and it needs that for {forms}"
    newer = "" if since == _NEWEST else f", or use a Docker engine from {since[0]}.{since[1]} on"
    yield f"where a registry answers, `docker pull {image}`{newer}"
