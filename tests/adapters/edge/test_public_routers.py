"""The public side in route documents: it comes back as it was, and says nothing else."""

import base64
import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.edge import public_routers, route_documents, traefik
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import (
    Access,
    CertificateSource,
    Domain,
    PublicSide,
    Rule,
    Traffic,
    Treatment,
)
from compartment_tui.domain.routes import Route, RouteTable
from tests.adapters.edge.test_traefik import API, KEY, RUN, WEB, api

HOST, API_HOST = "shop.localhost", "api-shop.localhost"
ROUTES = (
    Route(host=API_HOST, deployment=API, port=8080),
    Route(host=HOST, deployment=WEB, port=8080),
)


def table(**public: Any) -> RouteTable:  # noqa: ANN401 - the fields of a public side
    side = PublicSide(http_port=8080, https_port=8443, **public)
    return RouteTable(marker=RUN, routes=ROUTES, public=side)


SECURED = Domain(host="shop.test", to=HOST, certificate=CertificateSource.ACME, secured=True)
OLD = Domain(host="old.test", to=HOST, certificate=CertificateSource.OWN, elsewhere="shop.test")
EVERYTHING = table(
    domains=(OLD, SECURED),
    rules=(
        Rule(on=HOST, path="/api/*", to=API_HOST, strip="/api"),
        Rule(on=HOST, path="/old", to=API_HOST, methods=("GET", "HEAD"), rewrite="/new"),
        Rule(on=HOST, path="/v1/*", to=API_HOST, replace="/v2"),
    ),
    treatments=(
        Treatment(
            host=HOST,
            access=Access(users=(("team", "$2y$05$abc"),), allow=("203.0.113.0/24",)),
            traffic=Traffic(
                requests_per_second=5,
                in_flight=9,
                body=1000,
                headers=(("X-Frame-Options", "DENY"),),
                hsts=31_536_000,
            ),
            maintenance=True,
            message="Back at {{ noon }}",
        ),
    ),
)


def routers(of: RouteTable, key: EnvironmentKey = KEY) -> dict[str, dict[str, Any]]:
    """By rule and entry point."""
    http = tomllib.loads(traefik.document(key, of))["http"]
    return {f"{one['entryPoints'][0]} {one['rule']}": one for one in http["routers"].values()}


def contents(of: RouteTable, router: dict[str, Any]) -> list[dict[str, Any]]:
    http = tomllib.loads(traefik.document(KEY, of))["http"]
    return [http["middlewares"][name] for name in router["middlewares"]]


def test_everything_comes_back() -> None:
    assert traefik.read(traefik.document(KEY, EVERYTHING)) == (KEY, EVERYTHING)


def test_a_plain_table_is_written_as_ever() -> None:
    assert "public" not in traefik.document(KEY, RouteTable(marker=RUN, routes=ROUTES))


def test_a_domain_is_one_more_host_of_the_route() -> None:
    found = routers(table(domains=(Domain(host="shop.test", to=HOST),)))
    assert found["web Host(`shop.test`)"]["service"] == found[f"web Host(`{HOST}`)"]["service"]
    assert not any(name.startswith("websecure") for name in found)


def test_a_certificate_that_is_still_to_come_leaves_plain_requests_alone() -> None:
    waiting = replace(SECURED, secured=False)
    found = routers(table(domains=(waiting,)))
    assert found["web Host(`shop.test`)"]["service"] != "noop@internal"
    assert found["websecure Host(`shop.test`)"]["tls"] == {"certResolver": "le"}


def test_with_a_certificate_plain_requests_are_led_to_https() -> None:
    of = table(domains=(SECURED,))
    plain = routers(of)["web Host(`shop.test`)"]
    assert plain["service"] == "noop@internal"
    redirect = {"scheme": "https", "permanent": True, "port": "8443"}
    assert contents(of, plain) == [{"redirectScheme": redirect}]


def test_a_redirected_host_leads_to_the_first_one_where_that_answers() -> None:
    of = table(domains=(OLD, SECURED))
    for entry in ("web", "websecure"):
        led = contents(of, routers(of)[f"{entry} Host(`old.test`)"])
        assert led[0]["redirectRegex"]["replacement"] == "https://shop.test:8443${1}"
    plain = table(domains=(OLD, replace(SECURED, secured=False)))
    led = contents(plain, routers(plain)["web Host(`old.test`)"])
    assert led[0]["redirectRegex"]["replacement"] == "http://shop.test:8080${1}"


def test_rules_come_before_their_host_and_in_the_order_of_the_file() -> None:
    found = routers(EVERYTHING)
    ranks = {name: one.get("priority", len(one["rule"])) for name, one in found.items()}
    here = "websecure Host(`shop.test`)"
    first = f"{here} && (Path(`/api`) || PathPrefix(`/api/`))"
    second = f"{here} && Path(`/old`) && (Method(`GET`) || Method(`HEAD`))"
    third = f"{here} && (Path(`/v1`) || PathPrefix(`/v1/`))"
    assert ranks[first] > ranks[second] > ranks[third] > ranks[here]
    assert found[first]["service"] == found[f"web Host(`{API_HOST}`)"]["service"]


def test_a_rule_whose_service_has_no_route_is_left_out() -> None:
    of = table(rules=(Rule(on=HOST, path="/x", to="gone.localhost"),))
    assert len(routers(of)) == 2


def test_a_hidden_host_is_not_served_and_its_domains_are() -> None:
    hidden = Treatment(host=HOST, hidden=True)
    found = routers(table(domains=(Domain(host="shop.test", to=HOST),), treatments=(hidden,)))
    assert set(found) == {"web Host(`shop.test`)", f"web Host(`{API_HOST}`)"}


def test_another_way_of_speaking_to_a_service() -> None:
    secure = replace(ROUTES[0], scheme="https", unverified=True)
    of = RouteTable(marker=RUN, routes=(secure, replace(ROUTES[1], scheme="h2c")))
    http = tomllib.loads(traefik.document(KEY, of))["http"]
    urls = {one["loadBalancer"]["servers"][0]["url"] for one in http["services"].values()}
    assert {url.partition(":")[0] for url in urls} == {"http", "https", "h2c"}
    (transport,) = http["serversTransports"].values()
    assert transport["insecureSkipVerify"] is True
    assert traefik.read(traefik.document(KEY, of)) == (KEY, of)


def test_callers_inside_meet_nothing_of_the_public_side() -> None:
    inside = replace(EVERYTHING, routes=tuple(replace(one, inside="x") for one in ROUTES[1:]))
    http = tomllib.loads(traefik.document(KEY, inside))["http"]
    (chain,) = (one for name, one in http["middlewares"].items() if name.endswith("-chain"))
    used = [http["middlewares"][name] for name in chain["chain"]["middlewares"]]
    assert not any("basicAuth" in one or "ipAllowList" in one or "plugin" in one for one in used)


@pytest.mark.parametrize(
    "other",
    [
        table(domains=(OLD,)),
        table(domains=(OLD, replace(SECURED, secured=False))),
        replace(EVERYTHING, public=replace(EVERYTHING.public, rules=EVERYTHING.public.rules[1:])),
        replace(EVERYTHING, public=replace(EVERYTHING.public, treatments=())),
        replace(EVERYTHING, public=replace(EVERYTHING.public, https_port=443)),
        RouteTable(marker=RUN, routes=ROUTES),
    ],
)
def test_nothing_but_exactly_this_is_in_force(other: RouteTable) -> None:
    assert traefik.in_force(KEY, EVERYTHING, *api(KEY, EVERYTHING))
    assert not traefik.in_force(KEY, EVERYTHING, *api(KEY, other))
    assert not traefik.in_force(KEY, other, *api(KEY, EVERYTHING))


def test_a_router_without_its_certificate_resolver_is_not_in_force() -> None:
    said, services = api(KEY, EVERYTHING)
    changed = json.loads(said)
    for one in changed:
        one.pop("tls", None)
    assert not traefik.in_force(KEY, EVERYTHING, json.dumps(changed), services)


def test_a_document_that_says_something_else_than_its_table_is_unreadable() -> None:
    text = traefik.document(KEY, EVERYTHING)
    spoilt = text.replace("body = 1000", "body = 9000")
    assert spoilt != text
    with pytest.raises(traefik.UnreadableDocument):
        traefik.read(spoilt)


ANY_TEXT = st.text(max_size=30)
TEMPLATES = st.sampled_from(
    ["{{ env `HOME` }}", "{{", "a{{/* x */}}b", "}}{{", "\\{{", "{{{", "\\"]
)


@given(st.one_of(ANY_TEXT, TEMPLATES), st.one_of(ANY_TEXT, TEMPLATES))
def test_no_text_of_a_person_runs_or_means_something_else(text: str, other: str) -> None:
    treatment = Treatment(
        host=HOST,
        access=Access(users=((text, other),)),
        traffic=Traffic(headers=(("X-Said", text),)),
        maintenance=True,
        message=other,
    )
    rule = Rule(on=HOST, path=f"/{other}", to=API_HOST, rewrite=f"/{text}")
    wanted = table(treatments=(treatment,), rules=(rule,))
    try:
        written = traefik.document(KEY, wanted)
    except Refused:
        return
    assert "{{" not in written
    assert traefik.read(written) == (KEY, wanted)
    used = [one for router in routers(wanted).values() for one in contents(wanted, router)]
    assert {"headers": {"customResponseHeaders": {"X-Said": text}}} in used


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/a`) || Host(`other.test"},
        {"path": "a"},
        {"strip": "/{{ env }}"},
        {"replace": "/${1}"},
        {"rewrite": "/a b"},
        {"rewrite": "/a\\b"},
        {"methods": ("GET`) || Host(`x",)},
        {"methods": ("get",)},
    ],
)
def test_no_rule_reaches_beyond_its_path(change: dict[str, Any]) -> None:
    rule = replace(Rule(on=HOST, path="/a", to=API_HOST), **change)
    with pytest.raises(Refused):
        traefik.document(KEY, table(rules=(rule,)))


@pytest.mark.parametrize("allowed", ["", "all", "10.0.0.0/99", "10.0.0.1`", "::/129"])
def test_only_addresses_are_let_in(allowed: str) -> None:
    treatment = Treatment(host=HOST, access=Access(allow=(allowed,)))
    with pytest.raises(Refused):
        traefik.document(KEY, table(treatments=(treatment,)))


@pytest.mark.parametrize("host", ["a b.test", "x`.test", "*.test", "A.test", "", "x{{.test"])
def test_only_host_names_become_domains(host: str) -> None:
    with pytest.raises(Refused, match="is not a host name"):
        traefik.document(KEY, table(domains=(Domain(host=host, to=HOST),)))


def test_what_a_newer_version_wrote_is_refused_and_counts_as_good() -> None:
    text = traefik.document(KEY, EVERYTHING)
    (name,) = (one for one in tomllib.loads(text)["http"]["services"] if "-public-" in one)
    start, _, whole = name.partition("-public-")
    plain = json.loads(base64.b32decode(whole.upper() + "=" * (-len(whole) % 8)))
    plain["public"]["shares"] = [1]
    newer = text.replace(name, f"{start}-public-{public_routers.in_base32(plain)}")
    with pytest.raises(traefik.NewerDocument, match="a newer version"):
        traefik.read(newer)
    assert route_documents.all_ours(f"{len(newer)} {traefik.file_name(KEY)}\n\n{newer}".encode())
