"""How long a person waits for commands on an engine that is far away."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Aim, Comparison, sample
from benchmarks.ground import Ground, docker, docker_environment
from benchmarks.product import PROGRAM
from tests.e2e.delay import delayed
from tests.e2e.far import SSHD_PATH, ssh_server

ROUND_TRIP = 0.060
STATUS_AIM = Aim(extra=1.0)
DEPLOY_AIM = Aim(factor=1, extra=4.0)
Variables = Mapping[str, str]


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """`status` and `deploy` over a delayed link, in turns with the same here, and with docker's."""
    if os.geteuid() != 0 or shutil.which("sshd", path=SSHD_PATH) is None:
        return [], "The far engine was left out: it needs root, and sshd (openssh-server)."
    tell("commands on a far engine")
    took: dict[str, list[float]] = {}
    with (
        TemporaryDirectory(prefix="link-") as folder,
        ssh_server(Path(folder)) as server,
        delayed(server.port, ROUND_TRIP / 2) as link,
    ):
        there = {"DOCKER_HOST": server.at(link.port), **server.variables}
        near, far = ground.environment(), ground.environment() | there
        peer = docker_environment() | there

        def time_it(name: str, env: Variables, *words: str) -> None:
            took.setdefault(name, []).append(_wall(words, env, ground.shop))

        _wall((str(PROGRAM), "status"), far, ground.shop)  # from now on the login is there
        for _ in range(rounds):
            for name, env in (("near", near), ("far", far)):
                time_it(f"status {name}", env, str(PROGRAM), "status")
                ground.version(ground.shop, secrets.token_hex(3))
                time_it(f"deploy {name}", env, str(PROGRAM), "deploy")
            time_it("docker ps", peer, docker(), "ps")
            server.end_shared()
            time_it("status alone", far, str(PROGRAM), "status")
    samples = {name: sample(seconds) for name, seconds in took.items()}
    return [
        Comparison(
            what="status, 60 ms away",
            measured=samples["status far"],
            beside="docker ps there",
            against=samples["docker ps"],
            aim=STATUS_AIM,
        ),
        Comparison(
            what="status, 60 ms away, first",
            measured=samples["status alone"],
            beside="status here",
            against=samples["status near"],
        ),
        Comparison(
            what="deploy, 60 ms away",
            measured=samples["deploy far"],
            beside="deploy here",
            against=samples["deploy near"],
            aim=DEPLOY_AIM,
        ),
    ], ""


def _wall(words: tuple[str, ...], env: Variables, cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return time.perf_counter() - began
