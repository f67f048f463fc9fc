"""Which engine is meant: the docker command's own rules."""

import hashlib
import json
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.api.address import LOCAL, Tls, address_of, find_address
from compartment_tui.domain.config import EngineSpec
from compartment_tui.domain.errors import EngineUnreachable


def configured(folder: Path, **config: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return {"DOCKER_CONFIG": str(folder)}


def context(
    folder: Path, name: str, url: str, *, files: tuple[str, ...] = (), **more: object
) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"Host": url, **more}
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}), encoding="utf-8"
    )
    tls = folder / "contexts" / "tls" / digest / "docker"
    for file in files:
        tls.mkdir(parents=True, exist_ok=True)
        (tls / file).write_text("pem", encoding="utf-8")


def test_the_local_socket_when_nothing_is_said(tmp_path: Path) -> None:
    found = find_address({"DOCKER_CONFIG": str(tmp_path)})
    assert (found.url, found.host, found.socket) == (LOCAL, "127.0.0.1", "/var/run/docker.sock")


def test_docker_host_wins_over_contexts(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://far:2375")
    env = configured(tmp_path, currentContext="far") | {
        "DOCKER_HOST": "tcp://near:2375",
        "DOCKER_CONTEXT": "far",
    }
    found = find_address(env)
    assert (found.url, found.chosen_by, found.tls) == ("tcp://near:2375", "DOCKER_HOST", None)
    assert (found.host, found.socket) == ("near", None)


def test_docker_context_wins_over_the_current_one(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://far:2375")
    context(tmp_path, "box", "ssh://me@box:2222")
    env = configured(tmp_path, currentContext="far")
    assert find_address(env).url == "tcp://far:2375"
    found = find_address(env | {"DOCKER_CONTEXT": "box"})
    assert (found.url, found.host) == ("ssh://me@box:2222", "box")
    assert "box" in found.chosen_by
    assert find_address(env | {"DOCKER_CONTEXT": "default"}).url == LOCAL


def test_a_contexts_certificates_are_taken(tmp_path: Path) -> None:
    context(tmp_path, "tls", "tcp://far:2376", files=("ca.pem", "cert.pem", "key.pem"))
    context(tmp_path, "lax", "tcp://far:2376", files=("ca.pem",), SkipTLSVerify=True)
    strict = find_address(configured(tmp_path, currentContext="tls")).tls
    assert strict is not None
    assert [path and path.name for path in (strict.ca, strict.cert, strict.key)] == [
        "ca.pem",
        "cert.pem",
        "key.pem",
    ]
    assert strict.verify
    lax = find_address(configured(tmp_path, currentContext="lax")).tls
    assert lax is not None
    assert (lax.cert, lax.verify) == (None, False)


@pytest.mark.parametrize(("verify", "expected"), [("1", True), ("", None)])
def test_certificates_named_by_the_environment(
    tmp_path: Path, verify: str, expected: bool | None
) -> None:
    for file in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / file).write_text("pem", encoding="utf-8")
    env = {
        "DOCKER_HOST": "tcp://far:2376",
        "DOCKER_TLS_VERIFY": verify,
        "DOCKER_CERT_PATH": str(tmp_path),
    }
    tls = find_address(env).tls
    assert (tls.verify if tls else None) is expected
    assert tls is None or tls.ca == tmp_path / "ca.pem"


@pytest.mark.parametrize("meta", [None, "{", '{"Endpoints": {}}', "[]"])
def test_a_context_that_cannot_be_read_is_named(tmp_path: Path, meta: str | None) -> None:
    if meta is not None:
        context(tmp_path, "lost", "tcp://x")
        (file,) = (tmp_path / "contexts" / "meta").rglob("meta.json")
        file.write_text(meta, encoding="utf-8")
    with pytest.raises(EngineUnreachable, match="lost") as caught:
        find_address(configured(tmp_path, currentContext="lost"))
    assert "docker context" in caught.value.hint


@pytest.mark.parametrize("content", ["{", "[]", '{"currentContext": 3}'])
def test_a_broken_configuration_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf-8")
    assert find_address({"DOCKER_CONFIG": str(tmp_path)}).url == LOCAL


@pytest.mark.parametrize(
    ("written", "url", "host"),
    [
        ("/run/docker.sock", "unix:///run/docker.sock", "127.0.0.1"),
        ("box:2375", "tcp://box:2375", "box"),
        (" tcp://box:2375 ", "tcp://box:2375", "box"),
        ("tcp://[::1]:2375", "tcp://[::1]:2375", "::1"),
    ],
)
def test_docker_host_as_the_docker_command_reads_it(written: str, url: str, host: str) -> None:
    found = find_address({"DOCKER_HOST": written})
    assert (found.url, found.host) == (url, host)


@pytest.mark.parametrize(
    "written", ["tcp://", "ssh://", "unix://", "tcp://box:port", "tcp://box:99999", "tcp://[::1"]
)
def test_what_is_no_address_is_said_to_be_none(written: str) -> None:
    with pytest.raises(EngineUnreachable, match="no address") as caught:
        find_address({"DOCKER_HOST": written})
    assert "DOCKER_HOST" in caught.value.message
    assert "ssh://" in caught.value.hint


def test_a_context_with_an_unusable_address_is_named(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://far:port")
    with pytest.raises(EngineUnreachable, match="the docker context “far”"):
        find_address(configured(tmp_path, currentContext="far"))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DOCKER_HOST": "tcp://far:2375"}, "without TLS"),
        ({"DOCKER_HOST": "far:2375"}, "without TLS"),
        ({"DOCKER_HOST": "tcp://127.0.0.1:2375"}, "without TLS"),
        ({"DOCKER_HOST": "http://far:2375"}, "without TLS"),
        ({"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS": ""}, "not verified"),
        ({"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}, ""),
        ({"DOCKER_HOST": "ssh://ada@far"}, ""),
        ({"DOCKER_HOST": "unix:///run/docker.sock"}, ""),
        ({}, ""),
    ],
)
def test_a_way_that_is_open_to_others_is_known(
    env: dict[str, str], said: str, tmp_path: Path
) -> None:
    unsafe = find_address({"DOCKER_CONFIG": str(tmp_path)} | env).unsafe
    assert said in unsafe
    assert bool(unsafe) == bool(said)


def test_a_named_engine_is_where_the_file_says_whatever_the_environment_says(
    tmp_path: Path,
) -> None:
    env = {"DOCKER_HOST": "tcp://elsewhere:1", "DOCKER_CONTEXT": "other", "HOME": str(tmp_path)}
    env["DOCKER_CONFIG"] = str(tmp_path)
    found = address_of(EngineSpec(name="prod", address="ssh://deploy@far.example/"), env)
    assert (found.url, found.chosen_by) == ("ssh://deploy@far.example", "[engines.prod]")
    assert found.tls is None
    with pytest.raises(EngineUnreachable, match=r"context “lab”, named by \[engines.lab\]"):
        address_of(EngineSpec(name="lab", context="lab"), env)


def test_certificates_for_a_bare_address_are_those_of_the_docker_command(tmp_path: Path) -> None:
    spec = EngineSpec(name="prod", address="tcp://10.0.0.5:2376")
    env = {"DOCKER_CONFIG": str(tmp_path)}
    assert address_of(spec, env).unsafe
    found = address_of(spec, env | {"DOCKER_TLS_VERIFY": "1"})
    assert found.tls == Tls(verify=True)
    assert not found.unsafe
