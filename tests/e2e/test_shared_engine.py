"""One engine, several folders, several projects, several ways to it; and names of any kind."""

import contextlib
import hashlib
import http.client
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.domain.names import EnvironmentKey, host_label
from tests.e2e.conftest import free_port
from tests.e2e.far import over_ssh, over_tcp
from tests.e2e.shop import Shop, _git, removed_at_the_end, resume

pytestmark = pytest.mark.docker

FILE = """\
[project]
name = "{project}"

[services.web]
image = "busybox:1"
port = 8080
run = {{ command = ["httpd", "-f", "-p", "8080", "-h", "/etc"] }}
settle = "100ms"
drain_timeout = "1s"
stop_grace = "0s"

[edge]
http_port = {port}
https_port = 0

[networks]
pool = "10.244.0.0/16"
"""
DASH = "-x"
NASTY = (DASH, "a/b '\"$(id)`\\ {{ env }}\n\x1b[31m\u202e", "\U0001f680" * 63)


def checkout(directory: Path, client: Client, like: Shop | None = None) -> Shop:
    """A project in a folder; with `like`, a clone of it in another folder."""
    if like is not None:
        _git(like.directory.parent, "clone", "-q", str(like.directory), str(directory))
        return replace(like, directory=directory, guest=True)
    directory.mkdir()
    name = f"s{secrets.token_hex(3)}"
    shop = Shop(
        directory=directory,
        project=name,
        namespace=name,
        port=free_port(),
        client=client,
    )
    text = FILE.format(project=shop.project, port=shop.port)
    (directory / "compartment.toml").write_text(text, encoding="utf-8")
    _git(directory, "init", "-q")
    _git(directory, "add", ".")
    _git(directory, "commit", "-q", "-m", "Begin")
    return shop


@pytest.fixture(scope="module")
def first(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = checkout(tmp_path_factory.mktemp("shared") / "first", client)
    with removed_at_the_end(made):
        made.good("deploy")
        yield made


@pytest.fixture
def second(first: Shop, client: Client, tmp_path: Path) -> Shop:
    """Another checkout of the same project."""
    return checkout(tmp_path / "second", client, like=first)


def answers(shop: Shop, environment: str) -> bool:
    """Whether a visitor of the environment's own host gets the container's answer."""
    label = host_label(EnvironmentKey(shop.project, environment), "web", primary=True)
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/hostname", headers={"Host": f"{label}.localhost"})
        return connection.getresponse().status == 200


def test_names_of_any_kind(first: Shop) -> None:
    for name in NASTY:
        first.good("deploy", f"-e={name}", "--quiet")
    listed = first.good("environment", "list", "--output", "json").json()["environments"]
    assert {one["name"] for one in listed} == {"production", *NASTY}
    assert all(one["health"] == "healthy" for one in listed)
    text = first.good("environment", "list").out
    assert all(line.isprintable() for line in text.splitlines())
    assert all(answers(first, name) for name in NASTY)
    first.good("environment", "delete", f"--env={NASTY[1]}", "--yes")
    assert [answers(first, name) for name in NASTY] == [True, False, True]


def test_a_second_checkout_over_tcp_resumes_what_the_first_left(first: Shop, second: Shop) -> None:
    with over_tcp() as url:
        there = replace(second, variables={"DOCKER_HOST": url})
        before = there.good("status", "--output", "json").json()["activeDeployments"]
        assert before == first.good("status", "--output", "json").json()["activeDeployments"]
        killed = first.start("deploy", "--force")
        killed.until({"type": "stage_started", "stage": "checking_readiness"})
        killed.kill()
        resume(there)
    assert not first.good("status", "--output", "json").json().get("journal")
    assert answers(first, "production")


def test_an_engine_over_ssh(first: Shop, second: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "ssh"
    folder.mkdir()
    with over_ssh(folder) as (url, variables):
        there = replace(second, variables={"DOCKER_HOST": url, **variables})
        said = there.good("deploy", "--force", "--output", "json").json()
        assert there.good("exec", "-s", "web", "--", "echo", "hi").out == "hi\n"
    active = first.good("status", "--output", "json").json()["activeDeployments"]
    assert active[0]["deploymentRunId"] == said["deploymentRunId"]
    assert answers(first, "production")


def test_a_context_names_the_engine(first: Shop, tmp_path: Path) -> None:
    with over_tcp() as url:
        place = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
        place.mkdir(parents=True)
        meta = {"Name": "far", "Endpoints": {"docker": {"Host": url}}}
        (place / "meta.json").write_text(json.dumps(meta))
        (tmp_path / "config.json").write_text(json.dumps({"currentContext": "far"}))
        result = first.run("doctor", DOCKER_CONFIG=str(tmp_path))
    assert "the docker context “far”" in result.out, result.text
    assert url in result.out


def test_another_project_is_told_of_the_edge_there_is(
    first: Shop, client: Client, tmp_path: Path
) -> None:
    other = replace(checkout(tmp_path / "other", client), namespace=first.namespace, guest=True)
    with removed_at_the_end(other):
        refused = other.good("deploy", code=5)
        assert str(first.port) in refused.err
        assert "edge restart --apply" in refused.err
        assert answers(first, "production")


def test_two_projects_with_equal_hosts_are_refused_by_name(
    first: Shop, client: Client, tmp_path: Path
) -> None:
    """What is an environment of one project is another project's name."""
    first.good("deploy", f"-e={DASH}", "--quiet")  # nothing, when the test of names was before
    taken = host_label(EnvironmentKey(first.project, DASH), "web", primary=True)
    made = checkout(tmp_path / "other", client)
    other = replace(made, project=taken, namespace=first.namespace, port=first.port, guest=True)
    text = FILE.format(project=other.project, port=first.port)
    (other.directory / "compartment.toml").write_text(text, encoding="utf-8")
    with removed_at_the_end(other):
        refused = other.good("deploy", code=5)
        assert f"{taken}.localhost" in refused.err
        assert f"{DASH}" in refused.err
    assert answers(first, DASH)
