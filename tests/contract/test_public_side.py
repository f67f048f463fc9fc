"""The public side of a table: it comes in force with its routes, and visitors meet it."""

from dataclasses import replace

import pytest

from compartment_tui.domain.public_side import Access, Domain, PublicSide, Rule, Treatment
from compartment_tui.domain.routes import RouteTable
from compartment_tui.ports import EnvironmentLock
from tests.contract.bench import PAGE, Bench

HASH = "$2y$05$CpRb0XURzW2.JlrLTYcu8.trj8NQMKwYxmQSC76PW5Aeu95Np0xRe"
FIRST, OTHER = "shop.test", "old.test"


def table_of(bench: Bench) -> RouteTable:
    table = bench.table(bench.start("web"))
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
    host = table.routes[0].host
    assert bench.eventually(lambda: bench.world.edge.visit(host, PAGE).status == 200)
    return table


def put(bench: Bench, lock: EnvironmentLock, table: RouteTable, **public: object) -> RouteTable:
    side = replace(PublicSide(http_port=bench.config.edge.http_port), **public)  # type: ignore[arg-type]
    changed = replace(table, marker=bench.world.clock.new_id("run"), public=side)
    bench.put_in_force(lock, changed)
    return changed


def statuses(bench: Bench, *hosts: str) -> list[int | None]:
    return [bench.world.edge.visit(host, PAGE).status for host in hosts]


def test_domains_lead_where_their_route_leads_and_come_back_as_they_were(bench: Bench) -> None:
    table = table_of(bench)
    host = table.routes[0].host
    assert statuses(bench, FIRST) == [404]
    domains = (Domain(host=OTHER, to=host, elsewhere=FIRST), Domain(host=FIRST, to=host))
    with bench.lock() as lock:
        changed = put(bench, lock, table, domains=domains)
        assert lock.routes() == changed
        assert bench.another().edge.tables()[bench.key] == changed
        assert not lock.in_force(replace(changed, public=PublicSide()))
        assert not lock.in_force(
            replace(changed, public=replace(changed.public, domains=domains[1:]))
        )
        assert statuses(bench, host, FIRST, OTHER) == [200, 200, 301]
        put(bench, lock, table, domains=domains[1:])
        assert statuses(bench, host, FIRST, OTHER) == [200, 200, 404]


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        (Treatment(host="", hidden=True), [404, 200]),
        (Treatment(host="", maintenance=True, message="Back {{ soon }}"), [503, 503]),
        (Treatment(host="", access=Access(users=(("team", HASH),))), [401, 401]),
    ],
    ids=["hidden", "maintenance", "access"],
)
def test_visitors_meet_how_a_route_is_treated(
    bench: Bench, treatment: Treatment, expected: list[int]
) -> None:
    table = table_of(bench)
    host = table.routes[0].host
    domains = (Domain(host=FIRST, to=host),)
    with bench.lock() as lock:
        changed = put(
            bench, lock, table, domains=domains, treatments=(replace(treatment, host=host),)
        )
        assert lock.routes() == changed
        assert statuses(bench, host, FIRST) == expected
        assert not lock.in_force(replace(changed, public=replace(changed.public, treatments=())))
        put(bench, lock, table, domains=domains)
        assert statuses(bench, host, FIRST) == [200, 200]


def test_rules_are_in_force_only_as_they_were_written(bench: Bench) -> None:
    table = table_of(bench)
    host = table.routes[0].host
    rules = (
        Rule(on=host, path="/a/*", to=host, strip="/a"),
        Rule(on=host, path="/b", to=host, methods=("GET",), rewrite="/c"),
    )
    with bench.lock() as lock:
        changed = put(bench, lock, table, rules=rules)
        assert lock.routes() == changed
        for other in (rules[:1], rules[::-1], (replace(rules[0], strip=""), rules[1])):
            assert not lock.in_force(replace(changed, public=replace(changed.public, rules=other)))
