"""Calls of services to each other: through the edge, to whom the routes lead."""

from dataclasses import replace

from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.routes import RouteTable
from tests.contract.bench import Bench


def caller(bench: Bench, *inner: str) -> str:
    """A container that was told at its birth to look for these at the edge."""
    birth = replace(bench.birth("web"), inner=inner)
    return bench.started(bench.world.engine.create(birth).deployment).deployment


def leading_to(bench: Bench, instance: Instance, inside: str) -> RouteTable:
    table = bench.table(instance, host=f"{inside}-{bench.key.project}.localhost")
    return replace(table, routes=tuple(replace(one, inside=inside) for one in table.routes))


def test_a_call_follows_the_routes(bench: Bench) -> None:
    asker, first, second = caller(bench, "page"), bench.start("page"), bench.start("page")
    assert bench.now(asker).inner == ("page",)
    assert bench.call(asker, "page") is None
    with bench.lock() as lock:
        assert 8080 in lock.inner_ports()
        bench.put_in_force(lock, leading_to(bench, first, "page"))
        assert bench.call(asker, "page") == first.deployment
        bench.put_in_force(lock, leading_to(bench, second, "page"))
        assert bench.call(asker, "page") == second.deployment
        assert lock.routes() == leading_to(bench, second, "page")


def test_who_was_not_told_so_finds_the_one_with_the_name(bench: Bench) -> None:
    asker, first, second = caller(bench), bench.start("page"), bench.start("page")
    with bench.lock() as lock:
        bench.put_in_force(lock, leading_to(bench, first, "page"))
    assert bench.call(asker, "page") is None
    bench.world.engine.name_active(bench.key, {"page": second.deployment})
    assert bench.call(asker, "page") == second.deployment


def test_a_service_that_is_stopped_by_hand_is_not_reached(bench: Bench) -> None:
    asker, page = caller(bench, "page"), bench.start("page")
    table = leading_to(bench, page, "page")
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
        bench.put_in_force(lock, table.marked("run_stop", {page.deployment: "page"}))
        assert bench.call(asker, "page") is None
        bench.put_in_force(lock, table.marked("run_start", {page.deployment: ""}))
        assert bench.call(asker, "page") == page.deployment


def test_routes_without_inner_calls_lead_nobody_inside(bench: Bench) -> None:
    asker, page = caller(bench, "page"), bench.start("page")
    table = leading_to(bench, page, "page")
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
        closed = replace(table, routes=tuple(replace(one, inside="") for one in table.routes))
        assert not lock.in_force(closed)
        bench.put_in_force(lock, closed)
        assert bench.call(asker, "page") is None
        assert bench.visit(closed.routes[0].host)


def test_the_edge_is_found_again_after_a_restart(bench: Bench) -> None:
    asker, page = caller(bench, "page"), bench.start("page")
    with bench.lock() as lock:
        bench.put_in_force(lock, leading_to(bench, page, "page"))
    bench.world.edge.restart()
    assert bench.eventually(lambda: bench.call(asker, "page") == page.deployment)
    info = bench.world.edge.info()
    assert info is not None
    assert bench.key in info.inside
