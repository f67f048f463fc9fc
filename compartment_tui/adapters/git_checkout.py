"""Writes the files of a commit into a directory, as `git checkout` would.

It is done in a repository of its own that only borrows the objects, so of the real one's settings
nothing is in force but how lines end: no hook and no filter that the repository names is run, and
nothing is fetched. The person's own filters, such as Git LFS, do their work.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from compartment_tui.adapters.git_command import GitCommand, GitFailed
from compartment_tui.adapters.repository_files import FileRefused, is_inside, read_inside
from compartment_tui.domain.names import show

SHOWN_FILES = 3
SUBMODULE_DEPTH = 16
LONGEST_POINTER = 1024
"""Bytes; Git LFS takes nothing longer for a pointer."""

_SHA256_DIGITS = 64
_GITLINK = "160000"
_LFS_START = b"version https://git-lfs.github.com/spec/"
_PASSED_ON = ("core.autocrlf", "core.eol", "core.attributesFile")
_DOING_NOTHING = ("", "cat", "cat %f")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRepository:
    """A repository that a commit is taken from."""

    git_directory: Path
    work_tree: Path
    """Where its submodules may be checked out."""
    settings: tuple[str, ...]
    foreign: frozenset[str]
    """Filters that would change files, and that only the repository itself defines."""

    @property
    def objects(self) -> Path:
        return self.git_directory / "objects"


def origin_of(repository: GitCommand, work_tree: Path) -> SourceRepository:
    """The repository that a directory is in. Raises GitFailed."""
    common = repository.run("rev-parse", "--git-common-dir").rstrip("\n")
    git_directory = (repository.directory / common).resolve()
    passed = ((name, repository.read("config", name)) for name in _PASSED_ON)
    own = repository.own_filters()
    foreign = repository.foreign_filters()
    return SourceRepository(
        git_directory=git_directory,
        work_tree=work_tree,
        settings=(
            *(f"{name}={value}" for name, value in passed if value and _is_readable(name, value)),
            f"lfs.storage={git_directory / 'lfs'}",
        ),
        foreign=frozenset(name for name in foreign if name not in own and _changes(foreign[name])),
    )


def _is_readable(name: str, value: str) -> bool:
    """A file of attributes that is a pipe or a device would be read without end."""
    return name != "core.attributesFile" or os.path.isfile(os.path.expanduser(value))  # noqa: PTH111, PTH113


def _changes(parts: dict[str, str]) -> bool:
    return any(parts.get(part, "") not in _DOING_NOTHING for part in ("smudge", "process"))


def write_commit(
    origin: SourceRepository, commit: str, prefix: str, directory: Path
) -> tuple[str, ...]:
    """Write what lies below `prefix` in a commit, submodules included, into `directory/files`.

    Returns, in words, what a person should know of it. Raises GitFailed when anything is missing.
    """
    files = directory / "files"
    files.mkdir()
    writer = _Writer(directory=directory)
    return tuple(writer.write(origin, commit, prefix, files, PurePosixPath()))


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Writes one commit after the other: the project's, then those of its submodules."""

    directory: Path
    _made: int = 0

    def write(
        self, origin: SourceRepository, commit: str, prefix: str, files: Path, below: PurePosixPath
    ) -> Iterator[str]:
        """`below` is where `files` lies in the whole; `prefix` ends in a slash unless empty."""
        git, variables = self._repository(origin, commit, files)
        git.run("read-tree", commit, variables=variables, long=True)
        listed = git.run("ls-files", "--stage", "-z", variables=variables, long=True, exact=True)
        wanted = [entry for entry in _entries(listed) if entry.path.startswith(prefix)]
        if not wanted:
            raise GitFailed(f"it has no files in {show(prefix)}" if prefix else "it has no files")
        paths = [entry.path for entry in wanted if entry.mode != _GITLINK]
        asked = _list(paths)
        found = git.run(
            *("check-attr", "--cached", "--stdin", "-z", "filter"),
            variables=variables,
            given=asked,
            long=True,
            exact=True,
        )
        filters = _filters(found)
        _refuse_foreign_filters(filters, origin)
        git.run(
            *("checkout-index", "--force", "--quiet", "-z", "--stdin"),
            settings=origin.settings,
            variables=variables,
            given=asked,
            long=True,
        )
        _refuse_left_out(paths, files)
        yield from _pointers(filters, files, below)
        for entry in wanted:
            if entry.mode == _GITLINK:
                yield from self._submodule(origin, commit, entry, files, below)

    def _repository(
        self, origin: SourceRepository, commit: str, files: Path
    ) -> tuple[GitCommand, dict[str, str]]:
        """An empty repository that borrows the objects of the origin."""
        self._made += 1
        place = self.directory / f"git-{self._made}"
        git = GitCommand(files)
        sha256 = ("--object-format=sha256",) if len(commit) == _SHA256_DIGITS else ()
        git.run("init", "--quiet", "--bare", "--template=", *sha256, str(place))
        with suppress(OSError, FileRefused):
            (place / "info").mkdir(exist_ok=True)
            attributes = origin.git_directory / "info" / "attributes"
            content = read_inside(origin.git_directory, attributes)
            (place / "info" / "attributes").write_bytes(content)
        git.run("config", "--file", str(place / "config"), "core.bare", "false")
        variables = {
            "GIT_DIR": str(place),
            "GIT_WORK_TREE": str(files),
            "GIT_OBJECT_DIRECTORY": str(origin.objects),
        }
        return git, variables

    def _submodule(
        self,
        origin: SourceRepository,
        commit: str,
        link: "_Entry",
        files: Path,
        below: PurePosixPath,
    ) -> Iterator[str]:
        place, shown = files / link.path, below / link.path
        if place.resolve() != files.resolve() / link.path:
            # A tree can hold a link and a directory of one name.
            raise GitFailed(f"the submodule {show(str(shown))} lies where a link leads")
        place.mkdir(parents=True, exist_ok=True)
        if len(shown.parts) > SUBMODULE_DEPTH * 4 or self._made > SUBMODULE_DEPTH**2:
            raise GitFailed(f"the submodules of {show(str(shown))} are nested too deeply")
        name = self._name(origin, commit, link.path, files)
        for found in _submodule_origins(origin, link.path, name):
            if self._has(found, link.object, place):
                yield from self.write(found, link.object, "", place, shown)
                return
        if name is None:
            yield (
                f"{show(str(shown))} is empty: it is a repository inside the repository"
                " that .gitmodules does not name"
            )
            return
        raise GitFailed(
            f"the submodule {show(str(shown))} is not here at commit {link.object[:10]}",
            hint="`git submodule update --init --recursive` at that commit brings it",
        )

    def _name(self, origin: SourceRepository, commit: str, path: str, files: Path) -> str | None:
        """What .gitmodules of the commit calls the submodule of a path."""
        git, variables = self._repository(origin, commit, files)
        listing = ("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp")
        try:
            found = git.run(*listing, r"^submodule\..*\.path$", variables=variables, exact=True)
        except GitFailed:
            return None
        for entry in found.split("\0"):
            key, _, value = entry.partition("\n")
            if value == path:
                return key.removeprefix("submodule.").removesuffix(".path")
        return None

    def _has(self, origin: SourceRepository, commit: str, place: Path) -> bool:
        git, variables = self._repository(origin, commit, place)
        try:
            git.run("cat-file", "-e", f"{commit}^{{commit}}", variables=variables)
        except GitFailed:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    mode: str
    object: str
    path: str


def _entries(listed: str) -> Iterator[_Entry]:
    """The lines of `git ls-files --stage -z`."""
    for line in listed.split("\0"):
        if line:
            about, _, path = line.partition("\t")
            mode, name, _stage = about.split(" ")
            yield _Entry(mode=mode, object=name, path=path)


def _submodule_origins(
    origin: SourceRepository, path: str, name: str | None
) -> Iterator[SourceRepository]:
    """Where the objects of a submodule may lie: in the working tree, or put away by git."""
    here = origin.work_tree / path
    if is_inside(origin.work_tree, here) and os.path.lexists(here / ".git"):
        with suppress(GitFailed):
            yield origin_of(GitCommand(here), here)
    if name is not None:
        modules = (origin.git_directory / "modules").resolve()
        away = (modules / name).resolve()
        if away.is_relative_to(modules) and (away / "objects").is_dir():
            lfs = f"lfs.storage={away / 'lfs'}"
            settings = (*origin.settings[:-1], lfs)
            yield replace(origin, git_directory=away, work_tree=here, settings=settings)


def _filters(found: str) -> dict[str, str]:
    """Path to filter driver in what `git check-attr -z filter` prints, where there is one."""
    words = found.split("\0")
    drivers = zip(words[::3], words[2::3], strict=False)
    return {path: one for path, one in drivers if one not in ("unspecified", "unset", "set")}


def _refuse_foreign_filters(filters: dict[str, str], origin: SourceRepository) -> None:
    changed = {path: driver for path, driver in filters.items() if driver in origin.foreign}
    if changed:
        driver = next(iter(changed.values()))
        raise GitFailed(
            f"{_some(list(changed))} would go through the filter {show(driver)},"
            " which only the repository's own settings define, and those are not run",
            hint=f"if you trust it, make it yours: `git config --global filter.{driver}.smudge …`",
        )


def _refuse_left_out(paths: Sequence[str], files: Path) -> None:
    """Git goes on after an object it does not have, and may end well all the same."""
    missing = [path for path in paths if not os.path.lexists(files / path)]
    if missing:
        raise GitFailed(f"{_some(missing)} could not be written")


def _pointers(filters: dict[str, str], files: Path, below: PurePosixPath) -> Iterator[str]:
    left = [
        str(below / path)
        for path, driver in filters.items()
        if driver == "lfs" and _is_pointer(files / path)
    ]
    if left:
        yield (
            f"{_some(left)} {'is a Git LFS pointer' if len(left) == 1 else 'are Git LFS pointers'}"
            ", not the content: install git-lfs, then `git lfs install` and `git lfs fetch --all`"
        )


def _is_pointer(file: Path) -> bool:
    if file.is_symlink() or not file.is_file() or file.stat().st_size > LONGEST_POINTER:
        return False
    return file.read_bytes().startswith(_LFS_START)


def _some(paths: Sequence[str]) -> str:
    shown = [show(path) for path in paths[:SHOWN_FILES]]
    more = len(paths) - len(shown)
    return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def _list(paths: Sequence[str]) -> bytes:
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
