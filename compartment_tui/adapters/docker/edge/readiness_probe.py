"""Asking a candidate whether it can take traffic: from where the edge stands, in short words."""

import errno
import os
import re
import time
from datetime import timedelta
from urllib.parse import quote

from compartment_tui.adapters.docker.api.attach import Wire, deadline_in, wire_of
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import Answer
from compartment_tui.adapters.docker.api.log_frames import Demultiplexer
from compartment_tui.domain.config import Readiness
from compartment_tui.domain.refusal import Cause, Refusal, Reply, judged, unanswered

HTTP = """
# Nothing more is sent, but the connection stays open while we wait: some servers take a half-closed
# one for a caller who has left. `sleep` holds it, and goes by itself.
{ cat; sleep "$3" & } | timeout "$3" nc "$1" "$2" 2>&1 | head -c 8192 | sed '/^.\\{0,1\\}$/q'
"""
"""Arguments: address, port, seconds; payload: the request. Prints the head of the answer."""

TCP = """
timeout "$3" nc "$1" "$2" -e true 2>&1
"""
"""Arguments: address, port, seconds. Exit code 0 when the connection was accepted."""

_LONGEST_SHOWN = 500
_LINE_END = re.compile(r"[\r\n\0]")
_ABSENT = re.compile(
    # The engine's own words, and those of the shells there are.
    r'exec: "([^"]+)": (?:executable file not found|(?:stat|fork/exec) .*no such file)'
    r"|\b(?:ba|da|a)?sh: (?:line )?(?:\d+: )?([^\s:]+): (?:command )?not found"
)
_REFUSED = "connection refused"
_STATUS = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})\b")
_PRINTABLE = "/?&=%:@!$'()*+,;~-._[]"
_REASONS = {
    os.strerror(code).lower(): words
    for code, words in (
        (errno.ECONNREFUSED, _REFUSED),
        (errno.ECONNRESET, "connection reset"),
        (errno.EHOSTUNREACH, "host unreachable"),
        (errno.ENETUNREACH, "network unreachable"),
        (errno.ETIMEDOUT, "timed out"),
    )
}


def http_request(readiness: Readiness, port: int) -> bytes:
    """A plain GET. It is asked as `localhost`, which most servers that check the host let pass."""
    headers = {
        "host": ("Host", f"localhost:{port}"),
        "user-agent": ("User-Agent", "compartment-tui"),
        "accept": ("Accept", "*/*"),
        **{name.lower(): (name, value) for name, value in readiness.headers},
        "connection": ("Connection", "close"),
    }
    lines = (
        f"GET {quote(readiness.path, safe=_PRINTABLE)} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.values()),
    )
    if any(_LINE_END.search(line) for line in lines):
        # The project file is read so that this cannot be; a record was written by somebody else.
        raise AssertionError("a header of a readiness question has a line of its own")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1", "replace")


def whole_seconds(limit: timedelta) -> int:
    """The little tools know whole seconds only."""
    return max(1, int(limit.total_seconds()))


def http_refusal(
    readiness: Readiness, port: int, answer: Answer, took: timedelta
) -> Refusal | None:
    """None when the status means ready, else why not."""
    status, *rest = answer.text.split("\n")
    found = _STATUS.match(status)
    if found is None:
        return _no_answer(readiness, port, answer.text, took)
    headers: dict[str, str] = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip()[:_LONGEST_SHOWN])
    reply = Reply(
        status=int(found[1]),
        location=headers.get("location", ""),
        challenge=headers.get("www-authenticate", ""),
    )
    return judged(readiness, port, reply)


def tcp_refusal(readiness: Readiness, port: int, answer: Answer, took: timedelta) -> Refusal | None:
    """None when the port accepted, else why not."""
    return None if answer.exit_code == 0 else _no_answer(readiness, port, answer.text, took)


def _no_answer(readiness: Readiness, port: int, text: str, took: timedelta) -> Refusal:
    limit = whole_seconds(readiness.attempt_timeout)
    for spoken, words in _REASONS.items():
        if spoken in text.lower():
            cause = Cause.CLOSED if words == _REFUSED else Cause.OTHER
            return unanswered(readiness, port, words, cause)
    if took >= timedelta(seconds=limit - 0.1):
        return unanswered(readiness, port, f"timed out after {limit} s", Cause.HUNG)
    why = "answered something that is not HTTP" if text else "closed without an answer"
    return unanswered(readiness, port, why)


def command_refusal(
    client: Client, container: str, command: tuple[str, ...], limit: timedelta
) -> Refusal | None:
    """Run a command in the container; None when it ends with 0 in time, else why not."""
    try:
        with client.translate("run the readiness command"):
            execution = client.create_exec(container, list(command))
            wire = wire_of(client.start_exec(execution))
            try:
                last = _last_line(wire, limit)
            finally:
                wire.close()
            code = client.inspect_exec(execution).get("ExitCode")
    except Missing:
        return Refusal(detail="its container is gone")
    except Conflict:
        return Refusal(detail="it does not run")
    if last is None:
        return Refusal(detail=f"timed out after {limit.total_seconds():g} s", cause=Cause.HUNG)
    if code == 0:
        return None
    if absent := _ABSENT.search(last):
        program = next(filter(None, absent.groups()))
        detail = f"it cannot run: {program} is not in the image"
        return Refusal(detail=detail, cause=Cause.MISSING, program=program)
    return Refusal(detail=f"exit code {code}: {last}" if last else f"exit code {code}")


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
