"""What an image declares and a deployment bends: in the plan, in the result, in doctor."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.config import Release, ServiceSpec
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.events import Event, Noted, RunFinished
from compartment_tui.domain.image_notes import unkept_volumes, volume_warning
from compartment_tui.domain.requests import Deploy, Redeploy
from compartment_tui.operations import requests, runs
from compartment_tui.operations.doctor import doctor
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.rollout.shop import WEB, WORKER, open_shop

BARE = replace(WEB, readiness=None, port=None)
DATA = Behaviour(volumes=("/data",))


def deployed(opened: MemoryWorld) -> tuple[list[Event], RunFinished]:
    events = list(requests.execute(opened.world, Deploy(environment="production")))
    end = events[-1]
    assert isinstance(end, RunFinished)
    return events, end


def notes(events: list[Event]) -> list[str]:
    return [one.message for one in events if isinstance(one, Noted)]


def plan(opened: MemoryWorld) -> str:
    run = requests.plan(opened.world, Deploy(environment="production", force=True))
    context = PlanContext(http_port=80, commits={}, images=runs.known_images(opened.world, run))
    return "\n".join("".join(cell.text for cell in line) for line in plan_lines(run, context))


def opened_with(behaviour: Behaviour, spec: ServiceSpec = BARE) -> MemoryWorld:
    opened = open_shop(spec)
    opened.host.behave(spec.name, behaviour)
    return opened


# --- data -----------------------------------------------------------------------------------------


def test_a_volume_of_the_image_that_nothing_keeps_is_told_in_result_plan_and_doctor() -> None:
    opened = opened_with(DATA)
    assert "VOLUME" not in plan(opened)
    events, _ = deployed(opened)
    [note] = notes(events)
    assert "its image declares VOLUME /data, which begins empty in every deployment" in note
    assert '`volumes = { data = "/data" }` in [services.web] keeps it' in note
    assert "VOLUME /data" in plan(opened)
    assert "the image that runs now" in plan(opened)
    [found] = [one for one in doctor(opened.world) if "VOLUME" in one.message]
    assert (found.name, found.grade) == ("web in “production”", Grade.WARN)
    assert 'data = "/data"' in found.hint


@pytest.mark.parametrize("spec", [BARE, replace(WORKER, volumes=())])
def test_volumes_that_name_the_place_take_the_warning_away(spec: ServiceSpec) -> None:
    kept = replace(spec, volumes=(("data", "/data"),))
    opened = opened_with(replace(DATA, volumes=("/data/",)), kept)
    events, _ = deployed(opened)
    assert notes(events) == []
    assert "VOLUME" not in plan(opened)
    assert not [one for one in doctor(opened.world) if "VOLUME" in one.message]


def test_only_the_very_place_keeps_it() -> None:
    image = Image(id="sha256:1", volumes=("/var/lib/x", "/cache"))
    above = replace(BARE, volumes=(("all", "/var/lib"),))
    assert unkept_volumes(above, image) == ("/var/lib/x", "/cache")
    assert unkept_volumes(replace(BARE, volumes=(("c", "/cache"),)), image) == ("/var/lib/x",)
    same = Image(id="sha256:1", volumes=("/a/data", "/b/data", "/"))
    words = volume_warning(replace(BARE, volumes=(("data", "/x"),)), same)
    assert 'data = "/x", a-data = "/a/data", b-data = "/b/data"' in words


# --- ports ----------------------------------------------------------------------------------------


def test_the_first_of_several_ports_is_told_with_what_names_another() -> None:
    opened = opened_with(Behaviour(ports=(3000, *range(2000, 2021))))
    assert "port      the first that its image exposes, else 3000" in plan(opened)
    events, _ = deployed(opened)
    [note] = notes(events)
    assert note.startswith("port 3000 is the first that its image exposes, beside 2000, 2001,")
    assert "and 17 more" in note
    assert "port      3000, unless the new image exposes another" in plan(opened)


def test_a_port_that_the_file_names_is_no_choice() -> None:
    opened = opened_with(Behaviour(ports=(3000, 2000)), replace(BARE, port=2000))
    events, _ = deployed(opened)
    assert notes(events) == []
    assert "port      2000" in plan(opened)


def test_a_redeploy_keeps_the_port_that_the_image_decided() -> None:
    opened = opened_with(Behaviour(ports=(3000, 2000)))
    deployed(opened)
    for name, image in opened.host.images.items():  # as an engine tells that knows no Dockerfile
        opened.host.images[name] = replace(image, ports=(2000, 3000))
    assert requests.plan(opened.world, Redeploy(environment="production")).plans[0].port == 3000


# --- what runs ------------------------------------------------------------------------------------

SCRIPT = Behaviour(
    entrypoint=("/entry.sh",), user="app", stop_signal="SIGQUIT", release_exit_code=3
)
COMMANDED = replace(
    BARE,
    command=("serve",),
    release=Release(command=("./migrate",)),
    volumes=(("data", "/data"),),
)


def test_an_entrypoint_a_user_and_a_stop_signal_stand_in_the_plan() -> None:
    opened = opened_with(replace(SCRIPT, release_exit_code=0), COMMANDED)
    deployed(opened)
    words = plan(opened)
    assert "/entry.sh serve" in words
    assert "/entry.sh ./migrate" in words
    assert "runs as USER app" in words
    assert "SIGQUIT" in words


def test_an_entrypoint_in_front_of_a_release_command_that_fails_is_told() -> None:
    _, end = deployed(opened_with(SCRIPT, COMMANDED))
    assert end.failure is not None
    assert "ENTRYPOINT comes before it: /entry.sh ./migrate" in end.failure.hint


def test_what_may_stop_a_candidate_is_told_when_it_exits() -> None:
    dying = replace(SCRIPT, release_exit_code=0, exits_after=timedelta())
    _, end = deployed(opened_with(dying, COMMANDED))
    assert end.failure is not None
    assert "/entry.sh serve" in end.failure.hint
    assert "chown app /data" in end.failure.hint


def test_root_may_write_everywhere() -> None:
    opened = opened_with(replace(SCRIPT, user="0:0", release_exit_code=0), COMMANDED)
    deployed(opened)
    assert "USER" not in plan(opened)
