import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from compartment_tui.adapters.docker.api.address import Address, Tls
from compartment_tui.adapters.docker.api.client import Client, connect
from compartment_tui.adapters.docker.build import build_command
from compartment_tui.adapters.docker.build import builder as building
from compartment_tui.adapters.docker.build import builder_abilities as abilities
from compartment_tui.adapters.docker.build.build_command import (
    BuildCommand,
    child_environment,
)
from compartment_tui.adapters.docker.build.build_progress import ClassicProgress, PlainProgress
from compartment_tui.adapters.docker.build.build_secrets import secret_files
from compartment_tui.adapters.docker.build.builder import DockerBuilder
from compartment_tui.adapters.docker.build.child_process import run_child
from compartment_tui.adapters.docker.resources.images import image as image_on_engine
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.config import Build, BuildSecret, Kind, ServiceSpec
from compartment_tui.domain.deployment import Image, Trigger
from compartment_tui.domain.errors import BuildFailed, Cancelled, ImageUnavailable
from compartment_tui.domain.names import EnvironmentKey, new_id
from compartment_tui.domain.planning.plan import ImageSource, Plan
from compartment_tui.domain.variable import Secret

T = TypeVar("T")

BUILDKIT, CLASSIC = "buildkit", "classic"


@dataclass
class Person:
    """Asks to stop when told to."""

    requests: int = 0


@dataclass
class Workshop:
    """A repository whose services are built on the real engine."""

    root: Path
    client: Client
    name: str = field(default_factory=lambda: f"t-{secrets.token_hex(4)}")
    person: Person = field(default_factory=Person)

    def __post_init__(self) -> None:
        self.write("compartment.toml", f'[project]\nname = "{self.name}"\n')

    @property
    def builder(self) -> DockerBuilder:
        return DockerBuilder(self.client, TomlProject.find(self.root))

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def plan(self, spec: ServiceSpec | None = None) -> Plan:
        now = datetime.now(UTC)
        return Plan(
            key=EnvironmentKey(self.name, "production"),
            run=new_id("run", now, secrets.token_bytes(10)),
            trigger=Trigger.DEPLOY,
            spec=spec or ServiceSpec(name="web", path="web"),
            deployment=new_id("dep", now, secrets.token_bytes(10)),
            source=ImageSource.BUILD,
        )

    def build(self, spec: ServiceSpec | None = None) -> tuple[list[str], Image]:
        return finished(self.builder.build(self.plan(spec), self.person))

    def fails(self, spec: ServiceSpec | None = None) -> BuildFailed:
        with pytest.raises(BuildFailed) as caught:
            self.build(spec)
        return caught.value

    def files(self, image: Image, directory: str) -> set[str]:
        return set(self.run(image, "find", directory, "-type", "f").split())

    def run(self, image: Image, *command: str) -> str:
        label = f"--label=compartment.project={self.name}"
        words = ["docker", "run", "--rm", "--network=none", label, image.id]
        done = subprocess.run([*words, *command], check=True, capture_output=True)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def tags(self) -> list[str]:
        return [tag for one in self._images() for tag in one["RepoTags"] or ()]

    def clean(self) -> None:
        for one in self._images():
            for reference in one["RepoTags"] or [one["Id"]]:
                self.client.api.remove_image(reference, force=True)

    def _images(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.api.images(
            filters={"label": f"compartment.project={self.name}"}
        )
        return found


def finished(lines: Generator[str, None, T]) -> tuple[list[str], T]:
    said = []
    while True:
        try:
            said.append(next(lines))
        except StopIteration as end:
            return said, end.value


@pytest.fixture(params=[BUILDKIT, CLASSIC])
def workshop(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workshop]:
    """Both ways to build keep the same promises."""
    if request.param == CLASSIC:
        monkeypatch.setattr(building, "find_build_command", lambda: None)
    elif build_command.find_build_command() is None:
        pytest.skip("no docker command with BuildKit here")
    client = connect()
    made = Workshop(tmp_path, client)
    yield made
    made.clean()
    client.close()


# --- on the real engine ---------------------------------------------------------------------------


@pytest.mark.docker
def test_an_image_with_its_ports_check_labels_and_name(workshop: Workshop) -> None:
    workshop.write("web/page", "hello")
    workshop.write(
        "web/Dockerfile",
        f"FROM busybox:1\nCOPY page /page\nRUN echo building {workshop.name}\n"
        "EXPOSE 9090 8080 53/udp\nHEALTHCHECK CMD true\n",
    )
    said, image = workshop.build()
    assert any(f"RUN echo building {workshop.name}" in line for line in said)
    assert f"building {workshop.name}" in said
    assert (image.ports, image.checked) == ((9090, 8080), True)
    assert workshop.run(image, "cat", "/page") == "hello"
    assert workshop.tags() == [f"compartment/{workshop.name}/web:{image.id[7:19]}"]


@pytest.mark.docker
def test_the_same_content_is_the_same_image_and_says_cached(workshop: Workshop) -> None:
    workshop.write("web/page", "hello")
    workshop.write("web/Dockerfile", "FROM busybox:1\nCOPY . /all\nRUN echo $RANDOM > /drawn\n")
    _, first = workshop.build()
    (workshop.root / "web" / "page").touch()
    said, second = workshop.build()
    assert second == first
    assert any(line.startswith("cached: ") for line in said)
    workshop.write("web/page", "bye")
    assert workshop.build()[1] != first


@pytest.mark.docker
def test_history_and_copies_never_enter_and_the_ignore_file_is_kept_to(workshop: Workshop) -> None:
    for path in (".git/x/y", ".compartment/x", "sub/.git/x", "a/b/c/.git/x/y", "a/.compartment/x"):
        workshop.write(f"web/{path}", "private")
    for path in ("kept", "sub/kept", "left.log", "sub/back.log"):
        workshop.write(f"web/{path}", "")
    workshop.write("web/Dockerfile", "FROM busybox:1\nCOPY . /all\n")
    workshop.write("web/.dockerignore", "# ours\n**/*.log\n!sub/back.log\n!**/.compartment\n")
    found = workshop.files(workshop.build()[1], "/all")
    assert {path for path in found if "ignore" not in path} == {
        "/all/Dockerfile",
        "/all/kept",
        "/all/sub/kept",
        "/all/sub/back.log",
    }


UGLY = (
    "\ufeff# comment\r\nplain\r\n/rooted/\n./dotted\n  spaced name  \n**/*.log\n!sub/back.log\n"
    "deep\n!deep/kept\n[Cc]lass\n?x\n #hash\nesc\\[a\\]\n**/gone\nDockerfile\n"
)
UGLY_FILES = (
    *("plain", "rooted/a", "dotted/a", "spaced name", "one.log", "sub/two.log", "sub/back.log"),
    *("deep/lost", "deep/kept", "Class", "class", "Glass", "ax", "#hash", "esc[a]", "escb"),
    *("a/b/gone/c", "a/b/stays", "CASE", "case", "with\nline", "latin-\udcea"),
)


@pytest.mark.docker
@pytest.mark.parametrize("workshop", [BUILDKIT], indirect=True)
@pytest.mark.parametrize("own", [True, False])
def test_both_roads_send_the_same(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    for path in UGLY_FILES:
        workshop.write(f"web/{path}", "x")
    web = workshop.root / "web"
    (web / "empty" / "emptier").mkdir(parents=True)
    (web / "tool").write_text("x")
    (web / "tool").chmod(0o755)
    (web / "inside").symlink_to("case")
    (web / "outside").symlink_to("/etc")
    (web / "broken").symlink_to("nowhere")
    workshop.write("web/Dockerfile", "FROM busybox:1\nCOPY . /all\n")
    name = ".dockerignore" if own else "Dockerfile.dockerignore"
    (web / name).write_bytes(UGLY.encode("utf-8", "surrogateescape"))
    look = ("sh", "-c", "cd /all && find . -exec stat -c '%n %F %a' {} + | sort")
    seen = [workshop.run(workshop.build()[1], *look)]
    monkeypatch.setattr(building, "find_build_command", lambda: None)
    seen.append(workshop.run(workshop.build()[1], *look))
    assert seen[1].splitlines() == seen[0].splitlines()
    assert "./deep/kept" in seen[0]
    assert "./plain" not in seen[0]


@pytest.mark.docker
def test_an_ignore_file_of_the_dockerfile_wins(workshop: Workshop) -> None:
    workshop.write("web/docker/Dockerfile", "FROM busybox:1\nCOPY . /all\n")
    workshop.write("web/.dockerignore", "one\n")
    workshop.write("web/docker/Dockerfile.dockerignore", "two\ndocker\n.dockerignore\n")
    workshop.write("web/one", "")
    workshop.write("web/two", "")
    spec = ServiceSpec(name="web", path="web", build=Build(dockerfile="docker/Dockerfile"))
    found = workshop.files(workshop.build(spec)[1], "/all")
    assert "/all/one" in found
    assert "/all/two" not in found


@pytest.mark.docker
def test_target_and_arguments(workshop: Workshop) -> None:
    workshop.write(
        "web/Dockerfile",
        'FROM busybox:1 AS first\nARG WORD=none\nRUN echo "$WORD" > /word\n'
        "FROM first AS second\nRUN exit 1\n",
    )
    build = Build(target="first", args=(("WORD", "a b=$c"),))
    _, image = workshop.build(ServiceSpec(name="web", path="web", build=build))
    assert workshop.run(image, "cat", "/word") == "a b=$c"


@pytest.mark.docker
def test_a_failing_step_is_named_with_its_last_lines(workshop: Workshop) -> None:
    workshop.write(
        "web/Dockerfile",
        "FROM busybox:1\nRUN for i in $(seq 40); do echo line $i; done; exit 7\n",
    )
    failed = workshop.fails()
    assert failed.message.startswith(
        "the image of web cannot be built: web/Dockerfile step 2: RUN "
    )
    assert failed.message.endswith("exited with 7")
    assert failed.tail[-1] == "line 40"
    assert len(failed.tail) == 20


@pytest.mark.docker
def test_a_failing_copy_is_named(workshop: Workshop) -> None:
    workshop.write("web/Dockerfile", "FROM busybox:1\nCOPY nothing /\n")
    message = workshop.fails().message
    assert "web/Dockerfile step 2: COPY nothing / failed: " in message
    assert "not found" in message or "no such file" in message


@pytest.mark.docker
def test_what_is_no_dockerfile(workshop: Workshop) -> None:
    workshop.write("web/Dockerfile", "FROM busybox:1\nRUNN true\n")
    message = workshop.fails().message
    assert "web/Dockerfile: " in message
    assert "unknown instruction: RUNN" in message


@pytest.mark.docker
def test_a_base_image_that_cannot_be_pulled(workshop: Workshop) -> None:
    base = "no.such.registry.invalid/base:1"
    workshop.write("web/Dockerfile", f"FROM {base}\nRUN true\n")
    failed = workshop.fails()
    assert (
        f"the base image {base} could not be pulled: its registry did not answer" in failed.message
    )


@pytest.mark.docker
def test_missing_directory_and_dockerfile(workshop: Workshop) -> None:
    assert "there is no directory web" in workshop.fails().message
    workshop.write("web/other", "")
    assert "there is no web/Dockerfile" in workshop.fails().message


@pytest.mark.docker
def test_static_files_are_served_and_stop_at_once(workshop: Workshop) -> None:
    workshop.write("index.html", "hello")
    workshop.write("404.html", "lost")
    workshop.write("guide/page.html", "guide")
    workshop.write("look.woff2", "font")
    for private in (".git/config", ".compartment/x", "guide/.git/config", ".dockerignore"):
        workshop.write(private, "private")
    for private in (".env", "guide/.env.local", ".ssh/id", ".well-known/.env", ".hidden.html"):
        workshop.write(private, "private")
    workshop.write(".well-known/security.txt", "known")
    (workshop.root / "values").symlink_to("/proc/self/environ")
    (workshop.root / "start.html").symlink_to("index.html")
    for program in ("cgi-bin/run.sh", "httpd.conf", "guide/httpd.conf"):
        workshop.write(program, "*.html:/bin/sh")
    _, image = workshop.build(ServiceSpec(name="docs", kind=Kind.STATIC, path="."))
    names = (
        "index.html",
        "404.html",
        "guide/page.html",
        "look.woff2",
        ".well-known/security.txt",
    )
    assert workshop.files(image, "/site") == {f"/site/{name}" for name in names}
    api = workshop.client.api
    container = api.create_container(
        image.id, environment={"PORT": "8123"}, labels={"compartment.project": workshop.name}
    )["Id"]
    try:
        api.start(container)
        assert eventually(lambda: page(container)) == "hello"
        kinds = {"": "text/html;", "guide/page.html": "text/html;", "look.woff2": "font/woff2"}
        for path, kind in kinds.items():
            assert f"\nContent-type: {kind}" in answer(container, path)
        assert answer(container, "start.html").endswith("hello")
        for gone in ("nothing/here", "values", ".env", "..%2f..%2fetc/passwd"):
            assert answer(container, gone).startswith("HTTP/1.1 404")
        assert answer(container, "nothing/here").endswith("lost")
        began = time.monotonic()
        api.stop(container, timeout=20)
        assert time.monotonic() - began < 15
        assert api.inspect_container(container)["State"]["ExitCode"] == 0
    finally:
        api.remove_container(container, force=True)


@pytest.mark.docker
def test_a_fallback_that_is_not_there_is_said(workshop: Workshop) -> None:
    workshop.write("site/index.html", "hello")
    spec = ServiceSpec(name="docs", kind=Kind.STATIC, path="site", fallback="app.html")
    with pytest.raises(BuildFailed, match=r"there is no site/app\.html") as failed:
        workshop.build(spec)
    assert "`fallback` in [services.docs]" in failed.value.hint


@pytest.mark.docker
def test_a_person_can_stop_a_build(workshop: Workshop) -> None:
    marker = f"sleep 59.{secrets.randbelow(10**6):06}"
    workshop.write("web/Dockerfile", f"FROM busybox:1\nRUN echo begun && {marker}\n")
    lines = workshop.builder.build(workshop.plan(), workshop.person)
    for line in lines:
        if line == "begun":
            break
    began = time.monotonic()
    workshop.person.requests = 1
    with pytest.raises(Cancelled):
        list(lines)
    assert time.monotonic() - began < 30
    assert eventually(lambda: not running(marker)), "the step goes on"


@pytest.mark.docker
def test_names_that_the_engine_would_not_take(workshop: Workshop) -> None:
    workshop.write("web/Dockerfile", "FROM busybox:1\n")
    _, image = workshop.build(ServiceSpec(name="a-_b-", path="web"))
    assert len(workshop.tags()) == 1
    assert workshop.tags()[0].endswith(image.id[7:19])


@pytest.mark.docker
def test_pulling_what_only_the_engine_has(workshop: Workshop) -> None:
    plan = workshop.plan(ServiceSpec(name="web", image="busybox:1"))
    said, image = finished(workshop.builder.pull(plan, workshop.person))
    assert image.id.startswith("sha256:")
    # Where a registry answers there is nothing to say.
    assert [line for line in said if "could not be pulled" in line] in (
        [],
        [said[-1]],
    )


@pytest.mark.docker
def test_pulling_what_nobody_has(workshop: Workshop) -> None:
    plan = workshop.plan(ServiceSpec(name="web", image="no.such.registry.invalid/x:1"))
    with pytest.raises(ImageUnavailable, match=r"no\.such\.registry\.invalid/x:1 can neither"):
        finished(workshop.builder.pull(plan, workshop.person))


# --- without one ----------------------------------------------------------------------------------


def page(container: str) -> str:
    ask = ["docker", "exec", container, "wget", "-qO-", "http://127.0.0.1:8123/"]
    return subprocess.run(ask, check=False, capture_output=True, text=True).stdout


def answer(container: str, path: str) -> str:
    """Head and body of one GET."""
    request = f"GET /{path} HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n"
    ask = ["docker", "exec", container, "sh", "-c", f"printf '{request}' | nc 127.0.0.1 8123"]
    said = subprocess.run(ask, check=False, capture_output=True, text=True)
    return said.stdout.replace("\r\n", "\n")


def eventually(found: Callable[[], object], seconds: float = 60) -> object:
    deadline = time.monotonic() + seconds
    while not (seen := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen


def running(command: str) -> bool:
    """Whether a process with that command line runs on this machine."""
    wanted = command.replace(" ", "\0").encode()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in process.read_bytes():
                return True
        except OSError:
            continue
    return False


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts pretended docker commands on PATH, in order: (version, buildx or None)."""

    def put(*installed: tuple[str, str | None]) -> None:
        folders = []
        for number, (version, buildx) in enumerate(installed):
            plugin = f"echo github.com/docker/buildx {buildx} abc" if buildx else "exit 1"
            body = f'[ "$1" = buildx ] && {{ {plugin}; exit; }}\necho "{version}"'
            folders.append(str(script(tmp_path / str(number) / "docker", body).parent))
        monkeypatch.setenv("PATH", os.pathsep.join(folders))
        build_command._first_with_buildkit.cache_clear()

    yield put
    build_command._first_with_buildkit.cache_clear()


class HungRegistry(BaseHTTPRequestHandler):
    """An engine whose pulls begin and never go on."""

    protocol_version = "HTTP/1.1"
    server: "HungEngine"

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            self.answer(200, {"ApiVersion": "1.41", "Version": "20.10.24"})
        elif self.server.has_image:
            self.answer(200, {"Id": "sha256:abc", "Config": {}})
        else:
            self.answer(404, {"message": "no such image"})

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        line = b'{"status":"Pulling from x"}\n'
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.rfile.read(1)  # returns when the connection is cut
        self.server.cut.set()
        self.close_connection = True

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its own name for it)
        pass


class HungEngine(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HungRegistry)
        self.has_image = False
        self.cut = threading.Event()


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[tuple[HungEngine, Workshop]]:
    with HungEngine() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"tcp://127.0.0.1:{server.server_port}"
        client = Client(Address(url=url, chosen_by="a test"))
        yield server, Workshop(tmp_path, client)
        client.close()
        server.shutdown()


def test_a_pull_without_progress_is_given_up_and_the_local_image_used(
    hung: tuple[HungEngine, Workshop], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, workshop = hung
    server.has_image = True
    monkeypatch.setattr(building, "PULL_PATIENCE_SECONDS", 0.4)
    plan = workshop.plan(ServiceSpec(name="web", image="x:1"))
    said, image = finished(workshop.builder.pull(plan, workshop.person))
    assert image.id == "sha256:abc"
    assert said[0] == "Pulling from x"
    assert said[-1].startswith("x:1 could not be pulled (no progress for ")
    assert server.cut.wait(5), "the pull goes on in the engine"


def test_a_pull_without_progress_and_without_a_local_image(
    hung: tuple[HungEngine, Workshop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PULL_PATIENCE_SECONDS", 0.4)
    workshop = hung[1]
    plan = workshop.plan(ServiceSpec(name="web", image="x:1"))
    with pytest.raises(ImageUnavailable, match="no progress"):
        finished(workshop.builder.pull(plan, workshop.person))


def test_a_person_can_stop_a_pull(hung: tuple[HungEngine, Workshop]) -> None:
    server, workshop = hung
    plan = workshop.plan(ServiceSpec(name="web", image="x:1"))
    lines = workshop.builder.pull(plan, workshop.person)
    assert next(lines) == "Pulling from x"
    workshop.person.requests = 1
    with pytest.raises(Cancelled):
        next(lines)
    assert server.cut.wait(5), "the pull goes on in the engine"


OLD, NEW = "Docker version 20.10.24+dfsg1, build 297e128", "Docker version 28.2.2, build e6534b4"


def test_a_new_command_without_its_plugin_is_passed_over(probe: Callable[..., None]) -> None:
    probe(("podman version 4.3.1", None), (NEW, None), (OLD, None))
    found = build_command.find_build_command()
    assert found is not None
    assert (found.version, found.buildx) == ("20.10.24+dfsg1", None)
    assert found.start()[1:] == ("build",)
    assert "20.10.24" in build_command.describe_builder()


def test_the_plugin_is_used_where_it_is(probe: Callable[..., None]) -> None:
    probe((NEW, "v0.12.1"), (OLD, None))
    found = build_command.find_build_command()
    assert found is not None
    assert found.version == "28.2.2"
    assert found.start()[1:3] == ("buildx", "build")
    assert "--provenance=false" in found.start()


def test_an_old_plugin_knows_no_provenance() -> None:
    old = BuildCommand(path="docker", version="20.10", buildx=(0, 9))
    assert "--provenance=false" not in old.start()


def test_no_command_means_the_engines_own_builder(probe: Callable[..., None]) -> None:
    probe((NEW, None))
    assert build_command.find_build_command() is None
    assert build_command.describe_builder().startswith("classic")


def test_the_command_talks_to_the_same_engine_and_never_sees_the_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPARTMENT_TUI_IDENTITY", "made up")
    monkeypatch.setenv("COMPARTMENT_TUI_IDENTITY_FILE", "made up")
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    plain = child_environment(Address(url="unix:///x.sock", chosen_by="a test"))
    assert plain["DOCKER_HOST"] == "unix:///x.sock"
    assert not {name for name in plain if name.startswith(("COMPARTMENT", "DOCKER_TLS"))}
    assert "DOCKER_CONTEXT" not in plain
    certificates = Tls(ca=Path("/certificates/ca.pem"))
    secure = child_environment(Address(url="tcp://x", chosen_by="a test", tls=certificates))
    assert (secure["DOCKER_TLS_VERIFY"], secure["DOCKER_CERT_PATH"]) == ("1", "/certificates")


def test_a_child_ends_with_everything_it_started(tmp_path: Path) -> None:
    marker = f"sleep 61.{secrets.randbelow(10**6):06}"
    stubborn = script(tmp_path / "stubborn", f"trap '' TERM\n{marker} &\necho begun\nwait")
    person = Person()
    lines = run_child((str(stubborn),), os.environ, person)
    assert next(lines) == "begun"
    assert eventually(lambda: running(marker))  # forked, and soon another program
    person.requests = 1
    with pytest.raises(Cancelled):
        next(lines)
    assert eventually(lambda: not running(marker))


def test_a_child_whose_reader_goes_away_ends(tmp_path: Path) -> None:
    marker = f"sleep 62.{secrets.randbelow(10**6):06}"
    lines = run_child(
        (str(script(tmp_path / "slow", f"echo begun\n{marker}")),), os.environ, Person()
    )
    next(lines)
    lines.close()
    assert eventually(lambda: not running(marker))


def test_a_childs_lines(tmp_path: Path) -> None:
    body = "printf 'one\\r\\n1%%\\r50%%\\r\\ntwo\\377\\n' >&2; printf 'no end'; exit 3"
    lines = run_child((str(script(tmp_path / "talk", body)),), os.environ, Person())
    said, exit_code = finished(lines)
    assert said == ["one", "50%", "two\ufffd", "no end"]
    assert exit_code == 3


BUILDX_FAILURE = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 214B done
#1 DONE 0.0s

#5 [base 2/3] COPY . /all
#5 CACHED

#7 [final 2/9] RUN pip install --requirement requirements.txt
#8 [other 2/2] RUN make
#7 0.3 Collecting wheel
#8 0.4 cc -o x
#7 ...
#7 [final 2/9] RUN pip install --requirement requirements.txt
#7 1.2 ERROR: No matching distribution
#7 ERROR: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
#8 CANCELED
------
 > [final 2/9] RUN pip install --requirement requirements.txt:
1.2 ERROR: No matching distribution
------
Dockerfile:6
--------------------
   6 | >>> RUN pip install --requirement requirements.txt
--------------------
ERROR: failed to solve: process "/bin/sh -c pip install" did not complete: exit code: 1
View build details: somewhere
"""


def test_progress_of_steps_that_alternate() -> None:
    progress = PlainProgress()
    said = [heard for line in BUILDX_FAILURE.splitlines() for heard in progress.feed(line)]
    assert said == [
        "[base 2/3] COPY . /all",
        "cached: [base 2/3] COPY . /all",
        "[final 2/9] RUN pip install --requirement requirements.txt",
        "[other 2/2] RUN make",
        "Collecting wheel",
        "cc -o x",
        "ERROR: No matching distribution",
    ]
    found = progress.breakdown()
    assert (found.step, found.exit_code) == ("2 of stage final", 1)
    assert found.tail == ("Collecting wheel", "ERROR: No matching distribution")


def test_progress_that_ends_before_any_step() -> None:
    progress = PlainProgress()
    for line in BUILDX_FAILURE.splitlines()[-3:]:
        list(progress.feed(line))
    assert progress.breakdown().reason.startswith("process")
    assert PlainProgress().breakdown().reason


@pytest.mark.parametrize(
    ("name", "error", "silent"),
    [
        (
            "[internal] load metadata for docker.io/library/python:9",
            'failed to do request: Head "https://x/v2/": dial tcp: lookup x: no such host',
            True,
        ),
        (
            "[internal] load metadata for docker.io/library/python:9",
            "pull access denied, repository does not exist or may require authorization",
            False,
        ),
        (
            "[1/2] FROM docker.io/library/python:9@sha256:abc",
            "net/http: TLS handshake timeout",
            True,
        ),
    ],
)
def test_base_images_that_do_not_come(name: str, error: str, silent: bool) -> None:
    progress = PlainProgress()
    list(progress.feed(f"#3 {name}"))
    list(progress.feed(f"#3 ERROR: {error}"))
    found = progress.breakdown()
    assert found.base_image.startswith("python:9")
    assert found.registry_silent is silent


def test_a_full_disk_is_told_from_a_broken_step() -> None:
    progress = PlainProgress()
    list(progress.feed("#3 [2/2] RUN dd"))
    list(progress.feed("#3 0.1 dd: writing: No space left on device"))
    list(progress.feed("#3 ERROR: executor failed running [dd]: exit code: 1"))
    assert progress.breakdown().disk_full


CLASSIC_CHUNKS: tuple[dict[str, Any], ...] = (
    {"stream": "Step 1/2 : FROM busybox:1"},
    {"stream": "\n"},
    {"status": "Pulling fs layer", "id": "abc"},
    {"status": "Downloading", "id": "abc", "progressDetail": {"current": 1}},
    {"stream": " ---> Using cache\n"},
    {"stream": "Step 2/2 : RUN x\n"},
    {"stream": "one\ntw"},
    {"stream": "o\n"},
    {"error": "The command '/bin/sh -c x' returned a non-zero code: 3"},
)


def test_classic_progress_keeps_the_failing_steps_lines() -> None:
    progress = ClassicProgress()
    said: list[str] = []
    for chunk in CLASSIC_CHUNKS:
        said += progress.feed(chunk)
    assert said == [
        "Step 1/2 : FROM busybox:1",
        "abc: Pulling fs layer",
        "cached: FROM busybox:1",
        "Step 2/2 : RUN x",
        "one",
        "two",
    ]
    found = progress.breakdown()
    assert (found.step, found.instruction, found.exit_code) == ("2", "RUN x", 3)
    assert found.tail == ("one", "two")


@pytest.mark.docker
def test_a_copy_from_above_hints_at_the_form_that_works(workshop: Workshop) -> None:
    workshop.write("packages/shared/x", "shared")
    workshop.write("apps/web/Dockerfile", "FROM busybox:1\nCOPY packages/shared/x /x\n")
    failure = workshop.fails(ServiceSpec(name="web", path="apps/web"))
    assert "apps/web/Dockerfile step 2" in failure.message
    assert 'path = "."` and `build = { dockerfile = "apps/web/Dockerfile" }`' in failure.hint
    works = ServiceSpec(name="web", path=".", build=Build(dockerfile="apps/web/Dockerfile"))
    assert workshop.run(workshop.build(works)[1], "cat", "/x") == "shared"


@pytest.mark.docker
@pytest.mark.parametrize(
    "text", ["RUN <<EOF\necho hello\nEOF\n", "COPY --link Dockerfile /x\n"], ids=["heredoc", "link"]
)
def test_a_newer_dockerfile_names_the_builder_that_failed(workshop: Workshop, text: str) -> None:
    workshop.write("web/Dockerfile", f"FROM busybox:1\n{text}")
    version = workshop.client.api.version()["Version"]
    if abilities.version_of(version) >= (23, 0):
        pytest.skip("the engine's builder takes it")
    failure = workshop.fails()
    assert f"Docker {version}" in failure.hint
    assert "does not take" in failure.hint


@pytest.mark.docker
def test_own_ports_come_before_those_of_the_base_image(workshop: Workshop) -> None:
    workshop.write("web/Dockerfile", "FROM busybox:1\nEXPOSE 3000\nEXPOSE 2000-2002\n")
    _, base = workshop.build()
    assert base.ports == (3000, 2000, 2001, 2002)
    found = image_on_engine(workshop.client, base.id)
    assert found is not None
    assert found.ports == base.ports
    workshop.write("next/Dockerfile", f"FROM {workshop.tags()[0]}\nARG P=4000\nEXPOSE $P\n")
    _, image = workshop.build(ServiceSpec(name="next", path="next"))
    assert image.ports == (4000, 3000, 2000, 2001, 2002)


@pytest.mark.docker
def test_a_frontend_that_no_registry_hands_out_is_named(workshop: Workshop) -> None:
    workshop.write(
        "web/Dockerfile", "# syntax=no.such.registry.invalid/dockerfile:1\nFROM busybox:1\n"
    )
    try:
        workshop.build()  # to the engine's own builder it is a comment
    except BuildFailed as failure:
        assert "leave the `# syntax=` line out" in failure.hint  # noqa: PT017 - one of two ends


TOKEN = "s3cret-of-the-registry"


def with_secrets(*secrets_of_it: BuildSecret) -> ServiceSpec:
    return ServiceSpec(name="web", path="web", build=Build(secrets=secrets_of_it))


@pytest.mark.parametrize("workshop", [BUILDKIT], indirect=True)
@pytest.mark.docker
def test_a_build_reads_secrets_that_nothing_keeps(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.write("web/.npmrc", f"line one\ntoken={TOKEN}-2\n")
    workshop.write("web/.dockerignore", ".npmrc\n")
    workshop.write(
        "web/Dockerfile",
        "FROM busybox:1\n"
        "RUN --mount=type=secret,id=NPM_TOKEN --mount=type=secret,id=npm.rc"
        f" echo {workshop.name} && cat /run/secrets/NPM_TOKEN && cat /run/secrets/npm.rc"
        " && cut -c 3- /run/secrets/NPM_TOKEN > /all && wc -c < /run/secrets/npm.rc > /size\n"
        "RUN ls -A /run/secrets || true\n",
    )
    commands_run: list[tuple[str, ...]] = []

    def spy(
        words: tuple[str, ...], env: Mapping[str, str], cancel: Person
    ) -> Generator[str, None, int]:
        commands_run.append(words)
        files = [word.partition("src=")[2] for word in words if word.startswith("--secret=")]
        assert [Path(file).stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
        return run_child(words, env, cancel)

    monkeypatch.setattr(building, "run_child", spy)
    spec = with_secrets(
        BuildSecret(id="NPM_TOKEN", variable="TOKEN"),
        BuildSecret(id="npm.rc", file="web/.npmrc"),
    )
    plan = replace(workshop.plan(spec), build_secrets={"NPM_TOKEN": Secret(TOKEN)})
    said, image = finished(workshop.builder.build(plan, workshop.person))
    assert workshop.run(image, "cat", "/all") == TOKEN[2:]
    assert workshop.run(image, "cat", "/size") == "40"
    asked = ["docker", "history", "--no-trunc", image.id], ["docker", "inspect", image.id]
    kept = (subprocess.run(one, check=True, capture_output=True, text=True).stdout for one in asked)
    for seen in (*said, *commands_run[0], *kept):
        assert TOKEN not in seen
    assert any("<hidden>" in line for line in said)
    assert not Path(commands_run[0][-2].partition("src=")[2]).exists()


@pytest.mark.parametrize("workshop", [BUILDKIT], indirect=True)
@pytest.mark.docker
def test_a_failing_build_does_not_show_its_secret_either(workshop: Workshop) -> None:
    workshop.write(
        "web/Dockerfile",
        "FROM busybox:1\nRUN --mount=type=secret,id=T cat /run/secrets/T; exit 3\n",
    )
    plan = workshop.plan(with_secrets(BuildSecret(id="T", variable="T")))
    plan = replace(plan, build_secrets={"T": Secret(TOKEN)})
    with pytest.raises(BuildFailed) as failed:
        finished(workshop.builder.build(plan, workshop.person))
    assert TOKEN not in f"{failed.value.message} {failed.value.tail}"
    assert any("<hidden>" in line for line in failed.value.tail)


class Closet:
    """What a builder needs of a project, without an engine."""

    def __init__(self, root: Path) -> None:
        (root / "web").mkdir()
        (root / "web" / "Dockerfile").write_text("FROM busybox:1\n")
        (root / "compartment.toml").write_text('[project]\nname = "shop"\n')
        self.workshop = Workshop(root, cast("Client", None), name="shop")

    def fails(self, *of_it: BuildSecret) -> BuildFailed:
        with pytest.raises(BuildFailed) as failed:
            self.workshop.build(with_secrets(*of_it))
        return failed.value


def test_without_buildkit_a_build_with_secrets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "find_build_command", lambda: None)
    (tmp_path / "token").write_text(TOKEN)
    failed = Closet(tmp_path).fails(BuildSecret(id="T", file="token"))
    assert "only BuildKit" in failed.message
    assert "buildx" in failed.hint
    assert TOKEN not in f"{failed.message}{failed.hint}"


def test_a_secret_that_cannot_be_had(tmp_path: Path) -> None:
    closet = Closet(tmp_path)
    (tmp_path / "out").symlink_to("/etc/hostname")
    (tmp_path / "large").write_bytes(b"x" * 600_000)
    for file, said in (
        ("nothing", "there is no file"),
        ("web", "there is no file"),
        ("out", "leads out of the repository"),
        ("large", "larger than"),
    ):
        assert said in closet.fails(BuildSecret(id="T", file=file)).message
    assert "T2 is not set" in closet.fails(BuildSecret(id="T", variable="T2")).message


@pytest.mark.parametrize(
    ("content", "line", "shown"),
    [
        (TOKEN, f"a {TOKEN} b", "a <hidden> b"),
        (f"{TOKEN}\n", TOKEN, "<hidden>"),
        ("first line\nsecond line\r\n", "x first line, second line", "x <hidden>, <hidden>"),
        ("abc", "abc", "abc"),
        ("long long\nlong", "long long", "<hidden>"),
    ],
)
def test_what_output_shows_of_a_secret(tmp_path: Path, content: str, line: str, shown: str) -> None:
    workshop = Closet(tmp_path).workshop
    plan = workshop.plan(with_secrets(BuildSecret(id="T", variable="T")))
    with secret_files(replace(plan, build_secrets={"T": Secret(content)}), tmp_path) as found:
        assert found.masked(line) == shown
