"""Running commands that must succeed."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


class Broken(Exception):
    """The benchmark cannot go on: what it would measure is not what it claims to measure."""


def output(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """What a command prints. Raises Broken with its complaint when it fails."""
    done = subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        complaint = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Broken(f"{' '.join(words)} ended with {done.returncode}:\n{complaint}")
    return done.stdout.decode(errors="replace").strip()
