"""A Swarm on the screen: its machines, replicas by machine, and what moved."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    InstanceState,
    Stage,
    Status,
)
from compartment_tui.domain.detail_views import NodeView, SwarmView
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.health import judge
from compartment_tui.domain.home import ADOPT_WHERE_LOST
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.placement import Placement
from compartment_tui.domain.views import EnvironmentStatus, ServiceStatus
from compartment_tui.present.tone import Tone, line_text
from compartment_tui.tui.main.nodes_model import nodes_grid, nodes_notes
from compartment_tui.tui.main.pane_bar import panes_of
from compartment_tui.tui.main.service_detail import helps, overview
from compartment_tui.tui.main.services_model import services_grid
from compartment_tui.tui.shell.banner_model import banner_lines
from compartment_tui.tui.state.app_state import Board
from compartment_tui.tui.state.available_actions import possible
from compartment_tui.tui.state.swarm_changes import swarm_changes
from tests.present.boards import NOW, board, instance, samples, service, text, texts, with_status

N1 = NodeInfo(name="n1", address="10.0.0.1", manager=True, leader=True, home=True)
N2 = NodeInfo(name="n2", address="10.0.0.2", state="down")
N3 = NodeInfo(name="n3", address="10.0.0.3")
LOST = Placement(state="preparing", since=NOW - timedelta(seconds=9), left="n2", node="n3")
STAGING = EnvironmentKey("shop", "staging")
WIDE, NARROW = 117, 62


def web(second: Placement | str = LOST) -> ServiceStatus:
    """Three replicas, of which the second is on its way, or on that machine."""
    row = service("web")
    assert row.active is not None
    active = replace(row.active, replicas=3)
    first = instance(active, node="n1")
    moving = replace(
        first,
        number=2,
        node=second if isinstance(second, str) else "",
        placement=None if isinstance(second, str) else second,
        state=InstanceState.RUNNING if isinstance(second, str) else InstanceState.RESTARTING,
    )
    whole = replace(first, more=(moving, replace(first, number=3, node="n3")))
    health = Health.HEALTHY if isinstance(second, str) else Health.UNHEALTHY
    return replace(row, active=active, instance=whole, health=health, in_file=3)


def replicas(row: ServiceStatus) -> tuple[Instance, ...]:
    return row.replicas


def on_swarm(row: ServiceStatus, *nodes: NodeInfo) -> Board:
    return with_status(board(row), nodes=nodes or (N1, N2, N3))


def looked_at() -> Board:
    """Somebody looked at the machines while web/2 moves; docs of staging runs on n3, too."""
    first, second, third = replicas(web())
    docs = replace(instance(third_deployment()), key=STAGING, node="n3")
    swarm = SwarmView(
        nodes=(
            NodeView(node=N1, replicas=(first,)),
            NodeView(node=N2, replicas=(), lost=(second,)),
            NodeView(node=N3, replicas=(docs, third), starting=(second,)),
        ),
        moving=(replace(first, more=(second, third)),),
    )
    return replace(on_swarm(web()), swarm=swarm)


def third_deployment() -> Deployment:
    active = service("docs", 8).active
    assert active is not None
    return active


def rows(of: Board, room: int = WIDE) -> list[list[str]]:
    grid = nodes_grid(of, room)
    return [[text(cell) for cell in row.cells] for row in grid.rows]


def test_each_machine_with_its_replicas_by_number() -> None:
    first, second, third = rows(looked_at())
    assert first == ["n1 home", "✓ ready", "web/1", "leader", "10.0.0.1"]
    assert second == ["n2", "✗ away (down)", "lost web/2", "worker", "10.0.0.2"]
    assert third[2] == "web/3, staging: docs  starting web/2"


def test_one_that_was_the_home_is_marked_and_there_is_a_way_on() -> None:
    back = replace(N2, state="ready", former_home=True)
    view = SwarmView(nodes=tuple(NodeView(node=one, replicas=()) for one in (N1, back)))
    of = replace(on_swarm(web()), swarm=view)
    assert [row[0] for row in rows(of)] == ["n1 home", "n2 was home"]
    assert [row[3] for row in rows(of)] == ["leader", "worker"]
    told = texts(nodes_notes(of, NOW, WIDE))
    assert "! n2 was the home before, and is back: it may have its edge still" in told
    assert "`compartment-tui edge adopt --node n1` takes that away" in told
    away = replace(
        view, nodes=(view.nodes[0], NodeView(node=replace(back, state="down"), replicas=()))
    )
    assert not nodes_notes(replace(of, swarm=away), NOW, WIDE)


def test_what_is_wrong_stands_out_and_nothing_else() -> None:
    grid = nodes_grid(looked_at(), WIDE)
    bad = [
        cell.text
        for row in grid.rows
        for line in row.cells
        for cell in line
        if cell.tone is Tone.BAD
    ]
    assert bad == ["✗ away (down)", "lost web/2"]


def test_where_there_is_little_room_the_machine_its_state_and_its_replicas_stay() -> None:
    titles = [column.title for column in nodes_grid(looked_at(), NARROW).columns]
    assert titles == ["NODE", "STATE", "RUNS"]


def test_under_the_machines_stands_what_goes_on_and_what_happened() -> None:
    before, after = on_swarm(web("n2"), N1, replace(N2, state="ready"), N3), looked_at()
    assert before.status is not None
    assert after.status is not None
    told = replace(after, statuses=before.statuses).with_swarm_changes(after.status, NOW)
    later = NOW + timedelta(seconds=20)
    lines = [line_text(one).strip() for one in nodes_notes(told, later, WIDE) if one]
    assert lines[0] == "✗ web in production: rescheduling 1 of 3 from n2, 29 s"
    assert lines[1] == "LATELY"
    assert lines[2].endswith("n2 went away  20s ago")
    assert len(lines) == 3


def test_before_anybody_looked_the_managers_are_being_asked() -> None:
    assert texts(nodes_notes(on_swarm(web()), NOW, WIDE)) == "asking the managers …"


def test_while_the_engine_is_away_nothing_is_told_as_if_it_were_so_now() -> None:
    away = replace(looked_at(), trouble=EngineUnreachable("gone"))
    tones = {c.tone for row in nodes_grid(away, WIDE).rows for line in row.cells for c in line}
    assert tones == {Tone.QUIET}
    assert not nodes_notes(away, NOW, WIDE)


def test_the_banner_names_a_machine_that_is_away() -> None:
    (told,) = banner_lines(on_swarm(web()), NOW, WIDE)
    assert text(told) == "! n2 is away  c shows the machines"
    (both,) = banner_lines(on_swarm(web(), N1, N2, replace(N3, state="down")), NOW, WIDE)
    assert text(both).startswith("! n2 and n3 are away")
    assert not banner_lines(on_swarm(web(), N1, N3), NOW, WIDE)


def test_the_banner_says_what_to_do_where_the_home_does_not_answer() -> None:
    away = EngineUnreachable("prod is away", hint="see whether `ssh` works")
    seen = replace(with_status(board(web()), swarm=True), trouble=away)
    said = texts(banner_lines(seen, NOW, WIDE, NOW))
    assert "prod is away" in said
    assert f"({ADOPT_WHERE_LOST})" in " ".join(said.split())


def test_the_overview_counts_replicas_by_machine_and_says_where_one_goes() -> None:
    told = texts(overview(on_swarm(web()), NOW, WIDE))
    assert "2/3  n1 1 · n3 1" in told
    assert "rescheduling from n2 to n3 (preparing), 9 s" in told
    assert "running on n1 for 3h 00m" in told


def test_what_a_swarm_brings_back_by_itself_needs_no_start() -> None:
    keys = [key for key, _ in helps(on_swarm(web()), web())]
    assert keys[0] == "c"
    assert not {"N", "S"} & set(keys)


def stranded(*, stopped: bool) -> ServiceStatus:
    """What does not run, and nobody can start: of an adoption, or as it was left."""
    row = service("web")
    assert row.active is not None
    stage = Stage.STOPPED if stopped else row.active.stage
    status = Status.STOPPED if stopped else row.active.status
    active = replace(row.active, stage=stage, status=status)
    there = instance(active, state=InstanceState.EXITED, stranded=True)
    health, reason = judge(active=active, latest=active, instance=there, now=NOW)
    return replace(row, active=active, instance=there, health=health, reason=reason)


@pytest.mark.parametrize("stopped", [True, False])
def test_what_nobody_can_start_is_to_be_made_anew(stopped: bool) -> None:
    row = stranded(stopped=stopped)
    offered = dict(helps(on_swarm(row), row))
    assert offered["space D"] == "make it anew, without its data"
    assert "S" not in offered
    said = texts(overview(on_swarm(row), NOW, WIDE))
    assert "its volumes are on a machine that is no longer in the Swarm" in said
    assert "stopped:" not in said
    reading = replace(on_swarm(row), read_only=True)
    assert "space D" not in dict(helps(reading, row))


def test_what_a_swarm_brings_back_can_be_stopped_and_is_not_down() -> None:
    alone = replace(web(), instance=replace(web().replicas[1], number=1))
    assert {"stop", "start"} & possible(on_swarm(alone), ("web",)) == {"stop"}


def test_nothing_of_it_is_there_without_a_swarm() -> None:
    single, swarm = board(web("")), on_swarm(web())
    assert "nodes" in panes_of(swarm)
    assert "nodes" not in panes_of(single)
    assert "nodes" in possible(swarm, ())
    assert "nodes" not in possible(single, ())
    assert not banner_lines(single, NOW, WIDE)


def test_while_its_engine_is_away_a_swarm_is_one_still() -> None:
    known = on_swarm(web())
    assert known.status is not None
    stale = replace(known.status, stale=NOW, nodes=())
    assert known.with_status(stale).on_swarm
    assert not known.with_status(replace(known.status, nodes=())).on_swarm


def status_of(row: ServiceStatus, *nodes: NodeInfo) -> EnvironmentStatus:
    found = on_swarm(row, *nodes).status
    assert found is not None
    return found


def told(before: EnvironmentStatus, after: EnvironmentStatus) -> list[str]:
    return [one.words for one in swarm_changes(before, after, NOW)]


UP = replace(N2, state="ready")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (UP, N2, ["n2 went away"]),
        (N2, UP, ["n2 is back"]),
        (UP, replace(UP, availability="drain"), ["n2 is drained: what runs there moves"]),
        (replace(UP, availability="pause"), UP, ["n2 is given tasks again"]),
        (UP, UP, []),
    ],
)
def test_what_happens_to_a_machine(before: NodeInfo, after: NodeInfo, words: list[str]) -> None:
    assert told(status_of(web("n1"), before), status_of(web("n1"), after)) == words


def test_a_replica_that_moved_is_told_with_where_from_and_how_long_it_took() -> None:
    lost, back = status_of(web()), status_of(web("n3"))
    assert told(lost, back) == ["web/2 in production moved from n2 to n3 after 9 s"]
    assert told(status_of(web("n2")), back) == ["web/2 in production moved from n2 to n3"]
    assert told(status_of(web("n3")), back) == []


def test_one_that_no_machine_takes_is_told_once() -> None:
    stuck = replace(LOST, node="", message="no suitable node (host down)")
    assert told(status_of(web()), status_of(web(stuck))) == ["no machine takes web/2 in production"]
    assert told(status_of(web(stuck)), status_of(web(stuck))) == []


def test_a_copy_of_the_record_tells_of_nothing() -> None:
    copied = replace(status_of(web(), UP), stale=NOW)
    assert told(copied, status_of(web("n3"))) == []


def test_two_environments_on_one_swarm_see_a_machine_go_once() -> None:
    there, gone = status_of(web("n1"), UP), status_of(web("n1"), N2)
    other = [replace(one, key=STAGING) for one in (there, gone)]
    both = replace(board(web("n1")), statuses={"production": there, "staging": other[0]})
    found = both.with_swarm_changes(gone, NOW).with_swarm_changes(other[1], NOW)
    assert [one.words for one in found.swarm_changes] == ["n2 went away"]
    again = replace(found, statuses={"production": gone}).with_swarm_changes(there, NOW)
    assert [one.words for one in again.swarm_changes] == ["n2 went away", "n2 is back"]


def test_what_does_not_run_uses_nothing_any_more() -> None:
    alone = replace(web(), instance=replace(web().replicas[1], number=1))
    assert alone.active is not None
    measured = replace(on_swarm(alone), samples={alone.active.id: samples(3)})
    assert "CPU" not in [column.title for column in services_grid(measured, NOW, WIDE).columns]
    running = replace(on_swarm(web("n2")), samples=measured.samples)
    assert "CPU" in [column.title for column in services_grid(running, NOW, WIDE).columns]
