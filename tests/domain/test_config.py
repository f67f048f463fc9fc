import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from compartment_tui.domain.config import (
    Build,
    EnvironmentConfig,
    Kind,
    ProjectConfig,
    Readiness,
    ReadinessKind,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.variable import Scope, Secret, Variable
from tests.domain.strategies import SPECS

WEB = ServiceSpec(name="web", path="web")
VOLUMES = (("data", "/var/lib/data"),)


@given(SPECS)
def test_a_specification_survives_its_text(spec: ServiceSpec) -> None:
    source = {"path": None, "image": None, "build": Build()}
    assert ServiceSpec.of_text(spec.text()) == replace(spec, **source)  # type: ignore[arg-type]


@given(SPECS, SPECS)
def test_texts_are_equal_only_when_nothing_needs_replacing(
    one: ServiceSpec, other: ServiceSpec
) -> None:
    runs_alike = ServiceSpec.of_text(one.text()) == ServiceSpec.of_text(other.text())
    assert (one.text() == other.text()) == runs_alike


@given(SPECS)
def test_where_the_image_comes_from_does_not_count(spec: ServiceSpec) -> None:
    moved = replace(spec, path="elsewhere", image=None, build=Build(target="final"))
    assert moved.text() == spec.text()


@pytest.mark.parametrize(
    "changed",
    [
        replace(WEB, name="api"),
        replace(WEB, kind=Kind.API),
        replace(WEB, port=8080),
        replace(WEB, command=()),
        replace(WEB, release=Release(command=("migrate",))),
        replace(WEB, readiness=Readiness(kind=ReadinessKind.TCP)),
        replace(WEB, settle=timedelta()),
        replace(WEB, drain_timeout=timedelta()),
        replace(WEB, stop_grace=timedelta()),
        replace(WEB, requires=("A",)),
        replace(WEB, volumes=VOLUMES),
    ],
    ids=lambda spec: "+".join(
        name for name in ServiceSpec.__slots__ if getattr(spec, name) != getattr(WEB, name)
    ),
)
def test_how_it_runs_does_count(changed: ServiceSpec) -> None:
    assert changed.text() != WEB.text()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", WEB.text().replace('"web"', '"webb"', 1)]
)
def test_what_is_no_specification(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a broken text may be broken in any way
        ServiceSpec.of_text(text)


def test_a_specification_with_a_field_of_the_wrong_type() -> None:
    broken = json.dumps(json.loads(WEB.text()) | {"settle": "1s"})
    with pytest.raises(ValueError, match="not a service specification"):
        ServiceSpec.of_text(broken)


@pytest.mark.parametrize(
    ("spec", "stop_first"),
    [
        (WEB, False),
        (replace(WEB, kind=Kind.STATIC), False),
        (replace(WEB, kind=Kind.WORKER), True),
        (replace(WEB, volumes=VOLUMES), True),
    ],
)
def test_two_of_what_must_not_run_at_once(spec: ServiceSpec, stop_first: bool) -> None:
    assert spec.stop_first is stop_first


@pytest.mark.parametrize("kind", Kind)
def test_everything_but_a_worker_is_routed(kind: Kind) -> None:
    assert kind.routed is (kind is not Kind.WORKER)


def test_an_environment_need_not_be_declared() -> None:
    staging = EnvironmentConfig(name="staging", protected=True)
    config = ProjectConfig(name="shop", services=(WEB,), environments=(staging,))
    assert config.environment("staging") is staging
    assert config.environment("other") == EnvironmentConfig(name="other")
    assert config.service("web") is WEB
    assert config.service("api") is None


def test_the_layers_of_a_service() -> None:
    of_all = Variable(key="A", value=Secret("1"))
    of_web = Variable(key="A", value=Secret("2"))
    environment = EnvironmentConfig(
        name="e", variables={"A": of_all}, services={"web": {"A": of_web}}
    )
    assert environment.layers("web") == {
        Scope.SERVICE: {"A": of_web},
        Scope.ENVIRONMENT: {"A": of_all},
    }
    assert environment.layers("api") == {Scope.SERVICE: {}, Scope.ENVIRONMENT: {"A": of_all}}


def test_a_fallback_is_in_the_text_only_where_there_is_one() -> None:
    plain = ServiceSpec(name="docs", kind=Kind.STATIC, path="docs")
    assert "fallback" not in plain.text()
    page = replace(plain, fallback="index.html")
    assert ServiceSpec.of_text(page.text()).fallback == "index.html"
    assert ServiceSpec.of_text(plain.text()).fallback == ""
