"""The example shop in a directory of its own, deployed by the program a person would run."""

import contextlib
import http.client
import importlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.command import Result, Running
from tests.e2e.leftovers import remove_edge, remove_project
from tests.e2e.warm import Command, starter

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
PROGRAM = (str(Path(sys.executable).with_name("compartment-tui")),)
QUICK = {'settle = "500ms"': 'settle = "200ms"', 'interval = "200ms"': 'interval = "100ms"'}
"""The example's pauses are for people who watch."""
CALLER = """
[services.caller]
path = "services/caller"
kind = "api"
port = 8080
readiness = { type = "http", path = "/healthz", interval = "100ms", timeout = "20s" }
"""
RPC = """
[services.rpc]
path = "services/rpc"
kind = "api"
port = 8080
scheme = "h2c"
settle = "200ms"
drain_timeout = "10s"
stop_grace = "5s"
"""
PROGRAM_IMAGE = """FROM python:3.11-slim
WORKDIR /app
COPY h2 h2
COPY hpack hpack
COPY hyperframe hyperframe
RUN python3 -m compileall -q . && python3 -c "import h2.connection"
COPY . .
CMD ["python3", "{program}"]
"""
HTTP2 = ("h2", "hpack", "hyperframe")
"""Pure Python: what is installed here runs in a container, too."""

Found = TypeVar("Found")


@dataclass(slots=True, kw_only=True)
class Shop:
    """A project directory, an edge of its own, and the engine they are on."""

    directory: Path
    project: str
    namespace: str
    port: int
    client: Client
    secured: int = 0
    """The edge's port for HTTPS; 0: it has none."""
    guest: bool = False
    """Whether the edge and the records are another shop's, which stay when this one is removed."""
    program: tuple[str, ...] = PROGRAM
    warm: bool = True
    """Whether commands are started by a process that has loaded the program already."""
    inside: tuple[str, ...] = ()
    """A command that starts that process elsewhere, as in a mount namespace."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of every command."""
    connect: Callable[[int], socket.socket] | None = None
    """Opens a connection to the edge's port, where that is not on this machine's own address."""
    versions: dict[str, int] = field(default_factory=dict)

    # What a person does

    def run(self, *words: str, seconds: float = 120, **variables: str) -> Result:
        """Run `compartment-tui WORDS` to its end."""
        began = time.monotonic()
        if self.warm:
            code, out, err = self._started(words, variables).finish(seconds)
        else:
            done = subprocess.run(
                [*self.program, *words],
                cwd=self.directory,
                env=self.environ(variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=seconds,
                check=False,
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        result = Result(code=code, out=out, err=err, seconds=time.monotonic() - began)
        assert "Traceback" not in result.out + result.err, result.text
        return result

    def good(self, *words: str, code: int = 0, seconds: float = 120) -> Result:
        """As `run`, for a command that must end with `code`."""
        result = self.run(*words, seconds=seconds)
        assert result.code == code, f"{' '.join(words)}: {result.text}"
        return result

    def start(self, *words: str, **variables: str) -> Running:
        """Start `compartment-tui WORDS --events`."""
        if self.warm:
            return Running(self._started((*words, "--events"), variables))
        process = subprocess.Popen(
            [*self.program, *words, "--events"],
            cwd=self.directory,
            env=self.environ(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return Running(process)

    def _started(self, words: Sequence[str], variables: Mapping[str, str]) -> Command:
        command = (*self.program, *words)
        there = starter(self.inside)
        return there.start(command, cwd=self.directory, env=self.environ(variables))

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "COMPARTMENT" not in name}
        ours = {"COMPARTMENT_TUI_NAMESPACE": self.namespace, "NO_COLOR": "1"}
        return {**kept, **ours, **self.variables, **more}

    def change(self, *services: str) -> str:
        """A new version of each of the services; its text, the same for all."""
        number = max((self.versions.get(one, 1) for one in services), default=1) + 1
        for service in services:
            self.versions[service] = number
            self.path(service, "version.txt").write_text(f"{number}\n", encoding="utf-8")
        return str(number)

    def path(self, service: str, *parts: str) -> Path:
        return self.directory.joinpath("services", service, *parts)

    def configure(self, old: str, new: str) -> None:
        """Replace a text that must be there in compartment.toml."""
        file = self.directory / "compartment.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in compartment.toml"
        file.write_text(text.replace(old, new), encoding="utf-8")

    # What a visitor sees

    def host(self, service: str = "web", environment: str = "production") -> str:
        parts = [] if service == "web" else [service]
        parts.append(self.project)
        if environment != "production":
            parts.append(environment)
        return f"{'-'.join(parts)}.localhost"

    def get(self, service: str = "web", path: str = "/version", **where: str) -> tuple[int, str]:
        """Status and body of one request, and of nothing tried twice."""
        return self.get_from(self.host(service, **where), path)

    def get_from(self, host: str, path: str = "/version") -> tuple[int, str]:
        """The same of any host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            if self.connect is not None:
                connection.sock = self.connect(self.port)
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode().strip()
        finally:
            connection.close()

    def answers(self) -> bool:
        """Whether a visitor of web gets an answer from it."""
        try:
            return self.get()[0] == 200
        except OSError:
            return False

    # What the tool and the engine say

    def status(self, environment: str = "production") -> dict[str, Any]:
        return self.good("status", "-e", environment, "--output", "json").json()

    def active(self, environment: str = "production") -> dict[str, str]:
        """The active deployment of every service."""
        document = self.status(environment)
        return {one["serviceName"]: one["id"] for one in document["activeDeployments"]}

    def containers(self, **labels: str) -> list[dict[str, Any]]:
        """All containers with these labels, running or not, as the engine lists them."""
        wanted = {"project": self.project, **labels}
        filters = {"label": [f"compartment.{name}={value}" for name, value in wanted.items()]}
        found: list[dict[str, Any]] = self.client.api.containers(all=True, filters=filters)
        return found

    def running(self, environment: str = "production") -> dict[str, str]:
        """Container ids of what runs of the services, by deployment id."""
        listed = self.containers(role="service", environment=environment)
        return {
            one["Labels"]["compartment.deployment"]: one["Id"]
            for one in listed
            if one["State"] == "running"
        }

    def locks(self) -> list[str]:
        """Names of lock and helper containers that are on the engine."""
        listed = self.client.api.containers(all=True, filters={"name": [f"/{self.namespace}-lock"]})
        helpers = [one for one in self.containers() if one["Labels"]["compartment.role"] == "drain"]
        return [one["Names"][0] for one in (*listed, *helpers)]

    def assert_settled(self, environment: str = "production") -> dict[str, str]:
        """Status is healthy and true, exactly the active containers run, nobody holds a lock.

        Returns what `active` does.
        """
        document = self.status(environment)
        assert document["health"] == "healthy", document
        assert not document["needsAttention"], document
        assert document["lockHolder"] is None, document
        active = {one["serviceName"]: one["id"] for one in document["activeDeployments"]}
        assert self.running(environment).keys() == set(active.values()), document
        assert not self.locks()
        for service in active.keys() - {"worker", "docs"}:
            assert self.answered_by(service, environment) == active[service]
        return active

    def answered_by(self, service: str, environment: str = "production") -> str:
        """The deployment that answers through the edge."""
        status, body = self.get(service, "/", environment=environment)
        assert status == 200, f"{service} answers {status}: {body}"
        return str(json.loads(body)["deployment"])


def make_shop(
    directory: Path,
    client: Client,
    *,
    port: int,
    services: tuple[str, ...] = (),
    host: Shop | None = None,
) -> Shop:
    """A copy of the example under a name of its own, with all of its services or only these.

    It has an edge of its own, or is a guest on that of `host`.
    """
    token = secrets.token_hex(3)
    shutil.copytree(EXAMPLE, directory, ignore=shutil.ignore_patterns(".compartment"))
    shop = Shop(
        directory=directory,
        project=f"shop-{token}",
        namespace=host.namespace if host else f"e2e-{token}",
        guest=host is not None,
        port=port,
        client=client,
    )
    shop.configure('name = "shop"', f'name = "{shop.project}"')
    shop.configure("http_port = 8080", f"http_port = {port}\nhttps_port = 0")
    for old, new in QUICK.items():
        shop.configure(old, new)
    if services:
        _keep_only(shop, services)
    _git(directory, "init", "--quiet")
    _git(directory, "add", "--all")
    _git(directory, "commit", "--quiet", "--message", "Open the shop")
    return shop


def add_http2_caller(shop: Shop) -> None:
    """A further service, which calls api over one HTTP/2 connection."""
    _add_http2_program(shop, "caller", "http2_caller.py")
    shop.configure("\n[edge]", f"{CALLER}\n[edge]")


def add_rpc(shop: Shop) -> None:
    """A further service, which speaks HTTP/2 alone, as gRPC servers do."""
    _add_http2_program(shop, "rpc", "rpc_service.py")
    shop.path("rpc", "version.txt").write_text("1\n", encoding="utf-8")
    shop.configure("\n[edge]", f"{RPC}\n[edge]")


def _add_http2_program(shop: Shop, service: str, program: str) -> None:
    directory = shop.path(service)
    directory.mkdir()
    text = PROGRAM_IMAGE.format(program=program)
    directory.joinpath("Dockerfile").write_text(text, encoding="utf-8")
    shutil.copy(Path(__file__).with_name(program), directory)
    for package in HTTP2:
        (installed,) = importlib.import_module(package).__path__
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(installed, directory / package, ignore=unwanted)


def eventually(
    look: Callable[[], Found | None], *, seconds: float = 60, pause: float = 0.1
) -> Found:
    """The first thing `look` finds that is not false."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(pause)


def resume(shop: Shop) -> None:
    """Finishing ends with 0, reverting with 130, and both leave nothing to resume."""
    result = shop.run("resume")
    assert result.code in (0, 130), result.text
    assert "nothing to resume" in shop.good("resume").err


def in_routes_volume(shop: Shop, script: str) -> None:
    """Do something to the route documents behind everybody's back."""
    api = shop.client.api
    host = api.create_host_config(binds=[f"{shop.namespace}-routes:/routes"])
    made = api.create_container(
        "busybox:1", ["sh", "-c", script], name=f"{shop.namespace}-hand", host_config=host
    )
    try:
        api.start(made["Id"])
        api.wait(made["Id"])
    finally:
        api.remove_container(made["Id"], force=True)


@contextlib.contextmanager
def removed_at_the_end(shop: Shop) -> Iterator[Shop]:
    """The shop, and nothing of it afterwards."""
    try:
        yield shop
    finally:
        remove_project(shop.client, shop.project)
        if not shop.guest:
            remove_edge(shop.client, shop.namespace)


def _keep_only(shop: Shop, services: tuple[str, ...]) -> None:
    file = shop.directory / "compartment.toml"
    first, *tables = file.read_text(encoding="utf-8").split("\n[")

    def kept(table: str) -> bool:
        _, _, service = table.partition("]")[0].partition("services.")
        return not service or service.partition(".")[0] in services

    file.write_text("\n[".join([first, *filter(kept, tables)]), encoding="utf-8")


def _git(directory: Path, *words: str) -> None:
    someone = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    subprocess.run(["git", *someone, *words], cwd=directory, check=True, capture_output=True)
