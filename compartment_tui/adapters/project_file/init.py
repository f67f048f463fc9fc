"""The first `compartment.toml` of a repository: what its Dockerfiles suggest, short to read."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from compartment_tui.adapters.project_file.atomic_write import write_new
from compartment_tui.adapters.project_file.edit.quotes import string_text
from compartment_tui.adapters.project_file.parse import FILE_NAME
from compartment_tui.adapters.repository_files import FileRefused, has_match, read_inside
from compartment_tui.domain.config import Kind
from compartment_tui.domain.dockerfile import context_sources, own_ports
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import SERVICE_PATTERN, parse_project_name
from compartment_tui.ports import ProjectSurvey, Secrets

DEPTH = 3
"""How many directories below the repository are looked into."""
SKIPPED = frozenset(
    (
        "node_modules",
        "venv",
        "env",
        "vendor",
        "third_party",
        "target",
        "dist",
        "build",
        "__pycache__",
    )
)
"""Directories that are not looked into."""
ASIDE = re.compile(r"examples?|tests?|test.*|.*[-_]tests?|__tests__|fixtures?", re.IGNORECASE)
"""Directories whose Dockerfiles are nobody's service."""
MOST_DIRECTORIES = 20_000
MOST_DOCKERFILES = 500
DOCKERFILE = "Dockerfile"
PLAIN = ("dockerfile", "containerfile")
NO_DOCKERFILES = frozenset(
    (
        *("dockerignore", "bak", "backup", "orig", "old", "save", "swp", "tmp", "rej", "lock"),
        *("md", "txt", "log", "j2", "jinja", "jinja2", "tmpl", "tpl", "template", "erb", "in"),
        *("py", "sh", "js", "ts", "json", "yml", "yaml", "toml"),
    )
)
"""Endings of what is not built: copies, templates, texts about it."""
LIVE = ("production", "prod", "release")
VARIANTS = frozenset(
    (
        *("dev", "devel", "develop", "development", "local", "debug", "test", "tests", "testing"),
        *("ci", "e2e", "lint", "prod", "production", "release", "staging", "stage", "base"),
        *("build", "builder", "buildx", "deps", "alpine", "slim", "debian", "ubuntu", "windows"),
        *("distroless", "scratch", "linux", "arm", "arm64", "armhf", "amd64", "x86", "x64", "gpu"),
        *("cuda", "cpu", "multi", "multistage", "multiarch", "new", "legacy", "example", "sample"),
    )
)
"""Words for how something is built, not for what it is."""
ROOT_SERVICE = "web"

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
    dockerfile: str
    """Relative to `path`."""
    kind: Kind
    port: int | None


def init_project(
    directory: Path, name: str | None, secrets: Secrets | None = None
) -> ProjectSurvey:
    """See `ports.InitProject`. Raises OSError when the directory cannot be written to."""
    found, text = _survey(directory, name)
    if secrets is not None:
        found, text = _with_recipient(found, text, secrets)
    try:
        write_new(found.file, text.encode("utf-8", "surrogateescape"))
    except FileExistsError as error:  # it came up meanwhile
        raise _there_already(found.file) from error
    return found


def _with_recipient(found: ProjectSurvey, text: str, secrets: Secrets) -> tuple[ProjectSurvey, str]:
    """Ours, to begin with. That there cannot be one is no reason not to begin."""
    try:
        (recipient, *_) = secrets.make_identity().recipients
    except UsageProblem as problem:
        hint = f": {problem.hint}" if problem.hint else ""
        note = f"sensitive values need an identity, and {problem.message}{hint}"
        return replace(found, notes=(*found.notes, note)), text
    return replace(found, recipient=recipient), text + _SECRETS.format(recipient=recipient)


def survey_project(directory: Path) -> ProjectSurvey:
    """See `ports.SurveyProject`."""
    found, _ = _survey(directory, None)
    return found


def _survey(directory: Path, name: str | None) -> tuple[ProjectSurvey, str]:
    """What to write, and its text."""
    root = directory.resolve()
    file = root / FILE_NAME
    if os.path.lexists(file):
        raise _there_already(file)
    project = parse_project_name(_derived_name(root) if name is None else name)
    notes: list[str] = []
    guesses = _named(root, _chosen(_dockerfiles(root, notes), notes), notes)
    found = ProjectSurvey(
        file=file,
        name=project,
        services=tuple((guess.name, guess.path) for guess in guesses),
        ports={guess.name: guess.port for guess in guesses if guess.port is not None},
        dockerfiles={
            guess.name: guess.dockerfile for guess in guesses if guess.dockerfile != DOCKERFILE
        },
        notes=(*_notes(guesses), *notes),
    )
    return found, _text(project, guesses)


def _there_already(file: Path) -> UsageProblem:
    if file.is_symlink() and not file.exists():
        return UsageProblem(
            f"{FILE_NAME} in {file.parent} is a link that leads to nothing",
            hint="remove it first: nothing is written where a link leads",
        )
    return UsageProblem(
        f"there is a {FILE_NAME} in {file.parent} already", hint="edit it, or remove it first"
    )


def _derived_name(root: Path) -> str:
    """The directory's name as a project name, as near as can be."""
    plain = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).lstrip("-0123456789")
    return plain[:63].rstrip("-") or "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A file with a Dockerfile's name."""

    folder: str
    """Relative to the repository."""
    file: str
    role: str | None
    """What its name says beside "Dockerfile": `worker` of `Dockerfile.worker`."""

    @property
    def path(self) -> str:
        return self.file if self.folder == "." else f"{self.folder}/{self.file}"


def _role(file: str) -> str | None:
    """What a Dockerfile's name says it is for, "" for a plain one; None when it is none."""
    if file.lower() in PLAIN:
        return ""
    head, _, tail = file.partition(".")
    if head.lower() in PLAIN and tail.lower() not in NO_DOCKERFILES and not tail.endswith("~"):
        return None if tail.lower().rpartition(".")[2] in NO_DOCKERFILES else tail
    stem, _, ending = file.rpartition(".")
    return stem if stem and ending.lower() in PLAIN else None


def _dockerfiles(root: Path, notes: list[str]) -> list[_Seen]:
    """Those that may be services; what was seen and left out is noted."""
    skipped = SKIPPED | _ignored(root)
    found: list[_Seen] = []
    looked_into = 0

    def unreadable(error: OSError) -> None:
        notes.append(f"{_relative(root, error.filename)} cannot be read: {error.strerror}")

    for folder, below, files in os.walk(root, onerror=unreadable):
        looked_into += 1
        if looked_into > MOST_DIRECTORIES:
            notes.append(f"only {MOST_DIRECTORIES} directories were looked into")
            break
        here = Path(folder).relative_to(root)
        too_deep = len(here.parts) >= DEPTH
        below[:] = (
            []
            if too_deep
            else sorted(name for name in below if _worth_a_look(folder, name, skipped))
        )
        for file in sorted(files):
            role = _role(file)
            if role is None:
                continue
            seen = _Seen(folder=here.as_posix(), file=file, role=role)
            why = _why_not(root, seen)
            if len(found) >= MOST_DOCKERFILES:
                notes.append(f"only {MOST_DOCKERFILES} Dockerfiles were looked at")
                return found
            if why:
                notes.append(f"{seen.path} was seen and not taken: {why}")
            else:
                found.append(seen)
    return found


def _relative(root: Path, path: object) -> str:
    try:
        return Path(str(path)).relative_to(root).as_posix()
    except ValueError:
        return str(path)


def _why_not(root: Path, seen: _Seen) -> str:
    """Why it is no service; empty when it may be one."""
    aside = next((part for part in seen.folder.split("/") if ASIDE.fullmatch(part)), None)
    if aside is not None:
        return f"what lies in {aside} is left out"
    try:
        read_inside(root, root / seen.path)
    except FileNotFoundError:
        return "it is no file"
    except FileRefused as why:
        return f"it {why}"
    return ""


def _ignored(root: Path) -> frozenset[str]:
    """Directories that the repository's .gitignore names plainly."""
    try:
        lines = read_inside(root, root / ".gitignore").decode("utf-8", "replace").splitlines()
    except (OSError, FileRefused):
        return frozenset()
    names = (line.strip().strip("/") for line in lines)
    return frozenset(name for name in names if name and not set(name) & set("#!*?[/"))


def _worth_a_look(folder: str, name: str, skipped: frozenset[str]) -> bool:
    virtual_environment = (Path(folder) / name / "pyvenv.cfg").exists()
    return not (name.startswith(".") or name in skipped or virtual_environment)


def _chosen(found: list[_Seen], notes: list[str]) -> list[_Seen]:
    """Those that are services: of variants of one thing in one directory only one."""
    taken: list[_Seen] = []
    for folder in dict.fromkeys(seen.folder for seen in found):
        beside = [seen for seen in found if seen.folder == folder]
        plain = [seen for seen in beside if not seen.role]
        variants = [seen for seen in beside if seen.role and _is_variant(seen.role)]
        if not plain and len(variants) == len(beside):
            plain = sorted(variants, key=lambda seen: (seen.role or "").lower() not in LIVE)
        first = plain[:1]
        taken += first + [seen for seen in beside if seen not in variants and seen.role]
        for seen in beside:
            if seen not in taken:
                kept = first[0].file if first else "the others"
                notes.append(f"{seen.path} was seen and not taken: it stands beside {kept}")
    return taken


def _is_variant(role: str) -> bool:
    """Whether all of it is about how something is built, not about what it is."""
    words = re.split(r"[^a-z0-9]+", role.lower())
    return all(word in VARIANTS or word.isdigit() for word in words if word)


def _named(root: Path, found: list[_Seen], notes: list[str]) -> tuple[Guess, ...]:
    guesses: dict[str, Guess] = {}
    for seen in sorted(found, key=lambda seen: (seen.folder, bool(seen.role), seen.file)):
        role = seen.role if seen.role and not _is_variant(seen.role) else ""
        label = role or seen.folder.rpartition("/")[2]
        wanted = ROOT_SERVICE if label == "." else _service_name(label)
        name = wanted
        number = 2
        while name in guesses:
            name = f"{wanted[:60]}-{number}"
            number += 1
        if name != wanted:
            notes.append(f"{name}: another service is called {wanted} already ({seen.path})")
        guesses[name] = _guess(name, root, seen)
    return tuple(guesses.values())


def _service_name(text: str) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63]
    return plain if SERVICE_PATTERN.fullmatch(plain) else "service"


def _guess(name: str, root: Path, seen: _Seen) -> Guess:
    text = _read(root, seen)
    port = next(iter(own_ports(text, {})), None)
    kind = Kind.WEB
    if port is None and _WORKER.search(name):
        kind = Kind.WORKER
    elif name == Kind.API.value:
        kind = Kind.API
    context = _context(root, seen.folder, context_sources(text))
    dockerfile = Path(seen.path).relative_to(context).as_posix()
    return Guess(name=name, path=context, dockerfile=dockerfile, kind=kind, port=port)


def _read(root: Path, seen: _Seen) -> str:
    try:
        return read_inside(root, root / seen.path).decode("utf-8", "replace")
    except (OSError, FileRefused):  # it could be read a moment ago
        return ""


def _context(root: Path, folder: str, sources: tuple[str, ...]) -> str:
    """The directory that has what the Dockerfile copies: its own, or the nearest that has more."""
    here = Path(folder)
    candidates = [here, *here.parents]
    has = {place: sum(is_in(root / place, source) for source in sources) for place in candidates}
    return max(candidates, key=lambda place: (has[place], len(place.parts))).as_posix()


def is_in(directory: Path, source: str) -> bool:
    """Whether a path that a Dockerfile names is in that directory; it may have wildcards."""
    try:
        if any(mark in source for mark in "*?["):
            return has_match(directory, source)
        return (directory / source).exists()
    except (OSError, ValueError):
        return False


def _text(project: str, guesses: tuple[Guess, ...]) -> str:
    services = "".join(_service_text(guess) for guess in guesses)
    return _HEAD.format(name=project) + (services or _NOTHING) + _TAIL


def _service_text(guess: Guess) -> str:
    lines = ["", f"[services.{guess.name}]", f"path = {string_text(guess.path)}"]
    if guess.dockerfile != DOCKERFILE:
        lines.append(f"build = {{ dockerfile = {string_text(guess.dockerfile)} }}")
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


def _notes(guesses: tuple[Guess, ...]) -> tuple[str, ...]:
    if not guesses:
        return ("no Dockerfile was found, so the file has one commented service to start from",)
    return tuple(
        f"{guess.name}: no port is exposed in its Dockerfile; it gets PORT=3000 unless you name one"
        for guess in guesses
        if guess.kind.routed and guess.port is None
    )
