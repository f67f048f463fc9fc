"""The least that Docker itself takes for the same: build, run, answer; or start, answer."""

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import Ground, build_words, docker, docker_environment, free_port
from benchmarks.shell import output
from benchmarks.watching import Watcher

PORT = 8080
"""Where the shop's web listens inside its container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Bare Docker with a copy of the shop's web service, on ports of its own."""

    ground: Ground
    shop: Path
    port: int
    kept: str
    """A stopped container, and the version that it answers with."""
    kept_port: int
    kept_version: str

    @classmethod
    def prepared(cls, ground: Ground) -> "Floor":
        shop, name, port = ground.copy("floor"), f"{ground.name}-kept", free_port()
        version = ground.version(shop, "kept")
        _build(ground, shop, name)
        output(docker(), "create", *_options(ground, name, port), name, env=docker_environment())
        return cls(
            ground=ground,
            shop=shop,
            port=free_port(),
            kept=name,
            kept_port=port,
            kept_version=version,
        )

    def deploy(self, name: str) -> float:
        """Seconds from one changed file to the first answer of a new container."""
        tag = f"{self.ground.name}-floor"
        version = self.ground.version(self.shop, name)
        with Watcher(self.port) as watcher:
            began = time.monotonic()
            _build(self.ground, self.shop, tag)
            output(
                docker(),
                *("run", "-d"),
                *_options(self.ground, tag, self.port),
                tag,
                env=docker_environment(),
            )
            first = watcher.first(version)
        output(docker(), "rm", "-f", tag, env=docker_environment())
        return first - began

    def start(self) -> float:
        """Seconds from `docker start` of a stopped container to its first answer."""
        with Watcher(self.kept_port) as watcher:
            began = time.monotonic()
            output(docker(), "start", self.kept, env=docker_environment())
            first = watcher.first(self.kept_version)
        output(docker(), "stop", self.kept, env=docker_environment())
        return first - began


def _build(ground: Ground, shop: Path, tag: str) -> None:
    context = shop / "services" / "web"
    words = (*build_words(), "-q", "-t", tag, "--label", ground.label, str(context))
    output(*words, env=docker_environment())


def _options(ground: Ground, name: str, port: int) -> tuple[str, ...]:
    published = f"127.0.0.1:{port}:{PORT}"
    return ("--name", name, "--label", ground.label, "-p", published)
