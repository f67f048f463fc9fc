"""The commands for variables, over a pretended machine."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from compartment_tui.adapters.memory.secrets import OURS
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.cli.app import build
from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.variable import Sensitivity
from tests.cli.line import Said, check_transcript, entrances, line
from tests.rollout.shop import API, WEB, WORKER, shop_config

CANARY = "c4n4ry-hunter2"


@pytest.fixture
def shop() -> MemoryWorld:
    opened = memory_world(shop_config(WEB, API, WORKER))
    assert line(opened, "recipients", "add").code == 0
    return opened


def fed(opened: MemoryWorld, stdin: str | bytes, *words: str) -> Said:
    """A command with something on its stdin, which is no terminal."""
    runner = CliRunner()
    result = runner.invoke(build(), list(words), obj=lambda: entrances(opened.world), input=stdin)
    return Said(words=words, out=result.stdout, err=result.stderr, code=result.exit_code)


def document(said: Said) -> dict[str, Any]:
    found = json.loads(said.out)
    assert isinstance(found, dict)
    return found


def test_set_list_show_remove(shop: MemoryWorld) -> None:
    check_transcript(
        "variable_edits",
        line(shop, "variable", "set", "LOG_LEVEL", "debug", "-s", "web"),
        line(shop, "variable", "set", "EMPTY", ""),
        fed(shop, f"{CANARY}\n", "variable", "set", "TOKEN", "--sensitive", "--stdin"),
        line(shop, "variable", "list"),
        line(shop, "variable", "list", "-s", "web"),
        line(shop, "variable", "show", "TOKEN"),
        line(shop, "variable", "show", "LOG_LEVEL"),
        line(shop, "variable", "show", "LOG_LEVEL", "-s", "web"),
        line(shop, "variable", "remove", "GREETING", "-s", "web"),
        line(shop, "variable", "remove", "GREETING"),
        line(shop, "variable", "list", "-e", "new"),
    )


def test_what_is_refused_says_the_rule(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin")
    check_transcript(
        "variable_refusals",
        line(shop, "variable", "set", "A B", "x"),
        line(shop, "variable", "set", "COMPARTMENT_X", "x"),
        line(shop, "variable", "set", "A"),
        line(shop, "variable", "set", "A", "--sensitive"),
        line(shop, "variable", "set", "A", "x", "--stdin"),
        line(shop, "variable", "set", "A", "x", "--sensitive"),
        line(shop, "variable", "set", "TOKEN", "x"),
        line(shop, "variable", "set", "A", "x", "-s", "wbe"),
        line(shop, "variable", "set", "A", "x", "-s", "web", "-s", "api"),
        fed(shop, b"\xff\n", "variable", "set", "A", "--stdin"),
        fed(shop, "a\0b", "variable", "set", "A", "--stdin"),
        line(shop, "variable", "show", "NONE"),
        line(shop, "variable", "remove", "NONE"),
        line(shop, "variable", "export"),
        line(shop, "variable", "run", "--", "env"),
        line(shop, "variable", "run", "-e", "production", "--", "env"),
        line(shop, "recipients", "add", "nonsense"),
        line(shop, "recipients", "remove", OURS),
        line(shop, "recipients", "remove", "age1nobody"),
    )


def test_stdin_loses_exactly_one_line_break(shop: MemoryWorld) -> None:
    for given, kept in (("a\n\n", "a\n"), ("a\r\n", "a"), ("a", "a"), ("\n", ""), (" a ", " a ")):
        assert fed(shop, given, "variable", "set", "A", "--stdin").code == 0
        shown = document(line(shop, "variable", "show", "A", "--output", "json"))
        assert shown["variable"]["value"] == kept


def test_what_is_sensitive_stays_so_until_told_otherwise(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin")
    assert fed(shop, "other", "variable", "set", "TOKEN", "--stdin").code == 0
    found = shop.project.current.environment("production").variables["TOKEN"]
    assert (found.sensitivity, found.value) == (Sensitivity.SENSITIVE, None)
    assert line(shop, "variable", "set", "TOKEN", "clear", "--plain").code == 0
    found = shop.project.current.environment("production").variables["TOKEN"]
    assert found.sensitivity is Sensitivity.PLAIN


def test_json_has_compartments_shapes(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin", "-s", "web")
    said = line(shop, "variable", "list", "-s", "web", "--output", "json")
    assert document(said) == {
        "environment": {"name": "production"},
        "project": {"name": "shop"},
        "serviceName": "web",
        "resourceName": None,
        "variables": [
            {
                "keyName": "GREETING",
                "scopeType": "environment",
                "scopeServiceName": None,
                "scopeResourceName": None,
                "sensitivity": "plain",
                "sourceType": "inherited",
                "sourceResourceOutput": None,
                "sourceVariableSetName": None,
                "value": "hello",
                "valueHidden": False,
            },
            {
                "keyName": "TOKEN",
                "scopeType": "service",
                "scopeServiceName": "web",
                "scopeResourceName": None,
                "sensitivity": "sensitive",
                "sourceType": "direct",
                "sourceResourceOutput": None,
                "sourceVariableSetName": None,
                "value": None,
                "valueHidden": True,
            },
        ],
    }
    said = line(shop, "variable", "set", "A", "1", "--output", "json")
    assert document(said)["variable"]["value"] == "1"
    assert document(line(shop, "variable", "remove", "A", "--output", "json")) == {"success": True}


def test_resolve_tells_the_winner_what_it_shadows_and_whether_it_runs(shop: MemoryWorld) -> None:
    line(shop, "deploy", "--quiet", "-s", "web")
    line(shop, "variable", "set", "GREETING", "bonjour", "-s", "web")
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin")
    said = line(shop, "variable", "resolve", "-s", "web", "--output", "json")
    greeting, token = json.loads(said.out)["variables"]
    assert greeting["value"] == "bonjour"
    assert greeting["shadowed"]["value"] == "hello"
    assert (greeting["state"], token["state"]) == ("changed", "new")
    assert (token["value"], token["valueHidden"]) == (None, True)
    check_transcript(
        "variable_resolve",
        line(shop, "variable", "resolve", "-s", "web"),
        line(shop, "variable", "resolve", "GREETING", "-s", "web"),
        line(shop, "variable", "resolve", "NONE", "-s", "web"),
        line(shop, "variable", "resolve"),
        line(shop, "status", "-s", "web"),
    )


def test_import_and_export(shop: MemoryWorld, tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nGREETING='hi there'\n", encoding="utf-8")
    check_transcript(
        "variable_import",
        fed(shop, file.read_text(), "variable", "import", "-", "--dry-run"),
        fed(shop, file.read_text(), "variable", "import", "-"),
        fed(shop, file.read_text(), "variable", "import", "-"),
        line(shop, "variable", "export"),
        fed(shop, "B=\n", "variable", "import", "-", "--replace", "--dry-run"),
        fed(shop, "B=\n", "variable", "import", "-", "--replace"),
        line(shop, "variable", "export"),
        fed(shop, f"A=1\n{CANARY} junk {CANARY}\n", "variable", "import", "-"),
        fed(shop, f"A=1\nA={CANARY}\n", "variable", "import", "-"),
        fed(shop, f"C={CANARY}\n", "variable", "import", "-", "--sensitive", "-s", "web"),
        line(shop, "variable", "export", "-s", "web"),
        line(shop, "variable", "copy", "--from", "production", "--to", "staging"),
        line(shop, "variable", "list", "-e", "staging"),
        line(shop, "variable", "copy", "--from", "production", "--to", "staging", "NONE"),
    )
    assert line(shop, "variable", "import", str(file)).code == 0
    exported = line(shop, "variable", "export", "-s", "web", "--sensitive").out
    assert exported == f"C={CANARY}\n"
    resolved = line(shop, "variable", "export", "-s", "web", "--sensitive", "--resolved").out
    assert resolved == f"A=1\nB=\nC={CANARY}\nGREETING='hi there'\n"
    again = fed(shop, resolved, "variable", "import", "-", "-e", "other", "-s", "web")
    assert again.code == 0
    assert line(shop, "variable", "export", "-e", "other", "-s", "web").out == resolved
    assert line(shop, "variable", "import", str(tmp_path / "none.env")).code == 2


def test_run_gets_the_values_and_gives_its_exit_code(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin", "-s", "api")
    shop.programs.exit_code = 42
    words = ("variable", "run", "-e", "production", "--allow-production")
    assert line(shop, *words, "-s", "api", "--", "env", "--x", "-s").code == 42
    assert line(shop, *words, "--", "env").code == 42
    assert shop.programs.ran == [
        (("env", "--x", "-s"), {"GREETING": "hello", "TOKEN": CANARY}),
        (("env",), {"GREETING": "hello"}),
    ]


def test_without_an_identity_only_what_needs_one_is_refused(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin", "-s", "api")
    line(shop, "deploy", "--quiet")
    shop.host.change("api", "2")
    line(shop, "deploy", "--quiet", "-s", "api")
    assert "all 1 can be read" in line(shop, "doctor").out
    shop.secrets.recipient = None
    check_transcript(
        "variable_without_identity",
        line(shop, "variable", "list"),
        line(shop, "variable", "resolve", "-s", "api"),
        line(shop, "recipients", "list"),
        line(shop, "deploy", "--plan"),
        line(shop, "redeploy", "-s", "api"),
        line(shop, "deploy", "-s", "web"),
        line(shop, "variable", "run", "-e", "production", "--allow-production", "-s", "api", "x"),
        line(shop, "variable", "export", "-s", "api", "--sensitive"),
        line(shop, "variable", "rekey"),
    )
    assert line(shop, "variable", "set", "A", "1").code == 0
    assert line(shop, "status").code == 0
    assert "1 of 1 cannot be read" in line(shop, "doctor").out
    live = shop.host.answer("api-shop.localhost")
    assert line(shop, "rollback", "-s", "api").code == 0
    assert shop.host.answer("api-shop.localhost") not in (live, None)


def test_everything_that_is_missing_is_named_at_once(shop: MemoryWorld) -> None:
    web, api = replace(WEB, requires=("A", "B")), replace(API, requires=("B", "GREETING"))
    shop.project.write(replace(shop.project.current, services=(web, api)))
    check_transcript("variable_missing", line(shop, "deploy", "-e", "my env"))
    assert not shop.host.containers


def test_a_protected_environment_asks_for_its_name(shop: MemoryWorld) -> None:
    protected = EnvironmentConfig(name="production", protected=True)
    shop.project.write(replace(shop.project.current, environments=(protected,)))
    said = line(shop, "variable", "set", "A", "1")
    assert (said.code, "is protected" in said.err) == (2, True)
    assert fed(shop, "A=1\n", "variable", "import", "-").code == 2
    assert fed(shop, "A=1\n", "variable", "import", "-", "--dry-run").code == 0
    assert shop.project.current.environments == (protected,)
    assert line(shop, "variable", "set", "A", "1", "--yes", "--env", "production").code == 0
    assert line(shop, "variable", "remove", "A").code == 2


def test_recipients(shop: MemoryWorld) -> None:
    fed(shop, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin")
    check_transcript(
        "recipients",
        line(shop, "recipients", "add", "age1other"),
        line(shop, "recipients", "list"),
        line(shop, "recipients", "list", "--output", "json"),
        line(shop, "variable", "rekey"),
        line(shop, "recipients", "remove", OURS),
        line(shop, "recipients", "list"),
        line(shop, "variable", "rekey"),
    )


READER = "so it names you now: age1memory; without the identity in /memory/identity"


@pytest.mark.parametrize("recipient", [None, OURS], ids=["no identity yet", "an identity"])
@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("variable", "set", "TOKEN", "--sensitive", "--stdin"), CANARY),
        (("variable", "set", "TOKEN", "--sensitive", "--stdin", "--output", "json"), CANARY),
        (("variable", "import", "-", "--sensitive"), f"TOKEN={CANARY}\nOTHER=x\n"),
    ],
)
def test_the_first_sensitive_value_makes_who_can_read_it(
    words: tuple[str, ...], stdin: str, recipient: str | None
) -> None:
    opened = memory_world(replace(shop_config(WEB), environments=()))
    opened.project.secrets.recipient = recipient
    said = fed(opened, stdin, *words)
    assert (said.code, CANARY in said.out + said.err) == (0, False)
    assert READER in " ".join(said.err.split())
    assert opened.project.current.recipients == (OURS,)
    again = fed(opened, CANARY, "variable", "set", "SECOND", "--sensitive", "--stdin")
    assert "names you now" not in again.err


def test_what_is_refused_makes_nobody_a_reader() -> None:
    opened = memory_world(replace(shop_config(WEB), environments=()))
    opened.project.secrets.recipient = None
    for words in (("A", "-s", "nosuch"), ("A B",), ("A", "-e", "x" * 64)):
        refused = fed(opened, CANARY, "variable", "set", *words, "--sensitive", "--stdin")
        assert refused.code != 0
    fed(opened, "A=1", "variable", "import", "-", "--sensitive", "--dry-run")
    fed(opened, "plain", "variable", "set", "PLAIN", "--stdin")
    assert opened.project.secrets.recipient is None
    assert opened.project.current.recipients == ()


def test_an_identity_that_the_recipients_lack_stays_as_it_is() -> None:
    opened = memory_world(replace(shop_config(WEB), recipients=("age1somebody",)))
    said = fed(opened, CANARY, "variable", "set", "TOKEN", "--sensitive", "--stdin", "--yes")
    assert said.code == 0
    assert opened.project.current.recipients == ("age1somebody",)
