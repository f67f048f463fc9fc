"""What a person reads, to the letter. Lines marked `!` are on stderr."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.swarm import NOTICED_AFTER
from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.domain.deployment import Provenance, Stage
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.events import StageStarted
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.cli.line import check_transcript, line
from tests.rollout.shop import (
    API,
    PRODUCTION,
    WEB,
    WORKER,
    change_everything,
    open_shop,
    open_swarm,
    shop_config,
)
from tests.swarm_home import lose_home, open_managers

OLD = Provenance(commit="a" * 40, branch="main", author="ada")
NEW = Provenance(commit="c" * 40, branch="main", author="bob", dirty=True)


@pytest.fixture
def shop() -> MemoryWorld:
    opened = open_shop(WEB, API, WORKER)
    opened.source.current = OLD
    opened.source.commits = [
        ("a" * 40, "Begin", "ada"),
        ("b" * 40, "Sell \x1b[31mred\x1b[0m shoes", "bob\x07"),
        ("c" * 40, "Sell hats", "ada"),
    ]
    return opened


@pytest.fixture
def live(shop: MemoryWorld) -> MemoryWorld:
    """Deployed twice, so that there is a way back."""
    assert line(shop, "deploy", "--quiet").code == 0
    change_everything(shop, "2")
    shop.source.current = NEW
    assert line(shop, "deploy", "--quiet").code == 0
    shop.clock.advance(timedelta(minutes=3))
    return shop


@pytest.fixture
def two() -> tuple[MemoryWorld, MemoryWorld]:
    """A Swarm by its home, n1, and by another manager, n2."""
    opened = open_managers()
    return opened, opened.at_manager("n2")


def test_first_deploy(shop: MemoryWorld) -> None:
    check_transcript("deploy_first", line(shop, "deploy", "--plan"), line(shop, "deploy"))


def test_next_deploy(shop: MemoryWorld) -> None:
    line(shop, "deploy")
    change_everything(shop, "2")
    shop.source.current = NEW
    shop.host.behave("web", Behaviour(connections=2, drain_takes=timedelta(minutes=5)))
    line(shop, "deploy", "-s", "web", "--force", "--quiet")
    shop.host.change("web", "3")
    check_transcript(
        "deploy_next",
        line(shop, "deploy", "--plan", "--label", "spring"),
        line(shop, "deploy", "--label", "spring", "-s", "web"),
        line(shop, "deploy", "-s", "web"),
        line(shop, "deploy", "-s", "web", "--force", "--verbose"),
    )


def test_hosts_that_change(live: MemoryWorld) -> None:
    live.project.current = replace(live.project.current, base_domain="example.test")
    check_transcript(
        "deploy_hosts",
        line(live, "deploy", "--plan", "-s", "web"),
        line(live, "deploy"),
        line(live, "deploy", "-s", "web", "--force", "--quiet"),
    )


def test_what_the_file_no_longer_has(live: MemoryWorld) -> None:
    live.project.current = replace(live.project.current, services=(WEB,))
    line(live, "stop", "-s", "web", "--quiet")
    check_transcript(
        "remove",
        line(live, "deploy"),
        line(live, "status"),
        line(live, "start", "-s", "web", "--quiet"),
        line(live, "deploy"),
        line(live, "deploy", "--remove-undeclared", "--plan"),
        line(live, "remove", "--plan", "-s", "worker"),
        line(live, "remove", "-s", "worker"),
        line(live, "deploy", "--remove-undeclared"),
        line(live, "remove"),
        line(live, "deployment", "list", "--limit", "2"),
        line(live, "rollback", "--plan"),
        line(live, "rollback"),
    )


def test_a_build_that_fails(live: MemoryWorld) -> None:
    live.host.change("web", "3")
    live.host.behave("web", Behaviour(build_fails="ERROR: \x1b[1mRUN make\x1b[0m: exit code 2"))
    check_transcript("deploy_build_fails", line(live, "deploy"), line(live, "status"))


def test_a_candidate_that_exits(live: MemoryWorld) -> None:
    live.host.change("web", "3")
    words = ("Traceback (most recent call last):", "KeyError: 'PORT'\x1b]0;owned\x07")
    live.host.behave("web", Behaviour(exits_after=timedelta(seconds=1), last_words=words))
    check_transcript(
        "deploy_candidate_exits",
        line(live, "deploy", "-s", "web"),
        line(live, "status", "-s", "web"),
        line(live, "deploy", "-s", "web", "--quiet"),
    )


def test_a_candidate_that_is_never_ready(shop: MemoryWorld) -> None:
    shop.host.behave("web", Behaviour(ready_after=None, refusal="503"))
    check_transcript("deploy_never_ready", line(shop, "deploy", "-s", "web"))


def test_cancelled(live: MemoryWorld) -> None:
    live.host.change("web", "3")
    live.cancel.request()
    check_transcript("deploy_cancelled", line(live, "deploy", "-s", "web"))


def test_hold(live: MemoryWorld) -> None:
    change_everything(live, "3")
    live.source.dirty = tuple(f"web/{number}\x1b.py" for number in range(8))
    check_transcript(
        "hold",
        line(live, "deploy", "--hold", "--plan"),
        line(live, "deploy", "--hold", "--label", "look"),
        line(live, "status"),
        line(live, "route", "list"),
        line(live, "deployment", "list", "--limit", "1"),
        line(live, "deploy", "--no-preview"),
        line(live, "deploy", "--plan", "-s", "web"),
    )


def test_promote(live: MemoryWorld) -> None:
    change_everything(live, "3")
    line(live, "deploy", "--hold", "--quiet")
    check_transcript(
        "promote",
        line(live, "promote", "--plan"),
        line(live, "promote", "-s", "web", "-s", "worker"),
        line(live, "promote", "-s", "web"),
        line(live, "promote", "-s", "api", "--quiet"),
        line(live, "promote"),
    )


def test_a_held_candidate_that_died(live: MemoryWorld) -> None:
    change_everything(live, "3")
    line(live, "deploy", "--hold", "--quiet", "-s", "web")
    key = EnvironmentKey("shop", "production")
    live.host.containers[live.host.records[key].held["web"]].die(3)
    check_transcript(
        "promote_dead",
        line(live, "status", "-s", "web"),
        line(live, "promote"),
        line(live, "discard"),
    )


def test_discard(live: MemoryWorld) -> None:
    change_everything(live, "3")
    line(live, "deploy", "--hold", "--quiet")
    check_transcript(
        "discard",
        line(live, "discard", "--plan"),
        line(live, "discard", "-s", "web"),
        line(live, "discard", "--quiet"),
        line(live, "discard"),
    )


def test_promote_across(live: MemoryWorld) -> None:
    words = ("promote", "--from", "production", "--to", "stag\x1bing")
    check_transcript(
        "promote_across",
        line(live, *words, "--plan"),
        line(live, *words, "-s", "web"),
        line(live, *words, "-s", "web"),
        line(live, *words, "-s", "web", "--deployment", "zzz"),
        line(live, *words, "--deployment", "zzz"),
        line(live, "promote", "--from", "production"),
        line(live, "promote", "--from", "nowhere"),
        line(live, "promote", "--to", "production"),
        line(live, *words, "-e", "production"),
    )


def test_deploy_a_ref(live: MemoryWorld) -> None:
    tagged = Provenance(commit="b" * 40, branch="", author="bob")
    live.source.refs = {"v1.4\x07": tagged, "b" * 40: tagged}
    for service in ("web", "api", "worker"):
        live.host.change(service, "4", commit=tagged.commit)
    check_transcript(
        "deploy_ref",
        line(live, "deploy", "--ref", "v1.4\x07", "--plan", "-s", "web"),
        line(live, "deploy", "--ref", "b" * 40, "--plan", "-s", "web"),
        line(live, "deploy", "--ref", "v1.4\x07", "-s", "web"),
        line(live, "deploy", "--ref", "v9"),
        line(live, "deploy", "--label", "two\nlines"),
    )


def test_rollback(live: MemoryWorld) -> None:
    check_transcript(
        "rollback",
        line(live, "rollback", "--plan"),
        line(live, "rollback", "-s", "web"),
        line(live, "rollback", "-s", "web"),
    )


def test_redeploy(live: MemoryWorld) -> None:
    check_transcript("redeploy", line(live, "redeploy", "-s", "api"))


def test_resume_with_nothing_to_do(live: MemoryWorld) -> None:
    check_transcript("resume", line(live, "resume"))


def test_status(live: MemoryWorld) -> None:
    fresh = open_shop(WEB)
    check_transcript("status", line(fresh, "status", "-e", "stag\x1b[2Jing"), line(live, "status"))


def test_history(live: MemoryWorld) -> None:
    short = live.host.records[EnvironmentKey("shop", "production")].active["web"][-10:].lower()
    line(live, "rollback", "-s", "web", "--quiet")
    check_transcript(
        "history",
        line(live, "deployment", "list"),
        line(live, "deployment", "list", "-s", "web", "--limit", "1"),
        line(live, "deployment", "show", short),
        line(live, "deployment", "logs", short),
    )


def test_inspect(live: MemoryWorld) -> None:
    check_transcript("inspect", line(live, "inspect", "-s", "web", "-s", "worker"))


def test_logs(live: MemoryWorld) -> None:
    live.host.behave("web", Behaviour(says=("\x1b[32mgreen\x1b[0m", "bell\x07", "10%\r20%")))
    line(live, "deploy", "-s", "web", "--force", "--quiet")
    check_transcript(
        "logs",
        line(live, "logs"),
        line(live, "logs", "-s", "web", "-n", "2"),
        line(live, "logs", "-s", "web", "--since", "1h30m"),
    )


def test_around(live: MemoryWorld) -> None:
    check_transcript(
        "around",
        line(live, "environment", "list"),
        line(live, "environment", "show"),
        line(live, "route", "list"),
        line(live, "edge", "status"),
        line(live, "lock", "show"),
        line(live, "open"),
        line(live, "open", "-s", "worker"),
        line(live, "environment", "delete", "production", "--plan"),
        line(live, "environment", "delete", "production"),
        line(live, "environment", "delete"),
        line(live, "environment", "delete", "production", "--plan", "--variables"),
        line(live, "environment", "delete", "production", "--yes"),
        line(live, "environment", "list"),
        line(live, "edge", "remove", "--yes"),
    )


def test_stop_start_restart(live: MemoryWorld) -> None:
    live.host.behave("web", Behaviour(ready_after=timedelta(seconds=2)))
    line(live, "deploy", "-s", "web", "--force", "--quiet")
    check_transcript(
        "stop_start_restart",
        line(live, "stop", "--plan", "-s", "web", "-s", "worker"),
        line(live, "stop", "-s", "web", "-s", "worker"),
        line(live, "stop"),
        line(live, "status"),
        line(live, "deploy", "-s", "web", "--plan"),
        line(live, "start", "--plan"),
        line(live, "start"),
        line(live, "start"),
        line(live, "restart", "--plan"),
        line(live, "restart", "-s", "web"),
        line(live, "stop", "-s", "nobody"),
    )


def test_scale_and_replicas(live: MemoryWorld) -> None:
    live.project.write(shop_config(replace(WEB, replicas=2), API, WORKER))
    live.host.behave("web", Behaviour(says=("open",)))
    check_transcript(
        "scale",
        line(live, "deploy", "--plan", "-s", "web"),
        line(live, "deploy", "--quiet", "-s", "web"),
        line(live, "scale", "--plan", "web=3", "worker=2"),
        line(live, "scale", "web=3", "worker=2"),
        line(live, "scale", "web=3"),
        line(live, "status"),
        line(live, "inspect", "-s", "web"),
        line(live, "route", "list"),
        line(live, "logs", "-s", "web"),
        line(live, "logs", "-s", "web", "--replica", "2"),
        line(live, "logs", "-s", "web", "--replica", "7"),
        line(live, "exec", "-s", "web", "--replica", "3", "--", "sh"),
        line(live, "exec", "-s", "web", "--replica", "7", "--", "sh"),
        line(live, "deploy", "--plan", "-s", "web"),
        line(live, "scale", "web=1", "--quiet"),
        line(live, "scale", "web"),
        line(live, "scale", "web=0"),
        line(live, "scale", "web=99"),
        line(live, "scale", "nobody=2"),
        line(live, "scale"),
    )


def test_start_of_one_that_does_not_get_ready(live: MemoryWorld) -> None:
    line(live, "stop", "--quiet")
    for one in live.host.containers.values():
        if one.service == "web":
            one.behaviour = Behaviour(exits_after=timedelta(seconds=1), last_words=("no disk",))
    check_transcript("start_fails", line(live, "start"), line(live, "status"))


def test_prune(live: MemoryWorld) -> None:
    line(live, "prune", "--yes")
    live.project.write(replace(live.world.project.config(), keep=1))
    for version in "345":
        change_everything(live, version)
        live.project.write(replace(live.world.project.config(), keep=5))
        line(live, "deploy", "-s", "web", "-s", "worker", "--quiet")
        live.clock.advance(timedelta(minutes=10))
    live.project.write(replace(live.world.project.config(), keep=1))
    check_transcript(
        "prune",
        line(live, "prune", "--plan"),
        line(live, "prune"),
        line(live, "prune", "--yes"),
        line(live, "prune", "--yes"),
        line(live, "prune", "--secrets-before", "5m", "--plan"),
        line(live, "prune", "--secrets-before", "5m", "--yes", "-e", "production"),
        line(live, "rollback", "-s", "web"),
        line(live, "prune", "--secrets-before", "soon"),
    )


def test_refused(live: MemoryWorld) -> None:
    lock = live.world.locks.environment(
        EnvironmentKey("shop", "production"), actor="bob@desk", purpose="deploy"
    )
    with lock:
        locked = line(live.another(), "deploy")
        shown = line(live, "lock", "show")
    check_transcript(
        "refused",
        line(live, "deploy", "-s", "wbe"),
        line(live, "status", "-s", "wbe"),
        line(live, "deployment", "show", "zzzzzzzzzz"),
        line(live, "rollback", "-s", "web", "--to", "zzzzzzzzzz"),
        line(live, "rollback", "--run", "x", "--to", "y"),
        line(live, "logs", "--since", "yesterday"),
        line(live, "status", "-e", ""),
        locked,
        shown,
    )


def test_help() -> None:
    shop = open_shop(WEB)
    check_transcript(
        "help", line(shop), line(shop, "deploy", "--help"), line(shop, "promote", "--help")
    )


def test_another_home(two: tuple[MemoryWorld, MemoryWorld]) -> None:
    opened, there = two
    address = ("edge", "adopt", "--node", "n2")
    elsewhere = line(there, "status")
    opened.swarm.lose("n1")
    unknown = opened.swarm.machines["n1"]
    unknown.info = replace(unknown.info, state="unknown")
    early = line(there, *address, "--plan")
    opened.clock.sleep(NOTICED_AFTER)
    lost = line(there, "status")
    check_transcript(
        "adopt",
        elsewhere,
        early,
        lost,
        line(there, *address, "--plan"),
        line(there, *address),
        line(there, *address, "--yes"),
        line(there, *address, "--yes"),
        line(there, "status"),
        line(there, "start", "-s", "api"),
        line(there, "deploy", "--plan"),
        line(there, "node", "list"),
        line(there, "environment", "show"),
    )


def test_another_home_refused(two: tuple[MemoryWorld, MemoryWorld]) -> None:
    opened, there = two
    first = line(there, "edge", "adopt", "--node", "n2", "--yes")
    lose_home(opened)
    new = open_swarm(WEB, API)
    new.host.home = None
    check_transcript(
        "adopt_refused",
        first,
        line(there, "edge", "adopt", "--node", "n9", "--yes"),
        line(there, "edge", "adopt", "--node", "n3", "--yes"),
        line(there, "edge", "adopt", "--yes"),
        line(open_shop(WEB), "edge", "adopt", "--node", "n2", "--yes"),
        line(new, "edge", "adopt", "--node", "n1", "--yes"),
    )


def test_another_home_with_what_was_left(two: tuple[MemoryWorld, MemoryWorld]) -> None:
    opened, there = two
    line(opened, "deploy", "-e", "staging", "--quiet")
    line(opened, "deploy", "-e", "preview", "-s", "web", "--quiet")
    preview = EnvironmentKey("shop", "preview")
    opened.host.copy_problem = "it has 600 KiB, and a Swarm takes 500 KiB"
    line(opened, "deploy", "-e", "staging", "-s", "web", "--force", "--quiet")
    opened.host.copy_problem = ""
    opened.host.record_copies[preview] = RecordInvalid("it is no TOML")
    request = Deploy(environment="production", services=("web",), force=True)
    events = requests.execute(opened.world, request)
    began = (one for one in events if isinstance(one, StageStarted))
    next(one for one in began if one.stage is Stage.DRAINING_PREVIOUS)
    record, table = opened.host.records[PRODUCTION], opened.host.documents[PRODUCTION]
    now = opened.clock.now()
    opened.host.record_copies[PRODUCTION] = RecordCopy(record=record, table=table, at=now)
    opened.host.kill(opened.process)
    lose_home(opened)
    planned = line(there, "edge", "adopt", "--node", "n2", "--plan")
    there.host.disk_full = True
    full = line(there, "edge", "adopt", "--node", "n2", "--yes")
    there.host.disk_full = False
    again = line(there.another(), "edge", "adopt", "--node", "n2", "--yes")
    opened.swarm.join(NodeInfo(name="n1", address="10.0.0.1", manager=True))
    back = there.another()
    check_transcript(
        "adopt_left",
        planned,
        full,
        again,
        line(back, "status"),
        line(back, "node", "list"),
        line(back, "edge", "adopt", "--node", "n2", "--plan"),
        line(back, "edge", "adopt", "--node", "n2", "--yes"),
        line(back, "edge", "adopt", "--node", "n2", "--yes"),
    )
