"""Which docker command can build with BuildKit.

Several may be on PATH, and the first need not be the one: from version 23 on, BuildKit needs the
buildx plugin; before, it is inside the command itself.
"""

import os
import re
import subprocess
import threading
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from compartment_tui.adapters.docker.api.address import Address
from compartment_tui.background import Background

IDENTITY_PREFIX = "COMPARTMENT_TUI_IDENTITY"
"""Of environment variables that no child process may see."""

_PROBE_SECONDS = 10
_FIRST_WITHOUT_BUILDKIT = 23
_FIRST_BUILDX_WITH_PROVENANCE = (0, 10)
_VERSION = re.compile(r"Docker version (\d+)(\S*?),? ")
_BUILDX_VERSION = re.compile(r"\bv?(\d+)\.(\d+)\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCommand:
    """A docker command that builds with BuildKit. `buildx` is the version of its plugin, if any."""

    path: str
    version: str
    buildx: tuple[int, int] | None

    def start(self) -> tuple[str, ...]:
        """The words every build with it begins with."""
        if self.buildx is None:
            return (self.path, "build")
        # The builder a person chose may not put the image into the engine we deploy to.
        words = (self.path, "buildx", "build", "--builder=default", "--load")
        # An attestation would make a new image id on every build.
        supported = self.buildx >= _FIRST_BUILDX_WITH_PROVENANCE
        return (*words, "--provenance=false") if supported else words


def find_build_command() -> BuildCommand | None:
    """The first docker command on PATH that has BuildKit; asked once per process."""
    with _FINDING:  # several builds begin at once, and `cache` would let each of them look
        return _first_with_buildkit()


_FINDING = threading.Lock()


@cache
def _first_with_buildkit() -> BuildCommand | None:
    # To start one takes longer than to ask it, and each build waits for this.
    probes = [Background(partial(_probe, path)) for path in _on_path("docker")]
    return next((found for probe in probes if (found := probe.answer())), None)


def describe_builder() -> str:
    """How images are built here, in words: `buildkit` or `classic`, and by which command."""
    command = find_build_command()
    if command is None:
        return "classic, without a docker command"
    return f"buildkit, {command.path} {command.version}"


def child_environment(address: Address, host: str = "") -> dict[str, str]:
    """The environment of a docker command that asks the same engine; by way of `host`."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((IDENTITY_PREFIX, "DOCKER_TLS", "DOCKER_CERT_PATH"))
        and name not in ("DOCKER_CONTEXT", "BUILDX_BUILDER")
    }
    env |= {"DOCKER_HOST": host or address.url, "DOCKER_BUILDKIT": "1", "DOCKER_CLI_HINTS": "false"}
    if address.tls is not None:
        env["DOCKER_TLS_VERIFY" if address.tls.verify else "DOCKER_TLS"] = "1"
        if certificate := address.tls.ca or address.tls.cert:
            env["DOCKER_CERT_PATH"] = str(certificate.parent)
    return env


def _on_path(name: str) -> tuple[str, ...]:
    """Every executable of that name, in PATH's order, each file once."""
    found: dict[Path, str] = {}
    for directory in os.get_exec_path():
        candidate = Path(directory) / name
        if candidate.is_file() and os.access(candidate, os.X_OK):
            found.setdefault(candidate.resolve(), str(candidate))
    return tuple(found.values())


def _probe(path: str) -> BuildCommand | None:
    plugin = Background(partial(_output, path, "buildx", "version"))
    version = _VERSION.match(_output(path, "--version") + " ")
    if version is None:  # something else that is called docker
        return None
    name = version[1] + version[2]
    buildx = _BUILDX_VERSION.search(plugin.answer())
    if buildx is not None:
        return BuildCommand(path=path, version=name, buildx=(int(buildx[1]), int(buildx[2])))
    if int(version[1]) < _FIRST_WITHOUT_BUILDKIT:
        return BuildCommand(path=path, version=name, buildx=None)
    return None


def _output(*command: str) -> str:
    """What it prints; nothing when it fails."""
    env = {key: one for key, one in os.environ.items() if not key.startswith(IDENTITY_PREFIX)}
    # Some ask the engine what it can do before they say that they lack a command: not one far away.
    env |= {"DOCKER_HOST": f"unix://{os.devnull}", "DOCKER_CONTEXT": ""}
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
