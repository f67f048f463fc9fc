"""An engine behind `ssh://`, as the docker command reaches it: `ssh HOST docker system dial-stdio`.

Each connection is one ssh process at the other end of a socket pair, so everything above has an
ordinary socket: time-outs, half closing and attached streams work as they do locally.
"""

import socket
import subprocess
import threading
from typing import Any
from urllib.parse import urlsplit

from compartment_tui.adapters.docker.api.sdk import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)

_ENGINE = "http+docker://localhost"
LAST_WORDS_PATIENCE_SECONDS = 2.0


class SshFailed(ConnectionError):
    """What ssh, or docker at the other end, said last."""


class SshAdapter(UnixHTTPAdapter):
    """Sends requests to the engine of an `ssh://[user@]host[:port][/socket]` address."""

    def __init__(self, url: str, timeout: int) -> None:
        super().__init__("http+unix:///", timeout)
        self._command = ssh_command(url)

    def get_connection(self, url: Any, proxies: Any = None) -> "_Pool":  # noqa: ANN401 - as the SDK has it
        """The pool of ssh processes: one for all questions, since each takes a second to start.

        It is asked with the whole address of a question.
        """
        with self.pools.lock:
            pool: _Pool | None = self.pools.get(_ENGINE)
            if pool is None:
                pool = _Pool(_ENGINE, self._command, self.timeout, self.max_pool_size)
                self.pools[_ENGINE] = pool
            return pool


def ssh_command(url: str) -> list[str]:
    """The command whose stdin and stdout are a connection to the engine."""
    parts = urlsplit(url)
    words = ["ssh", "-T", "-o", "ConnectTimeout=10"]
    if parts.username:
        words += ["-l", parts.username]
    if parts.port:
        words += ["-p", str(parts.port)]
    at = ["--host", f"unix://{parts.path}"] if parts.path.strip("/") else []
    return [*words, "--", parts.hostname or "", "docker", *at, "system", "dial-stdio"]


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, url: str, command: list[str], timeout: int, size: int) -> None:
        super().__init__(url, "", timeout, maxsize=size)
        self._command = command
        self._seconds = timeout

    def _new_conn(self) -> Any:  # noqa: ANN401 - as the SDK has it
        return _Connection(self.base_url, self._command, self._seconds)


class _Connection(UnixHTTPConnection):
    def __init__(self, url: str, command: list[str], timeout: int) -> None:
        super().__init__(url, "", timeout)
        self._command = command
        self._end: _End | None = None

    def connect(self) -> None:
        """Start an ssh that ends when our end of the pair is closed."""
        ours, theirs = socket.socketpair()
        ours.settimeout(self.timeout)
        with theirs:
            try:
                self._end = _End(self._command, theirs)
            except OSError as error:
                ours.close()
                raise SshFailed(f"the ssh command cannot be started: {error}") from error
        self.sock = ours

    def getresponse(self) -> Any:  # noqa: ANN401 - as the SDK has it
        """As usual. Raises SshFailed with ssh's own words when it ended without an answer."""
        try:
            return super().getresponse()
        except ConnectionError as error:
            said = self._end.last_words() if self._end else ""
            raise SshFailed(said or str(error)) from error


class _End:
    """An ssh process, waited for by a thread, with what it said last."""

    def __init__(self, command: list[str], wire: socket.socket) -> None:
        self._said: list[str] = []
        # In its own session: a person's Ctrl-C is for us, and undoing needs the engine.
        process = subprocess.Popen(
            command,
            stdin=wire.fileno(),
            stdout=wire.fileno(),
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def last_words(self) -> str:
        """The last line it wrote to stderr."""
        self._reader.join(LAST_WORDS_PATIENCE_SECONDS)
        return self._said[-1] if self._said else ""

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        with process:
            for line in process.stderr or ():
                self._said[:] = [line.decode("utf-8", "replace").strip()]
