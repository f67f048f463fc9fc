"""The edge, the lock and the reading containers: a name alone makes none of them ours."""

from collections.abc import Sequence
from typing import Any

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.ownership import is_our_image, name_taken, why_not_ours

VOLUME = "compartment-state"


def container(
    role: str | None, image: str = "traefik:v3.7", mounts: Sequence[object] = ()
) -> dict[str, Any]:
    marks = {} if role is None else {labels.ROLE: role}
    return {"Config": {"Labels": marks, "Image": image}, "Mounts": [*mounts]}


def test_ours_are_ours() -> None:
    assert not why_not_ours(container("edge"), Role.EDGE)
    assert not why_not_ours(container("edge", "traefik:v3.6"), Role.EDGE)
    assert not why_not_ours(container("lock", "sha256:" + "a" * 64), Role.LOCK)
    mounted = [{"Type": "volume", "Name": VOLUME, "Destination": "/state"}]
    assert not why_not_ours(container("state", mounts=mounted), Role.STATE, volume=VOLUME)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (container(None), "is missing"),
        (container("service"), "service"),
        (container("lock"), "lock"),
        (container("edge", "nginx:1"), "nginx:1"),
        (container("edge", "evil/traefik:v3.7"), "evil/traefik"),
        (container("edge", "registry.example/traefik"), "registry.example"),
        ({"Config": {"Labels": None, "Image": "traefik"}}, "is missing"),
        ({}, "is missing"),
    ],
)
def test_what_only_has_the_name_is_not(found: dict[str, Any], said: str) -> None:
    assert said in why_not_ours(found, Role.EDGE)


def test_a_reading_container_mounts_what_it_reads() -> None:
    other = [{"Type": "bind", "Source": "/tmp", "Destination": "/state"}]
    assert VOLUME in why_not_ours(container("state", mounts=other), Role.STATE, volume=VOLUME)


@pytest.mark.parametrize(
    "reference",
    ["traefik", "traefik:v3.7", "library/traefik:v3", "docker.io/library/traefik@sha256:0"],
)
def test_the_image_counts_whatever_its_tag(reference: str) -> None:
    assert is_our_image(reference)


def test_the_refusal_says_what_where_and_the_way_on() -> None:
    error = name_taken("compartment-edge", "its label compartment.role is missing")
    assert error.message.startswith("the name compartment-edge is taken by a container that is not")
    assert "docker rename compartment-edge" in error.hint
