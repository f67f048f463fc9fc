"""Who calls whom through the edge, and what a plan says of the others."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compartment_tui.domain.config import INNER_PORTS, Internal, Kind, ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Purpose, Trigger
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.inner_calls import (
    called_through_edge,
    known_at_birth,
    notes_on,
    opened,
    refuse_unmovable,
)
from compartment_tui.domain.names import EnvironmentKey, preview_host
from compartment_tui.domain.planning.plan import ImageSource, Plan, Run
from compartment_tui.domain.routes import Route, RouteTable

KEY = EnvironmentKey("shop", "production")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WEB = ServiceSpec(name="web", path="web", port=8080)
API = ServiceSpec(name="api", kind=Kind.API, path="api", port=3000)
GRPC = replace(API, internal=Internal.DIRECT)
QUEUE = ServiceSpec(name="queue", kind=Kind.WORKER, path="queue")
STORE = replace(API, name="store", volumes=(("data", "/data"),))


def live(spec: ServiceSpec, *inner: str, port: int | None = None) -> Deployment:
    return Deployment(
        id=f"dep_{spec.name.upper()}",
        run="run_1",
        service=spec.name,
        created=NOW,
        trigger=Trigger.DEPLOY,
        spec=spec.text(),
        port=port or spec.port,
        host=f"{spec.name}.test",
        inner=inner,
    )


def record(*deployments: Deployment) -> EnvironmentRecord:
    return EnvironmentRecord(
        key=KEY,
        active={one.service: one.id for one in deployments},
        deployments={one.id: one for one in deployments},
    )


def run_of(
    specs: Iterable[ServiceSpec], state: EnvironmentRecord, purpose: Purpose = Purpose.LIVE
) -> Run:
    plans = tuple(
        Plan(
            key=KEY,
            run="run_2",
            trigger=Trigger.DEPLOY,
            spec=spec,
            deployment=f"dep_NEW{spec.name.upper()}",
            source=ImageSource.BUILD,
            port=spec.port,
            purpose=purpose,
            previous=state.active_deployment(spec.name),
        )
        for spec in specs
    )
    return Run(
        id="run_2",
        key=KEY,
        trigger=Trigger.DEPLOY,
        created=NOW,
        actor="a",
        plans=plans,
        purpose=purpose,
    )


@pytest.mark.parametrize(
    ("spec", "port", "through"),
    [
        (WEB, 8080, True),
        (API, 3000, True),
        (STORE, 3000, True),
        (API, 7000, False),
        (API, None, False),
        (GRPC, 3000, False),
        (QUEUE, 3000, False),
    ],
)
def test_routed_services_at_ports_of_the_edge_are_called_through_it(
    spec: ServiceSpec, port: int | None, through: bool
) -> None:
    assert called_through_edge(spec, port, INNER_PORTS) is through
    assert not called_through_edge(spec, port, ())


def test_the_edge_of_a_project_has_the_ports_of_its_routed_services() -> None:
    odd, worker = replace(API, port=7000), replace(QUEUE, port=6379)
    ports = ProjectConfig(name="shop", services=(odd, worker)).edge_for_services.inner_ports
    assert ports == tuple(sorted({*INNER_PORTS, 7000}))


def test_a_container_knows_what_is_live_and_what_goes_live_with_it() -> None:
    state = record(live(API), live(STORE), live(QUEUE))
    run = run_of((WEB, GRPC), state)
    assert known_at_birth(run, state, {"web": 8080, "api": 3000}, INNER_PORTS) == ("store", "web")
    assert known_at_birth(run, state, {}, ()) == ()


def test_where_it_turned_out_to_listen_counts_more_than_the_plan() -> None:
    state = record()
    run = run_of((WEB, replace(API, port=None)), state)
    assert known_at_birth(run, state, {"web": 8080, "api": 7000}, INNER_PORTS) == ("web",)
    assert known_at_birth(run, state, {"web": 8080, "api": 5000}, INNER_PORTS) == ("api", "web")


def test_of_what_is_only_held_the_live_one_counts() -> None:
    state = record(live(API, port=7000))
    run = run_of((WEB, API), state, Purpose.HOLD)
    assert known_at_birth(run, state, {"web": 8080, "api": 3000}, INNER_PORTS) == ("web",)


def test_an_older_table_is_opened_for_what_is_active_and_for_no_preview() -> None:
    active, held = live(API), replace(live(WEB), id="dep_01ABCDEFGHJKMNPQRSTVWXYZ00")
    state = replace(record(active), held={"web": held.id})
    state = replace(state, deployments={**state.deployments, held.id: held})
    preview = Route(host=preview_host(held.id, "shop.test"), deployment=held.id, port=8080)
    table = RouteTable(
        marker="run_1", routes=(preview, Route(host="api.test", deployment=active.id, port=3000))
    )
    by_host = {one.host: one.inside for one in opened(table, state, INNER_PORTS).routes}
    assert by_host == {"api.test": "api", preview.host: ""}
    assert opened(opened(table, state, INNER_PORTS), state, ()) == table


def test_another_port_and_what_looked_at_the_edge_before_are_told() -> None:
    state = record(live(API), live(WEB, "api"), live(QUEUE))
    moved = run_of((replace(API, port=7000),), state)
    other_port, bound = notes_on(moved, state, INNER_PORTS)
    assert "api is called directly" in other_port
    assert "7000" in other_port
    assert "web looked for it at the edge" in bound
    (bound,) = notes_on(run_of((GRPC,), state), state, INNER_PORTS)
    assert "web looked for it" in bound
    assert list(notes_on(run_of((GRPC, WEB), state), state, INNER_PORTS)) == []
    assert list(notes_on(run_of((API,), state), state, INNER_PORTS)) == []
    assert list(notes_on(run_of((GRPC,), state, Purpose.HOLD), state, INNER_PORTS)) == []


def test_an_edge_that_takes_no_inner_calls_is_told_elsewhere() -> None:
    state = record(live(API), live(WEB))
    assert list(notes_on(run_of((API,), state), state, ())) == []


@pytest.mark.parametrize(
    ("spec", "ports", "way_on"),
    [
        (GRPC, INNER_PORTS, 'leave `internal = "direct"` away'),
        (replace(API, port=7000), INNER_PORTS, "give it one of these ports: 80, 3000"),
        (API, (), "edge restart --apply"),
    ],
)
def test_in_swarm_mode_a_name_that_would_have_to_move_is_refused(
    spec: ServiceSpec, ports: tuple[int, ...], way_on: str
) -> None:
    state = record(live(WEB))
    with pytest.raises(Refused, match="Swarm mode") as refused:
        refuse_unmovable(run_of((spec,), state), ("web", "api"), ports)
    assert way_on in refused.value.hint


@pytest.mark.parametrize("spec", [API, STORE, QUEUE, replace(API, port=None)])
def test_in_swarm_mode_the_rest_goes_on(spec: ServiceSpec) -> None:
    state = record(live(WEB))
    refuse_unmovable(run_of((spec,), state), ("web", spec.name), INNER_PORTS)
    refuse_unmovable(run_of((GRPC,), record()), ("api",), ())


def test_in_swarm_mode_a_new_service_is_unknown_to_what_was_made_before() -> None:
    state = record(live(WEB), live(QUEUE))
    run = run_of((API, WEB), state)
    (note,) = notes_on(run, state, INNER_PORTS, names_move=False)
    assert note.startswith("api is new: queue will find it")
    assert list(notes_on(run, state, INNER_PORTS)) == []
