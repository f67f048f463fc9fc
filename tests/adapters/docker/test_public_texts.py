"""Any text that can get into a route document, at a real edge: in force, and in nobody's way."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compartment_tui.domain.errors import Refused
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
from tests.adapters.docker.own_edge import OwnEdge, own_edge

pytestmark = pytest.mark.docker

NASTY = st.sampled_from(
    [
        "{{ env `HOME` }}",
        "{{",
        "}}",
        "{{{",
        "`",
        "\\",
        '"',
        "'''",
        "${1}",
        "$1",
        "é🙂",
        "# [x]",
        "a,b",
    ]
)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
TEXTS = st.one_of(NASTY, ASCII, st.text(max_size=12))
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.builds("{}.{}.test".format, LABELS, LABELS)
SAFE = st.text("abcXYZ019-_.~!@&()*+,;=:|^<>[]?#é🙂", min_size=1, max_size=12)
PATHS = st.one_of(SAFE, SAFE, SAFE, SAFE, TEXTS).map(lambda text: f"/{text}")
ADDRESSES = st.sampled_from(["203.0.113.0/24", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"])
METHODS = st.lists(st.sampled_from(["GET", "POST", "PUT"]), unique=True, max_size=2).map(tuple)
TRAFFIC = st.builds(
    Traffic,
    requests_per_second=st.none() | st.integers(1, 10**6),
    in_flight=st.none() | st.integers(1, 10**6),
    body=st.none() | st.integers(1, 2**40),
    headers=st.lists(st.tuples(st.just("X-Said"), TEXTS), max_size=1).map(tuple),
    hsts=st.none() | st.integers(1, 10**8),
)
USERS = st.lists(
    st.tuples(ASCII.filter(lambda name: ":" not in name), st.just("$2y$05$x")), max_size=2
)
ACCESS = st.builds(
    Access, users=USERS.map(tuple), allow=st.lists(ADDRESSES, unique=True, max_size=2).map(tuple)
)


@pytest.fixture(scope="module")
def ours() -> Iterator[OwnEdge]:
    made = own_edge()
    try:
        made.ensure()
        yield made
    finally:
        made.remove()


def test_whatever_it_says_it_is_in_force_and_the_neighbour_is_served(ours: OwnEdge) -> None:
    neighbour, key = ours.key(), ours.key("other")
    served = ours.start(neighbour)
    with ours.lock(neighbour) as lock:
        ours.put_in_force(lock, ours.table(neighbour, served))
    host, other = f"{key.project}.localhost", f"api-{key.project}.localhost"
    table = ours.table(key, served)
    routes = (*table.routes, Route(host=other, deployment=served.deployment, port=8080))
    table = replace(table, routes=tuple(sorted(routes)))
    tried: list[RouteTable] = []

    with ours.lock(key) as lock:

        @settings(
            max_examples=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            domains=st.lists(HOSTS, unique=True, max_size=2),
            path=PATHS,
            rewrite=PATHS,
            methods=METHODS,
            access=ACCESS,
            traffic=TRAFFIC,
            message=st.none() | TEXTS,
        )
        def check(
            domains: list[str],
            path: str,
            rewrite: str,
            methods: tuple[str, ...],
            access: Access,
            traffic: Traffic,
            message: str | None,
        ) -> None:
            public = PublicSide(
                domains=tuple(
                    Domain(host=one, to=host, certificate=CertificateSource.OWN, secured=True)
                    for one in sorted(domains)
                ),
                rules=(Rule(on=host, path=path, to=other, methods=methods, rewrite=rewrite),),
                treatments=(
                    Treatment(
                        host=host,
                        access=access,
                        traffic=traffic,
                        maintenance=message is not None,
                        message=message or "",
                    ),
                ),
            )
            wanted = replace(table, marker=f"run_{len(tried):026}", public=public)
            try:
                ours.put_in_force(lock, wanted)
            except Refused:
                return
            tried.append(wanted)
            assert lock.routes() == wanted
            assert ours.visit(f"{neighbour.project}.localhost") == 200

        check()
    assert len(tried) >= 10
