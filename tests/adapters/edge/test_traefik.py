import json
import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.edge import traefik
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.wait import WaitCount

KEY = EnvironmentKey("shop", "production")
WEB = "dep_01JZ0000000000000000000001"
API = "dep_01JZ0000000000000000000002"
RUN = "run_01JZ0000000000000000000003"
TABLE = RouteTable(
    marker=RUN,
    routes=(
        Route(host="api-shop.localhost", deployment=API, port=8080),
        Route(host="shop.localhost", deployment=WEB, port=8080),
    ),
)

STOPPED = TABLE.marked(RUN, {WEB: "web"})


def api(key: EnvironmentKey, table: RouteTable) -> tuple[str, str]:
    """What Traefik 3.7 answers once the table is in force, among others' routes."""
    sections = traefik._sections(key, table)
    foreign = {"name": "x-1@file", "rule": "Host(`x`)", "service": "x-2", "status": "enabled"}
    routers = [
        {**one, "name": f"{name}@file", "provider": "file", "status": "enabled"}
        for name, one in sections.get("routers", {}).items()
    ]
    for one in routers:
        one["middlewares"] = [f"{name}@file" for name in one.get("middlewares", ())]
    services = [
        {**one, "name": f"{name}@file", "status": "enabled", "type": "loadbalancer"}
        for name, one in sections["services"].items()
    ]
    return json.dumps([*routers, foreign]), json.dumps(services)


def test_a_document_says_whose_it_is_and_what_it_routes() -> None:
    assert traefik.read(traefik.document(KEY, TABLE)) == (KEY, TABLE)


def test_a_table_without_routes_still_says_its_marker() -> None:
    empty = RouteTable(marker=RUN)
    assert traefik.parse(traefik.document(KEY, empty)) == empty
    assert traefik.parse(traefik.document(KEY, RouteTable())) == RouteTable()


def test_a_route_leads_to_the_deployments_own_alias() -> None:
    text = traefik.document(KEY, TABLE)
    assert 'url = "http://dep-01jz0000000000000000000001:8080"' in text
    assert 'rule = "Host(`shop.localhost`)"' in text


def test_a_stopped_route_carries_the_sign_and_comes_back() -> None:
    text = traefik.document(KEY, STOPPED)
    assert traefik.read(text) == (KEY, STOPPED)
    assert "plugin" not in traefik.document(KEY, TABLE)


def of_an_older_version(text: str) -> str:
    """The document as it was written before callers' headers ended at the edge."""
    parsed = tomllib.loads(text)
    middlewares = parsed["http"].pop("middlewares")
    kept = {name: one for name, one in middlewares.items() if "headers" not in one}
    if kept:
        parsed["http"]["middlewares"] = kept
    for router in parsed["http"]["routers"].values():
        names = [name for name in router.pop("middlewares") if name in kept]
        if names:
            router["middlewares"] = names
    return tomli_w.dumps(parsed)


@pytest.mark.parametrize("which", ["plain", "stopped", "fallback"])
def test_a_document_of_an_older_version_is_read_and_in_force(which: str) -> None:
    table = {"plain": TABLE, "stopped": STOPPED, "fallback": FALLBACK}[which]
    old = of_an_older_version(traefik.document(KEY, table))
    assert "Forwarded" not in old
    assert traefik.read(old) == (KEY, table)
    routers, services = api(KEY, table)
    listed = json.loads(routers)
    for one in listed:
        names = one.get("middlewares", [])
        one["middlewares"] = [name for name in names if "without-forwarded" not in name]
    assert traefik.in_force(KEY, table, json.dumps(listed), services)


@pytest.mark.parametrize("which", ["plain", "stopped", "fallback"])
def test_no_route_passes_on_what_callers_say_of_themselves(which: str) -> None:
    table = {"plain": TABLE, "stopped": STOPPED, "fallback": FALLBACK}[which]
    http = tomllib.loads(traefik.document(KEY, table))["http"]
    for router in http["routers"].values():
        first = http["middlewares"][router["middlewares"][0]]
        assert first["headers"]["customRequestHeaders"]["Forwarded"] == ""


FALLBACK = RouteTable(
    marker=RUN,
    routes=(
        Route(host="api-shop.localhost", deployment=API, port=8080),
        Route(host="shop.localhost", deployment=WEB, port=8080, fallback=True),
    ),
)


def test_a_site_with_a_page_for_all_paths() -> None:
    for table in (FALLBACK, FALLBACK.marked(RUN, {WEB: "web"})):
        text = traefik.document(KEY, table)
        assert traefik.read(text) == (KEY, table)
        assert traefik.in_force(KEY, table, *api(KEY, table))
    assert not traefik.in_force(KEY, FALLBACK, *api(KEY, TABLE))
    assert not traefik.in_force(KEY, TABLE, *api(KEY, FALLBACK))
    assert "404 = 200" in traefik.document(KEY, FALLBACK).replace('"404"', "404")


@given(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=63),
)
def test_no_user_text_gets_into_a_sign(service: str, environment: str) -> None:
    key = EnvironmentKey("shop", environment)
    route = Route(host="shop.localhost", deployment=WEB, port=8080, stopped=service)
    table = RouteTable(marker=RUN, routes=(route,))
    text = traefik.document(key, table)
    assert traefik.read(text) == (key, table)
    assert "{{" not in text
    assert text.isascii()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=63))
def test_no_user_text_gets_into_a_document(environment: str) -> None:
    key = EnvironmentKey("shop", environment)
    text = traefik.document(key, RouteTable(marker=RUN))
    assert traefik.read(text)[0] == key
    assert "{{" not in text
    assert "#" not in text
    assert text.isascii()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a`) || Host(`b",
        "{{ env }}",
        "A.localhost",
        "a..b",
        "-a.b",
        "a.b-",
        "a\n",
        "a.b.",
        "ä.b",
        "x" * 64,
        ".".join(["x" * 60] * 5),
    ],
)
def test_only_host_names_become_hosts(host: str) -> None:
    with pytest.raises(Refused):
        traefik.document(KEY, RouteTable(routes=(Route(host=host, deployment=WEB, port=1),)))


@pytest.mark.parametrize("deployment", ["dep_{{ env }}", "dep_a/b", "dep_A@b", "dep_x:1", ""])
def test_an_id_that_would_not_come_back_is_refused(deployment: str) -> None:
    route = Route(host="a.localhost", deployment=deployment, port=1)
    with pytest.raises(Refused):
        traefik.document(KEY, RouteTable(routes=(route,)))


@pytest.mark.parametrize("marker", ["run_{{ env }}", "run_A b", "run_lower", "", "ü -at- -of-"])
def test_a_marker_of_any_kind_comes_back(marker: str) -> None:
    table = RouteTable(marker=marker)
    text = traefik.document(KEY, table)
    assert traefik.parse(text) == table
    assert "{{" not in text


def test_two_routes_for_one_host_are_refused() -> None:
    routes = tuple(Route(host="a.b", deployment=one, port=1) for one in (API, WEB))
    with pytest.raises(Refused):
        traefik.document(KEY, RouteTable(routes=routes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[http",
        "[http.routers]",
        '# {{ env "HOME" }}\n' + traefik.document(KEY, TABLE),
        traefik.document(KEY, TABLE).replace("Host(", "HostRegexp("),
        traefik.document(KEY, TABLE).replace("-of-", "-off-"),
        traefik.document(KEY, TABLE).replace("http://dep-", "dep-"),
        traefik.document(KEY, TABLE).replace("[http.services.", "[http.gone."),
        traefik.document(KEY, STOPPED).replace("[http.middlewares.", "[http.gone."),
    ],
)
def test_a_spoilt_document_is_unreadable(text: str) -> None:
    with pytest.raises(traefik.UnreadableDocument):
        traefik.parse(text)


def test_identifiers_of_two_environments_differ() -> None:
    other = EnvironmentKey("shop", "staging")
    mine, theirs = (traefik._sections(key, TABLE) for key in (KEY, other))
    assert not mine["routers"].keys() & theirs["routers"].keys()
    assert not mine["services"].keys() & theirs["services"].keys()


def test_exactly_this_table_is_in_force() -> None:
    assert traefik.in_force(KEY, TABLE, *api(KEY, TABLE))


@pytest.mark.parametrize(
    "other",
    [
        RouteTable(marker=None, routes=TABLE.routes),
        RouteTable(marker=RUN[:-1] + "4", routes=TABLE.routes),
        RouteTable(marker=RUN, routes=TABLE.routes[:1]),
        RouteTable(
            marker=RUN, routes=(*TABLE.routes, Route(host="c.d", deployment=WEB, port=8080))
        ),
        RouteTable(
            marker=RUN,
            routes=(TABLE.routes[0], Route(host="shop.localhost", deployment=WEB, port=8081)),
        ),
        RouteTable(
            marker=RUN,
            routes=(TABLE.routes[0], Route(host="shop.localhost", deployment=API, port=8080)),
        ),
        STOPPED,
    ],
)
def test_nothing_but_exactly_this_table_is_in_force(other: RouteTable) -> None:
    assert not traefik.in_force(KEY, other, *api(KEY, TABLE))
    assert not traefik.in_force(KEY, TABLE, *api(KEY, other))


def test_routes_of_another_environment_do_not_count() -> None:
    other = EnvironmentKey("shop", "x")
    assert traefik.in_force(other, RouteTable(), *api(KEY, TABLE))
    assert not traefik.in_force(other, TABLE, *api(KEY, TABLE))


def test_an_empty_table_is_in_force_without_a_document() -> None:
    assert traefik.in_force(KEY, RouteTable(), "[]", "[]")
    assert traefik.in_force(KEY, RouteTable(), *api(KEY, RouteTable()))
    assert not traefik.in_force(KEY, RouteTable(), *api(KEY, RouteTable(marker=RUN)))


def test_a_router_that_the_edge_refused_is_not_in_force() -> None:
    routers, services = api(KEY, TABLE)
    refused = routers.replace('"status": "enabled"', '"status": "disabled"', 1)
    assert not traefik.in_force(KEY, TABLE, refused, services)


def test_an_answer_that_is_none_is_told_apart() -> None:
    with pytest.raises(traefik.UnreadableDocument):
        traefik.in_force(KEY, TABLE, "404 page not found", "[]")


WAITING = TABLE.made_wait(RUN, "web", {WEB: 30})


def test_a_route_that_waits_leads_to_the_name_of_its_service_and_comes_back() -> None:
    text = traefik.document(KEY, WAITING)
    assert traefik.read(text) == (KEY, WAITING)
    assert 'url = "http://web.b.production.shop:8080"' in text
    assert 'timeout = "30s"' in text
    assert "status" not in text  # it would buffer, and try again what was answered
    assert "retry" not in traefik.document(KEY, TABLE)


def test_a_route_that_waits_is_in_force_as_it_is_and_not_otherwise() -> None:
    assert traefik.in_force(KEY, WAITING, *api(KEY, WAITING))
    assert not traefik.in_force(KEY, WAITING, *api(KEY, TABLE))
    assert not traefik.in_force(KEY, TABLE, *api(KEY, WAITING))
    longer = TABLE.made_wait(RUN, "web", {WEB: 31})
    assert not traefik.in_force(KEY, WAITING, *api(KEY, longer))


def test_more_tries_than_there_can_be_so_that_the_time_ends_the_waiting() -> None:
    (retry,) = [
        one["retry"]
        for one in tomllib.loads(traefik.document(KEY, WAITING))["http"]["middlewares"].values()
        if "retry" in one
    ]
    least_pause = 0.05  # half of `initialInterval`
    assert retry["attempts"] * least_pause >= 30


def test_requests_that_waited_are_told_by_a_router_of_their_own() -> None:
    routers = json.loads(api(KEY, WAITING)[0])
    (waits,) = [one["name"] for one in routers if one["name"].endswith("-wait@file")]
    plain = waits.replace("-wait@", "@")
    assert plain in [one["name"] for one in json.loads(api(KEY, TABLE)[0])]
    name = "traefik_router_requests_total"
    metrics = f"""# TYPE {name} counter
{name}{{code="200",method="GET",protocol="http",router="{waits}",service="s@file"}} 39
{name}{{code="200",method="POST",protocol="http",router="{waits}",service="s@file"}} 2
{name}{{code="502",method="GET",protocol="http",router="{waits}",service="s@file"}} 1
{name}{{code="200",method="GET",protocol="http",router="{plain}",service="s@file"}} 1000
traefik_router_request_duration_seconds_count{{code="200",router="{waits}"}} 41
"""
    found = traefik.waited(KEY, "web", ["shop.localhost", "www.localhost"], metrics)
    assert (found.requests, found.failed) == (42, 1)
    assert traefik.waited(KEY, "api", [], metrics) == WaitCount(requests=0, failed=0)


ONE_NAME = RouteTable(
    marker=RUN,
    routes=(Route(host="shop.localhost", deployment=WEB, port=8080, replicas=3, one_name=True),),
)


def test_replicas_behind_one_name_are_asked_for_anew_at_every_request() -> None:
    text = traefik.document(KEY, ONE_NAME)
    assert traefik.read(text) == (KEY, ONE_NAME)
    assert traefik.in_force(KEY, ONE_NAME, *api(KEY, ONE_NAME))
    http = tomllib.loads(text)["http"]
    (transport,) = http["serversTransports"].values()
    assert transport["maxIdleConnsPerHost"] == -1  # else one of them would get every request
    assert transport["forwardingTimeouts"]["dialTimeout"] == "1s"
    balancers = [one["loadBalancer"] for one in http["services"].values()]
    (shared,) = [one for one in balancers if "serversTransport" in one]
    assert shared["servers"] == [{"url": "http://dep-01jz0000000000000000000001:8080"}]
    retries = [one["retry"] for one in http["middlewares"].values() if "retry" in one]
    assert retries == [{"attempts": 10}]
