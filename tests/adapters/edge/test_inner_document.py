"""The document that leads inner calls to what the route document says."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.domain.names import EnvironmentKey, preview_host
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.wait import WaitCount
from tests.adapters.edge.test_traefik import API, KEY, RUN, STOPPED, TABLE, WEB, api

ENTRY = traefik.InnerEntry(ports=(80, 3000, 8080), subnet="10.201.3.0/24")


def inside(table: RouteTable) -> RouteTable:
    names = {API: "api", WEB: "a-b_c"}
    return replace(
        table, routes=tuple(replace(one, inside=names[one.deployment]) for one in table.routes)
    )


INSIDE = inside(TABLE)


def routers(table: RouteTable, entry: traefik.InnerEntry = ENTRY) -> dict[str, Any]:
    text = traefik.inner_document(KEY, table, entry)
    found: dict[str, Any] = tomllib.loads(text)["http"]["routers"] if text else {}
    return found


def answers(table: RouteTable, entry: traefik.InnerEntry = ENTRY) -> tuple[str, str]:
    public, services = api(KEY, table)
    inner = [
        {**one, "name": f"{name}@file", "status": "enabled"}
        for name, one in routers(table, entry).items()
    ]
    return json.dumps([*json.loads(public), *inner]), services


@pytest.mark.parametrize("table", [INSIDE, inside(STOPPED)])
def test_the_names_inside_come_back(table: RouteTable) -> None:
    assert traefik.read(traefik.document(KEY, table)) == (KEY, table)


def test_a_preview_is_never_called_inside() -> None:
    preview = Route(host=preview_host(WEB, "shop.localhost"), deployment=WEB, port=8080)
    table = RouteTable(marker=RUN, routes=tuple(sorted((*INSIDE.routes, preview))))
    assert traefik.parse(traefik.document(KEY, table)) == table


def test_a_service_is_called_by_its_name_at_its_port_from_its_own_network() -> None:
    by_rule = {one["rule"]: one for one in routers(INSIDE).values()}
    rule = "Host(`api`) && ClientIP(`10.201.3.0/24`)"
    assert by_rule[rule]["entryPoints"] == ["inner-8080"]
    http = tomllib.loads(traefik.document(KEY, INSIDE))["http"]
    (server,) = http["services"][by_rule[rule]["service"]]["loadBalancer"]["servers"]
    assert server["url"] == "http://dep-01jz0000000000000000000002:8080"


def test_both_documents_fit_together() -> None:
    http = tomllib.loads(traefik.document(KEY, inside(STOPPED)))["http"]
    for router in routers(inside(STOPPED)).values():
        assert router["service"] in http["services"]
        for name in router["middlewares"]:
            for one in http["middlewares"][name]["chain"]["middlewares"]:
                assert one in http["middlewares"]


def test_a_switch_changes_nothing_in_it() -> None:
    moved = INSIDE.moved(
        f"{RUN[:-1]}9",
        (Route(host="api-shop.localhost", deployment=f"{API[:-1]}7", port=8080, inside="api"),),
    )
    assert traefik.inner_document(KEY, moved, ENTRY) == traefik.inner_document(KEY, INSIDE, ENTRY)


def test_a_stop_changes_nothing_in_it() -> None:
    assert routers(inside(STOPPED)) == routers(INSIDE)


def test_at_a_port_of_its_own_a_service_answers_to_any_host() -> None:
    assert all("Host" in one["rule"] for one in routers(INSIDE).values())
    first, second = INSIDE.routes
    table = replace(INSIDE, routes=(first, replace(second, port=3000)))
    found = {tuple(one["entryPoints"]): one["rule"] for one in routers(table).values()}
    rule = "ClientIP(`10.201.3.0/24`)"
    assert found == {("inner-8080",): rule, ("inner-3000",): rule}


def test_another_host_of_a_service_changes_nothing_in_it() -> None:
    first, second = INSIDE.routes
    table = replace(INSIDE, routes=(first, replace(second, port=3000)))
    more = replace(table, routes=(*table.routes, replace(first, host="z.localhost")))
    assert routers(more) == routers(table)
    assert traefik.parse(traefik.document(KEY, more)) == more


def test_clients_of_an_earlier_version_read_the_route_document_as_ever() -> None:
    http = tomllib.loads(traefik.document(KEY, INSIDE))["http"]
    assert http["routers"] == tomllib.loads(traefik.document(KEY, TABLE))["http"]["routers"]
    others = [name for name in http["services"] if not name.startswith(KEY.identifier)]
    assert all(name.startswith("inner-") for name in others)
    assert len(others) == 2


@pytest.mark.parametrize("entry", [traefik.InnerEntry(), replace(ENTRY, ports=())])
def test_an_edge_without_a_place_for_them_gets_none(entry: traefik.InnerEntry) -> None:
    assert routers(INSIDE, entry) == {}
    assert traefik.in_force(KEY, INSIDE, *answers(INSIDE, entry), entry)


def test_routes_without_names_inside_get_none() -> None:
    assert routers(TABLE) == {}


def test_exactly_these_are_in_force() -> None:
    assert traefik.in_force(KEY, INSIDE, *answers(INSIDE), ENTRY)
    assert not traefik.in_force(KEY, TABLE, *answers(INSIDE), ENTRY)
    assert not traefik.in_force(KEY, INSIDE, *answers(TABLE), ENTRY)
    moved = replace(ENTRY, subnet="10.201.4.0/24")
    assert not traefik.in_force(KEY, INSIDE, *answers(INSIDE, moved), ENTRY)
    elsewhere = replace(ENTRY, ports=(80,))
    assert not traefik.in_force(KEY, INSIDE, *answers(INSIDE, elsewhere), ENTRY)
    assert routers(INSIDE, elsewhere) == {}
    public, services = answers(INSIDE)
    lacking = json.dumps(json.loads(public)[:-1])
    assert not traefik.in_force(KEY, INSIDE, lacking, services, ENTRY)
    assert traefik.in_force(KEY, INSIDE, lacking, services)


def test_those_of_another_environment_do_not_count() -> None:
    other = EnvironmentKey("shop", "x")
    assert traefik.in_force(other, RouteTable(), *answers(INSIDE), ENTRY)


def test_callers_inside_who_waited_are_told_by_a_router_of_their_own_too() -> None:
    waiting = INSIDE.made_wait(RUN, "a-b_c", {WEB: 30})
    plain, waits = (
        next(one for one in routers(table).items() if "a-b_c" in one[1]["rule"])
        for table in (INSIDE, waiting)
    )
    assert waits == (f"{plain[0]}-wait", plain[1])
    assert traefik.in_force(KEY, waiting, *answers(waiting), ENTRY)
    assert not traefik.in_force(KEY, waiting, *answers(INSIDE), ENTRY)
    metrics = "".join(
        f'traefik_router_requests_total{{code="200",router="{router}@file",service="s@file"}} {n}\n'
        for router, n in ((plain[0], 1000), (waits[0], 7))
    )
    assert traefik.waited(KEY, "a-b_c", [], metrics) == WaitCount(requests=7, failed=0)
