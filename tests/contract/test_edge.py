"""Routes: written once, in force soon, and back after everything that happens to the edge."""

from dataclasses import replace

import pytest

from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Stage, Status, Trigger
from compartment_tui.domain.errors import EdgeConflict, EdgeNotConfirmed
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from tests.contract.bench import PAGE, SECOND, Bench


def host_of(table: RouteTable) -> str:
    return table.routes[0].host


def live(bench: Bench) -> RouteTable:
    """A service with a route in force and a record that agrees."""
    instance = bench.start("web")
    table = bench.table(instance)
    deployment = Deployment(
        id=instance.deployment,
        run=instance.run,
        service="web",
        created=instance.created,
        trigger=Trigger.DEPLOY,
        spec=instance.spec,
        image=instance.image,
        port=8080,
        host=host_of(table),
        one_name=instance.one_name,
        status=Status.SUCCEEDED,
        stage=Stage.ACTIVE,
    )
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
        lock.write_record(
            EnvironmentRecord(
                key=bench.key,
                active={"web": deployment.id},
                deployments={deployment.id: deployment},
            )
        )
    assert bench.eventually(lambda: bench.visit(host_of(table)))
    return table


def in_force(bench: Bench, table: RouteTable) -> bool:
    with bench.lock() as lock:
        return bench.eventually(lambda: lock.in_force(table))


def test_ensuring_twice_does_nothing(bench: Bench) -> None:
    with bench.world.locks.engine(actor=bench.world.actor):
        assert not bench.world.edge.ensure(bench.config.edge)
    info = bench.world.edge.info()
    assert info is not None
    assert info.running
    assert info.settings == bench.config.edge
    assert info.container


def test_other_settings_are_refused(bench: Bench) -> None:
    settings = bench.config.edge
    with pytest.raises(EdgeConflict, match=str(settings.http_port)):
        bench.world.edge.ensure(replace(settings, http_port=settings.http_port + 1))


def test_attaching_twice_is_attaching_once(bench: Bench) -> None:
    for _ in range(2):
        bench.world.edge.attach(bench.key)
        info = bench.world.edge.info()
        assert info is not None
        assert bench.key in info.attached


def test_no_routes_at_first(bench: Bench) -> None:
    with bench.lock() as lock:
        assert lock.routes() == RouteTable()
        assert bench.eventually(lambda: lock.in_force(RouteTable()))
    assert bench.key not in bench.world.edge.tables()


def test_a_written_table_comes_in_force_and_no_other(bench: Bench) -> None:
    table = bench.table(bench.start("web"))
    with bench.lock() as lock:
        assert not lock.in_force(table)
        bench.put_in_force(lock, table)
        assert lock.routes() == table
        assert not lock.in_force(RouteTable())
        assert not lock.in_force(replace(table, marker="run_other"))
        assert not lock.in_force(replace(table, routes=()))
    assert bench.another().edge.tables()[bench.key] == table


def test_a_visitor_follows_the_table(bench: Bench) -> None:
    table = live(bench)
    elsewhere = bench.table(bench.start("page"), host=f"page-{bench.key.project}.localhost")
    assert not bench.visit(host_of(elsewhere))
    with bench.lock() as lock:
        bench.put_in_force(lock, table.moved(elsewhere.marker or "", elsewhere.routes))
    assert bench.eventually(lambda: bench.visit(host_of(elsewhere)))
    assert bench.visit(host_of(table))


def test_the_edge_answers_503_for_a_stopped_service_and_leads_to_it_again(bench: Bench) -> None:
    table = live(bench)
    deployment = table.routes[0].deployment
    stopped = table.marked(bench.world.clock.new_id("run"), {deployment: "web"})
    with bench.lock() as lock:
        bench.put_in_force(lock, stopped)
        assert lock.routes() == stopped
        assert bench.another().edge.tables()[bench.key] == stopped
        bench.world.engine.retire(deployment, SECOND)
        assert bench.world.edge.visit(host_of(table)).status == 503
        bench.run(deployment)
        assert bench.world.edge.visit(host_of(table)).status == 503
        bench.put_in_force(lock, stopped.marked(bench.world.clock.new_id("run"), {deployment: ""}))
    assert bench.eventually(lambda: bench.visit(host_of(table)))


def test_a_route_that_waits_leads_to_whoever_gets_the_name(bench: Bench) -> None:
    table = live(bench)
    host, deployment = host_of(table), table.routes[0].deployment
    waiting = table.made_wait(bench.world.clock.new_id("run"), "web", {deployment: 20})
    with bench.lock() as lock:
        bench.put_in_force(lock, waiting)
        assert lock.routes() == waiting
        assert not lock.in_force(replace(waiting, routes=table.routes))
        assert not lock.in_force(table.made_wait(waiting.marker or "", "web", {deployment: 30}))
        assert bench.world.edge.visit(host).status is None
        bench.world.engine.name_awaited(bench.key, {"web": deployment})
        assert bench.eventually(lambda: bench.visit(host))
        bench.put_in_force(lock, table)
        assert lock.waited({"web": [host]}).keys() == {"web"}


def test_a_table_of_the_same_routes_has_its_own_marker(bench: Bench) -> None:
    table = bench.table(bench.start("web"))
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
        again = table.moved(bench.world.clock.new_id("run"), ())
        assert not lock.in_force(again)
        bench.put_in_force(lock, again)
        assert not lock.in_force(table)


def test_an_empty_table_takes_the_routes_away(bench: Bench) -> None:
    table = live(bench)
    with bench.lock() as lock:
        bench.put_in_force(lock, RouteTable())
        assert lock.routes() == RouteTable()
    assert not bench.visit(host_of(table))


def test_a_table_without_routes_can_be_confirmed(bench: Bench) -> None:
    marked = RouteTable(marker=bench.world.clock.new_id("run"))
    with bench.lock() as lock:
        bench.put_in_force(lock, marked)
        assert lock.routes() == marked


def test_forgetting_takes_the_document_and_the_network(bench: Bench) -> None:
    table = live(bench)
    for _ in range(2):
        bench.world.edge.forget(bench.key)
        assert bench.key not in bench.world.edge.tables()
    assert bench.eventually(lambda: not bench.visit(host_of(table)))
    bench.world.engine.remove_environment(bench.key, volumes=True)
    assert bench.key not in bench.world.engine.networks()


def test_an_edge_that_died_cannot_be_asked_and_comes_back(bench: Bench) -> None:
    table = live(bench)
    with bench.lock() as lock:
        bench.kill_edge()
        with pytest.raises(EdgeNotConfirmed):
            lock.in_force(table)
    info = bench.world.edge.info()
    assert info is not None
    assert not info.running
    with bench.world.locks.engine(actor=bench.world.actor):
        assert bench.world.edge.ensure(bench.config.edge)
    assert in_force(bench, table)
    assert bench.eventually(lambda: bench.visit(host_of(table)))


def test_an_edge_that_was_removed_comes_back_with_its_routes(bench: Bench) -> None:
    table = live(bench)
    bench.world.edge.remove()
    assert bench.world.edge.info() is None
    assert not bench.visit(host_of(table))
    with bench.world.locks.engine(actor=bench.world.actor):
        assert bench.world.edge.ensure(bench.config.edge)
    assert in_force(bench, table)
    assert bench.eventually(lambda: bench.visit(host_of(table)))


def test_routes_come_back_from_the_records_when_they_are_lost(bench: Bench) -> None:
    table = live(bench)
    bench.world.edge.remove()
    bench.empty_routes()
    with bench.world.locks.engine(actor=bench.world.actor):
        assert bench.world.edge.ensure(bench.config.edge)
    restored = bench.world.edge.tables()[bench.key]
    assert restored.routes == table.routes
    assert in_force(bench, restored)
    assert bench.eventually(lambda: bench.visit(host_of(table)))


def test_restarting_keeps_the_routes(bench: Bench) -> None:
    table = live(bench)
    bench.world.edge.restart()
    assert in_force(bench, table)
    assert bench.eventually(lambda: bench.visit(host_of(table)))


def test_an_unreadable_document_is_found_and_set_aside(bench: Bench) -> None:
    assert bench.world.edge.unreadable() == ()
    bench.spoil_a_document()
    found = bench.world.edge.unreadable()
    assert len(found) == 1
    with bench.world.locks.engine(actor=bench.world.actor):
        bench.world.edge.set_aside(found[0])
    assert bench.world.edge.unreadable() == ()
    with bench.lock() as lock:
        bench.put_in_force(lock, bench.table(bench.start("web")))


def test_a_quick_look_tells_that_a_document_is_unreadable(bench: Bench) -> None:
    live(bench)
    with bench.lock() as lock:
        assert lock.documents_readable()
        bench.spoil_a_document()
        assert not lock.documents_readable()
        with bench.world.locks.engine(actor=bench.world.actor):
            bench.world.edge.set_aside(bench.world.edge.unreadable()[0])
        assert lock.documents_readable()


def test_whoever_writes_record_and_routes_is_told_of_an_unreadable_document(bench: Bench) -> None:
    table, state = live(bench), EnvironmentRecord(key=bench.key)
    with bench.lock() as lock:
        lock.write_record(state)
        assert lock.write_record_and_routes(state, table)
        bench.spoil_a_document()
        assert not lock.write_record_and_routes(state, replace(table, marker="run_next"))
        assert lock.routes().marker == "run_next"


def test_tables_of_other_environments_are_left_alone(bench: Bench) -> None:
    table = live(bench)
    other = EnvironmentKey(bench.key.project, "other")
    with bench.world.locks.environment(other, actor="bob@desk", purpose="deploy") as lock:
        marked = RouteTable(marker=bench.world.clock.new_id("run"))
        bench.put_in_force(lock, marked)
        bench.world.edge.forget(other)
        assert bench.eventually(lambda: lock.in_force(RouteTable()))
    assert bench.world.edge.tables()[bench.key] == table
    assert bench.visit(host_of(table))


def test_a_visit_tells_what_a_visitor_gets(bench: Bench) -> None:
    table = live(bench)
    found = bench.world.edge.visit(host_of(table), PAGE)
    assert (found.status, found.detail) == (200, "OK")
    assert found.took < 30 * SECOND
    stranger = bench.world.edge.visit(f"other.{host_of(table)}")
    assert (stranger.status, stranger.detail) == (404, "Not Found")


def test_a_visit_without_an_answer_says_why(bench: Bench) -> None:
    table = live(bench)
    bench.kill_edge()
    found = bench.world.edge.visit(host_of(table))
    assert (found.status, found.detail) == (None, "connection refused")
    bench.world.edge.remove()
    found = bench.world.edge.visit(host_of(table))
    assert (found.status, found.detail) == (None, "there is no edge")
