"""A tag of somebody else's leads elsewhere tomorrow: what it led to is noted, and compared."""

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import EnvironmentConfig, Kind, ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.detail_views import Check, Grade
from compartment_tui.operations.doctor import doctor
from tests.rollout.shop import PRODUCTION, READINESS, deploy

SITE = ServiceSpec(name="site", kind=Kind.STATIC, path="site", port=8080, readiness=READINESS)
BASE = "busybox:1"


@pytest.fixture
def opened() -> MemoryWorld:
    config = ProjectConfig(
        name="shop", services=(SITE,), environments=(EnvironmentConfig(name="production"),)
    )
    made = memory_world(config)
    lead(made, "sha256:old")
    deploy(made)
    return made


def lead(opened: MemoryWorld, image: str) -> None:
    """The tag leads to that image from now on."""
    opened.host.images[image] = Image(id=image)
    opened.host.pulled[BASE] = image


def warnings(opened: MemoryWorld) -> list[Check]:
    return [one for one in doctor(opened.world) if one.name == BASE]


def test_the_record_notes_what_a_static_service_was_made_on(opened: MemoryWorld) -> None:
    state = opened.host.records[PRODUCTION]
    assert state.deployments[state.active["site"]].made_on == "busybox:1@sha256:old"
    assert warnings(opened) == []


def test_another_image_under_the_tag_is_a_warning(opened: MemoryWorld) -> None:
    lead(opened, "sha256:new")
    (warning,) = warnings(opened)
    assert warning.grade is Grade.WARN
    assert "site in “production”" in warning.message
    assert "sha256:old then, sha256:new now" in warning.message
    assert "docker image inspect busybox:1" in warning.hint


def test_a_tag_that_is_gone_is_none(opened: MemoryWorld) -> None:
    del opened.host.pulled[BASE]
    assert warnings(opened) == []


def test_the_edge_is_compared_too(opened: MemoryWorld) -> None:
    assert opened.host.edge is not None
    opened.host.edge.made_on = "busybox:1@sha256:edge"
    (warning,) = warnings(opened)[:1]
    assert "the edge" in warning.message


def test_an_edge_of_an_earlier_version_noted_nothing(opened: MemoryWorld) -> None:
    assert opened.host.edge is not None
    opened.host.edge.made_on = ""
    assert warnings(opened) == []
