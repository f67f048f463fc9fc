"""The shop, as the rollout's tests pretend it: two routed services, a worker, a release command."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world, swarm_world
from compartment_tui.domain.config import (
    EnvironmentConfig,
    Kind,
    ProjectConfig,
    Readiness,
    ReadinessKind,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.events import Event, RunFinished
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Discard, Promote, PromoteFrom, Rollback
from compartment_tui.domain.variable import Secret, Variable
from compartment_tui.operations import requests

PRODUCTION = EnvironmentKey("shop", "production")
READINESS = Readiness(kind=ReadinessKind.HTTP, timeout=timedelta(seconds=10))

WEB = ServiceSpec(name="web", path="web", port=8080, readiness=READINESS)
API = ServiceSpec(
    name="api",
    kind=Kind.API,
    path="api",
    port=8080,
    readiness=READINESS,
    release=Release(command=("./migrate",)),
)
WORKER = ServiceSpec(name="worker", kind=Kind.WORKER, path="worker")


def shop_config(*services: ServiceSpec, greeting: str = "hello", keep: int = 5) -> ProjectConfig:
    variables = {"GREETING": Variable(key="GREETING", value=Secret(greeting))}
    return ProjectConfig(
        name="shop",
        services=services or (WEB, API, WORKER),
        environments=(EnvironmentConfig(name="production", variables=variables),),
        keep=keep,
    )


def open_shop(*services: ServiceSpec, keep: int = 5) -> MemoryWorld:
    return memory_world(shop_config(*services, keep=keep))


def open_swarm(*services: ServiceSpec) -> MemoryWorld:
    """The shop on three machines."""
    return swarm_world(shop_config(*services))


def change_everything(opened: MemoryWorld, version: str) -> None:
    for service in ("web", "api", "worker"):
        opened.host.change(service, version)


def deploy(opened: MemoryWorld, *services: str, force: bool = False) -> Outcome:
    return outcome(
        requests.execute(
            opened.world, Deploy(environment="production", services=services, force=force)
        )
    )


def lock(opened: MemoryWorld, *services: str, preview: bool = True) -> Outcome:
    return outcome(
        requests.execute(
            opened.world,
            Deploy(environment="production", services=services, hold=True, preview=preview),
        )
    )


def promote(opened: MemoryWorld, *services: str) -> Outcome:
    return outcome(
        requests.execute(opened.world, Promote(environment="production", services=services))
    )


def promote_across(
    opened: MemoryWorld, *services: str, origin: str = "staging", to: str = "production"
) -> Outcome:
    return outcome(
        requests.execute(
            opened.world, PromoteFrom(origin=origin, environment=to, services=services)
        )
    )


def discard(opened: MemoryWorld, *services: str) -> Outcome:
    return outcome(
        requests.execute(opened.world, Discard(environment="production", services=services))
    )


def rollback(opened: MemoryWorld, *services: str, to: str | None = None) -> Outcome:
    return outcome(
        requests.execute(opened.world, Rollback(environment="production", services=services, to=to))
    )


def outcome(events: Iterable[Event] | Iterator[Event]) -> Outcome:
    return finish(events).outcome


def finish(events: Iterable[Event]) -> RunFinished:
    last = list(events)[-1]
    assert isinstance(last, RunFinished), last
    return last


def state(opened: MemoryWorld) -> EnvironmentRecord:
    return opened.host.records[PRODUCTION]
