"""The peer most people would use: docker-compose, with the same three services."""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import Ground, docker, docker_environment, free_port
from benchmarks.product import Switch
from benchmarks.shell import output
from benchmarks.watching import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """A running project of its own, answering on `port`."""

    words: tuple[str, ...]
    ground: Ground
    shop: Path
    port: int

    @classmethod
    def prepared(cls, ground: Ground) -> "Compose | None":
        """None when there is no compose here and none can be had."""
        command = _find() or _install()
        if command is None:
            return None
        shop, port = ground.copy("compose"), free_port()
        file = shop / "docker-compose.json"
        file.write_text(json.dumps(_document(ground, port)), encoding="utf-8")
        words = (*command, "-p", f"{ground.name}-compose", "-f", str(file))
        peer = cls(words=words, ground=ground, shop=shop, port=port)
        peer.up("first")
        return peer

    def up(self, name: str) -> Switch:
        """`up -d --build` after one changed file, under constant requests."""
        version = self.ground.version(self.shop, name)
        with Watcher(self.port) as watcher:
            time.sleep(0.2)
            began = time.monotonic()
            output(*self.words, "up", "-d", "--build", cwd=self.shop, env=_environment())
            ended = time.monotonic()
            first = watcher.first(version)
        return Switch(
            first_answer=first - began,
            whole=ended - began,
            asked=watcher.asked,
            failed=sum(watcher.problems().values()),
            longest_silence=watcher.longest_silence(),
        )

    @property
    def version(self) -> str:
        """Which compose it is, in its own words."""
        return output(*self.words[: self.words.index("-p")], "version", "--short")


def _find() -> tuple[str, ...] | None:
    for command in ((docker(), "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is None:
            continue
        asked = subprocess.run((*command, "version"), capture_output=True, check=False)
        if asked.returncode == 0:
            return command
    return None


def _install() -> tuple[str, ...] | None:
    """Debian's docker-compose, where we may install it."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    words = ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "docker-compose")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for attempt in (words, ("apt-get", "update", "-qq"), words):
        done = subprocess.run(attempt, env=env, capture_output=True, check=False)
        if attempt == words and done.returncode == 0:
            return _find()
    return None


def _environment() -> dict[str, str]:
    """Its best: the same BuildKit, through the docker command that has it."""
    first = str(Path(docker()).parent)
    path = os.pathsep.join((first, os.environ.get("PATH", os.defpath)))
    return {**docker_environment(), "COMPOSE_DOCKER_CLI_BUILD": "1", "PATH": path}


def _document(ground: Ground, port: int) -> dict[str, object]:
    label, _, value = ground.label.partition("=")
    ours = {label: value}
    services: dict[str, dict[str, object]] = {
        name: {
            "build": {"context": f"services/{name}", "labels": ours},
            "labels": ours,
            "restart": "always",
        }
        for name in ("web", "api", "worker")
    }
    services["web"]["ports"] = [f"127.0.0.1:{port}:8080"]
    return {"version": "3.8", "services": services}
