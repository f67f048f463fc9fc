"""Every way to be set, empty or missing at two scopes, for two services and two environments."""

from dataclasses import replace
from itertools import product

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.errors import MissingVariables
from compartment_tui.domain.requests import Deploy
from compartment_tui.domain.variable import Scope, Secret
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.operations import requests, variables

SERVICES = ("api", "web")
ENVIRONMENTS = ("production", "staging")
WAYS = ("set", "empty", None)
Way = str | None


def opened(everyones: Way, own: Way) -> MemoryWorld:
    """Values tell where they were set; only web has one of its own, only in staging."""
    specs = tuple(ServiceSpec(name=name, path=name, port=80) for name in SERVICES)
    found = memory_world(ProjectConfig(name="shop", services=specs))
    edits = [
        SetVariable(environment="staging", service=service, key="KEY", value=Secret(text))
        for service, text in ((None, value(everyones, "everyone")), ("web", value(own, "web")))
        if text is not None
    ]
    variables.write(found.world, [*edits, ELSEWHERE])
    return found


ELSEWHERE = SetVariable(environment="production", key="KEY", value=Secret("of production"))


def value(way: Way, text: str) -> str | None:
    return {"set": text, "empty": "", None: None}[way]


@pytest.mark.parametrize(("everyones", "own"), list(product(WAYS, WAYS)))
def test_the_nearest_scope_that_has_it_wins_empty_or_not(everyones: Way, own: Way) -> None:
    machine = opened(everyones, own)
    shared = value(everyones, "everyone")
    mine = value(own, "web")
    wanted = {
        ("staging", "web"): (
            (Scope.SERVICE, mine, shared)
            if mine is not None
            else (Scope.ENVIRONMENT, shared, None)
            if shared is not None
            else None
        ),
        ("staging", "api"): None if shared is None else (Scope.ENVIRONMENT, shared, None),
        ("production", "web"): (Scope.ENVIRONMENT, "of production", None),
        ("production", "api"): (Scope.ENVIRONMENT, "of production", None),
    }
    for environment in ENVIRONMENTS:
        list(requests.execute(machine.world, Deploy(environment=environment)))
    for (environment, service), expected in wanted.items():
        rows = variables.resolved(machine.world, environment=environment, service=service)
        found = [
            (row.scope, row.shown(), row.shadowed.shown() if row.shadowed else None) for row in rows
        ]
        assert found == ([] if expected is None else [expected])
        (container,) = (
            one
            for one in machine.host.containers.values()
            if (one.birth.plan.key.environment, one.birth.plan.service) == (environment, service)
        )
        assert container.environment.get("KEY") == (expected[1] if expected else None)


@pytest.mark.parametrize(("everyones", "own"), list(product(WAYS, WAYS)))
def test_what_is_required_may_be_empty_but_not_missing(everyones: Way, own: Way) -> None:
    machine = opened(everyones, own)
    config = machine.project.current
    needy = tuple(replace(spec, requires=("KEY",)) for spec in config.services)
    machine.project.write(replace(config, services=needy))
    lacking = [
        service
        for service, found in (("api", everyones), ("web", own or everyones))
        if found is None
    ]
    if not lacking:
        requests.plan(machine.world, Deploy(environment="staging"))
        return
    with pytest.raises(MissingVariables) as refused:
        requests.plan(machine.world, Deploy(environment="staging"))
    for service in SERVICES:
        assert (f"{service} requires KEY" in refused.value.message) == (service in lacking)
    assert "variable set KEY VALUE --env staging" in refused.value.hint
