"""What an environment comes to when its Swarm's home is lost."""

from dataclasses import replace
from datetime import UTC, datetime

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import (
    Instance,
    InstanceState,
    Journal,
    Status,
    Trigger,
)
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.home import RecordCopy
from compartment_tui.domain.names import EnvironmentKey, active_name, container_name
from compartment_tui.domain.record.adoption import CUT_SHORT, AdoptedEnvironment, adopted
from compartment_tui.domain.routes import RouteTable
from tests.cli.line import line
from tests.rollout.shop import API, WEB, open_shop

KEY = EnvironmentKey("shop", "production")
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def deployed() -> tuple[MemoryWorld, RecordCopy]:
    """A shop of two services, and the copy of its record."""
    opened = open_shop(WEB, API)
    assert line(opened, "deploy", "--quiet").code == 0
    host = opened.host
    copy = RecordCopy(record=host.records[KEY], table=host.documents[KEY], at=NOW)
    return opened, copy


def services(opened: MemoryWorld) -> list[Instance]:
    return list(opened.world.engine.instances(KEY))


def after(
    opened: MemoryWorld, copy: RecordCopy | RecordInvalid | None, *more: Instance
) -> AdoptedEnvironment:
    return adopted(KEY, copy, [*services(opened), *more], NOW)


def test_a_copy_of_what_runs_is_taken_as_it_is() -> None:
    opened, copy = deployed()
    found = after(opened, copy)
    assert (found.record, found.table, found.copied) == (copy.record, copy.table, NOW)
    assert (found.older, found.strays, found.problem) == ((), (), "")


def test_what_runs_is_right_where_the_copy_is_older() -> None:
    opened, copy = deployed()
    assert line(opened, "deploy", "-s", "web", "--force", "--quiet").code == 0
    now = opened.host.records[KEY].active
    assert now["web"] != copy.record.active["web"]
    found = after(opened, copy)
    assert found.older == ("web",)
    assert found.record.active == now
    # By the copy's hosts, to what is live now.
    assert {(one.host, one.deployment) for one in found.table.routes} == {
        (one.host, one.deployment) for one in opened.host.documents[KEY].routes
    }
    assert found.record.rebuilt
    assert found.record.owner == copy.record.owner
    assert found.record.audit[:-1] == copy.record.audit


def test_what_was_taken_away_since_has_no_route() -> None:
    opened, copy = deployed()
    assert line(opened, "remove", "-s", "api", "--quiet").code == 0
    found = after(opened, copy)
    assert found.older == ("api",)
    assert set(found.record.active) == {"web"}
    assert {one.deployment for one in found.table.routes} == {found.record.active["web"]}


def test_a_candidate_that_a_run_was_making_is_stopped_and_told() -> None:
    opened, copy = deployed()
    live = next(one for one in services(opened) if one.service == "web")
    stray = replace(
        live,
        deployment="dep_01zzzzzzzzzzzzzzzzzzzzzzzz",
        container="stray",
        name=container_name("web", "dep_01zzzzzzzzzzzzzzzzzzzzzzzz", KEY),
        state=InstanceState.RUNNING,
    )
    found = after(opened, copy, stray)
    assert found.strays == (stray.deployment,)
    assert found.record.active == copy.record.active
    assert not found.older
    made = found.record.deployments[stray.deployment]
    assert (made.status, made.failure, made.activated) == (Status.FAILED, CUT_SHORT, None)


def test_without_a_copy_the_labels_tell_what_is_live_and_nobody_tells_hosts() -> None:
    opened, copy = deployed()
    spoilt = RecordInvalid("it is not TOML")
    for given, problem in ((None, ""), (spoilt, "it is not TOML")):
        found = after(opened, given)
        assert found.record.active == copy.record.active
        assert (found.table, found.problem, found.copied) == (RouteTable(), problem, None)
        assert found.record.rebuilt


def test_a_run_under_way_is_left_to_whoever_recovers_it() -> None:
    opened, copy = deployed()
    record = copy.record
    assert line(opened, "deploy", "-s", "web", "--force", "--quiet").code == 0
    journal = Journal(
        run="run_1", trigger=Trigger.DEPLOY, started=NOW, entries=(), before=RouteTable()
    )
    under_way = replace(record, journal=journal)
    found = after(opened, replace(copy, record=under_way))
    assert found.record == under_way
    assert not found.older


def test_services_whose_volumes_were_there_are_named() -> None:
    opened = open_shop(WEB, replace(API, volumes=(("data", "/data"),)))
    assert line(opened, "deploy", "--quiet").code == 0
    host = opened.host
    copy = RecordCopy(record=host.records[KEY], table=host.documents[KEY], at=NOW)
    assert after(opened, copy).left_behind == ("api",)
    assert active_name("api", KEY) in {one.name for one in services(opened)}
