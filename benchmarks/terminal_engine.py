"""The terminal application on a real engine, and lazydocker beside it when it is installed."""

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

import psutil

from benchmarks.ground import Ground, docker, docker_environment
from benchmarks.product import PROGRAM, Product
from benchmarks.terminal import SIZE, idle
from tests.e2e.terminals import Terminal

WATCHED = 10.0
"""Seconds of looking on."""
PEER = "lazydocker"


def there() -> bool:
    """Whether there is an engine to be measured on."""
    try:
        words = (docker(), "version", "--format", "{{.Server.Version}}")
        done = subprocess.run(words, env=docker_environment(), capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def measure(ground: Ground, rounds: int, tell: Callable[[str], None]) -> str:
    """How soon a stopped container is seen, what watching costs, and the same of lazydocker."""
    tell("terminal: a container that is stopped")
    seen = [_seen(ground) for _ in range(min(rounds, 5))]
    usual, most = 1000 * statistics.median(seen), 1000 * max(seen)
    what = "from the end of `docker stop` to the changed sign"
    lines = [f"- {what}: {usual:.0f} ms, at most {most:.0f} ms (aim: 500 ms)"]
    peer = shutil.which(PEER)
    if peer is None:
        lines.append(f"- {PEER} is absent: not on the path.")
        return "\n".join(lines)
    programs = {"compartment-tui": ((str(PROGRAM),), "healthy"), PEER: ((peer,), "Containers")}
    for name, (command, word) in programs.items():
        tell(f"terminal: watching this engine: {name}")
        lines.append(f"- watching this engine, {name}: {_watching(ground, command, word)}")
    return "\n".join(lines)


def _seen(ground: Ground) -> float:
    """Seconds from the end of `docker stop` until it stands on the screen."""
    Product(ground=ground).run("deploy", "--force")
    with Terminal((str(PROGRAM),), size=SIZE, cwd=ground.shop, env=ground.environment()) as one:
        one.until("healthy")
        one.rest(1.0, seconds=3)
        container = _web(ground)
        words = (docker(), "stop", "--time", "0", container)
        subprocess.run(words, env=docker_environment(), capture_output=True, check=True)
        stopped = time.monotonic()
        return max(one.until("✗", "exited") - stopped, 0.0)


def _web(ground: Ground) -> str:
    filters = (f"label=compartment.project={ground.name}", "label=compartment.role=service")
    words = [docker(), "ps", "--quiet"]
    for one in filters:
        words += ["--filter", one]
    done = subprocess.run(
        words, env=docker_environment(), capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def _watching(ground: Ground, command: tuple[str, ...], word: str) -> str:
    with Terminal(command, size=SIZE, cwd=ground.shop, env=ground.environment()) as one:
        first = one.until(word) - one.began
        one.rest(1.0, seconds=3)
        cpu, sent = idle(one, WATCHED)
        memory = psutil.Process(one.process.pid).memory_info().rss / 2**20
    return f"first frame {first:.2f} s, {cpu:.1f} % CPU, {sent:.0f} B/s, {memory:.0f} MiB"
