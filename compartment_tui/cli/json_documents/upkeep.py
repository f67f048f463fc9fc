"""Documents for scripts about one service, the edge, locks, and what is checked or taken away."""

from collections.abc import Iterable

from compartment_tui.cli.json_documents.common import (
    Json,
    deployment_summary,
    edge_address,
    instant,
    place,
    placement,
    replica_counts,
    replicas_of,
    seconds,
)
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.detail_views import (
    Adoption,
    Check,
    Deletion,
    EdgeView,
    Grade,
    InspectView,
    SwarmView,
)
from compartment_tui.domain.engine import EngineInfo, LockInfo
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleStep
from compartment_tui.domain.planning.retention import Leaving, Pruning
from compartment_tui.domain.refusal import statuses_text


def inspect_document(views: Iterable[InspectView], key: EnvironmentKey) -> Json:
    """`inspect`: per service, how it was made, how it runs and how it is reached."""
    return {
        "deployments": [_inspected(view) for view in views],
        **place(key),
        "sensitiveTopologyVisible": True,
    }


def checks_document(checks: Iterable[Check]) -> Json:
    """`doctor`: warnings are not worth an alarm, so they leave `ok` true."""
    checks = tuple(checks)
    return {
        "ok": all(check.grade is not Grade.BAD for check in checks),
        "checks": [
            {
                "name": check.name,
                "grade": check.grade.value,
                "message": check.message,
                "hint": check.hint or None,
                **({"engine": check.engine} if check.engine else {}),
            }
            for check in checks
        ],
    }


def nodes_document(swarm: SwarmView) -> Json:
    """`node list`: per machine, what of the project runs there; what is on its way elsewhere."""
    return {
        "nodes": [
            {
                "name": view.node.name,
                "address": view.node.address,
                "role": "manager" if view.node.manager else "worker",
                "leader": view.node.leader,
                "home": view.node.home,
                "formerHome": view.node.former_home,
                "state": view.node.state,
                "availability": view.node.availability,
                "replicas": [
                    {
                        "environment": one.key.environment,
                        "serviceName": one.service,
                        "deploymentId": one.deployment,
                        "replica": one.number,
                        "startedAt": instant(one.started),
                    }
                    for one in view.replicas
                ],
            }
            for view in swarm.nodes
        ],
        "moving": [
            {
                "environment": one.key.environment,
                "serviceName": one.service,
                "deploymentId": one.deployment,
                "replica": one.number,
                "placement": placement(one.placement),
            }
            for instance in swarm.moving
            for one in instance.replicas
            if one.placement is not None
        ],
    }


def edge_document(edge: EdgeView | None) -> Json:
    """`edge status`: null when the engine has no edge."""
    if edge is None:
        return {"edge": None}
    return {
        "edge": {
            "running": edge.running,
            **edge_address(edge.settings),
            "image": edge.image,
            "startedAt": instant(edge.since),
            "hosts": edge.hosts,
            "open": list(edge.open),
            "lacks": list(edge.lacks),
            "innerPorts": list(edge.settings.inner_ports),
            "environments": [
                {"project": key.project, "name": key.environment} for key in edge.environments
            ],
        }
    }


def adoption_document(adoption: Adoption, *, done: bool) -> Json:
    """`edge adopt`: what the new home of a Swarm gets, or got, and what it cannot have."""
    return {
        "adopted": done,
        "engine": adoption.engine or None,
        "node": adoption.node,
        "lost": adoption.lost or None,
        "former": list(adoption.former),
        "managers": adoption.managers,
        "environments": [
            {
                "project": one.key.project,
                "name": one.key.environment,
                "copiedAt": instant(one.copied),
                "olderThanWhatRuns": list(one.older),
                "active": dict(sorted(one.record.active.items())),
                "hosts": list(one.hosts),
                "leftBehind": list(one.left_behind),
                "stopped": list(one.strays),
            }
            for one in adoption.environments
        ],
        "notes": list(adoption.notes),
        "failed": [{"project": key.project, "name": key.environment} for key in adoption.failed],
    }


def deletion_document(
    deletion: Deletion, *, done: bool, volumes: bool, variables: bool = False
) -> Json:
    """What goes, or went; volumes and variables stay unless they were asked for."""
    named = [{"serviceName": service, "key": key} for service, key in deletion.variables]
    return {
        "deleted": done,
        "engine": deletion.engine or None,
        "hosts": list(deletion.hosts),
        "containers": list(deletion.containers),
        "network": deletion.network,
        "record": deletion.record,
        "volumes": list(deletion.volumes) if volumes else [],
        "keptVolumes": [] if volumes else list(deletion.volumes),
        "variables": named if variables else [],
        "keptVariables": [] if variables else named,
        **place(deletion.key),
    }


def handling_document(handling: LifecyclePlan) -> Json:
    """What a lifecycle verb would do; `reason` says why a service is left alone."""
    return {
        "operation": {"type": f"service.{handling.verb.value}"},
        "services": [
            {
                "serviceName": service.service,
                "deploymentId": service.active.id,
                "routeHost": service.active.host,
                "running": service.running,
                "changes": service.acts,
                "reason": service.why or None,
                **_numbers(service),
            }
            for service in handling.services
        ],
        "engine": handling.engine or None,
        **place(handling.key),
    }


def _numbers(service: LifecycleStep) -> Json:
    if not service.replicas:
        return {}
    return {
        "replicas": service.replicas,
        "replicasBefore": service.before,
        "replicasInFile": service.file,
    }


def pruning_document(found: Pruning) -> Json:
    """`prune`: what goes, or went, and the bytes that images and containers take."""
    after = found.bytes_after
    return {
        "pruned": after is not None,
        "secretsBefore": instant(found.before),
        "containers": [_leaving(one) for one in found.containers],
        "imageIds": list(found.images),
        "remaining": [_leaving(one) for one in found.remaining],
        "skipped": [
            {"environmentName": key.environment, "reason": why}
            for key, why in found.skipped.items()
        ],
        "bytesBefore": found.bytes_before,
        "bytesAfter": after,
        "bytesFreed": None if after is None else max(0, found.bytes_before - after),
        "project": {"name": found.project},
    }


def _leaving(one: Leaving) -> Json:
    return {
        "environmentName": one.key.environment,
        "serviceName": one.service,
        "deploymentId": one.deployment,
        "containerName": one.container,
        "reason": one.why,
        "wasLive": one.was_live,
    }


def lock_document(lock: LockInfo | None, key: EnvironmentKey) -> Json:
    """`lock show`."""
    return {
        "locked": lock is not None,
        "holder": lock.holder if lock else None,
        "purpose": lock.purpose if lock else None,
        "since": instant(lock.since) if lock else None,
        **place(key),
    }


def engine_document(info: EngineInfo) -> Json:
    """The engine, as `info` tells it."""
    return {
        "version": info.version,
        "apiVersion": info.api,
        "address": info.address,
        "host": info.host,
        "builder": info.builder or None,
        "liveRestore": info.live_restore,
    }


def _inspected(view: InspectView) -> Json:
    status, active = view.status, view.status.active
    spec = view.running_spec or view.spec
    host, _, port = (view.upstream or "").removeprefix("http://").rpartition(":")
    instance = status.instance
    reach = {
        "routeHost": active.host if active else None,
        "upstreamHost": host or None,
        "upstreamPort": int(port) if port.isdigit() else None,
    }
    summary = (
        deployment_summary(active, active=True, health=status.health, url=status.url)
        if active
        else {"id": None, "serviceName": status.service, "isActive": False, "health": None}
    )
    return {
        **summary,
        "kind": status.kind.value,
        "healthReason": status.reason or None,
        "containerId": instance.container if instance else None,
        "replicas": replica_counts(status.wanted, status.running),
        "replicasByHand": status.scaled is not None,
        "replicasInFile": status.in_file,
        "instances": replicas_of(status.replicas),
        **(_how(spec) if spec else dict.fromkeys(_HOW)),
        "routes": [status.url] if status.url else [],
        **reach,
        "internalUrl": view.internal,
        "runtime": instance
        and {"containerId": instance.container, "imageRef": instance.image, **reach},
        "variables": list(view.variables),
        "rollbackDeploymentId": status.rollback_to,
        "rollbackLeft": status.rollback_left.value if status.rollback_left else None,
    }


_HOW = ("build", "run", "readiness", "drain", "internal", "holdSeconds")


def _how(spec: ServiceSpec) -> Json:
    readiness = spec.readiness
    return {
        "build": {
            "path": spec.path,
            "image": spec.image,
            "dockerfile": spec.build.dockerfile,
            "target": spec.build.target,
        },
        "run": {
            "command": list(spec.command) if spec.command is not None else None,
            "limits": {
                "cpus": spec.limits.cpus,
                "memory": spec.limits.memory,
                "pids": spec.limits.pids,
            },
            "volumes": dict(spec.volumes),
            "init": spec.init,
            "newPrivileges": spec.new_privileges,
        },
        "readiness": readiness
        and {
            "type": readiness.kind.value,
            "path": readiness.path,
            "command": list(readiness.command),
            "status": statuses_text(readiness.status),
            "headers": dict(readiness.headers),
            "port": readiness.port,
            "intervalSeconds": seconds(readiness.interval),
            "timeoutSeconds": seconds(readiness.timeout),
        },
        "drain": {
            "drainTimeoutSeconds": seconds(spec.drain_timeout),
            "stopGraceSeconds": seconds(spec.stop_grace),
        },
        "internal": spec.internal.value if spec.kind.routed else None,
        "holdSeconds": seconds(spec.hold) if spec.kind.routed and spec.stop_first else None,
    }
