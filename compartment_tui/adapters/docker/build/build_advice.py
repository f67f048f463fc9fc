"""What may help with a build that failed: the builder there is, and what the context lacks."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compartment_tui.adapters.docker.api.build_and_pull import matches_pattern
from compartment_tui.adapters.docker.build import builder_abilities as abilities
from compartment_tui.adapters.docker.build.build_command import BuildCommand
from compartment_tui.adapters.docker.build.build_context import NEVER_SENT, Recipe
from compartment_tui.adapters.docker.build.build_progress import Breakdown
from compartment_tui.adapters.docker.build.ignore_file import FEW_WILDCARDS
from compartment_tui.adapters.repository_files import has_match, is_inside
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.dockerfile import copied, instructions

_NOT_THERE = re.compile(
    r"not found|no such file|does not exist|forbidden path|outside (?:of )?(?:the )?build context"
    r"|no source files|excluded by",
    re.IGNORECASE,
)
_COPY = re.compile(r"^(COPY|ADD)\s+(.*)", re.IGNORECASE | re.DOTALL)
_NO_HISTORY = re.compile(r"not a git repository", re.IGNORECASE)
SHOWN = 3
_FRONTEND_STEP = "resolve image config for"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSite:
    """Where a build failed: the recipe, the tree it lies in, and who built it."""

    spec: ServiceSpec
    recipe: Recipe
    root: Path
    """The project's files, or a clean copy of a commit."""
    working_tree: Path | None = None
    """The project, when `root` is such a copy."""
    command: BuildCommand | None
    engine: str
    """The engine's version; empty when it could not be asked."""


def build_advice(site: BuildSite, found: Breakdown) -> str:
    """The way on, as far as it can be told; empty when nothing can."""
    text = site.recipe.dockerfile.read_text(encoding="utf-8", errors="replace")
    image = abilities.frontend(text)
    asked = found.instruction.startswith(_FRONTEND_STEP) or found.base_image == image
    if image and (asked or (not found.step and image in found.reason)):
        return "; ".join(abilities.frontend_advice(text, site.command, site.engine))
    lines = [*_missing_files(site, found, text), *_history(found)]
    if not lines:
        lines = list(abilities.advice(text, site.command, site.engine))
    return "; ".join(lines[:SHOWN])


def _history(found: Breakdown) -> Iterator[str]:
    if _COPY.match(found.instruction) is None and any(map(_NO_HISTORY.search, found.tail)):
        yield (
            "`.git` is part of the build context only when a COPY or `!.git` in the ignore file"
            " names it: better give the build what it needs with `build.args`"
        )


def _missing_files(site: BuildSite, found: Breakdown, text: str) -> Iterator[str]:
    words = " ".join((found.reason, *found.tail[-2:]))
    if not _NOT_THERE.search(words):
        return
    if found.instruction and not _COPY.match(found.instruction):
        return
    if found.instruction:
        lines = [found.instruction]
    else:
        lines = [f"{one.name} {one.rest}" for one in instructions(text)]
    for source in dict.fromkeys(source for line in lines for source in sources(line)):
        advice = _about(site, source)
        if advice:
            yield advice


def sources(instruction: str) -> tuple[str, ...]:
    """What a COPY or an ADD takes from the context, as it is written."""
    word, _, rest = instruction.strip().partition(" ")
    return copied(rest.strip()) if word.upper() in ("COPY", "ADD") else ()


def _about(site: BuildSite, source: str) -> str:
    """Why this is not in the context, and what brings it there; empty when it is there."""
    context, root = site.recipe.context, site.root.resolve()
    inside = source.lstrip("/").removeprefix("./") or "."
    if _lies_in(context, inside):
        return _left_out(site, inside)
    shown = PurePosixPath(site.spec.path or ".").as_posix()
    direct = Path(os.path.normpath(context / inside))
    if ".." in Path(inside).parts and not direct.is_relative_to(context):
        if direct.exists() and direct.is_relative_to(root):
            return _from_above(site, source, root, direct.relative_to(root).as_posix())
        return f"{source} lies outside of the build context {shown}"
    above = context
    while above != root and root in above.parents:
        above = above.parent
        if _lies_in(above, inside):
            return _from_above(site, source, above, inside)
    tree = site.working_tree
    if tree is not None and _lies_in(tree / (site.spec.path or "."), inside):
        return f"{source} is not in that commit: it is in the working tree alone"
    return f"there is no {source} in the build context {shown}"


def _lies_in(directory: Path, inside: str) -> bool:
    try:
        if _has_pattern(inside):
            return has_match(directory, inside)
        found = directory / inside
        return found.exists() and is_inside(directory, found)
    except (OSError, ValueError):
        return False


def _has_pattern(path: str) -> bool:
    return any(one in path for one in "*?[")


def _from_above(site: BuildSite, source: str, above: Path, inside: str) -> str:
    root, context = site.root.resolve(), site.recipe.context
    path = above.relative_to(root).as_posix()
    dockerfile = Path(os.path.normpath(context / site.spec.build.dockerfile))
    named = Path(os.path.relpath(dockerfile, above)).as_posix()
    shown = PurePosixPath(site.spec.path or ".").as_posix()
    new = (
        f"COPY {inside}"
        if inside != source.lstrip("/").removeprefix("./")
        else "all of its COPY lines"
    )
    return (
        f'{source} is not in the build context {shown}: `path = "{path}"` and'
        f' `build = {{ dockerfile = "{named}" }}` in [services.{site.spec.name}] have it'
        f" ({new} then {'begins' if new.startswith('COPY') else 'begin'} at"
        f" {'the repository' if path == '.' else path})"
    )


def _left_out(site: BuildSite, inside: str) -> str:
    """By what a thing that is there is kept out of the context; empty when it is not."""
    pattern = matching_pattern(site.recipe.ignored, inside)
    if pattern is None:
        return ""
    if pattern in NEVER_SENT:
        name = pattern.replace("**/", "").replace("/**", "")
        return f"{inside} is there, but {name} never enters a build context"
    return f"{inside} is there, but left out of the build context by `{pattern}` in the ignore file"


def matching_pattern(patterns: tuple[str, ...], path: str) -> str | None:
    """The last pattern of an ignore file that decides about a path, if it leaves it out."""
    decided = None
    for pattern in patterns:
        if pattern.count("*") > FEW_WILDCARDS * 2:  # which the SDK may take very long for
            continue
        again = pattern.startswith("!")
        try:
            if matches_pattern(pattern.removeprefix("!"), path):
                decided = None if again else pattern
        except re.error:
            continue
    return decided
