"""The product, run as a person runs it: its command, in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ground import Ground
from benchmarks.shell import Broken
from benchmarks.watching import Watcher

PROGRAM = Path(sys.executable).with_name("compartment-tui")
PLANNED, BUILT = "planned", "building"
MILESTONES = {
    "run_planned": PLANNED,
    "service_unchanged": BUILT,
    "building": BUILT,
    "release": "release",
    "starting_candidate": "starting_candidate",
    "checking_readiness": "checking_readiness",
    "switching_route": "switching_route",
}
"""What a run passes: its plan, then the end of each stage. By event or stage, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One deploy or rollback, watched from outside. Times are seconds since the command began."""

    first_answer: float
    whole: float
    passed: Mapping[str, float] = field(default_factory=dict)
    """When each milestone was behind it."""
    asked: int = 0
    failed: int = 0
    longest_silence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    ground: Ground

    def run(self, *words: str, docker_host: str | None = None) -> str:
        """What a command writes to stdout. Raises Broken when it fails."""
        env = self.ground.environment()
        if docker_host is not None:
            env["DOCKER_HOST"] = docker_host
        done = subprocess.run(
            (str(PROGRAM), *words),
            cwd=self.ground.shop,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise Broken(f"compartment-tui {' '.join(words)} ended with {done.returncode}:\n{said}")
        return done.stdout.decode(errors="replace")

    def switch(self, verb: str, version: str) -> Switch:
        """Deploy or roll back under constant requests; `version` must have answered by the end."""
        with Watcher(self.ground.edge_port, self.ground.host) as watcher:
            time.sleep(0.2)  # the requests are under way when it begins
            began, began_at = time.monotonic(), datetime.now(UTC)
            events = self.run(verb, "--events")
            ended = time.monotonic()
            first = watcher.first(version)
        return Switch(
            first_answer=first - began,
            whole=ended - began,
            passed=_milestones(events, began_at),
            asked=watcher.asked,
            failed=sum(watcher.problems().values()),
            longest_silence=watcher.longest_silence(),
        )


def _milestones(events: str, began: datetime) -> dict[str, float]:
    passed: dict[str, float] = {}
    for line in events.splitlines():
        event = json.loads(line)
        name = event["stage"] if event["type"] == "stage_finished" else event["type"]
        if name in MILESTONES:
            # Services pass a stage one after the other: the last one counts.
            at = datetime.fromisoformat(event["at"])
            passed[MILESTONES[name]] = (at - began).total_seconds()
    return passed
