"""Asking a candidate whether it can take traffic: from where the edge stands, in short words."""

import errno
import os
import re
import time
from datetime import timedelta
from urllib.parse import quote

from compartment_tui.adapters.docker.client import Client, Conflict, Missing
from compartment_tui.adapters.docker.frames import Demultiplexer
from compartment_tui.adapters.docker.pipe import Wire, deadline_in, wire_of
from compartment_tui.adapters.docker.shell import Answer

HTTP = """
# Nothing more is sent, but the connection stays open while we wait: some servers take a half-closed
# one for a caller who has left. `sleep` holds it, and goes by itself.
{ cat; sleep "$3" & } | timeout "$3" nc "$1" "$2" 2>&1 | head -n 1
"""
"""Arguments: address, port, seconds; payload: the request. Prints the first line of the answer."""

TCP = """
timeout "$3" nc "$1" "$2" -e true 2>&1
"""
"""Arguments: address, port, seconds. Exit code 0 when the connection was accepted."""

_STATUS = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})\b")
_PRINTABLE = "/?&=%:@!$'()*+,;~-._[]"
_REASONS = {
    os.strerror(code).lower(): words
    for code, words in (
        (errno.ECONNREFUSED, "connection refused"),
        (errno.ECONNRESET, "connection reset"),
        (errno.EHOSTUNREACH, "host unreachable"),
        (errno.ENETUNREACH, "network unreachable"),
        (errno.ETIMEDOUT, "timed out"),
    )
}


def http_request(path: str, port: int) -> bytes:
    """A plain GET. It is asked as `localhost`, which servers that check the host let pass."""
    lines = (
        f"GET {quote(path, safe=_PRINTABLE)} HTTP/1.1",
        f"Host: localhost:{port}",
        "User-Agent: compartment-tui",
        "Accept: */*",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def whole_seconds(limit: timedelta) -> int:
    """The little tools know whole seconds only."""
    return max(1, int(limit.total_seconds()))


def http_reason(answer: Answer, took: timedelta, limit: int) -> str | None:
    """None when the status is 200 to 299, else why not."""
    status = _STATUS.match(answer.text)
    if status is None:
        return _no_answer(answer.text, took, limit)
    return None if status[1].startswith("2") else status[1]


def tcp_reason(answer: Answer, took: timedelta, limit: int) -> str | None:
    """None when the port accepted, else why not."""
    return None if answer.exit_code == 0 else _no_answer(answer.text, took, limit)


def _no_answer(text: str, took: timedelta, limit: int) -> str:
    for spoken, words in _REASONS.items():
        if spoken in text.lower():
            return words
    if took >= timedelta(seconds=limit - 0.1):
        return f"timed out after {limit} s"
    return "answered something that is not HTTP" if text else "closed without an answer"


def command_reason(
    client: Client, container: str, command: tuple[str, ...], limit: timedelta
) -> str | None:
    """Run a command in the container; None when it ends with 0 in time, else why not."""
    try:
        with client.translate("run the readiness command"):
            made = client.api.exec_create(container, list(command))
            wire = wire_of(client.api.exec_start(made["Id"], socket=True))
            try:
                last = _last_line(wire, limit)
            finally:
                wire.close()
            code = client.api.exec_inspect(made["Id"]).get("ExitCode")
    except Missing:
        return "its container is gone"
    except Conflict:
        return "it does not run"
    if last is None:
        return f"timed out after {limit.total_seconds():g} s"
    if code == 0:
        return None
    return f"exit code {code}: {last}" if last else f"exit code {code}"


def _last_line(wire: Wire, limit: timedelta) -> str | None:
    """The last line of both streams; None when the command did not end in time."""
    frames, deadline, text = Demultiplexer(), deadline_in(limit), b""
    while True:
        try:
            chunk = wire.receive(deadline - time.monotonic())
        except TimeoutError:
            return None
        if not chunk:
            break
        text = (text + b"".join(content for _, content in frames.feed(chunk)))[-4096:]
    lines = text.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
