"""Boards for tests of what is drawn from them: a shop with one service well and one not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    InstanceState,
    Provenance,
    RunRecord,
    Sample,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.detail_views import DeploymentView, RunView
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.views import (
    EnvironmentStatus,
    EnvironmentView,
    HeldCandidate,
    ServiceStatus,
)
from compartment_tui.present.tone import Line
from compartment_tui.tui.state.app_state import Board

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
PRODUCTION = EnvironmentKey("shop", "production")


def deployment(service: str, number: int, **changes: object) -> Deployment:
    """A live one, made `number` days before the first of January."""
    made = Deployment(
        id=f"dep_{number:016}{service:_>10}",
        run=f"run_{number:026}",
        service=service,
        created=NOW - timedelta(days=100 - number),
        trigger=Trigger.DEPLOY,
        spec="",
        image="sha256:0123456789abcdef",
        port=8080,
        host=f"{service}-shop.localhost",
        provenance=Provenance(commit=f"{number:040x}", branch="main", author="ada"),
        status=Status.SUCCEEDED,
        stage=Stage.ACTIVE,
        activated=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def instance(of: Deployment, **changes: object) -> Instance:
    """Its container, up for three hours."""
    made = Instance(
        key=PRODUCTION,
        service=of.service,
        deployment=of.id,
        run=of.run,
        container="c" * 64,
        name=f"{of.service}.a.production.shop",
        image=of.image,
        port=of.port,
        spec="",
        created=of.created,
        state=InstanceState.RUNNING,
        started=NOW - timedelta(hours=3),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def candidate(service: str, number: int = 8, **changes: object) -> HeldCandidate:
    """One that waits, with a preview."""
    held = HeldCandidate(
        deployment=deployment(service, number, stage=Stage.HELD, activated=None),
        health=Health.HEALTHY,
        reason="held: proven, without traffic",
        url=f"http://c-00{service}-shop.localhost",
    )
    return replace(held, **changes)  # type: ignore[arg-type]


def service(name: str, number: int = 7, **changes: object) -> ServiceStatus:
    """One that does well."""
    active = deployment(name, number)
    row = ServiceStatus(
        service=name,
        kind=Kind.WEB,
        active=active,
        latest=active,
        instance=instance(active),
        health=Health.HEALTHY,
        reason="running",
        url=f"http://{name}-shop.localhost:8080",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def sick(name: str, reason: str = "exited with code 137, out of memory") -> ServiceStatus:
    """One whose container ended."""
    row = service(name, 9, health=Health.UNHEALTHY, reason=reason)
    assert row.active
    ended = instance(row.active, state=InstanceState.EXITED, exit_code=137)
    return replace(row, instance=ended, rollback_to=deployment(name, 3).id)


def never(name: str) -> ServiceStatus:
    """One that was never deployed."""
    return ServiceStatus(
        service=name,
        kind=Kind.WEB,
        active=None,
        latest=None,
        instance=None,
        health=Health.PENDING,
        reason="not deployed",
        url=None,
    )


def environment(name: str, **changes: object) -> EnvironmentView:
    view = EnvironmentView(
        key=EnvironmentKey("shop", name),
        protected=False,
        declared=True,
        active=1,
        health=Health.HEALTHY,
        last=None,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def board(*services: ServiceStatus, names: tuple[str, ...] = ("production", "staging")) -> Board:
    """Production chosen, with these services in it; the first is selected."""
    rows = services or (service("web"), sick("api"))
    status = EnvironmentStatus(key=PRODUCTION, services=rows)
    return Board(
        project="shop",
        environments=tuple(environment(name) for name in names),
        environment="production",
        service=rows[0].service,
        statuses={"production": status},
    )


def with_status(start: Board, **changes: object) -> Board:
    """The board with something else said of its environment."""
    assert start.status
    status = replace(start.status, **changes)  # type: ignore[arg-type]
    return replace(start, statuses={start.environment: status})


def samples(count: int, cpu: float = 0.5) -> tuple[Sample, ...]:
    return tuple(
        Sample(at=NOW, cpu=cpu * number / count, memory=number * 2**20, limit=count * 2**20)
        for number in range(1, count + 1)
    )


def run(number: int, *views: DeploymentView, **changes: object) -> RunView:
    """A run that made these."""
    record = RunRecord(
        id=f"run_{number:026}",
        trigger=Trigger.DEPLOY,
        created=NOW - timedelta(hours=number),
        completed=NOW - timedelta(hours=number) + timedelta(seconds=18),
        actor="ada@laptop",
        services=tuple(view.deployment.service for view in views),
        deployments={view.deployment.service: view.deployment.id for view in views},
        status=Status.SUCCEEDED,
    )
    return RunView(run=replace(record, **changes), deployments=views)  # type: ignore[arg-type]


def view(of: Deployment, *, active: bool = False, available: str = "container") -> DeploymentView:
    return DeploymentView(deployment=of, active=active, available=available)


def text(pieces: Line) -> str:
    return "".join(piece.text for piece in pieces)


def texts(lines: tuple[Line, ...]) -> str:
    return "\n".join(text(pieces) for pieces in lines)
