"""Whatever is read from outside has a bound, before anything parses it."""

import io
import socket
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.api import socket_client
from compartment_tui.adapters.docker.api.address import Address, find_address
from compartment_tui.adapters.docker.api.line import LocalDoor
from compartment_tui.adapters.docker.api.log_frames import Demultiplexer
from compartment_tui.adapters.docker.build.build_context import _read
from compartment_tui.adapters.docker.edge import public_routers, traefik
from compartment_tui.adapters.docker.edge.route_documents import all_ours, in_octal
from compartment_tui.adapters.docker.records import bounded, decoded, unpacked
from compartment_tui.adapters.docker.resources.logs import EventDecoder
from compartment_tui.adapters.docker.resources.stats import StatsDecoder
from compartment_tui.adapters.dotenv import DotenvText
from compartment_tui.adapters.places import read_private, write_private
from compartment_tui.adapters.project_file import init
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain import bounds
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.errors import CompartmentError, ProjectFileInvalid, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.tui.shell.themes import Memory
from compartment_tui.tui.variables.editor_bridge import _read as read_dotenv

DEEP = 100_000
MONSTERS = {
    "lists": f"a = {'[' * DEEP}",
    "lists, closed": f"a = {'[' * DEEP}{']' * DEEP}",
    "lists, some closed": "a = " + "[[]," * 2_000,
    "tables": "a = " + "{b=" * DEEP,
    "a key of many names": ".".join(["a"] * DEEP) + " = 1",
    "a table of many names": "[" + ".".join(["a"] * DEEP) + "]",
    "a key of many quoted names": " . ".join(['"a"'] * DEEP) + " = 1",
    "a number of many digits": "format = " + "9" * DEEP,
    "a number of many digits, after a name": "format = 1\nkey = " + "9" * 5000,
    "a text without end": 'a = """' + '\\"""' * DEEP,
    "a very long line": "a = '" + "x" * (bounds.RECORD + 1) + "'",
    "very many keys": "".join(f"k{number}=1\n" for number in range(bounds.ENTRIES + 1)),
    "a surrogate": 'a = "\\ud800"',
    "a date that cannot be": "a = 9999-99-99T99:99:99Z",
}


@pytest.mark.parametrize("monster", MONSTERS)
def test_no_text_in_toml_is_more_than_a_sentence(monster: str, tmp_path: Path) -> None:
    text = MONSTERS[monster]
    file = tmp_path / "compartment.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectFileInvalid) as refused:
        TomlProject(file).config()
    assert "compartment.toml" in refused.value.message
    assert len(refused.value.message) < 300
    with pytest.raises(RecordInvalid) as invalid:
        decoded(text.encode())
    assert len(invalid.value.message) < 300
    with pytest.raises(RecordInvalid):
        record_file.loads_key(text)
    with pytest.raises(traefik.UnreadableDocument):
        traefik.read(text)


def test_what_is_refused_is_never_parsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parsed: list[int] = []

    def loads(text: str) -> dict[str, object]:
        parsed.append(len(text))
        return {}

    monkeypatch.setattr("tomllib.loads", loads)
    file = tmp_path / "compartment.toml"
    for text in ("#" * (bounds.PROJECT_FILE + 1), MONSTERS["lists"], MONSTERS["very many keys"]):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ProjectFileInvalid):
            TomlProject(file).config()
        with suppress(RecordInvalid):
            record_file.loads(text)
    assert all(size <= bounds.RECORD for size in parsed)
    assert len(parsed) <= 1  # the comment is short enough for a record


def test_the_bounds_are_far_from_what_people_write() -> None:
    services = "".join(f'[services.s{number}]\npath = "s"\n' for number in range(2_000))
    bounds.refuse_toml(services, bounds.PROJECT_FILE, "it")
    brackets = "".join(f'k{number} = "[{{ [[ {{"\n' for number in range(1_000))
    bounds.refuse_toml(brackets, bounds.PROJECT_FILE, "it")
    comments = "# [[[[ a.b.c.d\n" * 1_000
    bounds.refuse_toml(comments, bounds.PROJECT_FILE, "it")
    floats = "a = [" + "1.5, " * 1_000 + "]"
    bounds.refuse_toml(floats, bounds.PROJECT_FILE, "it")
    sentence = "a = '" + "one. two. " * 1_000 + "'"
    bounds.refuse_toml(sentence, bounds.PROJECT_FILE, "it")


@given(st.text(alphabet="[]{}\"'\\#=.\na1 ", max_size=60))
def test_counting_brackets_never_fails(text: str) -> None:
    assert bounds._depth(text) <= len(text)
    with suppress(bounds.TooMuch):
        bounds.refuse_toml(text, bounds.MIB, "it")


# --- what lies on the engine ---


@given(st.binary(max_size=200))
def test_no_bytes_are_a_record_by_accident(content: bytes) -> None:
    with suppress(RecordInvalid):
        decoded(content)


PLAIN = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(("format", "key", "active", "held", "deployments", "runs", "journal"))


@given(st.dictionaries(FIELDS, PLAIN))
def test_no_document_is_a_record_by_accident(document: dict[str, Any]) -> None:
    import tomli_w

    try:
        text = tomli_w.dumps({"format": 1, **document})
    except (UnicodeEncodeError, ValueError):
        return
    with suppress(RecordInvalid):
        record_file.loads(text)


@pytest.mark.parametrize(
    "entry",
    [
        'project = "shop"',
        'project = 1\nenvironment = "e"',
        'project = "../x"\nenvironment = "e"',
        'project = "shop"\nenvironment = ""',
        f'project = "shop"\nenvironment = "{"x" * 64}"',
    ],
)
def test_an_index_entry_names_what_can_be_named(entry: str) -> None:
    with pytest.raises(RecordInvalid):
        record_file.loads_key(entry)


KEY = EnvironmentKey("shop", "production")
ROUTES = RouteTable(
    marker="run_1", routes=(Route(host="a.b", deployment="dep_01JZ00000000000001", port=1),)
)


@given(st.integers(0, 400), st.binary(max_size=6))
def test_no_change_of_a_route_document_is_more_than_unreadable(at: int, put: bytes) -> None:
    good = traefik.document(KEY, ROUTES).encode()
    spoilt = good[:at] + put + good[at + len(put) :]
    with suppress(traefik.UnreadableDocument):
        key, _ = traefik.read(spoilt.decode("utf-8", "replace"))
        assert traefik.file_name(key)


def owned(whose: list[object]) -> str:
    name = f"e-of-{public_routers.in_base32(whose)}"
    return f'[http.services.{name}.loadBalancer]\nservers = [{{ url = "http://x.invalid" }}]\n'


@pytest.mark.parametrize("whose", [[1, 2], [["a"], "b"], ["a", "x" * 64], ["../x", "y"], [{}, {}]])
def test_a_route_document_belongs_to_what_can_be_named(whose: list[object]) -> None:
    with pytest.raises(traefik.UnreadableDocument):
        traefik.read(owned(whose))


@given(st.binary(max_size=80))
def test_no_listing_of_documents_stops_a_run(listed: bytes) -> None:
    all_ours(listed)
    all_ours(b"9" * 5000 + b" a.toml\n\nx")


@given(st.text(min_size=1, max_size=60).filter(lambda name: "\0" not in name and "/" not in name))
def test_a_document_of_any_name_can_be_moved_aside(name: str) -> None:
    from compartment_tui.adapters.docker.api.helper_shell import _ARGUMENT

    with suppress(UnicodeEncodeError):
        written = in_octal(name)
        assert _ARGUMENT.fullmatch(written)
        back = bytes(int(one, 8) for one in written.split(".")[:-1])
        assert back == name.encode("utf-8", "surrogateescape")


def archive(*members: tuple[str, int, bytes]) -> bytes:
    """An archive whose members say sizes that they need not have."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, size, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
            if size != len(content):
                info.size = size
                raw = held.getvalue()
                start = raw.rindex(name.encode())
                head = info.tobuf()
                held.seek(start)
                held.write(head[:512])
                held.seek(0, io.SEEK_END)
    return held.getvalue()


def test_a_member_that_says_it_is_huge_is_no_more_than_its_archive() -> None:
    found: dict[str, bytes] = {}
    with suppress(tarfile.TarError, bounds.TooMuch, EOFError):
        found = unpacked(archive(("records/a", 8 * 1024**3, b"x")), "/state")
    assert sum(map(len, found.values())) < 100_000


def test_more_members_than_there_can_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ARCHIVE_MEMBERS", 3)
    members = [(f"records/{number}", 1, b"x") for number in range(4)]
    with pytest.raises(bounds.TooMuch):
        unpacked(archive(*members), "/state")
    assert len(unpacked(archive(*members[:3]), "/state")) == 3


def test_links_do_not_make_more_of_an_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        info = tarfile.TarInfo("a")
        info.size = 1000
        tar.addfile(info, io.BytesIO(b"x" * 1000))
        for number in range(10):
            link = tarfile.TarInfo(f"l{number}")
            link.type, link.linkname = tarfile.LNKTYPE, "a"
            tar.addfile(link)
    monkeypatch.setattr(bounds, "ARCHIVE", 5_000)
    with pytest.raises(bounds.TooMuch):
        unpacked(held.getvalue(), "/state")


@given(st.binary(max_size=2000))
def test_no_bytes_are_an_archive_that_stops_us(content: bytes) -> None:
    with suppress(tarfile.TarError, ValueError, EOFError, bounds.TooMuch):
        unpacked(content, "/state")


def test_an_endless_archive_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ARCHIVE", 10)
    given: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            given.append(1)
            yield b"xxxx"

    with pytest.raises(bounds.TooMuch):
        bounded(endless())
    assert len(given) == 3


# --- what the engine says ---


def test_a_frame_that_says_it_is_huge_is_not_waited_for() -> None:
    head = bytes((1, 0, 0, 0)) + (2**32 - 1).to_bytes(4, "big")
    with pytest.raises(bounds.TooMuch):
        list(Demultiplexer().feed(head))


@pytest.mark.parametrize("decoder", [EventDecoder("shop"), StatsDecoder(None)])
def test_a_line_of_a_feed_has_an_end(
    decoder: EventDecoder | StatsDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "STREAM_LINE", 10)
    with pytest.raises(bounds.TooMuch):
        list(decoder.feed(b"x" * 11))


CONTENT = b"x" * 65536


@pytest.mark.parametrize(
    ("start", "again", "refused"),
    [
        (b"\r\n", CONTENT, bounds.TooMuch),
        (b"Content-Length: 1000000000000\r\n\r\n", CONTENT, bounds.TooMuch),
        (
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + CONTENT + b"\r\n",
            bounds.TooMuch,
        ),
        (b"Name: ", CONTENT, ConnectionError),
        (b"", b"Name: value\r\n", ConnectionError),
    ],
    ids=["content", "content of a length", "chunks", "a line of the head", "the head"],
)
def test_an_answer_of_the_engine_has_an_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: bytes,
    again: bytes,
    refused: type[Exception],
) -> None:
    monkeypatch.setattr(socket_client.SocketEngine._get, "__kwdefaults__", {"bound": 10})
    path = str(tmp_path / "engine.sock")

    def answer(server: socket.socket) -> None:
        caller, _ = server.accept()
        with caller, suppress(OSError):
            caller.sendall(b"HTTP/1.1 200 OK\r\n" + start)
            while True:
                caller.sendall(again)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        answering = Thread(target=answer, args=(server,), daemon=True)
        answering.start()
        with pytest.raises(refused):
            socket_client.SocketEngine(LocalDoor(path), f"unix://{path}").containers(
                all=True, filters={}
            )
        answering.join(timeout=30)
    assert not answering.is_alive()


def test_a_deep_answer_of_the_engine_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_client.SocketEngine, "_get", lambda *_, **__: b"[" * DEEP)
    with pytest.raises(ConnectionError):
        socket_client.SocketEngine(LocalDoor("/nowhere"), "unix:///nowhere").inspect_container("x")


class Endless(BaseHTTPRequestHandler):
    """An engine that answers every question with more than anybody reads."""

    answers: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(self.answers)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endless)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b'{"ApiVersion": "' + b"1" * 5_000 + b'"}', "larger than"), (b"[" * 3_000, "too deeply")],
    ids=["large", "deep"],
)
def test_an_answer_over_the_network_has_a_bound(
    engine: str, answer: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from compartment_tui.adapters.docker.api.sdk_session import SdkSession

    monkeypatch.setattr(Endless, "answers", answer)
    monkeypatch.setattr(bounds, "ENGINE_ANSWER", 4 * bounds.KIB)
    with pytest.raises(bounds.TooMuch, match=said):
        SdkSession(Address(url=engine, chosen_by="a test"))


# --- files of a person or a repository ---


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Larger than anything that is read, and nearly nothing on the disk."""
    file = tmp_path / "Dockerfile"
    with file.open("wb") as opened:
        opened.truncate(8 * 1024**3)
    return file


def test_no_file_is_read_beyond_its_bound(large: Path) -> None:
    for read in (
        lambda: _read(large, ServiceSpec(name="web", path="."), large.parent),
        lambda: DotenvText().load(large),
        lambda: read_dotenv(str(large), DotenvText()),
        lambda: TomlProject(large).config(),
    ):
        with pytest.raises(CompartmentError) as refused:
            read()
        assert "larger than 1 MiB" in refused.value.message
    assert Memory(large).recall() is None


def test_init_looks_at_no_more_than_a_dockerfile_has(large: Path) -> None:
    found = init.survey_project(large.parent)
    assert not found.services
    assert any("larger than" in note for note in found.notes)


def test_the_copy_of_a_record_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "copy"
    write_private(file, b"x" * 20)
    monkeypatch.setattr(bounds, "RECORD", 10)
    with pytest.raises(OSError, match="larger than"):
        read_private(file, tmp_path)


def test_the_settings_of_the_docker_command_have_an_end(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large.rename(large.with_name("config.json"))
    monkeypatch.setenv("DOCKER_CONFIG", str(large.parent))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    assert find_address().chosen_by == "the local socket"
