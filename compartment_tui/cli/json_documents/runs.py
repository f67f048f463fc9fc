"""A run for scripts: its plan, each of its events, and how it ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from compartment_tui.cli.json_documents.common import (
    Json,
    changes,
    edge_address,
    instant,
    owner,
    place,
    seconds,
    source,
)
from compartment_tui.domain import events
from compartment_tui.domain.commits import CommitRange
from compartment_tui.domain.deployment import Image, Provenance, Purpose, Stage
from compartment_tui.domain.image_notes import warnings
from compartment_tui.domain.outcome import Failure
from compartment_tui.domain.planning.plan import Plan, Run
from compartment_tui.domain.wait import Wait
from compartment_tui.present.public_side import change_rows
from compartment_tui.present.timeline import Timeline, Track

SHOWN_FILES = 100


def plan_document(
    run: Run,
    commits: Mapping[str, CommitRange],
    dirty: tuple[str, ...] = (),
    images: Mapping[str, Image] | None = None,
) -> Json:
    """What a run will do; with commits and known images by service, and files not committed."""
    known = images or {}
    return {
        "deploymentRunId": run.id,
        "trigger": trigger(run),
        "purpose": run.purpose.value,
        "label": run.label or None,
        "sourceEnvironment": {"name": run.origin} if run.origin else None,
        "ref": run.ref or None,
        "engine": run.engine or None,
        "notes": list(run.notes),
        "networkMade": run.ground.subnet,
        "edgeMade": run.ground.edge and edge_address(run.ground.edge),
        "takesOverFrom": owner(run.taken_from),
        "dirtyFiles": list(dirty[:SHOWN_FILES]),
        "dirtyFileCount": len(dirty),
        "deployments": [
            _plan(plan, commits.get(plan.service, CommitRange()), known.get(plan.service))
            for plan in run.plans
            if not plan.removes
        ],
        "removals": [
            {
                "serviceName": plan.service,
                "deploymentId": plan.deployment,
                "oldRouteHost": plan.old_host,
            }
            for plan in run.plans
            if plan.removes
        ],
        "reroutes": [
            {
                "serviceName": moved.service,
                "deploymentId": moved.deployment,
                "routeHost": moved.host,
                "oldRouteHost": moved.old_host or None,
            }
            for moved in run.reroutes
        ],
        "publicChanges": [f"{name}: {text}" for name, text in change_rows(run.public_changes)],
        "undeclaredServices": list(run.undeclared),
        "stoppedServices": list(run.left_stopped),
        **place(run.key),
    }


def run_document(timeline: Timeline, status: Json | None) -> Json:
    """How a run ended, in the shape of `status` with the run's own facts added.

    `status` is None when it could not be asked any more.
    """
    run = timeline.run
    empty: Json = {
        "activeDeployments": [],
        "deployments": [],
        "environment": {"name": timeline.environment},
        "project": {"name": run.key.project if run else None},
    }
    return {
        **(status or empty),
        "deploymentRunId": timeline.run_id or None,
        "trigger": trigger(run) if run else None,
        "purpose": run.purpose.value if run else None,
        "sourceEnvironment": {"name": run.origin} if run and run.origin else None,
        "label": (run.label or None) if run else None,
        "outcome": timeline.outcome.value if timeline.outcome else None,
        "durationSeconds": seconds(timeline.took),
        "liveAfterSeconds": _seconds(timeline.live_after),
        "failure": failure(timeline.failure),
        "rollout": [
            _track(track, timeline.gaps.get(track.service), timeline.waits.get(track.service))
            for track in timeline.tracks
        ],
        "notes": list(timeline.notes),
        "movedRoutes": [
            {
                "serviceName": moved.target.service,
                "routeHost": moved.host,
                "oldRouteHost": moved.old_host or None,
            }
            for moved in timeline.moved
        ],
        "undeclaredServices": list(run.undeclared) if run else [],
        "stoppedServices": list(run.left_stopped) if run else [],
    }


def event_document(event: events.Event, environment: str) -> Json:  # noqa: PLR0911, PLR0912 - one an event
    """One event as one object: `type`, `at`, `environment`, `service`, `stage`, its own facts."""
    match event:
        case events.RunPlanned():
            head = _head("run_planned", event.at, environment)
            return {**head, **plan_document(event.run, {}), "environment": environment}
        case events.StageStarted():
            return _staged("stage_started", event)
        case events.Output():
            return {**_staged("output", event), "line": event.line}
        case events.Probed():
            return {**_targeted("probed", event), **_attempt(event)}
        case events.StageFinished():
            took = {"durationSeconds": seconds(event.took), "note": event.note or None}
            return {**_staged("stage_finished", event), **took}
        case events.StageFailed():
            return {**_staged("stage_failed", event), "failure": failure(event.failure)}
        case events.StageReverted():
            return _staged("stage_reverted", event)
        case events.ServiceUnchanged():
            return {**_targeted("service_unchanged", event), "deploymentId": event.deployment}
        case events.RouteMoved():
            hosts = {"routeHost": event.host, "oldRouteHost": event.old_host or None}
            return {**_targeted("route_moved", event), **hosts}
        case events.Noted():
            service = event.target.service if event.target else None
            head = _head("noted", event.at, environment, service=service)
            return {**head, "message": event.message}
        case events.WentLive():
            head = _head("went_live", event.at, environment)
            return {
                **head,
                "deploymentRunId": event.run,
                "liveAfterSeconds": seconds(event.after),
                "services": list(event.services),
                "stillEnding": dict(event.ending),
            }
        case events.DrainWaits():
            return {**_targeted("drain_waits", event), **_waits(event)}
        case events.RunFinished():
            return {**_head("run_finished", event.at, environment), **_ending(event)}
        case _:
            assert_never(event)


def trigger(run: Run) -> str | None:
    """What started it; null for a discard, which is no run."""
    return None if run.purpose is Purpose.DISCARD else run.trigger.value


def failure(one: Failure | None) -> Json | None:
    """Why a step or a run failed; null when it did not."""
    if one is None:
        return None
    return {
        "code": one.code,
        "message": one.message,
        "hint": one.hint or None,
        "tail": list(one.tail),
    }


def _head(
    kind: str,
    at: datetime,
    environment: str,
    *,
    service: str | None = None,
    stage: Stage | None = None,
) -> Json:
    return {
        "type": kind,
        "at": instant(at),
        "environment": environment,
        "service": service,
        "stage": stage.value if stage else None,
    }


def _targeted(
    kind: str,
    event: events.Probed | events.ServiceUnchanged | events.RouteMoved | events.DrainWaits,
) -> Json:
    stages = {
        events.Probed: Stage.CHECKING_READINESS,
        events.RouteMoved: Stage.SWITCHING_ROUTE,
        events.DrainWaits: Stage.DRAINING_PREVIOUS,
    }
    stage = stages.get(type(event))
    target = event.target
    return _head(kind, event.at, target.environment, service=target.service, stage=stage)


def _staged(
    kind: str,
    event: events.StageStarted
    | events.Output
    | events.StageFinished
    | events.StageFailed
    | events.StageReverted,
) -> Json:
    target = event.target
    return _head(kind, event.at, target.environment, service=target.service, stage=event.stage)


def _attempt(event: events.Probed) -> Json:
    return {
        "attempt": event.attempt.number,
        "ready": event.attempt.ready,
        "detail": event.attempt.detail,
        "durationSeconds": seconds(event.attempt.took),
    }


def _waits(event: events.DrainWaits) -> Json:
    return {
        "connections": event.connections.total,
        "callers": [
            {"kind": caller.kind.value, "name": caller.name or None, "connections": count}
            for caller, count in event.connections.counts
        ],
        "cutOffAfterSeconds": seconds(event.cut_off_after),
    }


def _ending(event: events.RunFinished) -> Json:
    return {
        "deploymentRunId": event.run or None,
        "outcome": event.outcome.value,
        "durationSeconds": seconds(event.took),
        "liveAfterSeconds": _seconds(event.live_after),
        "failure": failure(event.failure),
        "gapSeconds": _gaps(event.gaps),
        "waits": {service: _wait(wait) for service, wait in event.waits.items()},
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else seconds(span)


def _gaps(gaps: Mapping[str, timedelta]) -> Json:
    """Services that were away for a while, and for how many seconds."""
    return {service: seconds(gap) for service, gap in gaps.items()}


def _wait(wait: Wait | None) -> Json | None:
    """Requests that waited; without numbers where the edge could not be asked."""
    if wait is None:
        return None
    return {
        "longestSeconds": seconds(wait.longest),
        "requests": wait.count.requests if wait.count else None,
        "failed": wait.count.failed if wait.count else None,
    }


def _plan(plan: Plan, commits: CommitRange, image: Image | None) -> Json:
    previous = plan.previous
    return {
        "id": plan.deployment,
        "serviceName": plan.service,
        "imageSource": plan.source.value,
        "imageId": plan.image,
        "imageOrigin": _image_origin(plan),
        "imageToNodes": _image_to_nodes(plan),
        "previousDeploymentId": previous.id if previous else None,
        "sourceDeploymentId": plan.copied_from,
        "commits": {
            "from": source(previous.provenance if previous else Provenance()),
            "to": source(plan.provenance),
            "count": commits.total,
            "takenBack": commits.backwards,
            "authors": list(commits.authors),
            "subjects": [f"{one.id} {one.subject}" for one in commits.newest],
        },
        "buildArguments": [name for name, _ in plan.spec.build.args],
        "buildSecrets": [one.id for one in plan.spec.build.secrets],
        "variables": changes(plan.changes),
        "variablesUnlikeSource": changes(plan.differs),
        "port": plan.port_in(image) if image else plan.port,
        "warnings": list(warnings(plan, image)) if image and not plan.reuses_container else [],
        "routeHost": plan.host,
        "oldRouteHost": plan.old_host,
        "previewHost": plan.preview,
        "discardsDeploymentId": plan.superseded.id if plan.superseded else None,
        "release": list(plan.spec.release.command)
        if plan.spec.release and plan.runs_release
        else None,
        "gap": plan.has_downtime and not plan.wait,
        "waitSeconds": plan.wait or None,
        "init": plan.spec.init,
        "replicas": {
            "before": previous.replicas if previous else None,
            "after": plan.replicas,
            "byHand": bool(plan.by_hand),
            "inFile": plan.by_hand or plan.replicas,
        },
    }


def _image_origin(plan: Plan) -> Json | None:
    """The engine that the image is carried from; null where it is, or is made, on its own."""
    origin = plan.image_origin
    if origin is None:
        return None
    return {
        "engine": origin.engine or None,
        "address": origin.address,
        "bytes": origin.size,
        "registry": origin.registry or None,
    }


def _image_to_nodes(plan: Plan) -> Json | None:
    """How the machines of a Swarm get the image; null where one engine alone needs it."""
    road = plan.node_carriage
    if road is None:
        return None
    return {
        "by": "registry" if road.registry else "connections",
        "registry": road.registry or None,
    }


def _track(track: Track, gap: timedelta | None, wait: Wait | None) -> Json:
    return {
        "serviceName": track.service,
        "deploymentId": track.deployment or None,
        "imageId": track.plan.image if track.plan else None,
        "sourceDeploymentId": track.plan.copied_from if track.plan else None,
        "state": track.state.value,
        "stages": [
            {
                "stage": step.stage.value,
                "state": step.state.value,
                "durationSeconds": seconds(step.elapsed(step.ended or step.started)),
            }
            for step in track.steps
        ],
        "gapSeconds": _seconds(gap),
        "wait": _wait(wait),
        "attempts": len(track.attempts),
        "notes": list(track.notes),
        "failure": failure(track.failure),
    }
