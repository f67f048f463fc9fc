"""Replicas: several containers of one deployment, made, counted and taken away as one."""

from dataclasses import replace

import pytest

from compartment_tui.domain.deployment import Instance, InstanceState
from compartment_tui.domain.errors import InstanceGone
from compartment_tui.domain.routes import EdgeCheck, RouteTable
from tests.contract.bench import PAGE, SECOND, Bench


def create(bench: Bench, name: str, replicas: int) -> Instance:
    birth = bench.birth(name)
    return bench.world.engine.create(replace(birth, plan=replace(birth.plan, replicas=replicas)))


def numbers(instance: Instance) -> list[int]:
    return [one.number for one in instance.replicas]


def states(bench: Bench, deployment: str) -> list[InstanceState]:
    return [one.state for one in bench.now(deployment).replicas]


def shared(bench: Bench, instance: Instance, replicas: int) -> RouteTable:
    table = bench.table(instance)
    check = EdgeCheck(path=PAGE, headers=(("X-Asked", "{{ by the edge }}"), ("Host", "a.test")))
    routes = tuple(replace(one, replicas=replicas, check=check) for one in table.routes)
    return replace(table, routes=routes)


def test_a_deployment_is_made_with_all_its_replicas_once(bench: Bench) -> None:
    made = create(bench, "web", 3)
    assert numbers(made) == [1, 2, 3]
    assert len(set(made.containers)) == 3
    assert len({one.name for one in made.replicas}) == 3
    again = bench.world.engine.instance(made.deployment)
    assert again is not None
    assert again.containers == made.containers
    assert [one.containers for one in bench.world.engine.instances(bench.key)] == [made.containers]
    listed = bench.world.engine.instances(project=bench.key.project)
    assert [one.containers for one in listed] == [made.containers]
    assert bench.another().engine.instance(made.deployment) == again


def test_what_is_done_to_it_is_done_to_all_of_them(bench: Bench) -> None:
    engine, deployment = bench.world.engine, create(bench, "web", 2).deployment
    started = bench.started(deployment)
    assert started.all_running
    assert len({one.address for one in started.replicas}) == 2
    engine.keep_running(deployment)
    engine.retire(deployment, SECOND)
    assert states(bench, deployment) == [InstanceState.EXITED] * 2
    assert bench.started(deployment).all_running
    engine.remove(deployment)
    assert engine.instance(deployment) is None
    assert engine.instances(bench.key) == ()


def test_more_replicas_are_made_as_copies_and_not_started(bench: Bench) -> None:
    engine, first = bench.world.engine, bench.start("web")
    made = engine.set_replicas(first.deployment, 3)
    assert numbers(made) == [1, 2, 3]
    created = [InstanceState.CREATED] * 2
    assert states(bench, first.deployment) == [InstanceState.RUNNING, *created]
    assert made.containers[0] == first.container
    for one in made.more:
        fixed = replace(one, number=1, container=first.container, name=first.name)
        alike = replace(first, state=one.state, started=None, address=None, node="")
        assert fixed == alike
    assert engine.set_replicas(first.deployment, 3) == made
    assert bench.started(first.deployment).all_running
    assert bench.another().engine.instance(first.deployment) == bench.now(first.deployment)


def test_fewer_replicas_are_the_first_ones(bench: Bench) -> None:
    engine, made = bench.world.engine, create(bench, "web", 4)
    bench.run(made.deployment)
    engine.retire_replicas(made.deployment, 3, SECOND)
    assert bench.now(made.deployment).containers == made.containers[:3]
    left = engine.set_replicas(made.deployment, 1)
    assert left.containers == made.containers[:1]
    assert left.running
    engine.retire_replicas(made.deployment, 1, SECOND)
    assert bench.now(made.deployment).running


def test_each_replica_is_asked_for_itself_whether_it_is_ready(bench: Bench) -> None:
    made = create(bench, "page", 2)
    started = bench.started(made.deployment)
    readiness = bench.plan("page").spec.readiness
    assert readiness is not None
    with bench.lock() as lock:
        first, second = started.replicas
        assert bench.eventually(lambda: lock.ready(second, readiness, 8080) is None)
        bench.world.engine.retire_replicas(made.deployment, 1, SECOND)
        assert bench.eventually(lambda: lock.ready(first, readiness, 8080) is None)
        assert lock.ready(second, readiness, 8080) is not None


def test_a_deployment_that_is_gone_has_no_replicas(bench: Bench) -> None:
    unknown = bench.world.clock.new_id("dep")
    with pytest.raises(InstanceGone):
        bench.world.engine.set_replicas(unknown, 2)
    bench.world.engine.retire_replicas(unknown, 1, SECOND)


def test_a_replica_has_a_log_of_its_own(bench: Bench) -> None:
    engine, deployment = bench.world.engine, create(bench, "closed", 2).deployment
    bench.run(deployment)
    assert bench.eventually(lambda: engine.tail(deployment, 5, replica=2) == ("started",))
    bench.say(deployment, "only the first")
    assert bench.eventually(lambda: "only the first" in engine.tail(deployment, 5))
    assert engine.tail(deployment, 5, replica=2) == ("started",)
    feed = engine.logs(deployment, follow=False, tail=None, since=None, replica=2)
    assert [(line.replica, line.message) for line in feed] == [(2, "started")]
    with pytest.raises(InstanceGone, match="replica 3"):
        engine.logs(deployment, follow=False, tail=None, since=None, replica=3)
    assert engine.execute(deployment, ("true",), terminal=False, replica=2) == 0
    with pytest.raises(InstanceGone, match="replica 3"):
        engine.execute(deployment, ("true",), terminal=False, replica=3)
    with pytest.raises(InstanceGone, match="replica 3"):
        engine.stats(deployment, replica=3)


def test_connections_to_all_replicas_are_counted_or_to_those_above_a_number(bench: Bench) -> None:
    engine, deployment = bench.world.engine, create(bench, "web", 2).deployment
    bench.run(deployment)
    assert bench.eventually(lambda: bench.accepts(deployment))
    everywhere = engine.count_connections(deployment, 8080)
    above = engine.count_connections(deployment, 8080, above=1)
    try:
        with bench.connection(deployment):
            assert bench.eventually(lambda: len(everywhere.now()) == 1)
            assert above.now() == ()
        engine.retire_replicas(deployment, 1, SECOND)
        with pytest.raises(InstanceGone):
            above.now()
        assert bench.eventually(lambda: everywhere.now() == ())
        with pytest.raises(InstanceGone):
            engine.count_connections(deployment, 8080, above=1).now()
    finally:
        everywhere.close()
        above.close()


def test_the_requests_to_a_route_are_shared_out(bench: Bench) -> None:
    instance = create(bench, "page", 2)
    bench.run(instance.deployment)
    table = shared(bench, instance, 2)
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
        assert lock.routes() == table
        assert bench.another().edge.tables()[bench.key] == table
        assert bench.eventually(lambda: bench.visit(table.routes[0].host))
        bench.world.engine.retire_replicas(instance.deployment, 1, SECOND)
        # What never got through to the one that is away gets to the other.
        assert all(bench.visit(table.routes[0].host) for _ in range(6))
        alone = replace(bench.table(instance), marker=bench.world.clock.new_id("run"))
        assert not lock.in_force(replace(alone, marker=table.marker))
        bench.put_in_force(lock, alone)
        assert bench.visit(table.routes[0].host)
