"""An engine behind `ssh://`, as the docker command reaches it: `ssh HOST docker system dial-stdio`.

Each connection is one ssh process at the other end of a socket pair, so everything above has an
ordinary socket: time-outs, half closing and attached streams work as they do locally. The
processes share one login, which outlives them for a minute: it takes as long as eight answers.
"""

import hashlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from compartment_tui.adapters.docker.api.line import Line, SshFailed
from compartment_tui.adapters.places import make_private, runtime_directory

LAST_WORDS_PATIENCE_SECONDS = 2.0
LOGIN_SECONDS = 60
"""How long a login is waited for: a person may have to touch a key."""
PERSIST_SECONDS = 60
"""How long a login outlives the last command that used it."""
PROOF_SECONDS = 5
"""How long a login that was there before us may take for its first answer."""
POLL_SECONDS = 0.005
KNOCK_SECONDS = 1
"""How long whoever holds a login may take to open: one that is stopped never does."""
SETTINGS_SECONDS = 5
LONGEST_PATH = 103 - 17
"""Of a socket, less what ssh appends while it makes it."""


def ssh_command(url: str, *options: str) -> list[str]:
    """The command whose stdin and stdout are a connection to the engine."""
    path = urlsplit(url).path
    at = ["--host", f"unix://{path}"] if path.strip("/") else []
    return [
        *("ssh", "-T", "-o", "ConnectTimeout=10", *options),
        *(*_target(url), "docker", *at, "system", "dial-stdio"),
    ]


def _target(url: str) -> list[str]:
    parts = urlsplit(url)
    words = ["-l", parts.username] if parts.username else []
    if parts.port:
        words += ["-p", str(parts.port)]
    return [*words, "--", parts.hostname or ""]


class SshDoor:
    """Opens connections to the engine of an `ssh://[user@]host[:port][/socket]` address."""

    keeps = True
    """A connection takes longer to open than a question to be answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._login = _Login(url)
        self._apart: Line | None = None

    def open(self) -> Line:
        """A connection over the shared login. Raises SshFailed."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = _or_close(ours, lambda: self._login.start(theirs))
        return Line(ours, process, self._login.proof)

    def open_apart(self) -> Line:
        """One whose login is its own, so that it ends with nobody but us. Raises SshFailed."""
        begun, self._apart = self._apart, None
        if begun is not None and begun.over:
            begun.close()
            begun = None
        return begun or self._opened_apart()

    def _opened_apart(self) -> Line:
        ours, theirs = socket.socketpair()
        with theirs:
            process = _or_close(ours, lambda: SshProcess(ssh_command(self._url), theirs))
        return Line(ours, process)

    def begin_apart(self) -> None:
        """Have the next connection apart on its way."""
        if self._apart is None:
            with suppress(SshFailed):  # whoever opens it is told
                self._apart = self._opened_apart()

    def leave(self) -> None:
        """What was opened last does not answer: nobody is to join that login any more."""
        self._login.leave()

    def close(self) -> None:
        """End what was begun and not used."""
        begun, self._apart = self._apart, None
        if begun is not None:
            begun.close()

    @contextmanager
    def listen(self) -> Iterator[str]:
        """The address of a local socket behind which the engine is, for a docker command."""
        folder = runtime_directory(os.environ)
        place = folder / f"engine-{os.urandom(6).hex()}"
        with socket.socket(socket.AF_UNIX) as server:
            try:
                make_private(folder, folder)
                server.bind(str(place))
            except OSError:
                # Nowhere to listen at: the command goes its own way.
                yield self._url
                return
            server.listen()
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
            try:
                yield f"unix://{place}"
            finally:
                place.unlink(missing_ok=True)
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)

    def _serve(self, server: socket.socket) -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                caller, _ = server.accept()
                threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        with caller, suppress(SshFailed):
            self._login.start(caller)


def _or_close(channel: socket.socket, start: Callable[[], "SshProcess"]) -> "SshProcess":
    try:
        return start()
    except BaseException:
        channel.close()
        raise


class SshProcess:
    """An ssh whose input and output are a socket: a `line.FarEnd`. Making one raises SshFailed."""

    def __init__(self, command: list[str], wire: socket.socket) -> None:
        self._said: list[str] = []
        try:
            # In its own session: a person's Ctrl-C is for us, and undoing needs the engine.
            process = subprocess.Popen(
                command,
                stdin=wire.fileno(),
                stdout=wire.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise SshFailed(f"the ssh command cannot be started: {error}") from error
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        """Whether nothing is carried any more."""
        return not self._reader.is_alive()

    def last_words(self) -> str:
        """The last line it wrote to stderr."""
        self._reader.join(LAST_WORDS_PATIENCE_SECONDS)
        return self._said[-1] if self._said else ""

    def broken(self, error: ConnectionError) -> SshFailed:
        """See `line.FarEnd`."""
        return SshFailed(self.last_words() or str(error))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        with process:
            for line in process.stderr or ():
                self._said[:] = [line.decode("utf-8", "replace").strip()]


class _Login:
    """One login that commands share, by ssh's own way to do it; none where that is not possible.

    The first connection makes it, and whatever is opened meanwhile waits for that. A person whose
    ssh configuration has such a way for this host keeps theirs.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._beginning = threading.Lock()
        self._socket: Path | None = None
        self._known = False
        self.proof: float | None = None
        """How long the next first answer may take; None: as any other."""

    def start(self, wire: socket.socket) -> SshProcess:
        """An ssh at the other end of a socket. Raises SshFailed."""
        with self._beginning:
            if not self._known:
                self._socket, self._known = _shared_socket(self._url), True
                self.proof = PROOF_SECONDS if self._is_there() else None
            if self._socket is not None and not self._is_there():
                return self._first(wire, self._socket)
        return SshProcess(self._command(), wire)

    def leave(self) -> None:
        """Let nobody join it any more; what is open goes on."""
        self.proof = None
        if self._socket is not None:
            with suppress(OSError):
                self._socket.unlink()

    def _first(self, wire: socket.socket, place: Path) -> SshProcess:
        self.proof = None
        process, deadline = SshProcess(self._command(), wire), time.monotonic() + LOGIN_SECONDS
        while not self._is_there() and not process.ended and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if process.ended and str(place) in process.last_words():
            # The way in is all right, but the socket cannot be made there.
            self._socket = None
            return SshProcess(self._command(), wire)
        return process

    def _is_there(self) -> bool:
        if self._socket is None:
            return False
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(KNOCK_SECONDS)
            try:
                knocking.connect(str(self._socket))
            except OSError:
                return False
        return True

    def _command(self) -> list[str]:
        if self._socket is None:
            return ssh_command(self._url)
        words = (
            "ControlMaster=auto",
            f"ControlPath={self._socket}",
            f"ControlPersist={PERSIST_SECONDS}",
        )
        return ssh_command(self._url, *(part for word in words for part in ("-o", word)))


def _shared_socket(url: str) -> Path | None:
    """Where a login to that host is shared; None where it is not.

    Named for all that ssh knows of the host, and for who proves who we are: with another
    configuration or agent it is another one.
    """
    folder = runtime_directory(os.environ)
    settings = _settings(url)
    if settings is None or _shares_already(settings):
        return None
    agent = os.environ.get("SSH_AUTH_SOCK", "").encode(errors="surrogateescape")
    place = folder / hashlib.sha256(settings + agent).hexdigest()[:16]
    if len(os.fsencode(place)) > LONGEST_PATH or "%" in str(place):
        return None
    try:
        make_private(folder, folder)
    except OSError:
        return None
    return place


def _settings(url: str) -> bytes | None:
    """What ssh would do with that host, in its own words."""
    try:
        asked = subprocess.run(
            ["ssh", "-G", *_target(url)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SETTINGS_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout


def _shares_already(settings: bytes) -> bool:
    """Whether the person's own configuration has a way to share a login."""
    paths = (line for line in settings.splitlines() if line.startswith(b"controlpath "))
    return any(line.split(maxsplit=1)[1:] != [b"none"] for line in paths)
