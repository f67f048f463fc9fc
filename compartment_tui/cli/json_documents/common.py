"""Documents for scripts, with Compartment's field names. Values of variables never get in here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from compartment_tui.domain.config import (
    EdgeSettings,
    engine_label,
)
from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Instance,
    Provenance,
    Status,
    Trigger,
)
from compartment_tui.domain.detail_views import DeploymentView, RouteView, RunView
from compartment_tui.domain.engine import NodeInfo
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.owner import Owner
from compartment_tui.domain.placement import Placement
from compartment_tui.domain.variable import NameChanges
from compartment_tui.domain.views import (
    EnvironmentStatus,
    EnvironmentView,
    HeldCandidate,
    ServiceStatus,
)
from compartment_tui.ports import LogLine

Json: TypeAlias = dict[str, object]

_OPERATIONS = {
    Trigger.DEPLOY: "deployment.create",
    Trigger.PROMOTE: "deployment.promote",
    Trigger.ROLLBACK: "deployment.rollback",
    Trigger.REDEPLOY: "deployment.redeploy",
}


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, as in `2025-01-31T10:00:00.000Z`."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(span: timedelta) -> float:
    """A duration in seconds, to the millisecond."""
    return round(span.total_seconds(), 3)


def place(key: EnvironmentKey) -> Json:
    """The environment and the project every document names."""
    return {"environment": {"name": key.environment}, "project": {"name": key.project}}


def edge_address(settings: EdgeSettings) -> Json:
    """Where the edge listens; without a port for HTTPS, that is null."""
    return {
        "bind": settings.bind,
        "httpPort": settings.http_port,
        "httpsPort": settings.https_port or None,
    }


def changes(names: NameChanges) -> Json:
    """Variables that were added, changed, removed, or are no longer sensitive: names only."""
    return {
        "added": list(names.added),
        "changed": list(names.changed),
        "removed": list(names.removed),
        "noLongerSensitive": list(names.exposed),
    }


def source(provenance: Provenance) -> Json:
    """`commit`, `branch`, `dirty`, `author`; null outside git."""
    return {
        "commit": provenance.commit or None,
        "branch": provenance.branch or None,
        "dirty": provenance.dirty,
        "author": provenance.author or None,
    }


def owner(one: Owner | None) -> Json | None:
    """Which repository an environment belongs to, and since when; null when that is not known."""
    if one is None:
        return None
    return {
        "remote": next(iter(one.origin.remotes), None),
        "path": one.origin.path or None,
        "host": one.origin.host or None,
        "directory": one.origin.directory or None,
        "actor": one.actor,
        "since": instant(one.at),
    }


def replica_counts(wanted: int, running: int | None) -> Json:
    """How many should run, and how many do; null where nobody could look."""
    return {"wanted": wanted, "running": running}


def replicas_of(instances: Iterable[Instance]) -> list[Json]:
    """The containers of a deployment, one a replica, by number."""
    return [
        {
            "replica": one.number,
            "containerId": one.container,
            "containerName": one.name,
            "state": one.state.value,
            "startedAt": instant(one.started),
            "finishedAt": instant(one.finished),
            "restarts": one.restarts,
            "exitCode": one.exit_code,
            "outOfMemory": one.out_of_memory,
            "healthcheck": one.checked.value if one.checked else None,
            **({"node": one.node} if one.node else {}),
            **({"placement": placement(one.placement)} if one.placement else {}),
        }
        for one in instances
    ]


def placement(one: Placement) -> Json:
    """How far a Swarm is with a replica that does not run.

    `from` is the machine it ran on before, `node` the one that it was given to.
    """
    return {
        "state": one.state,
        "since": instant(one.since),
        "from": one.left or None,
        "node": one.node or None,
        "message": one.message or None,
    }


def deployment_summary(
    one: Deployment,
    *,
    active: bool,
    health: Health | None = None,
    url: str | None = None,
    label: str = "",
    available: str | None = None,
    running: int | None = None,
) -> Json:
    """The read summary of a deployment that every document shares.

    `running`: how many of its replicas run, where somebody looked.
    """
    reusable = available in ("container", "image") if available is not None else None
    return {
        "id": one.id,
        "deploymentRunId": one.run,
        "serviceName": one.service,
        "status": one.status.value,
        "promotionStage": one.stage.value,
        "health": health.value if health else None,
        "isActive": active,
        "label": label or None,
        "routeUrl": url,
        "failureMessage": one.failure or None,
        "rollbackAvailable": bool(reusable) and not active and one.activated is not None,
        "reusableImageState": available,
        "createdAt": instant(one.created),
        "completedAt": instant(one.completed),
        "operation": {
            "type": _OPERATIONS[one.trigger],
            "status": one.status.value,
            "createdAt": instant(one.created),
            "completedAt": instant(one.completed),
        },
        "replicas": replica_counts(one.replicas, running),
        "imageId": one.image or None,
        "previousDeploymentId": one.previous,
        "sourceDeploymentId": one.source,
        "source": source(one.provenance),
    }


def deployment_document(view: DeploymentView, key: EnvironmentKey, label: str = "") -> Json:
    """`deployment show`."""
    summary = {
        **_of_view(view, label),
        "instances": replicas_of(view.replicas),
        "variablesChanged": changes(view.drift),
    }
    return {"deployment": summary, **place(key)}


def status_document(status: EnvironmentStatus) -> Json:
    """`status`: what is active, the newest of each service, and what else is to be known."""
    active = [_of_service(one, one.active) for one in status.services if one.active]
    latest = [_of_service(one, one.latest) for one in status.services if one.latest]
    journal = status.journal
    return {
        "activeDeployments": active,
        "deployments": latest,
        "services": [_service(one) for one in status.services],
        "environment": {
            "name": status.key.environment,
            "protected": status.protected,
            "engine": status.engine or None,
        },
        "project": {"name": status.key.project},
        "health": None if status.stopped else status.worst.value,
        "stopped": status.stopped,
        "lockHolder": status.holder,
        "needsAttention": journal is not None,
        "unfinishedRunId": journal.run if journal else None,
        "rebuilt": status.rebuilt,
        "staleSince": instant(status.stale),
        "isCopy": status.stale is not None,
        **({"nodes": [_node(one) for one in status.nodes]} if status.nodes else {}),
        **({"lastSeenOn": status.last_met} if status.last_met else {}),
        **({"error": _why(status.away)} if status.away else {}),
        **({"recordError": _why(status.unreadable)} if status.unreadable else {}),
    }


def _node(one: NodeInfo) -> Json:
    """A machine of the Swarm that an environment is on."""
    return {"name": one.name, "state": one.state, "availability": one.availability}


def _why(failure: Failure) -> Json:
    """Why there is only a part of it, in the shape of every error."""
    return {"code": failure.code, "message": failure.message, "hint": failure.hint or None}


def history_document(runs: Iterable[RunView], key: EnvironmentKey) -> Json:
    """`deployment list`: the runs, and all their deployments flat."""
    runs = tuple(runs)
    return {
        "deployments": [_of_view(one, view.run.label) for view in runs for one in view.deployments],
        "runs": [run_summary(view) for view in runs],
        **place(key),
    }


def run_summary(view: RunView) -> Json:
    """One run of `deployment list`."""
    run = view.run
    return {
        "id": run.id,
        "label": run.label or None,
        "status": run.status.value,
        "trigger": run.trigger.value,
        "actor": run.actor,
        "services": list(run.services),
        "unchangedServices": list(run.covered),
        "removedServices": list(run.removed),
        "deploymentIds": dict(run.deployments),
        "createdAt": instant(run.created),
        "completedAt": instant(run.completed),
        "failureMessage": run.failure or None,
    }


def log_line(one: LogLine, environment: str) -> Json:
    """One line of `logs`; the message as it was written."""
    return {
        "deploymentId": one.deployment,
        "environmentName": environment,
        "serviceName": one.service,
        "replica": one.replica,
        "stream": one.stream,
        "timestamp": instant(one.at),
        "message": one.message,
    }


def deployment_logs_document(
    view: DeploymentView, lines: Iterable[LogLine], key: EnvironmentKey
) -> Json:
    """`deployment logs`."""
    one = view.deployment
    return {
        "deployment": {
            "id": one.run,
            "status": one.status.value,
            "trigger": one.trigger.value,
            "createdAt": instant(one.created),
            "completedAt": instant(one.completed),
            "failureMessage": one.failure or None,
        },
        "deployments": [_of_view(view, "")],
        "lines": [
            {
                **log_line(line, key.environment),
                "level": "error" if line.stream == "stderr" else "info",
                "stepKey": one.stage.value,
            }
            for line in lines
        ],
        **place(key),
    }


def environment_summary(one: EnvironmentView) -> Json:
    """One environment of `environment list`."""
    last = one.last
    return {
        "name": one.key.environment,
        "protected": one.protected,
        "declared": one.declared,
        "engine": one.engine or None,
        "activeServices": one.active,
        "stoppedServices": one.resting,
        "health": one.health.value if one.active and not one.stopped else None,
        "owner": owner(one.owner),
        "lastRun": last
        and {
            "id": last.id,
            "trigger": last.trigger.value,
            "status": last.status.value,
            "createdAt": instant(last.created),
        },
        **({"alsoOn": [engine_label(name) for name in one.also_on]} if one.also_on else {}),
        **({"error": _why(one.away), "isCopy": True} if one.away else {}),
        **({"recordError": _why(one.unreadable)} if one.unreadable else {}),
    }


def route_summary(one: RouteView) -> Json:
    """One route of `route list`."""
    return {
        "environmentName": one.key.environment,
        "serviceName": one.service,
        "host": one.route.host,
        "routeUrl": one.url,
        "deploymentId": one.route.deployment or None,
        "upstreamPort": one.route.port or None,
        "containerId": one.container,
        "running": one.running,
        "replicas": replica_counts(
            one.route.replicas, sum(replica.running for replica in one.replicas)
        ),
        "path": one.path or None,
        "redirectsTo": one.elsewhere or None,
        "https": one.secured,
        "certificateUntil": instant(one.until),
        "maintenance": one.maintenance,
        "leftOut": one.left_out,
    }


def _service(one: ServiceStatus) -> Json:
    return {
        "serviceName": one.service,
        "kind": one.kind.value,
        "health": one.health.value if one.active else None,
        "healthReason": one.reason or None,
        **({"stranded": True} if one.stranded else {}),
        "activeDeploymentId": one.active.id if one.active else None,
        "containerId": one.instance.container if one.instance else None,
        "replicas": replica_counts(one.wanted, one.running),
        "replicasByHand": one.scaled is not None,
        "replicasInFile": one.in_file,
        "instances": replicas_of(one.replicas),
        "routeUrl": one.url,
        "otherUrls": list(one.domains),
        "maintenance": one.maintenance,
        "declared": one.declared,
        "variablesChanged": changes(one.drift),
        "rollbackDeploymentId": one.rollback_to,
        "rollbackLeft": one.rollback_left.value if one.rollback_left else None,
        "candidate": _candidate(one.held) if one.held else None,
    }


def _candidate(one: HeldCandidate) -> Json:
    """What is held for a service, beside what is active."""
    return {
        **deployment_summary(one.deployment, active=False, health=one.health, running=one.running),
        "healthReason": one.reason,
        "previewUrl": one.url,
        "containerId": one.instance.container if one.instance else None,
        "variables": changes(one.changes),
    }


def _of_service(service: ServiceStatus, one: Deployment) -> Json:
    active = service.active is not None and service.active.id == one.id
    summary = deployment_summary(
        one,
        active=active,
        health=service.health if active else _health_of(one),
        url=service.url if active else None,
        running=service.running if active else None,
    )
    return {**summary, "rollbackAvailable": service.rollback_to == one.id}


def _of_view(view: DeploymentView, label: str) -> Json:
    return deployment_summary(
        view.deployment,
        active=view.active,
        health=None if view.active else _health_of(view.deployment),
        url=view.url if view.active else None,
        label=label,
        available=view.available,
        running=view.running,
    )


def _health_of(one: Deployment) -> Health | None:
    """What a record alone tells: a candidate's outcome is open, a failed one's is not."""
    if one.status in (Status.QUEUED, Status.RUNNING):
        return Health.PENDING
    return Health.UNHEALTHY if one.status is Status.FAILED else None
