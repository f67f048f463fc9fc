"""Connections over ssh: one login for all, and what is asked on them. No server: an ssh of ours."""

import os
import select
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api import socket_client, ssh_link
from compartment_tui.adapters.docker.api.line import Line, SshFailed
from compartment_tui.adapters.docker.api.socket_client import LINES_ASKED, SocketEngine
from compartment_tui.adapters.docker.api.ssh_link import SshDoor

URL = "ssh://me@box"
SSH = """#!{python}
import os, pathlib, socket, sys
here = pathlib.Path({here!r})
if "-G" in sys.argv:
    print((here / "settings").read_text(), end="")
    sys.exit((here / "fails").exists())
options = [word.partition("=") for word in sys.argv if "=" in word]
place = {{name: value for name, _, value in options}}.get("ControlPath", "")
with open(here / "started", "a") as told:
    told.write(("shared" if place else "alone") + "\\n")
if place and (here / "unable").exists():
    sys.exit(f"unix_listener: cannot bind to path {{place}}: Read-only file system")
if place and not os.path.exists(place):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place)
        server.listen()
        os.read(0, 1)
else:
    os.read(0, 1)
"""
"""Notes how it was started, makes a login's socket, and ends with its input."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # Not below pytest's directories: paths of sockets must be short.
    with tempfile.TemporaryDirectory(prefix="link-") as name:
        folder = Path(name)
        (folder / "settings").write_text("host box\nuser me\n", encoding="utf-8")
        script = folder / "ssh"
        script.write_text(SSH.format(python=sys.executable, here=name), encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", name, prepend=os.pathsep)
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        yield folder


def started(here: Path) -> list[str]:
    return (here / "started").read_text(encoding="utf-8").split()


def sockets(here: Path) -> list[Path]:
    return [one for one in here.glob("*/*") if one.is_socket()]


def opened(door: SshDoor, count: int) -> list[Line]:
    """As many at once."""
    lines: list[Line] = []
    threads = [threading.Thread(target=lambda: lines.append(door.open())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lines


def closed(lines: list[Line]) -> None:
    """Their ends, once each ssh has written what it had to."""
    for line in lines:
        line.channel.shutdown(socket.SHUT_WR)
        line.channel.settimeout(30)
        assert line.channel.recv(1) == b""
        line.close()


def test_the_first_makes_the_login_that_the_others_join(here: Path) -> None:
    lines = opened(SshDoor(URL), 4)
    (place,) = sockets(here)
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    closed(lines)
    assert started(here) == ["shared"] * 4


def test_another_configuration_of_the_host_is_another_login(here: Path) -> None:
    first = opened(SshDoor(URL), 1)
    (here / "settings").write_text("host box\nuser me\nhostname elsewhere\n", encoding="utf-8")
    second = opened(SshDoor(URL), 1)
    assert len(sockets(here)) == 2
    closed([*first, *second])


def test_another_agent_is_another_login(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(SshDoor(URL), 1)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/elsewhere")
    second = opened(SshDoor(URL), 1)
    assert len(sockets(here)) == 2
    closed([*first, *second])


def test_a_lock_logs_in_for_itself(here: Path) -> None:
    door = SshDoor(URL)
    door.begin_apart()
    line = door.open_apart()
    closed([line])
    assert started(here) == ["alone"]


@pytest.mark.parametrize(
    "settings", ["controlpath ~/.ssh/%C\n", "controlmaster auto\ncontrolpath /x/y\n"]
)
def test_a_person_who_shares_logins_keeps_theirs(here: Path, settings: str) -> None:
    (here / "settings").write_text(settings, encoding="utf-8")
    closed(opened(SshDoor(URL), 2))
    assert started(here) == ["alone"] * 2


def test_none_is_no_way_to_share(here: Path) -> None:
    (here / "settings").write_text("controlpath none\n", encoding="utf-8")
    closed(opened(SshDoor(URL), 1))
    assert started(here) == ["shared"]


def test_an_ssh_that_tells_nothing_of_itself_shares_nothing(here: Path) -> None:
    (here / "fails").touch()
    closed(opened(SshDoor(URL), 2))
    assert started(here) == ["alone"] * 2


@pytest.mark.parametrize("name", ["compartment-tui", "x" * 100])
def test_a_place_that_cannot_be_had_shares_nothing(
    here: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "compartment-tui":
        (here / name).write_text("a file", encoding="utf-8")
    else:
        (here / name).mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(here / name))
    closed(opened(SshDoor(URL), 2))
    assert started(here) == ["alone"] * 2


def test_a_socket_that_cannot_be_made_is_done_without(here: Path) -> None:
    (here / "unable").touch()
    closed(opened(SshDoor(URL), 2))
    assert started(here) == ["shared", "alone", "alone"]


def test_what_cannot_get_through_is_not_tried_twice(here: Path) -> None:
    (here / "ssh").write_text(
        '#!/bin/sh\n[ "$1" = -G ] && exit\n'
        f"echo x >>{here}/started\necho 'Permission denied (publickey).' >&2\nexit 255\n",
        encoding="utf-8",
    )
    engine = SocketEngine(SshDoor(URL), URL)
    with pytest.raises(SshFailed, match="Permission denied"):
        engine.info()
    assert len(started(here)) == 1


def test_a_login_that_does_not_answer_is_left(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a night's sleep: it is there, and nothing comes of it."""
    monkeypatch.setattr(ssh_link, "PROOF_SECONDS", 0.2)
    before = opened(SshDoor(URL), 1)
    (place,) = sockets(here)
    answering = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
    (here / "ssh").write_text(
        '#!/bin/sh\n[ "$1" = -G ] && exec cat ' + f"{here}/settings\n"
        f"if [ -e {place} ]; then exec sleep 60; fi\n"
        f"read -r question; printf '{answering}'; exec cat >/dev/null\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(ssh_link, "LOGIN_SECONDS", 0.2)
    engine = SocketEngine(SshDoor(URL), URL)
    assert engine.info() == {}
    engine.close()
    assert not place.exists()
    closed(before)


class Exchange:
    """A door to an engine of ours that answers with what it was asked, when it is told to."""

    keeps = True

    def __init__(self) -> None:
        self.ends: list[socket.socket] = []
        self.left = False

    def open(self) -> Line:
        ours, theirs = socket.socketpair()
        theirs.settimeout(30)
        self.ends.append(theirs)
        return Line(ours)

    def open_apart(self) -> Line:
        return self.open()

    def leave(self) -> None:
        self.left = True


@pytest.fixture
def door() -> Iterator[Exchange]:
    made = Exchange()
    yield made
    for end in made.ends:
        end.close()


def asked(end: socket.socket, count: int) -> list[str]:
    """The paths of as many questions."""
    content = b""
    while content.count(b"\r\n\r\n") < count:
        content += end.recv(65536)
    return [line.split(b" ")[1].decode() for line in content.split(b"\r\n") if b"HTTP/" in line]


def answer(end: socket.socket, path: str) -> None:
    """Its own path is the answer, in chunks."""
    name = path.split("/")[2]
    body = f'{{"Id": "{name}"}}'
    head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    end.sendall(f"{head}{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode())


def test_questions_are_asked_behind_each_other_and_answered_in_turn(door: Exchange) -> None:
    engine, found = SocketEngine(door, URL), dict[str, str]()

    def ask(name: str) -> None:
        found[name] = engine.inspect_container(name)["Id"]

    names = [f"c{number}" for number in range(8)]
    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
        while not any(line.waiting for line in engine._lines):
            pass
    # Nothing is answered before all of it was asked.
    while sum(line.waiting for line in engine._lines) < len(names):
        pass
    waiting = [(end, line.waiting) for end, line in zip(door.ends, engine._lines, strict=True)]
    assert len(door.ends) == LINES_ASKED
    for end, count in waiting:
        for path in asked(end, count):
            answer(end, path)
    for thread in threads:
        thread.join()
    assert found == {name: name for name in names}
    engine.close()


def _serve(end: socket.socket) -> threading.Thread:
    thread = threading.Thread(target=lambda: answer(end, asked(end, 1)[0]))
    thread.start()
    return thread


def test_a_connection_that_ended_meanwhile_is_not_used_again(door: Exchange) -> None:
    engine = SocketEngine(door, URL)
    for number in range(2):
        if number:
            door.ends[0].close()
        opening = threading.Thread(target=lambda: engine.rename("one", "two"))
        opening.start()
        while len(door.ends) <= number:
            pass
        assert "/rename" in asked(door.ends[number], 1)[0]
        door.ends[number].sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        opening.join()
    engine.close()


def test_an_answer_that_is_too_large_is_the_last_of_its_connection(door: Exchange) -> None:
    """What follows of it is no answer to the next question."""
    engine = SocketEngine(door, URL)
    asking = threading.Thread(
        target=lambda: engine._ask(b"GET / HTTP/1.1\r\n\r\n", 3, 30, again=True)
    )
    asking.start()
    while not door.ends:
        pass
    asked(door.ends[0], 1)
    door.ends[0].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789")
    asking.join()
    assert engine._lines == []


def test_what_changes_something_is_not_asked_twice(door: Exchange) -> None:
    engine, failures = SocketEngine(door, URL), list[Exception]()

    def change() -> None:
        try:
            engine.rename("one", "two")
        except ConnectionError as error:
            failures.append(error)

    for number in range(2):
        thread = threading.Thread(target=change)
        thread.start()
        while not door.ends:
            pass
        asked(door.ends[0], 1)
        if number:
            door.ends[0].close()  # in the middle of it
        else:
            door.ends[0].sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        thread.join()
    engine.close()
    assert len(failures) == 1
    assert len(door.ends) == 1


def opening(door: Exchange, ask: Callable[..., object], *words: str) -> threading.Thread:
    """Asked in a thread, over a connection that is opened for it."""
    before = len(door.ends)
    thread = threading.Thread(target=ask, args=words)
    thread.start()
    while len(door.ends) == before:
        pass
    return thread


def test_a_change_takes_a_connection_that_gets_free(
    door: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_client, "FREE_SECONDS", 30)
    engine = SocketEngine(door, URL)
    names = [f"c{number}" for number in range(LINES_ASKED)]
    threads = [opening(door, engine.inspect_container, name) for name in names]
    threads.append(threading.Thread(target=engine.rename, args=("one", "two")))
    threads[-1].start()
    for end in door.ends:
        answer(end, *asked(end, 1))
    (end,) = select.select(door.ends, [], [], 30)[0]
    assert asked(end, 1) == ["/containers/one/rename?name=two"]
    end.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    for thread in threads:
        thread.join()
    assert len(door.ends) == LINES_ASKED
    engine.close()


def test_a_change_opens_a_connection_where_none_gets_free(
    door: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_client, "FREE_SECONDS", 0)
    engine = SocketEngine(door, URL)
    names = [f"c{number}" for number in range(LINES_ASKED)]
    threads = [opening(door, engine.inspect_container, name) for name in names]
    threads.append(opening(door, engine.rename, "one", "two"))
    *looks, change = door.ends
    assert asked(change, 1) == ["/containers/one/rename?name=two"]
    change.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    for end in looks:
        answer(end, *asked(end, 1))
    for thread in threads:
        thread.join()
    engine.close()


def test_a_look_is_taken_again_when_its_kept_connection_breaks(door: Exchange) -> None:
    engine, found = SocketEngine(door, URL), list[str]()
    for number in range(2):
        thread = threading.Thread(
            target=lambda: found.append(engine.inspect_container("one")["Id"])
        )
        thread.start()
        while not door.ends:
            pass
        paths = asked(door.ends[0], 1)
        if number:
            door.ends[0].close()
            while len(door.ends) < 2:
                pass
            _serve(door.ends[1]).join()
        else:
            answer(door.ends[0], paths[0])
        thread.join()
    engine.close()
    assert found == ["one", "one"]
