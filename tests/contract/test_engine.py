"""What every `Engine` promises about containers."""

import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest

from compartment_tui.domain.callers import Caller, CallerKind
from compartment_tui.domain.deployment import InstanceState
from compartment_tui.domain.errors import CandidateExited, InstanceGone, Refused, ReleaseFailed
from compartment_tui.domain.home import SwarmHome
from compartment_tui.domain.names import EnvironmentKey, active_name, container_name
from compartment_tui.domain.variable import Secret
from tests.contract.bench import SECOND, Bench

NO_GRACE = timedelta()
HOME = SwarmHome(
    node="id1", name="n1", address="10.0.0.1", state="down", addressed="n2", here=False
)


def test_info_says_where_published_ports_are_reached(bench: Bench) -> None:
    info = bench.world.engine.info()
    assert info.host
    assert info.version
    assert info.address


def test_a_single_machine_has_no_nodes_and_no_home(bench: Bench) -> None:
    assert bench.world.engine.nodes() == ()
    assert bench.world.engine.home() is None
    with pytest.raises(Refused, match="a single machine"):
        bench.world.engine.adopt(HOME)


def test_an_engine_says_which_one_it_is(bench: Bench) -> None:
    engine = bench.world.engine
    identity = engine.identity()
    assert identity.id
    assert identity.address == engine.address()
    assert engine.identity() == identity


def test_creating_twice_makes_one_container(bench: Bench) -> None:
    birth = bench.birth("web")
    first = bench.world.engine.create(birth)
    assert first.state is InstanceState.CREATED
    assert bench.world.engine.create(birth) == first
    assert [one.deployment for one in bench.world.engine.instances(bench.key)] == [first.deployment]


def test_an_instance_carries_everything_fixed_at_birth(bench: Bench) -> None:
    birth = bench.birth("web")
    bench.world.engine.create(birth)
    made = bench.now(birth.plan.deployment)
    assert made.key == bench.key
    assert made.service == "web"
    assert made.run == birth.plan.run
    assert made.image == birth.image.id
    assert made.port == 8080
    assert made.spec == birth.plan.spec.text()
    assert made.provenance == birth.plan.provenance
    assert made.fingerprints == birth.plan.fingerprints
    assert made.sensitive == birth.plan.sensitive
    assert abs(made.created - birth.created) < SECOND
    assert made.name == container_name("web", birth.plan.deployment, bench.key)


ODD_VALUES = {
    "EMPTY": "",
    "BLANKS": "  \t lead and trail \t ",
    "LINES": "\none\n\r\ntwo\n\n",
    "QUOTES": """ "double" 'single' `tick` \\ \\n """,
    "DOLLARS": "$HOME ${HOME} $(id) $$ %PATH% {{ env }}",
    "SIGNS": "=a=b==c#d;e",
    "LETTERS": "é ü 日本 😀👩‍👩‍👧 \u202e",
    "CONTROLS": "\x01\x1b[31m\x7f",
    "LONG": "x€" * 25_000,
}


def test_every_value_arrives_byte_for_byte(bench: Bench) -> None:
    values = {name: Secret(value) for name, value in ODD_VALUES.items()}
    birth = bench.birth("web")
    birth = replace(birth, plan=replace(birth.plan, values=values))
    deployment = bench.started(bench.world.engine.create(birth).deployment).deployment
    found = bench.given(deployment)
    assert {name: found.get(name) for name in ODD_VALUES} == ODD_VALUES


def test_values_have_fingerprints_by_any_key(bench: Bench) -> None:
    birth = bench.birth("web")
    values = {"GREETING": Secret("hello = world")}
    birth = replace(birth, plan=replace(birth.plan, values=values))
    bench.world.engine.create(birth)
    found = bench.world.engine.fingerprints(birth.plan.deployment, b"another key")
    assert found["GREETING"] == Secret("hello = world").fingerprint(b"another key")
    assert found["GREETING"] != Secret("hello = world").fingerprint(b"a key")
    assert bench.world.engine.fingerprints("dep_nobody", b"another key") == {}


def test_instances_are_found_by_environment_and_project(bench: Bench) -> None:
    deployment = bench.create("web").deployment
    engine, key = bench.world.engine, bench.key

    def found(*keys: EnvironmentKey, project: str | None = None) -> list[str]:
        return [one.deployment for one in engine.instances(*keys, project=project)]

    assert found(key) == [deployment]
    assert found(project=key.project) == [deployment]
    assert deployment in found()
    assert found(EnvironmentKey(key.project, "prüfung 1")) == []
    assert found(project=f"{key.project}x") == []


def test_an_unknown_deployment_is_none_or_gone(bench: Bench) -> None:
    engine, unknown = bench.world.engine, bench.world.clock.new_id("dep")
    assert engine.instance(unknown) is None
    assert engine.tail(unknown, 5) == ()
    engine.retire(unknown, NO_GRACE)
    engine.remove(unknown)
    with pytest.raises(InstanceGone):
        engine.start(unknown)
    with pytest.raises(InstanceGone):
        engine.keep_running(unknown)
    with pytest.raises(InstanceGone):
        engine.count_connections(unknown, 8080).now()
    with pytest.raises(InstanceGone):
        engine.execute(unknown, ("true",), terminal=False)


def test_starting_twice_is_starting_once(bench: Bench) -> None:
    started = bench.start("web")
    assert started.running
    assert started.address
    assert started.started is not None
    assert bench.started(started.deployment).started == started.started


def test_several_are_started_before_the_first_is_waited_for(bench: Bench) -> None:
    engine = bench.world.engine
    several = [bench.create(name).deployment for name in ("web", "page")]
    awaited = [one for one in several if not engine.start(one)]
    assert all(bench.now(one).running for one in several if one not in awaited)
    for deployment in awaited:
        engine.await_running(deployment)
    started = [bench.now(one) for one in several]
    assert all(one.running for one in started)
    engine.await_running(several[0])
    assert bench.now(several[0]) == started[0], "who runs is left alone"


def test_a_look_ahead_is_answered_as_a_look_is(bench: Bench) -> None:
    engine, unknown = bench.world.engine, bench.world.clock.new_id("dep")
    started = bench.start("web")
    engine.look_ahead((started.deployment, unknown))
    assert engine.instance(started.deployment) == started
    assert engine.instance(unknown) is None
    engine.retire(started.deployment, NO_GRACE)
    assert not bench.now(started.deployment).running, "a look is good for one answer"


def test_a_look_ahead_does_not_outlast_what_is_changed(bench: Bench) -> None:
    engine, deployment = bench.world.engine, bench.create("web").deployment
    engine.look_ahead((deployment,))
    assert bench.started(deployment).running
    engine.look_ahead((deployment,))
    engine.retire(deployment, NO_GRACE)
    assert not bench.now(deployment).running
    engine.look_ahead((deployment,))
    engine.remove(deployment)
    assert engine.instance(deployment) is None


def test_a_list_that_was_asked_for_ahead_knows_what_was_done_since(bench: Bench) -> None:
    engine, key = bench.world.engine, bench.key
    engine.list_ahead(key)
    first = bench.start("web")
    assert [one.deployment for one in engine.instances(key)] == [first.deployment]
    engine.list_ahead(key)
    engine.name_active(key, {"web": first.deployment})
    engine.list_ahead(key)
    second = bench.start("web")
    engine.name_active(key, {"web": second.deployment})
    assert bench.now(second.deployment).name == active_name("web", key)
    engine.list_ahead(key)
    engine.end_stepping_aside(key, ["web"])
    assert bench.now(first.deployment).name == first.name
    engine.list_ahead(key)
    engine.remove(first.deployment)
    assert [one.deployment for one in engine.instances(key)] == [second.deployment]


def test_retiring_stops_and_keeps_it(bench: Bench) -> None:
    deployment = bench.start("web").deployment
    engine = bench.world.engine
    engine.keep_running(deployment)
    for _ in range(2):
        engine.retire(deployment, NO_GRACE)
        stopped = bench.now(deployment)
        assert stopped.state is InstanceState.EXITED
        assert stopped.exit_code is not None
        assert stopped.finished is not None
        assert stopped.address is None
    again = bench.started(deployment)
    assert again.running
    assert again.exit_code is None or again.exit_code == 0
    assert again.restarts == 0


def test_several_are_retired_side_by_side_and_the_killed_ones_are_told(bench: Bench) -> None:
    engine, clock = bench.world.engine, bench.world.clock
    deaf = [bench.start("closed").deployment for _ in range(3)]
    willing = bench.start("prompt").deployment
    created, unknown = bench.create("web").deployment, clock.new_id("dep")
    began = clock.monotonic()
    graces = dict.fromkeys((*deaf, willing, created, unknown), 4 * SECOND)
    assert engine.retire_all(graces) == set(deaf)
    assert clock.monotonic() - began < 12 * SECOND, "one after the other takes all graces"
    assert all(not bench.now(one).running for one in (*deaf, willing))
    assert engine.retire_all({}) == frozenset()


def test_only_who_took_the_whole_grace_was_killed_for_it(bench: Bench) -> None:
    engine = bench.world.engine
    deaf, willing = (bench.start(name).deployment for name in ("closed", "prompt"))
    assert engine.retire(willing, 5 * SECOND) is False, "an init process passes SIGTERM on"
    assert engine.retire(deaf, SECOND) is True
    assert engine.retire(deaf, SECOND) is False, "it was stopped before"
    bench.run(deaf)
    assert engine.retire(deaf, NO_GRACE) is False, "it was given no time at all"
    assert engine.retire(bench.world.clock.new_id("dep"), SECOND) is False


def test_retiring_what_never_started_leaves_it_startable(bench: Bench) -> None:
    deployment = bench.create("web").deployment
    bench.world.engine.retire(deployment, NO_GRACE)
    assert not bench.now(deployment).running
    assert bench.started(deployment).running


def test_removing_twice_is_removing_once(bench: Bench) -> None:
    deployment = bench.start("web").deployment
    for _ in range(2):
        bench.world.engine.remove(deployment)
        assert bench.world.engine.instance(deployment) is None
    assert bench.world.engine.instances(bench.key) == ()


def test_an_exit_is_told_with_its_code(bench: Bench) -> None:
    deployment = bench.start("short").deployment
    assert bench.eventually(lambda: not bench.now(deployment).running)
    ended = bench.now(deployment)
    assert ended.state is InstanceState.EXITED
    assert ended.exit_code == 3
    assert not ended.out_of_memory
    assert ended.restarts == 0
    assert set(bench.world.engine.tail(deployment, 5)) == {"started", "bye"}


def test_what_is_to_keep_running_is_brought_back(bench: Bench) -> None:
    deployment = bench.create("short").deployment
    bench.world.engine.keep_running(deployment)
    bench.run(deployment)
    assert bench.eventually(lambda: bench.now(deployment).restarts >= 2)
    bench.world.engine.retire(deployment, NO_GRACE)
    bench.world.clock.sleep(2 * SECOND)
    assert bench.now(deployment).state is InstanceState.EXITED


def test_what_cannot_be_started_says_so(bench: Bench) -> None:
    deployment = bench.create("unstartable").deployment
    with pytest.raises(CandidateExited, match=r"unstartable.*no-such-program"):
        bench.run(deployment)
    assert not bench.now(deployment).running


def test_an_environment_has_one_network(bench: Bench) -> None:
    assert bench.key in bench.world.engine.networks()
    bench.world.engine.make_network(bench.key, bench.config.networks)
    assert bench.key in bench.world.engine.networks()


def test_a_second_environment_has_a_network_of_its_own(bench: Bench) -> None:
    other = EnvironmentKey(bench.key.project, "prüfung 1")
    engine = bench.world.engine
    with bench.world.locks.engine(actor=bench.world.actor):
        engine.make_network(other, bench.config.networks)
    try:
        assert {bench.key, other} <= engine.networks()
    finally:
        engine.remove_environment(other, volumes=True)
    assert other not in engine.networks()
    assert bench.key in engine.networks()


def test_the_next_subnet_is_one_of_the_pool_that_nobody_has(bench: Bench) -> None:
    other = EnvironmentKey(bench.key.project, "prüfung 2")
    engine, settings = bench.world.engine, bench.config.networks
    free = IPv4Network(engine.next_subnet(settings))
    assert free.subnet_of(IPv4Network(settings.pool))
    assert free.prefixlen == settings.size
    with bench.world.locks.engine(actor=bench.world.actor):
        engine.make_network(other, settings)
    try:
        assert IPv4Network(engine.next_subnet(settings)) != free
        full = replace(settings, pool=str(free))
        with pytest.raises(Refused, match=re.escape(str(free))):
            engine.next_subnet(full)
    finally:
        engine.remove_environment(other, volumes=True)


def test_removing_an_environment_leaves_its_volumes_unless_asked(bench: Bench) -> None:
    engine, key = bench.world.engine, bench.key
    bench.start("keeper")
    bench.world.edge.forget(key)
    assert len(engine.volumes(key)) == 1
    engine.remove_environment(key, volumes=False)
    assert engine.instances(key) == ()
    assert key not in engine.networks()
    assert len(engine.volumes(key)) == 1
    engine.remove_environment(key, volumes=True)
    assert engine.volumes(key) == ()


def test_an_image_in_use_is_not_removed(bench: Bench) -> None:
    image = bench.create("web").image
    bench.world.engine.remove_image(image)
    assert bench.world.engine.image(image) is not None
    bench.world.engine.remove_image("sha256:" + "0" * 64)


def test_a_command_in_the_container_returns_its_exit_code(bench: Bench) -> None:
    deployment = bench.start("web").deployment
    assert bench.world.engine.execute(deployment, ("sh", "-c", "exit 7"), terminal=False) == 7
    bench.world.engine.retire(deployment, NO_GRACE)
    with pytest.raises(InstanceGone):
        bench.world.engine.execute(deployment, ("true",), terminal=False)


def test_connections_are_counted_while_they_are_open(bench: Bench) -> None:
    deployment = bench.start("web").deployment
    assert bench.eventually(lambda: bench.accepts(deployment))
    count = bench.world.engine.count_connections(deployment, 8080)
    other_port = bench.world.engine.count_connections(deployment, 8081)
    try:
        assert bench.eventually(lambda: count.now() == ())
        with bench.connection(deployment):
            assert bench.eventually(lambda: len(count.now()) == 1)
            assert other_port.now() == ()
        assert bench.eventually(lambda: count.now() == ())
        bench.world.engine.retire(deployment, NO_GRACE)
        with pytest.raises(InstanceGone):
            count.now()
    finally:
        count.close()
        other_port.close()


def test_who_visits_from_outside_is_connected_by_the_edge(bench: Bench) -> None:
    engine, silent = bench.world.engine, bench.start("silent")
    assert bench.eventually(lambda: bench.accepts(silent.deployment))
    table = bench.table(silent)
    with bench.lock() as lock:
        bench.put_in_force(lock, table)
    with closing(engine.count_connections(silent.deployment, 8080)) as count:
        assert bench.eventually(lambda: count.now() == ())
        with bench.visitor(table.routes[0].host):
            assert bench.eventually(lambda: len(count.now()) == 1)
            (address,) = count.now()
            assert engine.callers(bench.key)[address] == Caller(CallerKind.EDGE)


def test_callers_are_the_services_that_run_by_their_addresses(bench: Bench) -> None:
    web, worker = bench.start("web").deployment, bench.start("busy").deployment
    callers = bench.world.engine.callers(bench.key)
    for deployment, service in ((web, "web"), (worker, "busy")):
        assert callers[bench.now(deployment).address or ""] == Caller(CallerKind.SERVICE, service)
    gone = bench.now(worker).address
    bench.world.engine.retire(worker, NO_GRACE)
    assert gone not in bench.world.engine.callers(bench.key)


def test_a_release_command_runs_once_and_leaves_nothing(bench: Bench) -> None:
    lines = list(bench.world.engine.run_release(bench.birth("migrating"), bench.world.cancel))
    assert lines == ["migrating", "done"]
    assert bench.world.engine.instances(bench.key) == ()


def test_a_failing_release_command_carries_its_last_lines(bench: Bench) -> None:
    lines = bench.world.engine.run_release(bench.birth("unmigrated"), bench.world.cancel)
    with pytest.raises(ReleaseFailed, match="4") as failed:
        list(lines)
    assert "no such table" in failed.value.tail
    assert "serves" not in (failed.value.hint or ""), "there may be no previous version"
    assert bench.world.engine.instances(bench.key) == ()
