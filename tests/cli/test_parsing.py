"""`-e=NAME` means what `--env=NAME` means, and nothing else is touched."""

import pytest

from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.cli.line import line
from tests.domain.nasty import NASTY
from tests.rollout.shop import WEB, deploy, open_shop, outcome


@pytest.mark.parametrize(
    "words",
    [("-e=-x",), ("-e", "-x"), ("--env=-x",), ("--env", "-x"), ("-e-x",), ("-s=web", "-e=-x")],
)
def test_a_name_that_begins_with_a_dash(words: tuple[str, ...]) -> None:
    said = line(open_shop(WEB), "status", *words)
    assert "in -x yet" in said.out


@pytest.mark.parametrize("words", [("-e==x",), ("--env==x",), ("-e", "=x")])
def test_a_name_that_begins_with_the_sign(words: tuple[str, ...]) -> None:
    assert "in =x yet" in line(open_shop(WEB), "status", *words).out


@pytest.mark.parametrize("words", [("-e=",), ("--env=",), ("-e", "")])
def test_no_name_at_all(words: tuple[str, ...]) -> None:
    said = line(open_shop(WEB), "status", *words)
    assert said.code == 2
    assert "empty" in said.err


def test_what_is_not_utf_8_is_refused_in_a_sentence() -> None:
    said = line(open_shop(WEB), "status", "-e", "a\udcff")
    assert said.code == 2
    assert "not valid Unicode" in said.err


def test_the_words_of_a_command_to_run_are_its_own() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    line(opened, "exec", "-s=web", "tool", "-e=5", "--", "-s=6")
    assert [words for _, words in opened.host.executed] == [("tool", "-e=5", "--", "-s=6")]


@pytest.mark.parametrize("name", NASTY)
def test_every_name_from_deploy_to_delete(name: str) -> None:
    opened = open_shop(WEB)
    said = line(opened, "deploy", f"--env={name}", "--output", "json")
    assert said.code == 0, said.err
    assert EnvironmentKey("shop", name) in opened.host.records
    for words in (
        ("status", f"-e={name}"),
        ("environment", "list"),
        ("route", "list"),
        ("environment", "show", f"--env={name}"),
        ("inspect", f"--env={name}"),
        ("deployment", "list", "-e", name),
    ):
        said = line(opened, *words)
        assert said.code == 0, said.err
        assert all(text.isprintable() for text in said.out.split("\n")), words
    assert line(opened, "environment", "delete", "--env", name, "--yes").code == 0
    assert EnvironmentKey("shop", name) not in opened.host.records


def test_names_that_are_almost_the_same_are_apart() -> None:
    opened = open_shop(WEB)
    for name in NASTY:
        assert (
            outcome(requests.execute(opened.world, Deploy(environment=name, services=()))) == "live"
        )
    keys = {EnvironmentKey("shop", name) for name in NASTY}
    assert set(opened.host.records) == set(opened.host.networks) == keys
    tables = opened.host.documents.values()
    assert len({route.host for table in tables for route in table.routes}) == len(keys)
    assert len({one.name for one in opened.host.containers.values()}) == len(keys)
    assert opened.host.problems() == []
