"""A lost record is made again from routes and labels, and routes from a record."""

from datetime import UTC, datetime, timedelta

from compartment_tui.domain.deployment import Instance, InstanceState, Stage, Status
from compartment_tui.domain.names import EnvironmentKey, active_name, new_id
from compartment_tui.domain.record.rebuild import rebuild, routed
from compartment_tui.domain.routes import Route, RouteTable

KEY = EnvironmentKey("shop", "production")
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def identifier(number: int) -> str:
    return new_id("dep", NOW + timedelta(seconds=number), bytes(10))


def instance(number: int, service: str = "web", **more: object) -> Instance:
    facts: dict[str, object] = {
        "key": KEY,
        "service": service,
        "deployment": identifier(number),
        "run": new_id("run", NOW, bytes(10)),
        "container": f"c{number}",
        "name": f"{service}.x",
        "image": f"sha256:{number}",
        "port": 8080,
        "spec": "{}",
        "created": NOW,
        "state": InstanceState.RUNNING,
        "started": NOW,
    }
    return Instance(**(facts | more))  # type: ignore[arg-type]


def test_a_rebuilt_record_believes_routes_for_routed_services() -> None:
    live, other = instance(1), instance(2, name=active_name("web", KEY))
    table = RouteTable(
        routes=(Route(host="shop.localhost", deployment=live.deployment, port=9000),)
    )
    state = rebuild(KEY, [live, other], table, NOW)
    assert state.rebuilt
    assert state.active == {"web": live.deployment}
    found = state.deployments[live.deployment]
    assert (found.host, found.port, found.image) == ("shop.localhost", 9000, "sha256:1")
    assert (found.status, found.stage) == (Status.SUCCEEDED, Stage.ACTIVE)
    assert state.deployments[other.deployment].stage is Stage.STOPPED
    assert routed(state) == table


def test_a_rebuilt_record_believes_the_internal_name_for_workers() -> None:
    runs = instance(1, "worker", name=active_name("worker", KEY), port=None)
    stopped = instance(
        2, "worker", name=active_name("worker", KEY), state=InstanceState.EXITED, port=None
    )
    state = rebuild(KEY, [stopped, runs], RouteTable(), NOW)
    assert state.active == {"worker": runs.deployment}
    assert routed(state) == RouteTable()


def test_a_preview_route_makes_nothing_active() -> None:
    held = instance(1)
    host = f"c-{held.deployment[-10:].lower()}-shop.localhost"
    table = RouteTable(routes=(Route(host=host, deployment=held.deployment, port=1),))
    state = rebuild(KEY, [held], table, NOW)
    assert state.active == {}
    assert state.deployments[held.deployment].stage is Stage.HELD


def test_a_route_to_nothing_makes_nothing_active() -> None:
    table = RouteTable(routes=(Route(host="a.b", deployment=identifier(9), port=1),))
    assert rebuild(KEY, [instance(1)], table, NOW).active == {}
