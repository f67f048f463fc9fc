"""The first `compartment.toml` of a repository: what its Dockerfiles suggest, short to read."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from compartment_tui.adapters.toml.files import write_atomically
from compartment_tui.adapters.toml.parsing import FILE_NAME
from compartment_tui.domain.config import Kind
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import SERVICE_PATTERN, parse_project_name
from compartment_tui.ports import Found, Secrets

DEPTH = 3
"""How many directories below the repository are looked into."""
SKIPPED = frozenset(("node_modules", "venv", "env", "vendor", "target", "dist", "build"))
ROOT_SERVICE = "web"

_EXPOSE = re.compile(r"^\s*EXPOSE\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_PORT = re.compile(r"(\d{1,5})(?:/tcp)?")
_WORKER = re.compile(r"worker|job|queue|cron|consumer|scheduler", re.IGNORECASE)

_HEAD = """\
# What this repository deploys. `compartment-tui deploy` puts it live; every key that can be here is
# explained in compartment.toml.example of compartment-tui.

[project]
name = "{name}"
base_domain = "localhost" # public hosts end in this
"""
_NOTHING = """
# Nothing to deploy was found: no Dockerfile. Write one, then take the # away.
# [services.web]
# path = "services/web" # the directory with the Dockerfile
# port = 8080           # where it listens
# readiness = { type = "http", path = "/healthz" } # when it can take traffic
"""
_TAIL = """
# Variables for every service; [environments.production.services.NAME.variables] are for one.
# [environments.production.variables]
# LOG_LEVEL = "info"
"""
_SECRETS = """
[secrets]
recipients = ["{recipient}"] # who may read the sensitive values
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A service that a Dockerfile suggests."""

    name: str
    path: str
    kind: Kind
    port: int | None


def init_project(directory: Path, name: str | None, secrets: Secrets | None = None) -> Found:
    """See `ports.InitProject`. Raises OSError when the directory cannot be written to."""
    found, text = _survey(directory, name)
    if secrets is not None:
        found, text = _with_recipient(found, text, secrets)
    write_atomically(found.file, text.encode())
    return found


def _with_recipient(found: Found, text: str, secrets: Secrets) -> tuple[Found, str]:
    """Ours, to begin with. That there cannot be one is no reason not to begin."""
    try:
        (recipient, *_) = secrets.make_identity().recipients
    except UsageProblem as problem:
        hint = f": {problem.hint}" if problem.hint else ""
        note = f"sensitive values need an identity, and {problem.message}{hint}"
        return replace(found, notes=(*found.notes, note)), text
    return replace(found, recipient=recipient), text + _SECRETS.format(recipient=recipient)


def survey_project(directory: Path) -> Found:
    """See `ports.SurveyProject`."""
    found, _ = _survey(directory, None)
    return found


def _survey(directory: Path, name: str | None) -> tuple[Found, str]:
    """What to write, and its text."""
    root = directory.resolve()
    file = root / FILE_NAME
    if file.exists():
        raise UsageProblem(
            f"there is a {FILE_NAME} in {root} already", hint="edit it, or remove it first"
        )
    project = parse_project_name(_derived_name(root) if name is None else name)
    guesses = _named(root, sorted(_dockerfiles(root)))
    found = Found(
        file=file,
        name=project,
        services=tuple((guess.name, guess.path) for guess in guesses),
        ports={guess.name: guess.port for guess in guesses if guess.port is not None},
        notes=_notes(guesses),
    )
    return found, _text(project, guesses)


def _derived_name(root: Path) -> str:
    """The directory's name as a project name, as near as can be."""
    plain = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).lstrip("-0123456789")
    return plain[:63].rstrip("-") or "project"


def _dockerfiles(root: Path) -> Iterator[str]:
    """Directories that have a Dockerfile, relative to `root`."""
    for folder, below, files in os.walk(root):
        here = Path(folder).relative_to(root)
        too_deep = len(here.parts) >= DEPTH
        below[:] = [] if too_deep else [name for name in below if _worth_a_look(folder, name)]
        if "Dockerfile" in files and (Path(folder) / "Dockerfile").resolve().is_relative_to(root):
            yield here.as_posix()


def _worth_a_look(folder: str, name: str) -> bool:
    virtual_environment = (Path(folder) / name / "pyvenv.cfg").exists()
    return not (name.startswith(".") or name in SKIPPED or virtual_environment)


def _named(root: Path, paths: list[str]) -> tuple[Guess, ...]:
    guesses: dict[str, Guess] = {}
    for path in paths:
        wanted = ROOT_SERVICE if path == "." else _service_name(path.rpartition("/")[2])
        name = wanted
        number = 2
        while name in guesses:
            name = f"{wanted[:60]}-{number}"
            number += 1
        guesses[name] = _guess(name, path, root / path / "Dockerfile")
    return tuple(guesses.values())


def _service_name(text: str) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63]
    return plain if SERVICE_PATTERN.fullmatch(plain) else "service"


def _guess(name: str, path: str, dockerfile: Path) -> Guess:
    text = dockerfile.read_text(encoding="utf-8", errors="replace")
    port = _exposed_port(text)
    kind = Kind.WEB
    if port is None and _WORKER.search(name):
        kind = Kind.WORKER
    elif name == Kind.API.value:
        kind = Kind.API
    return Guess(name=name, path=path, kind=kind, port=port)


def _exposed_port(dockerfile: str) -> int | None:
    """The first tcp port of the last EXPOSE that has one, where it is written as a number."""
    for exposed in _EXPOSE.findall(dockerfile)[::-1]:
        for word in exposed.split():
            match = _PORT.fullmatch(word)
            if match and 1 <= int(match[1]) <= 65535:
                return int(match[1])
    return None


def _text(project: str, guesses: tuple[Guess, ...]) -> str:
    services = "".join(_service_text(guess) for guess in guesses)
    return _HEAD.format(name=project) + (services or _NOTHING) + _TAIL


def _service_text(guess: Guess) -> str:
    lines = ["", f"[services.{guess.name}]", f'path = "{_escaped(guess.path)}"']
    if guess.kind is not Kind.WEB:
        lines.append(f'kind = "{guess.kind}"')
    if guess.port is not None:
        lines.append(f"port = {guess.port}")
    elif guess.kind.routed:
        lines.append("# port = 8080 # where it listens, if not on the port in the variable PORT")
    if guess.kind.routed:
        lines.append(
            '# readiness = { type = "http", path = "/healthz" } # else: it accepts connections'
        )
    return "\n".join(lines) + "\n"


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace('"', '\\"')


def _notes(guesses: tuple[Guess, ...]) -> tuple[str, ...]:
    if not guesses:
        return ("no Dockerfile was found, so the file has one commented service to start from",)
    return tuple(
        f"{guess.name}: no port is exposed in its Dockerfile; it gets PORT=3000 unless you name one"
        for guess in guesses
        if guess.kind.routed and guess.port is None
    )
