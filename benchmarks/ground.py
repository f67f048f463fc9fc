"""Where the measuring happens: a project of its own, with an edge, volumes and locks of its own."""

import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shell import Broken, output
from compartment_tui.adapters.docker.api.address import find_address
from compartment_tui.adapters.docker.build.build_command import (
    child_environment,
    find_build_command,
)
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.bootstrap import NAMESPACE_VARIABLE

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop"
LABEL = "compartment-benchmark"
UNCOMPILED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
"""With these a checkout, unlike an installed package, would be compiled again by every command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A copy of the shop for the product. `name` is in everything that is made on the engine."""

    folder: Path
    name: str
    edge_port: int
    tls_port: int
    settle: float
    """Seconds that the product waits, by its project file, once the new version is ready."""

    @property
    def shop(self) -> Path:
        """The project that the product deploys."""
        return self.folder / "shop"

    @property
    def host(self) -> str:
        """The host name of `web` in production."""
        return f"{self.name}.localhost"

    @property
    def label(self) -> str:
        return f"{LABEL}={self.name}"

    def copy(self, name: str) -> Path:
        """Another copy of the shop."""
        return Path(shutil.copytree(SHOP, self.folder / name, ignore=_generated))

    def version(self, shop: Path, name: str) -> str:
        """Change one file of one service; the version its answers will bear, never seen before."""
        version = f"{self.name}-{name}"
        (shop / "services" / "web" / "version.txt").write_text(f"{version}\n", encoding="utf-8")
        return version

    def environment(self) -> dict[str, str]:
        """What the product runs with: compiled, as it is where it was installed."""
        kept = {name: one for name, one in os.environ.items() if name not in UNCOMPILED}
        return {**kept, NAMESPACE_VARIABLE: self.name, "NO_COLOR": "1"}


def docker() -> str:
    """The docker command that the product builds with, so that the floor is its own."""
    found = find_build_command()
    return found.path if found else "docker"


def build_words() -> tuple[str, ...]:
    """How an image is built the way the product does."""
    found = find_build_command()
    return found.start() if found else ("docker", "build")


def docker_environment() -> dict[str, str]:
    """What a docker command needs to reach the same engine, the same way."""
    return child_environment(find_address())


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def prepared() -> Iterator[Ground]:
    """A ground to measure on. Whatever was made on it, also on the engine, is gone afterwards."""
    name, port, tls_port = f"bench-{secrets.token_hex(3)}", free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix=f"{name}.") as folder:
        shop = Path(shutil.copytree(SHOP, Path(folder) / "shop", ignore=_generated))
        _rename(shop / "compartment.toml", name, port, tls_port)
        _put_under_version_control(shop)
        web = TomlProject.find(shop, None).config().service("web")
        if web is None:
            raise Broken("the shop has no service called web any more")
        settle = web.settle.total_seconds()
        try:
            yield Ground(
                folder=Path(folder), name=name, edge_port=port, tls_port=tls_port, settle=settle
            )
        finally:
            remove_everything(name)


def remove_everything(name: str) -> None:
    """Remove what bears the benchmark's name on the engine, and nothing else."""
    mine = (f"label={LABEL}={name}", f"label=compartment.project={name}")
    _each("container", ("rm", "-f", "-v"), ("ps", "-aq", "--no-trunc"), (*mine, f"name=^/?{name}"))
    _each("network", ("rm",), ("network", "ls", "-q"), (*mine, f"name={name}"))
    _each("volume", ("rm",), ("volume", "ls", "-q"), (f"name=^{name}-",))
    _each("image", ("rm", "-f"), ("images", "-q", "--no-trunc"), mine)


def _each(
    kind: str, remove: tuple[str, ...], find: tuple[str, ...], filters: tuple[str, ...]
) -> None:
    # Docker joins filters of one kind by "and", so each is asked for alone.
    found = {
        one for mine in filters for one in output(docker(), *find, "--filter", mine).splitlines()
    }
    if found:
        output(docker(), kind, *remove, *sorted(found))


def _generated(_: str, names: list[str]) -> list[str]:
    return [name for name in names if name in (".compartment", "__pycache__")]


def _rename(file: Path, name: str, port: int, tls_port: int) -> None:
    text = file.read_text(encoding="utf-8")
    for pattern, line in (
        (r'^name = "shop"$', f'name = "{name}"'),
        (r"^http_port = 8080$", f"http_port = {port}\nhttps_port = {tls_port}"),
    ):
        text, count = re.subn(pattern, line, text, flags=re.MULTILINE)
        if count != 1:
            raise Broken(f"{file.name} of the shop has no line {pattern} any more")
    file.write_text(text, encoding="utf-8")


def _put_under_version_control(shop: Path) -> None:
    """As everybody's projects are: reading the commit is part of what a deploy costs."""
    if shutil.which("git") is None:
        return
    who = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.invalid")
    output("git", "init", "-q", cwd=shop)
    output("git", "add", "-A", cwd=shop)
    output("git", *who, "commit", "-q", "-m", "The shop", cwd=shop)
