"""One environment's record, or a file of its archive, cannot be read: nobody else is stopped by it.

Whoever looks is told, and sees what routes and labels tell; whoever would change it is refused.
"""

import json
from collections.abc import Iterator

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain import requests as verbs
from compartment_tui.domain.deployment import EnvironmentRecord, Health
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.operations import (
    completion,
    doctor,
    history,
    logs,
    prune,
    requests,
    routes,
    variable_sheet,
)
from compartment_tui.operations.environments import environments
from compartment_tui.operations.status import status
from compartment_tui.present.tone import Line
from compartment_tui.tui.main.environment_tabs import environment_tabs
from compartment_tui.tui.shell.banner_model import banner_lines
from compartment_tui.tui.state.app_state import Board
from tests.cli.line import line
from tests.rollout.shop import PRODUCTION, WEB, WORKER, deploy, open_shop, outcome

SPOILT = EnvironmentKey("shop", "spoilt")


@pytest.fixture
def opened() -> MemoryWorld:
    """Three environments; the record of one is no record any more."""
    opened = open_shop(WEB, WORKER)
    deploy(opened)
    for name in ("spoilt", "well"):
        request = verbs.Deploy(environment=name, services=())
        assert outcome(requests.execute(opened.world, request)) == "live"
    opened.host.invalid_records.add(SPOILT)
    return opened


def execute_whole(opened: MemoryWorld, request: verbs.Request) -> None:
    done = requests.execute(opened.world, request)
    if isinstance(done, Iterator):
        list(done)


def words(lines: tuple[Line, ...]) -> str:
    return "\n".join("".join(cell.text for cell in cells) for cells in lines)


def test_the_list_has_all_of_them_and_says_which_it_is(opened: MemoryWorld) -> None:
    said = line(opened, "environment", "list")
    assert said.code == 0
    (row,) = [one for one in said.out.splitlines() if "record" in one]
    assert row.startswith("spoilt")
    assert "healthy" in row
    assert "doctor" in row


def test_documents_say_why(opened: MemoryWorld) -> None:
    listed = json.loads(line(opened, "environment", "list", "--output", "json").out)
    errors = {one["name"]: one.get("recordError") for one in listed["environments"]}
    assert errors["spoilt"]["code"] == "record_invalid"
    assert "doctor" in errors["spoilt"]["hint"]
    assert errors["production"] is errors["well"] is None
    shown = json.loads(line(opened, "status", "-e", "spoilt", "--output", "json").out)
    assert shown["recordError"] == errors["spoilt"]
    assert not shown["rebuilt"], "nobody made it again yet"
    assert {one["serviceName"] for one in shown["activeDeployments"]} == {"web", "worker"}


def test_its_status_tells_what_labels_and_routes_tell(opened: MemoryWorld) -> None:
    found = status(opened.world, environment="spoilt")
    assert {one.service: one.health for one in found.services} == {
        "web": Health.HEALTHY,
        "worker": Health.HEALTHY,
    }
    said = line(opened, "status", "-e", "spoilt").out
    assert "the record of “spoilt” cannot be read" in said
    assert "`compartment-tui doctor`" in said
    for verb in (("environment", "show", "spoilt"), ("inspect", "-e", "spoilt")):
        assert line(opened, *verb).code == 0


def test_with_nothing_of_it_left_its_name_stays(opened: MemoryWorld) -> None:
    opened.host.containers = {
        id_: one for id_, one in opened.host.containers.items() if one.key != SPOILT
    }
    found = {one.key: one for one in environments(opened.world)}
    assert found[SPOILT].active == 0
    (row,) = [
        one for one in line(opened, "environment", "list").out.splitlines() if "spoilt" in one
    ]
    assert "not known" in row
    assert "not deployed" not in row


def test_with_containers_that_claim_to_be_one_its_name_stays(opened: MemoryWorld) -> None:
    opened.host.copy(opened.host.records[SPOILT].active["web"], "copy")
    found = {one.key: one for one in environments(opened.world)}
    assert found[SPOILT].unreadable is not None
    assert status(opened.world, environment="spoilt").unreadable is not None


def test_the_application_shows_it_in_tab_and_banner(opened: MemoryWorld) -> None:
    views = environments(opened.world)
    board = Board(environment="spoilt", environments=views)
    now = status(opened.world, environment="spoilt")
    for shown in (board, board.with_status(now)):
        tab = next(one for one in environment_tabs(shown) if one.environment == "spoilt")
        assert "!" in words((tab.pieces,))
    (said,) = banner_lines(board.with_status(now), opened.world.clock.now(), 200)
    assert "the record of “spoilt” cannot be read" in words((said,))
    assert "doctor" in words((said,))


def test_whoever_only_looks_goes_on(opened: MemoryWorld) -> None:
    logged = {one.service for one in logs.logs(opened.world, environment="spoilt")}
    assert logged == {"web", "worker"}
    assert not variable_sheet.sheet(opened.world, environment="spoilt").known
    (found,) = routes.project_routes(opened.world)
    assert {one.key.environment for one in found.answer or ()} >= {"spoilt", "well"}
    assert "spoilt" in completion.environments(opened.world)
    assert list(completion.deployments(opened.world, environment="spoilt")), "from the copy"
    with pytest.raises(RecordInvalid, match="spoilt"):
        history.history(opened.world, environment="spoilt")


@pytest.mark.parametrize(
    "request_",
    [
        verbs.Deploy(environment="spoilt"),
        verbs.Redeploy(environment="spoilt"),
        verbs.Rollback(environment="spoilt"),
        verbs.Promote(environment="spoilt"),
        verbs.Discard(environment="spoilt"),
        verbs.Remove(environment="spoilt", services=("web",)),
        verbs.Stop(environment="spoilt"),
        verbs.Start(environment="spoilt"),
        verbs.Restart(environment="spoilt"),
        verbs.Resume(environment="spoilt"),
        verbs.Prune(environment="spoilt"),
        verbs.DeleteEnvironment(environment="spoilt"),
        verbs.PromoteFrom(environment="production", origin="spoilt"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_whoever_would_change_it_or_build_on_it_is_refused(
    opened: MemoryWorld, request_: verbs.Request
) -> None:
    before = dict(opened.host.containers)
    with pytest.raises(RecordInvalid, match="the record of “spoilt” cannot be read"):
        execute_whole(opened, request_)
    assert opened.host.containers == before


def test_the_others_are_deployed_and_no_image_goes_that_it_may_need(opened: MemoryWorld) -> None:
    images = {one.image for one in opened.host.records[SPOILT].deployments.values()}
    del opened.host.records[EnvironmentKey("shop", "well")]
    opened.host.containers = {
        id_: one for id_, one in opened.host.containers.items() if one.key == PRODUCTION
    }
    for number in range(8):
        for service in ("web", "worker"):
            opened.host.change(service, f"version {number}")
        assert deploy(opened) == "live"
    used = {one.birth.image.id for one in opened.host.containers.values()}
    assert not images & used, "only the record that cannot be read calls for them"
    assert images <= set(opened.host.images)
    request = verbs.Prune(environment=verbs.EVERY_ENVIRONMENT)
    assert prune.plan_prune(opened.world, request).images == ()
    assert prune.prune(opened.world, request).images == ()
    assert images <= set(opened.host.images)
    opened.host.invalid_records.clear()
    del opened.host.records[SPOILT]
    assert set(prune.plan_prune(opened.world, request).images) >= images


def test_prune_of_all_leaves_it_out_and_says_so(opened: MemoryWorld) -> None:
    request = verbs.Prune(environment=verbs.EVERY_ENVIRONMENT)
    planned = prune.plan_prune(opened.world, request)
    assert "cannot be read" in planned.skipped[SPOILT]
    assert planned.images == ()
    assert prune.prune(opened.world, request).skipped[SPOILT] == planned.skipped[SPOILT]


def test_doctor_says_what_helps(opened: MemoryWorld) -> None:
    (check,) = [one for one in doctor.doctor(opened.world) if "spoilt" in one.name]
    assert check.grade is Grade.BAD
    assert "records/spoilt.shop/record.toml" in check.hint


def test_a_spoilt_file_of_the_archive_costs_only_itself(opened: MemoryWorld) -> None:
    opened.host.archives[PRODUCTION] = [
        EnvironmentRecord(key=PRODUCTION),
        RecordInvalid("01OLD.toml, old history of production, is not TOML"),
    ]
    (run,) = history.history(opened.world, environment="production")
    assert run.run.services
    (check,) = [one for one in doctor.doctor(opened.world) if one.name == "history"]
    assert (check.grade, "01OLD.toml" in check.message) == (Grade.WARN, True)
