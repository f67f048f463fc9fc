"""What goes into a build: the directory, the Dockerfile, and what is left out."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compartment_tui.adapters.docker.build import static_image
from compartment_tui.adapters.docker.build.ignore_file import read_patterns, written
from compartment_tui.adapters.repository_files import FileRefused, is_inside, read_inside
from compartment_tui.domain.config import Kind, ServiceSpec
from compartment_tui.domain.errors import BuildFailed
from compartment_tui.ports import Project

# Both forms: once a file has a `!` line, a directory's pattern no longer covers what is below it.
NEVER_SENT = ("**/.compartment", "**/.compartment/**")
"""Our own copies, whatever the user's ignore file says."""
UNLESS_ASKED = ("**/.git", "**/.git/**")
"""History, unless the ignore file or the Dockerfile names it."""

_TAKES_FILES = re.compile(
    rb"^[ \t]*(?:COPY|ADD|RUN[ \t]+--mount)\b(.*)$", re.IGNORECASE | re.MULTILINE
)
_HISTORY = re.compile(rb"(?<![^\s\"'=,/\[])((?:[\w.-]+/)*\.git)(?=[\s\"',/\]]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One build, ready to go. `shown` is the Dockerfile as a person knows it."""

    context: Path
    dockerfile: Path
    """A copy, with an ignore file of its own beside it, away from the repository."""
    ignored: tuple[str, ...]
    shown: str
    root: Path | None = None
    """The repository, or a clean copy of a commit: nothing is read from outside of it."""


@contextmanager
def prepared(spec: ServiceSpec, project: Project, root: Path | None = None) -> Iterator[Recipe]:
    """The recipe of a service of the project; its temporary files go when the block ends.

    Its path lies in the project, or in `root` when that is given.

    Raises BuildFailed when the directory or the Dockerfile is missing or cannot be read.
    """
    top = root or project.root
    context = _context(spec, top)
    source = context / spec.build.dockerfile
    own = _user_patterns(spec, source, context, top)
    if spec.kind is Kind.STATIC:
        page = context / (spec.fallback or ".")
        if spec.fallback and not (page.is_file() and is_inside(context, page)):
            raise BuildFailed(
                f"the image of {spec.name} cannot be built: "
                f"there is no {spec.path}/{spec.fallback}",
                hint=f"`fallback` in [services.{spec.name}] names a page below its `path`",
            )
        text = static_image.dockerfile(project.config().static_image, spec.fallback).encode()
        file = root / project.file.name if root else project.file
        known = () if any(".well-known" in one for one in own) else static_image.WELL_KNOWN
        ignored = (
            *own,
            *UNLESS_ASKED,
            *NEVER_SENT,
            *static_image.NEVER_SERVED,
            *known,
            *_private(file, context),
        )
        shown = "the generated Dockerfile"
    else:
        text = _read(source, spec, top)
        ignored = (*_with_history(own, text), *NEVER_SENT)
        shown = PurePosixPath(spec.path or ".", spec.build.dockerfile).as_posix()
    with tempfile.TemporaryDirectory(prefix="compartment-build-") as directory:
        dockerfile = Path(directory) / "Dockerfile"
        dockerfile.write_bytes(text)
        # BuildKit takes an ignore file by the Dockerfile's own name before the context's.
        beside = Path(directory) / "Dockerfile.dockerignore"
        beside.write_bytes(written(ignored))
        yield Recipe(root=top, context=context, dockerfile=dockerfile, ignored=ignored, shown=shown)


def _context(spec: ServiceSpec, root: Path) -> Path:
    """The directory that is sent. Judged again: what the project file was read with may be gone."""
    context = root / (spec.path or ".")
    start = f"the image of {spec.name} cannot be built: "
    if not is_inside(root, context):
        raise BuildFailed(f"{start}{spec.path} leads out of the repository")
    if not context.is_dir():
        raise BuildFailed(
            f"{start}there is no directory {spec.path}",
            hint=f"`path` in [services.{spec.name}] names it",
        )
    return context.resolve()


def _read(dockerfile: Path, spec: ServiceSpec, root: Path) -> bytes:
    start = f"the image of {spec.name} cannot be built: "
    name = f"{spec.path}/{spec.build.dockerfile}"
    hint = 'write one, name another with build.dockerfile, or use kind = "static" for files'
    try:
        return read_inside(root, dockerfile)
    except FileNotFoundError as error:
        raise BuildFailed(f"{start}there is no {name}", hint=hint) from error
    except FileRefused as why:
        raise BuildFailed(f"{start}{name} {why}", hint=hint) from why


def _private(project_file: Path, context: Path) -> tuple[str, ...]:
    """Everything in a static image is public, and the project file has variables in it."""
    inside = project_file.is_relative_to(context)
    return (project_file.relative_to(context).as_posix(),) if inside else ()


def _with_history(own: tuple[str, ...], dockerfile: bytes) -> tuple[str, ...]:
    """The user's patterns, and those that leave history out where nobody asks for it."""
    asked = [
        f"!{path.decode('ascii', 'replace').removeprefix('./')}"
        for line in _TAKES_FILES.findall(dockerfile)
        for path in _HISTORY.findall(line)
    ]
    named = any(one.startswith("!") and ".git" in one[1:].split("/") for one in own)
    if asked or named:
        return (*UNLESS_ASKED, *asked, *own)
    return (*own, *UNLESS_ASKED)


def _user_patterns(
    spec: ServiceSpec, dockerfile: Path, context: Path, root: Path
) -> tuple[str, ...]:
    """The user's ignore patterns: those for this Dockerfile, else those of the context."""
    for file in (
        dockerfile.with_name(f"{dockerfile.name}.dockerignore"),
        context / ".dockerignore",
    ):
        start = f"the image of {spec.name} cannot be built: {file.name}"
        try:
            return read_patterns(read_inside(root, file))
        except FileNotFoundError:
            continue
        except (FileRefused, ValueError) as error:
            raise BuildFailed(f"{start} {error}") from error
    return ()
