"""A shell in a short-lived container, driven over its attached stdin and stdout: a few ms a call.

It lives exactly as long as the connection does: when this process dies, however it dies, the engine
closes the shell's stdin, the shell ends and the engine removes the container.
"""

import contextlib
import os
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from compartment_tui.adapters.docker.api.attach import AttachedOutput, Wire, attach, deadline_in
from compartment_tui.domain import bounds
from compartment_tui.domain.errors import CompartmentError, EngineProblem

if TYPE_CHECKING:
    from compartment_tui.adapters.docker.api.client import Client

SHELL_IMAGE = "traefik:v3.7"
"""It has a shell and the usual small tools, and it is on every engine that has an edge."""
PIDS = 256
CALL_LIMIT = timedelta(seconds=15)
_ARGUMENT = re.compile(r"[A-Za-z0-9._:/@=?&-]*")


class ShellGone(EngineProblem):
    """The shell's container ended or the connection to it broke."""

    code = "shell_gone"


class Answer(NamedTuple):
    """How a script ended, and what it wrote to stdout."""

    exit_code: int
    output: bytes

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace").strip()


class Shell:
    """Runs scripts, one at a time, until it is closed."""

    def __init__(self, client: "Client", container: str, wire: Wire) -> None:
        self.container = container
        self._client = client
        self._wire = wire
        self._output = AttachedOutput(wire)
        self._busy = threading.Lock()
        self._closed = False

    @classmethod
    def open(
        cls,
        client: "Client",
        *,
        labels: Mapping[str, str],
        name: str | None = None,
        network_mode: str = "none",
        mounts: Mapping[str, str] | None = None,
        image: str = SHELL_IMAGE,
    ) -> Self:
        """Start a shell. `mounts` maps volume names to directories."""
        with client.translate("make a helper container"):
            container = create(
                client,
                labels=labels,
                name=name,
                network_mode=network_mode,
                mounts=mounts,
                image=image,
            )
        return cls.start(client, container)

    @classmethod
    def start(cls, client: "Client", container: str, *, apart: bool = False) -> Self:
        """Attach to a container that `create` made and start it; it is removed if that fails.

        `apart`: see `attach`.
        """
        try:
            with client.translate("start a helper container"):
                wire = attach(client, container, apart=apart)
                client.start(container)
        except BaseException:
            remove(client, container)
            raise
        return cls(client, container, wire)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        script: str,
        *arguments: str,
        payload: bytes | None = None,
        timeout: timedelta = CALL_LIMIT,
    ) -> Answer:
        """Run POSIX `script` in a subshell with `arguments` as $1…, and `payload` as its stdin.

        Foreign data goes in as payload only: an argument may hold just `[A-Za-z0-9._:/@=?&-]`.

        Raises:
            ShellGone: the container ended, the connection broke, or no answer came within
                `timeout`; no further call will succeed.
        """
        marker, deadline = os.urandom(12).hex(), deadline_in(timeout)
        program = _program(script, arguments, payload, marker)
        with self._busy:
            if self._closed:
                raise ShellGone("the helper container was closed")
            try:
                return self._exchange(marker, program, payload, deadline)
            except TimeoutError as error:
                self._end()
                raise ShellGone("the helper container did not answer in time") from error
            except (EOFError, OSError, ValueError) as error:
                self._end()
                raise ShellGone("the helper container has ended") from error
            except BaseException:
                # Half an answer may be on its way: no later call could tell it from its own.
                self._end()
                raise

    @property
    def is_open(self) -> bool:
        """Whether no end of it has arrived here, while nothing is run in it."""
        with self._busy:
            return not self._closed and self._wire.quiet

    def _exchange(
        self, marker: str, program: bytes, payload: bytes | None, deadline: float
    ) -> Answer:
        output = self._output.received
        self._wire.send(program)
        if payload is not None and not _fits_program(payload):
            # Not before the shell has read the whole program: what it reads ahead never
            # reaches the step.
            ready = _ready(marker)
            while ready not in output:
                self._output.read_more(deadline)
            del output[: output.index(ready) + len(ready)]
            self._wire.send(payload)
        end = re.compile(rf"\n{marker} (\d+)\n".encode())
        while not (found := end.search(output)):
            self._output.read_more(deadline)
            bounds.refuse_large(
                len(output), bounds.SHELL_ANSWER, "the answer of a helper container"
            )
        answer = Answer(int(found[1]), bytes(output[: found.start()]))
        output.clear()
        return answer

    def _end(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._wire.close()

    def close(self) -> None:
        """End it and wait until the container is gone, so that its name is free. Repeatable."""
        if not self._closed:
            self._end()
        remove(self._client, self.container)


def create(
    client: "Client",
    *,
    labels: Mapping[str, str],
    name: str | None,
    network_mode: str,
    mounts: Mapping[str, str] | None,
    image: str = SHELL_IMAGE,
    lasting: bool = False,
) -> str:
    """Make a shell's container without starting it; its id. Raises what the SDK raises.

    `lasting`: the engine does not remove it by itself, neither when it ends nor when the engine
    starts again.
    """
    host = {
        "AutoRemove": not lasting,
        "NetworkMode": network_mode,
        "Mounts": [volume_mount(path, volume) for volume, path in (mounts or {}).items()],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": PIDS,
        "ReadonlyRootfs": True,
        # What passes through the pipe (records, keys) must not be kept in the engine's logs.
        "LogConfig": {"Type": "none"},
    }
    config = {
        "Image": image,
        "Entrypoint": ["sh"],
        "Cmd": [],
        "User": "0",
        "WorkingDir": "/",
        "OpenStdin": True,
        # It ends with whoever is attached.
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Labels": dict(labels),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host,
    }
    return client.create_shell(config, name)


def remove(client: "Client", container: str) -> None:
    """Remove a shell's container; nothing if the engine did so already or cannot be asked."""
    # The engine removes it as well: losing the race (404, 409) and a dead connection are both fine.
    with contextlib.suppress(CompartmentError), client.translate("remove a helper container"):
        client.remove_container(container, volumes=True)


def volume_mount(path: str, volume: str | None, *, read_only: bool = False) -> dict[str, object]:
    """A volume at a path; one without a name goes with its container."""
    return {"Target": path, "Source": volume, "Type": "volume", "ReadOnly": read_only}


def _program(script: str, arguments: Sequence[str], payload: bytes | None, marker: str) -> bytes:
    for argument in arguments:
        if not _ARGUMENT.fullmatch(argument):
            raise AssertionError(f"not a plain argument: {argument!r}")
    call = " ".join(("step", *(f"'{argument}'" for argument in arguments)))
    feed, document = f"{call} </dev/null", b""
    if payload is not None:
        # All of the payload is taken, also when the step ends early: the shell would read what is
        # left as its next commands.
        rest = f"( {call}; code=$?; cat >/dev/null; exit $code )"
        if _fits_program(payload):
            # A document ends with a line's end, which may not be the payload's.
            feed = f"head -c {len(payload)} <<'{marker}' | {rest}"
            document = payload + f"\n{marker}\n".encode()
        else:
            feed = f"printf '%s' {_ready(marker).decode()}; head -c {len(payload)} | {rest}"
    # A subshell, so that a script's `exit` and `set -e` end the step and not the shell; a group,
    # so that the shell has parsed all of it before it runs any.
    group = f"{{ {feed}\n".encode() + document + f"printf '\\n%s %s\\n' {marker} $?; }}\n".encode()
    return f"step() (\n{script}\n)\n".encode() + group


def _fits_program(payload: bytes) -> bool:
    """Whether a shell can take it as a part of its program, which saves a way there and back.

    No program has a NUL in it.
    """
    return b"\0" not in payload


def _ready(marker: str) -> bytes:
    return f"{marker}-ready".encode()
