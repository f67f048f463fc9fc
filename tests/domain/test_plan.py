from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compartment_tui.domain.config import Kind, Release, ServiceSpec
from compartment_tui.domain.deployment import Deployment, Image, Purpose, Stage, Trigger
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import RECIPES, ContainerSpec, ImageSource, Plan, Run
from compartment_tui.domain.routes import Route, RouteTable
from compartment_tui.domain.target import Target
from compartment_tui.domain.variable import NameChanges, Secret

AT = datetime(2026, 1, 1, tzinfo=UTC)
KEY = EnvironmentKey("shop", "staging")
WEB = ServiceSpec(name="web", path="web")
IMAGE = Image(id="sha256:a", ports=(9000, 9001))
ACTIVE = Deployment(
    id="dep_1",
    run="run_1",
    service="web",
    created=AT,
    trigger=Trigger.DEPLOY,
    spec=WEB.text(),
    image=IMAGE.id,
    fingerprints={"A": "1"},
)
PLAN = Plan(
    key=KEY,
    run="run_2",
    trigger=Trigger.DEPLOY,
    spec=WEB,
    deployment="dep_2",
    source=ImageSource.BUILD,
    previous=ACTIVE,
    fingerprints={"A": "1"},
)
WORKER = replace(WEB, kind=Kind.WORKER)


@pytest.mark.parametrize(
    ("plan", "image", "port"),
    [
        (replace(PLAN, port=8080), IMAGE, 8080),
        (PLAN, IMAGE, 9000),
        (PLAN, replace(IMAGE, ports=()), 3000),
        (replace(PLAN, spec=WORKER), IMAGE, None),
        (replace(PLAN, spec=WORKER, port=8080), IMAGE, 8080),
    ],
)
def test_the_port_is_the_files_then_the_images_then_the_default(
    plan: Plan, image: Image, port: int | None
) -> None:
    assert plan.port_in(image) == port


@pytest.mark.parametrize(
    ("plan", "same"),
    [
        (PLAN, True),
        (replace(PLAN, force=True), False),
        (replace(PLAN, previous=None), False),
        (replace(PLAN, fingerprints={"A": "2"}), False),
        (replace(PLAN, fingerprints={}), False),
        (replace(PLAN, spec=replace(WEB, port=1)), False),
        (replace(PLAN, spec=replace(WEB, path="elsewhere")), True),
        (replace(PLAN, previous=replace(ACTIVE, image="sha256:b")), False),
    ],
)
def test_what_counts_as_unchanged(plan: Plan, same: bool) -> None:
    assert plan.same_as_active(IMAGE) is same


def test_a_gap_needs_a_predecessor_that_must_stop_first() -> None:
    assert not PLAN.has_downtime
    assert replace(PLAN, spec=WORKER).has_downtime
    assert not replace(PLAN, spec=WORKER, previous=None).has_downtime


@pytest.mark.parametrize(
    ("trigger", "purpose", "source", "release", "beside", "stop_first"),
    [
        (Trigger.DEPLOY, Purpose.LIVE, ImageSource.BUILD, True, True, True),
        (Trigger.DEPLOY, Purpose.LIVE, ImageSource.PULL, True, True, True),
        (Trigger.DEPLOY, Purpose.HOLD, ImageSource.BUILD, True, True, False),
        (Trigger.PROMOTE, Purpose.LIVE, ImageSource.HELD_CANDIDATE, False, False, True),
        (Trigger.PROMOTE, Purpose.LIVE, ImageSource.KEPT_IMAGE, True, True, True),
        (Trigger.REDEPLOY, Purpose.LIVE, ImageSource.KEPT_IMAGE, False, True, True),
        (Trigger.ROLLBACK, Purpose.LIVE, ImageSource.KEPT_CONTAINER, False, True, True),
        (Trigger.ROLLBACK, Purpose.LIVE, ImageSource.KEPT_IMAGE, False, True, True),
        (Trigger.DEPLOY, Purpose.DISCARD, ImageSource.HELD_CANDIDATE, False, False, False),
        (Trigger.DEPLOY, Purpose.REMOVE, ImageSource.KEPT_CONTAINER, False, False, False),
    ],
)
def test_what_becomes_of_a_candidate_follows_from_its_source_and_purpose(
    trigger: Trigger,
    purpose: Purpose,
    source: ImageSource,
    release: bool,
    beside: bool,
    stop_first: bool,
) -> None:
    spec = replace(WEB, release=Release(command=("./migrate",)))
    plan = replace(PLAN, trigger=trigger, purpose=purpose, source=source, spec=spec)
    assert plan.runs_release is release
    assert plan.starts_candidate is beside
    assert replace(plan, spec=replace(spec, kind=Kind.WORKER)).starts_candidate is stop_first
    assert plan.from_hold is (source is ImageSource.HELD_CANDIDATE)


def test_what_a_plan_is_about() -> None:
    assert PLAN.target == Target("staging", "web")
    assert not PLAN.reuses_container
    assert replace(PLAN, source=ImageSource.KEPT_CONTAINER).reuses_container
    assert not PLAN.changes
    assert replace(PLAN, previous=None).changes == NameChanges(added=("A",))


def test_a_container_gets_its_values_and_what_we_inject() -> None:
    birth = ContainerSpec(plan=replace(PLAN, values={"A": Secret("x")}), image=IMAGE, created=AT)
    assert birth.environment() == {
        "A": Secret("x"),
        "PORT": Secret("9000"),
        "COMPARTMENT_PROJECT": Secret("shop"),
        "COMPARTMENT_ENVIRONMENT": Secret("staging"),
        "COMPARTMENT_SERVICE": Secret("web"),
        "COMPARTMENT_DEPLOYMENT_ID": Secret("dep_2"),
    }


def test_a_declared_port_is_not_overwritten() -> None:
    plan = replace(PLAN, values={"PORT": Secret("1")})
    assert ContainerSpec(plan=plan, image=IMAGE, created=AT).environment()["PORT"] == Secret("1")


def test_a_worker_without_a_port_gets_none() -> None:
    birth = ContainerSpec(plan=replace(PLAN, spec=WORKER), image=IMAGE, created=AT)
    assert "PORT" not in birth.environment()


def test_the_journal_holds_what_undoing_needs() -> None:
    before = RouteTable(marker="run_1")
    kept = replace(PLAN, spec=WORKER, source=ImageSource.KEPT_CONTAINER, host="h")
    run = Run(
        id="run_2",
        key=KEY,
        trigger=Trigger.ROLLBACK,
        created=AT,
        actor="ada@laptop",
        plans=(kept, replace(PLAN, source=ImageSource.KEPT_IMAGE, previous=None)),
    )
    journal = run.journal(before)
    assert (journal.run, journal.trigger, journal.before) == ("run_2", Trigger.ROLLBACK, before)
    assert journal.stage is RECIPES[Trigger.ROLLBACK][0]
    first, second = journal.entries
    assert (first.previous, first.kept, first.stop_first, first.host) == ("dep_1", True, True, "h")
    assert (second.previous, second.kept, second.stop_first) == (None, False, False)


@pytest.mark.parametrize("trigger", [Trigger.ROLLBACK, Trigger.REDEPLOY])
def test_an_image_that_is_there_is_neither_built_nor_released(trigger: Trigger) -> None:
    assert RECIPES[trigger] == RECIPES[Trigger.DEPLOY][2:]
    assert RECIPES[trigger][0] is Stage.STARTING_CANDIDATE


def route(host: str, deployment: str) -> Route:
    return Route(host=host, deployment=deployment, port=1)


A1, A2, B1, C1 = route("a", "1"), route("a", "2"), route("b", "1"), route("c", "1")


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ((), (), ()),
        ((), (A1,), (A1,)),
        ((A1, B1), (A2,), (A2, B1)),
        ((A1, B1), (), (A1, B1)),
        ((A1, C1), (B1,), (A1, B1, C1)),
        ((B1,), (C1, A2), (A2, B1, C1)),
    ],
)
def test_moving_routes(
    before: tuple[Route, ...], changes: tuple[Route, ...], after: tuple[Route, ...]
) -> None:
    moved = RouteTable(marker="old", routes=before).moved("new", changes)
    assert moved == RouteTable(marker="new", routes=after)


def test_where_a_table_leads() -> None:
    table = RouteTable(routes=(A1, B1))
    assert table.hosts == {"a", "b"}
    assert table.leads_to("1")
    assert not table.leads_to("2")
