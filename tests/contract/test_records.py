"""What was written is what is read, and what was lost is made again from what is there."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from compartment_tui.domain.deployment import (
    AuditLine,
    Deployment,
    EnvironmentRecord,
    Journal,
    JournalEntry,
    Provenance,
    Purpose,
    RunRecord,
    ScaledByHand,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.domain_proof import CertificateOrder
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.owner import Origin, Owner
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
from tests.contract.bench import Bench

AT = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
NASTY = 'a "quoted" \\ line\nand {{ another }} \t\x1b[31m ≤ 🙂 \'\'\' """ # = [x]\r\n'

DEPLOYMENT = Deployment(
    id="dep_1",
    run="run_1",
    service="web",
    created=AT,
    trigger=Trigger.PROMOTE,
    spec=NASTY,
    image="sha256:abc",
    container="c0",
    made_on="busybox:1@sha256:abc",
    port=8080,
    host="shop.localhost",
    provenance=Provenance(commit="c0ffee", branch="main", dirty=True, author=NASTY),
    fingerprints={"A": "1", "B": "2"},
    status=Status.FAILED,
    stage=Stage.CHECKING_READINESS,
    completed=AT + timedelta(seconds=1),
    previous="dep_0",
    activated=AT + timedelta(microseconds=1),
    activated_run="run_2",
    source="dep_s",
    inner=("api", "web"),
    preview="c-dep1-shop.localhost",
    failure=NASTY,
    sensitive=("A",),
    replicas=3,
    others=("c1d2", "c1d3"),
    one_name=True,
)
PLAIN = Deployment(
    id="dep_0", run="run_0", service="a-b_c", created=AT, trigger=Trigger.DEPLOY, spec=""
)
RUN = RunRecord(
    id="run_1",
    trigger=Trigger.REDEPLOY,
    created=AT,
    actor="ada@laptop",
    services=("web", "a-b_c"),
    covered=("api",),
    deployments={"web": "dep_1", "api": "dep_0"},
    removed={"old": "dep_9"},
    status=Status.STOPPED,
    completed=AT,
    label=NASTY,
    failure=NASTY,
)
OWNER = Owner(
    origin=Origin(
        remotes=("github.com/acme/shop",),
        first_commit="c0ffee",
        path="apps/shop",
        host="laptop",
        directory=NASTY,
    ),
    actor="ada@laptop",
    at=AT,
)
DOMAIN = Domain(
    host="old.test",
    to="shop.localhost",
    certificate=CertificateSource.ACME,
    secured=True,
    elsewhere="shop.test",
)
RULE = Rule(
    on="shop.localhost",
    path="/api/*",
    to="api-shop.localhost",
    methods=("GET",),
    strip="/api",
    replace=NASTY,
    rewrite=NASTY,
)
TRAFFIC = Traffic(requests_per_second=1, in_flight=2, body=3, headers=(("X-Said", NASTY),), hsts=4)
ACCESS = Access(users=(("ada", NASTY),), allow=("203.0.113.0/24",), behind=("10.0.0.1",))
TREATMENT = Treatment(
    host="shop.localhost",
    hidden=True,
    access=ACCESS,
    traffic=TRAFFIC,
    maintenance=True,
    message=NASTY,
)
PUBLIC = PublicSide(
    domains=(DOMAIN,), rules=(RULE,), treatments=(TREATMENT,), http_port=8080, https_port=8443
)
ORDER = CertificateOrder(at=AT, failure=NASTY)
SCALE = ScaledByHand(replicas=4, file=3)
JOURNAL = Journal(
    run="run_1",
    trigger=Trigger.ROLLBACK,
    started=AT,
    entries=(
        JournalEntry(
            service="web",
            deployment="dep_1",
            previous="dep_0",
            kept=True,
            stop_first=True,
            previous_rests=True,
            port=8080,
            host="shop.localhost",
            held=True,
            discards="dep_2",
            removes=True,
            wait=30,
        ),
        JournalEntry(
            service="a-b_c", deployment="dep_2", previous=None, kept=False, stop_first=False
        ),
    ),
    before=RouteTable(
        marker="run_0",
        routes=(Route(host="shop.localhost", deployment="dep_0", port=1, inside="web"),),
        public=PUBLIC,
    ),
    stage=Stage.SWITCHING_ROUTE,
    purpose=Purpose.HOLD,
    owner=OWNER,
)


def full_state(key: EnvironmentKey) -> EnvironmentRecord:
    return EnvironmentRecord(
        key=key,
        active={"web": "dep_1", "a-b_c": "dep_0"},
        held={"web": "dep_2"},
        deployments={"dep_1": DEPLOYMENT, "dep_0": PLAIN},
        runs=(replace(RUN, id="run_0", completed=None), RUN),
        journal=JOURNAL,
        audit=(
            AuditLine(at=AT, actor="ada@laptop", verb="deploy", detail=NASTY),
            AuditLine(at=AT, actor=NASTY, verb="stop"),
        ),
        rebuilt=True,
        owner=OWNER,
        public=PUBLIC,
        orders={"old.test": ORDER},
        scales={"web": SCALE},
    )


@pytest.mark.parametrize(
    "value",
    [
        *(DEPLOYMENT, RUN, JOURNAL, *JOURNAL.entries[:1], full_state(EnvironmentKey("p", "e"))),
        *(DOMAIN, RULE, TRAFFIC, ACCESS, TREATMENT, PUBLIC, ORDER, SCALE),
    ],
)
def test_the_sample_fills_every_field(value: object) -> None:
    empty: list[object] = [None, "", (), {}, False]
    for one in fields(value):  # type: ignore[arg-type]
        assert getattr(value, one.name) not in empty, one.name


def test_an_environment_without_a_record(bench: Bench) -> None:
    assert bench.world.records.read(bench.key) is None
    assert bench.world.records.environments(bench.key.project) == ()
    with bench.lock() as lock:
        assert lock.read_record() == EnvironmentRecord(key=bench.key)
    assert bench.world.records.read(bench.key) is None


def test_what_is_written_is_read_by_everybody(bench: Bench) -> None:
    state = full_state(bench.key)
    with bench.lock() as lock:
        lock.write_record(state)
        assert lock.read_record() == state
        assert bench.another().records.read(bench.key) == state
    assert bench.world.records.read(bench.key) == state
    assert bench.world.records.environments(bench.key.project) == (bench.key,)
    assert bench.world.records.environments(bench.key.project + "x") == ()


def test_a_record_is_replaced_as_a_whole(bench: Bench) -> None:
    bare = EnvironmentRecord(key=bench.key)
    with bench.lock() as lock:
        lock.write_record(full_state(bench.key))
        lock.write_record(bare)
        assert lock.read_record() == bare


def test_what_was_read_ahead_is_what_lies_there(bench: Bench) -> None:
    bare, full = EnvironmentRecord(key=bench.key), full_state(bench.key)
    route = Route(host=f"{bench.key.project}.localhost", deployment="dep_1", port=8080)
    table = RouteTable(marker="run_1", routes=(route,))
    with bench.lock() as lock:
        lock.write_record(full)
        lock.read_ahead()
        assert (lock.read_record(), lock.routes()) == (full, RouteTable())
        lock.read_ahead()
        lock.write_record(bare)
        assert lock.read_record() == bare
        lock.read_ahead()
        lock.write_record_and_routes(full, table)
        assert (lock.read_record(), lock.routes()) == (full, table)


def test_record_and_routes_are_written_in_one_go(bench: Bench) -> None:
    route = Route(host=f"{bench.key.project}.localhost", deployment="dep_1", port=8080)
    states = [replace(full_state(bench.key), active={"web": f"dep_{n}"}) for n in range(3)]
    tables = [RouteTable(marker=f"run_{n}", routes=(route,)) for n in range(3)]
    with bench.lock() as lock:
        for state, table in zip(states, tables, strict=True):
            lock.write_record_and_routes(state, table)
            assert (lock.read_record(), lock.routes()) == (state, table)
            assert bench.eventually(partial(lock.in_force, table))
        lock.write_record_and_routes(states[0], RouteTable())
        assert (lock.read_record(), lock.routes()) == (states[0], RouteTable())
    assert bench.world.records.read(bench.key) == states[0]
    assert bench.world.records.environments(bench.key.project) == (bench.key,)


def test_a_large_record(bench: Bench) -> None:
    many = {f"dep_{n}": replace(DEPLOYMENT, id=f"dep_{n}") for n in range(1000)}
    state = replace(full_state(bench.key), deployments=many)
    with bench.lock() as lock:
        lock.write_record(state)
        assert lock.read_record() == state


def test_environments_with_almost_the_same_name_have_their_own_records(bench: Bench) -> None:
    twin = EnvironmentKey(bench.key.project, bench.key.environment.lower())
    with bench.lock() as lock:
        lock.write_record(full_state(bench.key))
    assert bench.world.records.read(twin) is None


def test_forgetting_keeps_the_audit(bench: Bench) -> None:
    state = full_state(bench.key)
    with bench.lock() as lock:
        lock.write_record(state)
        bench.world.records.forget(bench.key)
        assert bench.world.records.read(bench.key) is None
        assert bench.world.records.environments(bench.key.project) == ()
        assert lock.read_record() == EnvironmentRecord(key=bench.key, audit=state.audit)
        bench.world.records.forget(bench.key)


def test_a_record_that_cannot_be_read_is_told(bench: Bench) -> None:
    with bench.lock() as lock:
        lock.write_record(full_state(bench.key))
        bench.spoil_record(bench.key)
        with pytest.raises(RecordInvalid):
            lock.read_record()
        with pytest.raises(RecordInvalid):
            bench.world.records.read(bench.key)


def test_all_records_of_a_project_at_once(bench: Bench) -> None:
    assert bench.world.records.read_all(bench.key.project) == {}
    state = full_state(bench.key)
    with bench.lock() as lock:
        lock.write_record(state)
    assert bench.world.records.read_all(bench.key.project) == {bench.key: state}
    assert bench.world.records.read_all(bench.key.project + "x") == {}
    bench.spoil_record(bench.key)
    found = bench.world.records.read_all(bench.key.project)
    assert isinstance(found[bench.key], RecordInvalid)


def test_a_lost_record_is_made_again_from_routes_and_labels(bench: Bench) -> None:
    kept = bench.start("web")
    bench.world.engine.retire(kept.deployment, timedelta())
    active, worker = bench.start("web"), bench.start("keeper")
    bench.world.engine.name_active(
        bench.key, {"web": active.deployment, "keeper": worker.deployment}
    )
    with bench.lock() as lock:
        bench.put_in_force(lock, bench.table(active))
        lock.write_record(full_state(bench.key))
        bench.lose_record(bench.key)
        rebuilt = lock.read_record()
    assert rebuilt.rebuilt
    assert rebuilt.active == {"web": active.deployment, "keeper": worker.deployment}
    assert set(rebuilt.deployments) == {
        kept.deployment,
        active.deployment,
        worker.deployment,
    }
    was = rebuilt.deployments[active.deployment]
    assert (was.service, was.run, was.image, was.port, was.stage) == (
        "web",
        active.run,
        active.image,
        8080,
        Stage.ACTIVE,
    )
    assert was.host == bench.table(active).routes[0].host
    assert was.spec == active.spec
    assert was.provenance == active.provenance
    assert was.fingerprints == active.fingerprints
    assert rebuilt.deployments[kept.deployment].stage is Stage.STOPPED


def test_the_fingerprint_key_is_the_engines(bench: Bench) -> None:
    key = bench.world.records.fingerprint_key()
    assert len(key) == 32
    assert bench.another().records.fingerprint_key() == key


def test_old_history_lies_on_a_shelf_newest_first(bench: Bench) -> None:
    states = [
        EnvironmentRecord(key=bench.key, deployments={id_: replace(DEPLOYMENT, id=id_)})
        for id_ in ("dep_1", "dep_2")
    ]
    with bench.lock() as lock:
        for state in states:
            lock.archive(state)
        lock.write_record(EnvironmentRecord(key=bench.key))
    assert bench.world.records.archived(bench.key) == tuple(reversed(states))
    bench.world.records.forget(bench.key)
    assert bench.world.records.archived(bench.key) == ()
