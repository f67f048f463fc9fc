"""How long a person waits for commands that only look."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.figures import Aim, Comparison, sample
from benchmarks.ground import Ground, docker, docker_environment
from benchmarks.product import PROGRAM
from benchmarks.shell import output

HELP_AIM = Aim(extra=0.120)
STATUS_AIM = Aim(extra=0.300)


def measure(ground: Ground, rounds: int, tell: Callable[[str], None]) -> list[Comparison]:
    """`--help` and `status`, in turns with a Python that does nothing and with `docker ps`."""
    tell("commands that only look")
    ours, theirs = ground.environment(), docker_environment()
    watched: tuple[tuple[str, tuple[str, ...], Mapping[str, str]], ...] = (
        ("--help", (str(PROGRAM), "--help"), ours),
        ("python", (sys.executable, "-c", "pass"), theirs),
        ("status", (str(PROGRAM), "status"), ours),
        ("docker ps", (docker(), "ps"), theirs),
    )
    took: dict[str, list[float]] = {name: [] for name, _, _ in watched}
    for _, words, env in watched:
        output(*words, cwd=ground.shop, env=env)  # also fills the file cache
    for _ in range(rounds):
        for name, words, env in watched:
            took[name].append(_wall(words, env, ground.shop))
    return [
        Comparison(
            what="--help",
            measured=sample(took["--help"]),
            beside="python -c pass",
            against=sample(took["python"]),
            aim=HELP_AIM,
        ),
        Comparison(
            what="status",
            measured=sample(took["status"]),
            beside="docker ps",
            against=sample(took["docker ps"]),
            aim=STATUS_AIM,
        ),
    ]


def _wall(words: tuple[str, ...], env: Mapping[str, str], cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return time.perf_counter() - began
