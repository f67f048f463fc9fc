"""Environments on engines of their own: each verb goes to the one that the file says."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EngineSpec, EnvironmentConfig
from compartment_tui.domain.errors import EngineUnreachable, NotFound
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import DeleteEnvironment, Deploy
from compartment_tui.domain.views import EnvironmentView
from compartment_tui.operations import requests
from compartment_tui.operations.engines import ask_engines, engines_of, world_of
from compartment_tui.operations.environments import environments
from compartment_tui.operations.exec_command import execute
from compartment_tui.operations.history import history
from compartment_tui.operations.inspect import inspect_services
from compartment_tui.operations.locks import lock_holder
from compartment_tui.operations.logs import logs
from compartment_tui.operations.routes import routes
from compartment_tui.operations.status import status
from compartment_tui.operations.variable_sheet import sheet
from compartment_tui.operations.watch import watch
from tests.rollout.shop import WEB, open_shop, outcome

PROD = EngineSpec(name="prod", address="ssh://prod.example.com")
LAB = EngineSpec(name="lab", context="lab")
STAGING = EnvironmentConfig(name="staging")
PRODUCTION = EnvironmentConfig(name="production", engine="prod")


def open_engines(*environments: EnvironmentConfig) -> MemoryWorld:
    """The shop: staging on the docker command's engine, production on another one."""
    opened = open_shop(WEB)
    config = opened.project.config()
    opened.project.write(
        replace(config, engines=(PROD, LAB), environments=environments or (STAGING, PRODUCTION))
    )
    return opened


def names(opened: MemoryWorld) -> list[tuple[str, ...]]:
    return [one.names for one in engines_of(opened.world)]


def test_an_environment_is_on_the_engine_that_the_file_says() -> None:
    opened = open_engines()
    assert world_of(opened.world, "staging") is opened.world
    assert world_of(opened.world, "anything") is opened.world
    production = world_of(opened.world, "production")
    assert production.engine.address() == "memory://prod"
    assert production.at("").engine.address() == opened.world.engine.address()
    assert production.at("prod") is production
    with pytest.raises(NotFound, match="no engine “prud”"):
        opened.world.at("prud")


def test_the_file_decides_anew_at_each_call() -> None:
    opened = open_engines()
    moved = replace(STAGING, engine="lab")
    opened.project.write(replace(opened.project.config(), environments=(moved,)))
    assert world_of(opened.world, "staging").engine.address() == "memory://lab"


def test_another_engine_keeps_whatever_else_the_world_was_given() -> None:
    opened = open_engines()
    changed = replace(opened.world, actor="bob@desk")
    assert world_of(changed, "production").actor == "bob@desk"


def test_the_engines_of_a_project_are_those_its_environments_are_on() -> None:
    opened = open_engines()
    assert names(opened) == [("",), ("prod",)]
    alone = open_shop(WEB)
    assert names(alone) == [("",)]


def test_two_names_of_one_engine_are_one_engine() -> None:
    opened = open_engines(PRODUCTION, replace(STAGING, engine="lab"))
    opened.hosts["prod"] = opened.hosts["lab"] = opened.host
    (only,) = engines_of(opened.world)
    assert only.names == ("", "prod", "lab")
    assert only.world.engine_name == "prod"


def test_the_usual_engine_is_not_missed_where_no_environment_is_on_it() -> None:
    opened = open_engines(PRODUCTION)
    opened.host.go_away()
    assert names(opened) == [("prod",)]
    opened.project.write(replace(opened.project.config(), environments=(STAGING, PRODUCTION)))
    away, prod = engines_of(opened.world)
    assert isinstance(away.failure, EngineUnreachable)
    assert prod.failure is None


def test_an_engine_that_is_away_keeps_the_others_from_nothing() -> None:
    opened = open_engines()
    opened.host_of("prod").go_away("prod is away")
    here, prod = ask_engines(engines_of(opened.world), lambda one: one.names)
    assert (here.answer, here.engine.failure) == (("",), None)
    assert prod.answer is None
    assert prod.engine.failure is not None
    assert prod.engine.failure.message == "prod is away"


def test_where_no_engine_answers_the_first_reason_is_told() -> None:
    opened = open_engines()
    opened.host.go_away("here")
    opened.host_of("prod").go_away("there")
    with pytest.raises(EngineUnreachable, match="here"):
        ask_engines(engines_of(opened.world), lambda one: one.names)


def deploy_both(opened: MemoryWorld) -> None:
    for name in ("staging", "production"):
        assert outcome(requests.execute(opened.world, Deploy(environment=name))) == "live"


def lists(opened: MemoryWorld) -> dict[str, EnvironmentView]:
    return {one.key.environment: one for one in environments(opened.world)}


def test_each_verb_goes_to_the_engine_of_its_environment() -> None:
    opened = open_engines()
    deploy_both(opened)
    staging, production = EnvironmentKey("shop", "staging"), EnvironmentKey("shop", "production")
    prod = opened.host_of("prod")
    assert set(opened.host.records) == {staging}
    assert set(prod.records) == {production}
    assert [one.key for one in prod.containers.values()] == [production]
    for name, engine in (("staging", ""), ("production", "prod")):
        found = status(opened.world, environment=name)
        assert found.engine == engine
        assert found.services[0].active is not None
        assert len(history(opened.world, environment=name)) == 1
        assert len(routes(opened.world, environment=name)) == 1
        assert sheet(opened.world, environment=name).running
        (seen,) = inspect_services(opened.world, environment=name)
        assert seen.upstream
        assert lock_holder(opened.world, environment=name) is None
        assert [one.service for one in logs(opened.world, environment=name)] == ["web"]
        execute(opened.world, environment=name, service="web", command=("true",), terminal=False)
    assert len(opened.host.executed) == len(prod.executed) == 1
    requests.execute(opened.world, DeleteEnvironment(environment="production"))
    assert not prod.records
    assert set(opened.host.records) == {staging}


def test_all_engines_are_listed_and_one_that_is_away_with_its_reason() -> None:
    opened = open_engines()
    deploy_both(opened)
    assert [one.engine for one in lists(opened).values()] == ["", "prod"]
    opened.host_of("prod").go_away("prod is away")
    found = lists(opened)
    assert (found["staging"].active, found["staging"].away) == (1, None)
    away = found["production"].away
    assert away is not None
    assert away.message == "prod is away"
    assert found["production"].active == 1  # as the copy of its record says
    assert status(opened.world, environment="staging").stale is None
    assert status(opened.world, environment="production").stale is not None


def test_one_that_no_table_names_is_where_it_is_found() -> None:
    opened = open_engines()
    requests_of_prod = opened.world.at("prod")
    opened.project.write(replace(opened.project.config(), environments=(PRODUCTION,)))
    assert outcome(requests.execute(opened.world, Deploy(environment="pr-12"))) == "live"
    found = lists(opened)
    assert list(found) == ["production", "pr-12"]
    assert (found["pr-12"].engine, found["pr-12"].declared) == ("", False)
    assert requests_of_prod.records.environments("shop") == ()


def test_one_without_a_table_is_where_it_is_found() -> None:
    opened = open_engines()
    deploy_both(opened)
    keep = replace(STAGING, name="qa", engine="prod")
    opened.project.write(replace(opened.project.config(), environments=(keep, STAGING)))
    assert lists(opened)["production"].engine == "prod"
    found = status(opened.world, environment="production")
    assert (found.engine, found.services[0].active is not None) == ("prod", True)
    assert sheet(opened.world, environment="production").running
    requests.execute(opened.world, DeleteEnvironment(environment="production"))
    assert "production" not in lists(opened)
    opened.host_of("prod").go_away()
    assert status(opened.world, environment="production").engine == ""


def test_one_name_on_two_engines_is_the_one_that_the_file_says() -> None:
    opened = open_engines()
    deploy_both(opened)
    moved = replace(STAGING, engine="prod")
    opened.project.write(replace(opened.project.config(), environments=(moved, PRODUCTION)))
    found = lists(opened)["staging"]
    assert (found.engine, found.active, found.also_on) == ("prod", 0, ("",))
    now = status(opened.world, environment="staging")
    assert now.last_met == "memory://"
    plan = requests.plan(opened.world, Deploy(environment="staging"))
    assert plan.notes[0].startswith("“staging” was last seen on “memory://”")
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) == "live"
    assert lists(opened)["staging"].active == 1
    assert status(opened.world, environment="staging").last_met == ""


def test_two_names_of_one_engine_have_each_environment_once() -> None:
    opened = open_engines()
    opened.hosts["prod"] = opened.host
    deploy_both(opened)
    found = lists(opened)
    assert [(one.engine, one.also_on) for one in found.values()] == [("", ()), ("prod", ())]


def test_copied_machines_are_not_taken_for_one() -> None:
    opened = open_engines()
    opened.host_of("prod").id = opened.host.id
    assert names(opened) == [("",), ("prod",)]


def test_a_watch_follows_the_file_to_another_engine() -> None:
    opened = open_engines()
    deploy_both(opened)
    feed = watch(opened.world, environment="production")
    assert next(feed).engine == "prod"
    here = replace(PRODUCTION, engine="")
    opened.project.write(replace(opened.project.config(), environments=(STAGING, here)))
    looks = iter(feed)
    while (found := next(looks)).engine:
        pass
    assert found.last_met == "memory://prod"
    assert outcome(requests.execute(opened.world, Deploy(environment="production"))) == "live"
    while not next(looks).services[0].active:
        pass
    feed.close()


def test_an_engine_may_have_an_edge_of_its_own() -> None:
    opened = open_engines()
    config = opened.project.config()
    public = replace(config.edge, bind="0.0.0.0", http_port=80, https_port=443)
    there = replace(PROD, edge=public)
    opened.project.write(replace(config, engines=(there, LAB)))
    for environment in ("staging", "production"):
        outcome(requests.execute(opened.world, Deploy(environment=environment)))
    here, production = (world_of(opened.world, one) for one in ("staging", "production"))
    for world, settings in ((here, config.edge), (production, public)):
        edge = world.edge.info()
        assert edge is not None
        assert (edge.settings.bind, edge.settings.http_port) == (settings.bind, settings.http_port)
        assert world.project.config().edge == settings
    assert production.at("").project.config().edge == config.edge
    urls = [
        status(opened.world, environment=one).services[0].url for one in ("staging", "production")
    ]
    assert urls == [
        f"http://shop-staging.localhost:{config.edge.http_port}",
        "http://shop.localhost",
    ]
