"""`doctor`: what it finds wrong, and the way on."""

from dataclasses import replace
from typing import cast

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.detail_views import Check, Grade
from compartment_tui.domain.edge_address import curl, detour, leads_here
from compartment_tui.domain.engine import EngineInfo
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from compartment_tui.operations.doctor import doctor
from compartment_tui.ports import Engine, World
from tests.cli.line import line
from tests.rollout.shop import PRODUCTION, WEB, deploy, open_shop, outcome


class Elsewhere:
    """An engine on another machine."""

    def __init__(self, engine: Engine, host: str) -> None:
        self._engine, self._host = engine, host

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def info(self) -> EngineInfo:
        chosen = "the docker context “far”"
        return replace(self._engine.info(), host=self._host, chosen_by=chosen)


def elsewhere(opened: MemoryWorld, host: str = "far.example") -> World:
    return replace(opened.world, engine=cast(Engine, Elsewhere(opened.world.engine, host)))


def found(world: World) -> dict[str, Check]:
    return {one.name: one for one in doctor(world)}


@pytest.fixture
def opened() -> MemoryWorld:
    made = open_shop(WEB)
    deploy(made)
    return made


def test_all_is_well(opened: MemoryWorld) -> None:
    checks = doctor(opened.world)
    assert all(one.grade is not Grade.BAD for one in checks)
    assert found(opened.world)["environments"].message == "1 of 1 in order"


def test_it_says_which_engine_and_who_chose_it(opened: MemoryWorld) -> None:
    assert "chosen by the docker context “far”" in found(elsewhere(opened))["engine"].message


def test_each_environment_in_trouble_has_its_line_and_a_command_to_paste(
    opened: MemoryWorld,
) -> None:
    for name in ("-x", "broken", "well"):
        assert (
            outcome(requests.execute(opened.world, Deploy(environment=name, services=()))) == "live"
        )
    opened.host.invalid_records.add(EnvironmentKey("shop", "broken"))
    left = requests.execute(opened.world, Deploy(environment="-x", services=(), force=True))
    while opened.host.records[EnvironmentKey("shop", "-x")].journal is None:
        next(left)
    opened.host.kill(opened.process)
    checks = found(opened.world)
    assert checks["environment “broken”"].grade is Grade.BAD
    assert checks["environment “-x”"].hint == "`compartment-tui resume --env=-x`"
    assert checks["environments"].message == "2 of 4 in order"


def test_an_edge_that_only_its_own_machine_reaches(opened: MemoryWorld) -> None:
    check = found(elsewhere(opened))["edge from here"]
    assert check.grade is Grade.WARN
    assert check.message == "it listens on 127.0.0.1 of far.example only"
    assert "ssh -L 8080:127.0.0.1:8080 far.example" in check.hint


def test_a_name_that_means_this_machine_while_the_engine_is_another(opened: MemoryWorld) -> None:
    check = found(elsewhere(opened))["host names"]
    assert check.grade is Grade.WARN
    assert "the engine is far.example" in check.message
    assert "base_domain" in check.hint


def test_the_curl_line_goes_where_the_edge_listens() -> None:
    config = open_shop(WEB).world.project.config()
    opened = open_shop(WEB)
    opened.project.write(replace(config, edge=EdgeSettings(bind="0.0.0.0", http_port=81)))
    deploy(opened)
    check = found(elsewhere(opened))["host names"]
    assert "curl -H 'Host: shop.localhost' http://far.example:81/" in check.hint


def test_a_name_that_does_not_resolve(opened: MemoryWorld) -> None:
    opened.host.unresolved.add("shop.localhost")
    check = found(opened.world)["host names"]
    assert check.grade is Grade.WARN
    assert check.hint == "curl -H 'Host: shop.localhost' http://127.0.0.1:8080/"


def test_a_lost_record_is_told(opened: MemoryWorld) -> None:
    opened.host.records[PRODUCTION] = replace(opened.host.records[PRODUCTION], rebuilt=True)
    assert found(opened.world)["environment “production”"].grade is Grade.WARN


def test_the_way_round_a_name_that_leads_elsewhere() -> None:
    near, wide = EdgeSettings(), EdgeSettings(bind="0.0.0.0", http_port=81)
    assert detour("shop.localhost", near, "127.0.0.1") is None
    assert detour("shop.example", near, "far") is None
    assert detour("shop.localhost", near, "far") == "ssh -L 8080:127.0.0.1:8080 far"
    assert detour("shop.localhost", wide, "far") == "curl -H 'Host: shop.localhost' http://far:81/"


def test_open_names_the_engine_that_is_elsewhere(opened: MemoryWorld) -> None:
    said = line(replace(opened, world=elsewhere(opened)), "open", "-s", "web")
    assert said.out == "http://shop.localhost:8080\n"
    assert "the engine is far.example" in said.err
    assert "ssh -L" in said.err
    assert line(opened, "open", "-s", "web").err == ""


def test_names_and_addresses() -> None:
    assert leads_here("shop.localhost")
    assert leads_here("localhost")
    assert not leads_here("shop.mylocalhost")
    assert curl("a.b", "::1", 80) == "curl -H 'Host: a.b' http://[::1]:80/"


def test_an_engine_that_others_can_get_at_is_warned_of(opened: MemoryWorld) -> None:
    assert "way to the engine" not in found(opened.world)
    opened.host.unsafe = "“tcp://far:2375” is reached without TLS"
    check = found(opened.world)["way to the engine"]
    assert (check.grade, check.message) == (Grade.WARN, opened.host.unsafe)
    assert "ssh://" in check.hint


def test_an_edge_of_an_earlier_version_goes_on_until_somebody_asks() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    edge = opened.host.edge
    assert edge is not None
    edge.open = ("passes packets on between environments",)
    warned = [one for one in doctor(opened.world) if one.name == "edge"]
    assert [one.grade for one in warned] == [Grade.GOOD, Grade.WARN]
    assert "an earlier version made it" in warned[1].message
    assert "edge restart --apply" in warned[1].hint
    assert line(opened, "edge", "restart").code == 0
    assert edge.open
    assert line(opened, "edge", "restart", "--apply").code == 0
    assert [one.grade for one in doctor(opened.world) if one.name == "edge"] == [Grade.GOOD]


def test_every_verb_that_meets_such_an_edge_works_and_names_the_way_on_once() -> None:
    opened = open_shop(WEB)
    deploy(opened)
    edge = opened.host.edge
    assert edge is not None
    # It has no port for HTTPS, whatever the file asks for.
    edge.settings, edge.lacks = replace(edge.settings, https_port=0), ("has no port for HTTPS",)
    verbs = (("redeploy", "-s", "web"), ("rollback",), ("stop",), ("start",), ("resume",))
    for verb in verbs:
        told = line(opened, *verb)
        assert told.code == 0, told.err
        assert (told.out + told.err).count("edge restart --apply") == 1, verb
    assert "edge restart --apply" in line(opened, "edge", "status").out
    assert line(opened, "edge", "restart", "--apply").code == 0
    assert edge.settings.https_port == EdgeSettings().https_port
    for verb in verbs:
        told = line(opened, *verb)
        assert "edge restart --apply" not in told.out + told.err
