"""A secret that goes everywhere and must be seen nowhere but in its container."""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from typer.testing import CliRunner

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld, memory_world
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.record_file.codec import encode
from compartment_tui.adapters.secrets import IDENTITY_VARIABLE, AgeSecrets
from compartment_tui.cli.app import build
from tests.cli.line import entrances
from tests.rollout.shop import API, WEB, shop_config

CANARY = "c4n4ry-hünter2"
FILE = """\
[project]
name = "shop"
[services.web]
path = "web"
port = 8080
readiness = { type = "http" }
[services.api]
path = "api"
kind = "api"
port = 8080
release = { command = ["./migrate"] }
requires = ["API_TOKEN"]
"""


class Watched:
    """A machine whose project file is real and encrypted, and everything it ever said."""

    def __init__(self, root: Path) -> None:
        for service in ("web", "api"):
            (root / service).mkdir()
        (root / "compartment.toml").write_text(FILE, encoding="utf-8")
        identity = pyrage.x25519.Identity.generate()
        secrets = AgeSecrets({IDENTITY_VARIABLE: str(identity)}, root / "none")
        self.project = TomlProject(root / "compartment.toml", secrets)
        self.memory: MemoryWorld = memory_world(shop_config(WEB, API))
        self.world = replace(self.memory.world, project=self.project, secrets=secrets)
        self.said: list[str] = []

    def type(self, *words: str, stdin: str = "") -> int:
        assert CANARY not in " ".join(words)
        result = CliRunner().invoke(
            build(), list(words), obj=lambda: entrances(self.world), input=stdin
        )
        self.said += [result.stdout, result.stderr, repr(result.exception)]
        return result.exit_code

    def everything(self) -> str:
        """What it said, and what lies on its disk and on the engine."""
        files = [one for one in self.project.root.rglob("*") if one.is_file()]
        texts = [one.read_text(encoding="utf-8") for one in files]
        records = [repr(encode(state)) for state in self.memory.host.records.values()]
        containers = [
            repr((one.name, one.birth, one.behaviour))
            for one in self.memory.host.containers.values()
        ]
        return "\n".join([*self.said, *texts, *records, *containers, repr(self.memory.host.images)])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_it_is_found_nowhere(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    host = watched.memory.host
    token = ("variable", "set", "API_TOKEN", "--sensitive")
    assert watched.type("recipients", "add") == 0
    assert watched.type(*token, "--stdin", stdin=CANARY) == 0
    bundle = f"FROM_FILE='{CANARY}'\nMORE={CANARY}\n"
    assert watched.type("variable", "import", "-", "--sensitive", "-s", "api", stdin=bundle) == 0
    watched.type("variable", "import", "-", stdin=f"{CANARY} is no assignment\n")
    watched.type("variable", "import", "-", stdin=f"A={CANARY}\nA={CANARY}\n")
    assert watched.type("deploy", "--verbose") == 0
    behaviours = (
        Behaviour(build_fails="RUN make: exit code 2"),
        Behaviour(ready_after=None, refusal="503"),
        Behaviour(exits_after=timedelta(seconds=1)),
    )
    for number, behaviour in enumerate(behaviours):
        host.change("api", f"v{number}")
        host.behave("api", behaviour)
        assert watched.type("deploy", "-s", "api", "--verbose") == 5
    host.behave("api", Behaviour())
    host.change("api", "good")
    assert watched.type("deploy", "-s", "api") == 0
    assert watched.type("rollback", "-s", "api") == 0
    assert watched.type("redeploy") == 0
    looks = (
        ("variable", "list"),
        ("variable", "list", "-s", "api"),
        ("variable", "show", "API_TOKEN"),
        ("variable", "resolve", "-s", "api"),
        ("variable", "copy", "--from", "production", "--to", "staging"),
        ("recipients", "list"),
        ("variable", "rekey"),
        ("status",),
        ("inspect",),
        ("deployment", "list"),
        ("deploy", "--plan", "--force"),
        ("doctor",),
        ("info",),
    )
    for words in looks:
        for form in ((), ("--output", "json"), ("--verbose",)):
            assert watched.type(*words, *form) == 0, words
    watched.type("variable", "export", "-s", "api")
    watched.type("deploy", "--events", "--force")
    given = [one.environment for one in host.containers.values()]
    assert any(one.get("API_TOKEN") == one.get("MORE") == CANARY for one in given)
    found = watched.everything() + caplog.text
    for trace in (CANARY, "c4n4ry", json.dumps(CANARY)[1:-1]):
        assert trace not in found
    assert "BEGIN AGE ENCRYPTED FILE" in found


def test_a_bug_tells_no_value_either(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.type("recipients", "add")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(TomlProject, "edit", broken)
    token = ("variable", "set", "API_TOKEN", "--sensitive", "--stdin", "--verbose")
    assert watched.type(*token, stdin=CANARY) == 1
    assert "RuntimeError" in watched.everything()
    assert "c4n4ry" not in watched.everything()
