"""Who is asked what before something changes."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.cli.confirm import allow_change, allow_exposure, allow_loss
from compartment_tui.cli.output import CommandOutput
from compartment_tui.cli.session import Session
from compartment_tui.domain.config import EdgeSettings, EnvironmentConfig
from compartment_tui.domain.errors import AnswerNeeded, Cancelled
from compartment_tui.present.tone import line as words
from tests.cli.line import entrances, line
from tests.cli.terminal import Terminal
from tests.rollout.shop import WEB, shop_config


@pytest.fixture
def opened() -> MemoryWorld:
    config = shop_config(WEB)
    known = (
        EnvironmentConfig(name="production", protected=True),
        EnvironmentConfig(name="staging"),
    )
    return memory_world(replace(config, environments=known))


def at_terminal(
    opened: MemoryWorld, answer: str, *, environment: str | None = None, yes: bool = False
) -> tuple[Session, Terminal]:
    stderr = Terminal()
    output = CommandOutput(stdin=Terminal(answer), stdout=Terminal(), stderr=stderr, environment={})
    session = Session(
        entrances=entrances(opened.world),
        output=output,
        named_environment=environment,
        yes=yes,
    )
    return session, stderr


def test_a_protected_environment_asks_for_its_name(opened: MemoryWorld) -> None:
    session, stderr = at_terminal(opened, "production\n")
    allow_change(session, "deploy")
    assert stderr.getvalue() == "production is protected. Type its name to deploy: "


@pytest.mark.parametrize("answer", ["", "\n", "y\n", "Production\n", "staging\n"])
def test_any_other_answer_is_no(opened: MemoryWorld, answer: str) -> None:
    session, _ = at_terminal(opened, answer)
    with pytest.raises(Cancelled):
        allow_change(session, "deploy")


def test_yes_alone_does_not_name_it(opened: MemoryWorld) -> None:
    session, stderr = at_terminal(opened, "\n", yes=True)
    with pytest.raises(Cancelled):
        allow_change(session, "deploy")
    assert "Type its name" in stderr.getvalue()


def test_an_unprotected_one_asks_nothing(opened: MemoryWorld) -> None:
    session, stderr = at_terminal(opened, "", environment="staging")
    allow_change(session, "deploy")
    assert stderr.getvalue() == ""


@pytest.mark.parametrize("verb", ["deploy", "rollback", "redeploy", "resume"])
@pytest.mark.parametrize("options", [(), ("--yes",), ("--env", "production")])
def test_without_a_terminal_both_are_needed(
    opened: MemoryWorld, verb: str, options: tuple[str, ...]
) -> None:
    said = line(opened, verb, *options)
    assert said.code == 2
    assert "--yes together with --env production" in said.err
    assert not opened.host.containers


def test_without_a_terminal_both_are_enough(opened: MemoryWorld) -> None:
    assert line(opened, "deploy", "--yes", "--env", "production").code == 0


def test_a_plan_asks_nothing(opened: MemoryWorld) -> None:
    assert line(opened, "deploy", "--plan").code == 0
    assert not opened.host.containers


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [("y\n", True), ("YES\n", True), ("", False), ("n\n", False), ("\n", False)],
)
def test_a_loss_asks_for_a_y(opened: MemoryWorld, answer: str, allowed: bool) -> None:
    session, stderr = at_terminal(opened, answer, environment="staging")
    if allowed:
        allow_loss(session, "delete staging", [words("everything")])
    else:
        with pytest.raises(Cancelled):
            allow_loss(session, "delete staging", [words("everything")])
    assert stderr.getvalue() == "everything\nDelete staging? [y/N] "


def test_a_loss_in_a_protected_environment_asks_for_the_name_only(opened: MemoryWorld) -> None:
    session, stderr = at_terminal(opened, "production\n", environment="production")
    allow_loss(session, "delete production", [words("everything")])
    assert "[y/N]" not in stderr.getvalue()
    assert "everything" in stderr.getvalue()


def test_a_loss_without_a_terminal_names_the_flag(opened: MemoryWorld) -> None:
    assert line(opened, "deploy", "-e", "staging").code == 0
    said = line(opened, "environment", "delete", "staging")
    assert said.code == 2
    assert "--yes" in said.err
    assert opened.host.containers
    session = Session(
        entrances=entrances(opened.world), output=CommandOutput(), named_environment="staging"
    )
    with pytest.raises(AnswerNeeded):
        allow_loss(session, "delete staging", [])


def test_promoting_to_a_protected_environment_takes_its_name(opened: MemoryWorld) -> None:
    assert line(opened, "deploy", "-e", "staging", "--quiet").code == 0
    across = ("promote", "--from", "staging", "--yes", "--quiet")
    assert line(opened, *across).code == 2
    assert line(opened, *across, "--to", "production").code == 0


def test_hold_promote_and_discard_ask_like_every_other_change(opened: MemoryWorld) -> None:
    named = ("-e", "production", "--yes", "--quiet")
    for words_typed in (("deploy", "--hold"), ("promote",), ("deploy", "--hold", "--force")):
        assert line(opened, *words_typed).code == 2
        assert line(opened, *words_typed, *named).code == 0
    assert line(opened, "discard").code == 2
    assert line(opened, "discard", "--plan").code == 0
    assert line(opened, "discard", *named).code == 0


EXPOSED = EdgeSettings(bind="0.0.0.0", http_port=8080)


def with_edge(opened: MemoryWorld, settings: EdgeSettings) -> MemoryWorld:
    opened.project.write(replace(opened.project.config(), edge=settings))
    return opened


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.168.1.5", "::ffff:10.0.0.1", "fd00::1"])
def test_an_edge_for_other_machines_is_asked_about(opened: MemoryWorld, bind: str) -> None:
    with_edge(opened, EdgeSettings(bind=bind))
    session, stderr = at_terminal(opened, "n\n", environment="staging")
    with pytest.raises(Cancelled):
        allow_exposure(session)
    assert f"{bind}]:8080" in stderr.getvalue() or f"{bind}:8080" in stderr.getvalue()
    assert "whoever reaches that address" in stderr.getvalue()
    session, _ = at_terminal(opened, "y\n", environment="staging")
    allow_exposure(session)


@pytest.mark.parametrize("bind", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_an_edge_for_its_own_machine_is_not(opened: MemoryWorld, bind: str) -> None:
    session, stderr = at_terminal(with_edge(opened, EdgeSettings(bind=bind)), "")
    allow_exposure(session)
    assert stderr.getvalue() == ""


def test_the_edge_that_is_there_remembers_the_answer(opened: MemoryWorld) -> None:
    with_edge(opened, EXPOSED)
    refused = line(opened, "deploy", "-e", "staging")
    assert refused.code != 0
    assert "pass --yes" in refused.err
    assert opened.world.edge.info() is None
    assert "0.0.0.0:8080" in line(opened, "deploy", "-e", "staging", "--plan").out
    assert line(opened, "deploy", "-e", "staging", "--yes").code == 0
    assert line(opened, "deploy", "-e", "staging", "--force").code == 0
    assert "made for this engine" not in line(opened, "deploy", "-e", "staging", "--plan").out


def test_an_edge_that_is_opened_to_others_is_asked_about(opened: MemoryWorld) -> None:
    assert line(opened, "deploy", "-e", "staging").code == 0
    with_edge(opened, EXPOSED)
    assert "pass --yes" in line(opened, "edge", "restart", "--apply").err
    info = opened.world.edge.info()
    assert info is not None
    assert info.settings.bind == "127.0.0.1"
    assert line(opened, "edge", "restart").code == 0
    assert line(opened, "edge", "restart", "--apply", "--yes").code == 0
    assert line(opened, "edge", "restart", "--apply").code == 0
