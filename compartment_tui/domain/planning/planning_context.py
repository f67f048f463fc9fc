"""The context of planning, and single plans: new deployments, images again, kept containers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from compartment_tui.domain.carriage import ImageOrigin, NodeCarriage
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import (
    Deployment,
    EnvironmentRecord,
    Provenance,
    Purpose,
    Trigger,
)
from compartment_tui.domain.errors import (
    HostConflict,
    Refused,
    UsageProblem,
)
from compartment_tui.domain.names import EnvironmentKey, host, parse_label, primary_web
from compartment_tui.domain.planning.plan import ImageSource, Plan, Reroute, Run
from compartment_tui.domain.planning.required_variables import check_variables, refuse_unbuildable
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.variable import (
    Secret,
    fingerprints,
    resolve,
    sensitive_keys,
    values,
)
from compartment_tui.domain.variables.views import Identity

MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningContext:
    """What planning needs to know beside the request."""

    config: ProjectConfig
    record: EnvironmentRecord
    now: datetime
    actor: str
    new_id: Callable[[str], str]
    fingerprint_key: bytes
    can_start: Callable[[str], bool]
    """Whether a deployment's container is still there, and a machine that may run it."""
    has_image: Callable[[str], bool]
    """Whether an image, by id, is still there."""
    identity: Callable[[], Identity]
    """With what sensitive values are read here; asked when one could not be."""
    provenance: Provenance = Provenance()
    root: Path | None = None
    """Where the services' paths lie when that is not the project: a clean copy of a commit."""
    ref: str = ""
    """That commit, as it was asked for."""
    image_elsewhere: Callable[[str], ImageOrigin | None] = lambda _: None
    """Where an image, by id, can be carried from."""
    built_at: ImageOrigin | None = None
    """Where images are built, when that is not the environment's engine."""
    node_carriage: NodeCarriage | None = None
    """How images get to the machines of the environment's Swarm; None: it is on no Swarm."""

    @property
    def key(self) -> EnvironmentKey:
        return self.record.key


def plan_new(
    context: PlanningContext,
    spec: ServiceSpec,
    *,
    run: str,
    trigger: Trigger,
    source: ImageSource,
    force: bool = False,
) -> Plan:
    """A new deployment with the file's values of today."""
    environment = context.config.environment(context.key.environment)
    spec = environment.with_build_args(spec)
    rows = resolve(environment.layers(spec.name))
    resolved = values(rows)
    return Plan(
        key=context.key,
        run=run,
        trigger=trigger,
        spec=spec,
        deployment=context.new_id("dep"),
        source=source,
        root=context.root if source is ImageSource.BUILD else None,
        image_origin=context.built_at if source is ImageSource.BUILD else None,
        # A volume is one machine's, and what has one stays there.
        node_carriage=None if spec.volumes else context.node_carriage,
        previous=context.record.active_deployment(spec.name),
        values=resolved,
        fingerprints=fingerprints(resolved, context.fingerprint_key),
        sensitive=sensitive_keys(rows),
        build_secrets=_build_secrets(spec, resolved) if source is ImageSource.BUILD else {},
        host=host_of(context.config, context.key, spec),
        port=spec.port or _port_variable(spec.name, resolved.get("PORT")),
        provenance=context.provenance,
        force=force,
        **_replicas(context, spec),
    )


class _Replicas(TypedDict):
    replicas: int
    by_hand: int


def _replicas(context: PlanningContext, spec: ServiceSpec) -> _Replicas:
    """How many of a service are to run, by the file or by hand; one of what has to be alone."""
    file = context.config.replicas_of(context.key.environment, spec.name)
    wanted = context.record.wanted_replicas(spec.name, file)
    if spec.alone:
        return {"replicas": 1, "by_hand": 0}
    return {"replicas": wanted, "by_hand": file if wanted != file else 0}


def plan_from_image(
    context: PlanningContext, deployment: Deployment, *, run: str, trigger: Trigger
) -> Plan:
    """The recorded image of a deployment as a new one, with today's spec and values.

    Raises Refused when the image is gone.
    """
    spec = context.config.service(deployment.service) or ServiceSpec.of_text(deployment.spec)
    return plan_as(context, deployment, spec, run=run, trigger=trigger, force=True)


def plan_as(
    context: PlanningContext,
    deployment: Deployment,
    spec: ServiceSpec,
    *,
    run: str,
    trigger: Trigger,
    force: bool = False,
) -> Plan:
    """The recorded image of a deployment as a new one that runs by `spec`, with today's values.

    Raises Refused when the image is gone.
    """
    here = bool(deployment.image) and context.has_image(deployment.image)
    origin = None if here or not deployment.image else context.image_elsewhere(deployment.image)
    if not here and origin is None:
        raise Refused(
            f"the image of {deployment.service} {deployment.id} is no longer on the engine",
            hint="`compartment-tui deployment list` shows what can still be reached",
        )
    source = ImageSource.KEPT_IMAGE
    plan = plan_new(context, spec, run=run, trigger=trigger, source=source, force=force)
    return replace(
        plan,
        image=deployment.image,
        image_origin=origin,
        port=plan.port or _port_of_image(deployment),
        copied_from=deployment.id,
        original=deployment.fingerprints,
        provenance=deployment.provenance,
    )


def _port_of_image(deployment: Deployment) -> int | None:
    """The port that its image decided, if nothing else did; the same image decides no other."""
    try:
        named = ServiceSpec.of_text(deployment.spec).port is not None
    except ValueError:
        return None
    return None if named or "PORT" in deployment.fingerprints else deployment.port


def plan_from_container(
    context: PlanningContext,
    deployment: Deployment,
    *,
    run: str,
    trigger: Trigger = Trigger.ROLLBACK,
    source: ImageSource = ImageSource.KEPT_CONTAINER,
) -> Plan:
    """A container that is there: image, values, port, readiness and limits as they were."""
    spec = ServiceSpec.of_text(deployment.spec)
    return Plan(
        key=context.key,
        run=run,
        trigger=trigger,
        spec=spec,
        deployment=deployment.id,
        source=source,
        image=deployment.image,
        previous=context.record.active_deployment(deployment.service),
        fingerprints=deployment.fingerprints,
        sensitive=deployment.sensitive,
        host=host_now(context.config, context.key, deployment, spec),
        port=deployment.port,
        provenance=deployment.provenance,
        **_replicas_now(context, deployment, spec, source),
    )


def _replicas_now(
    context: PlanningContext, deployment: Deployment, spec: ServiceSpec, source: ImageSource
) -> _Replicas:
    """Of what was there before: as many as today, where the file still knows the service.

    What runs already, held, stays as it is.
    """
    runs = source is ImageSource.HELD_CANDIDATE and not spec.stop_first
    if context.config.service(deployment.service) is not None and not runs:
        return _replicas(context, spec)
    return {"replicas": deployment.replicas, "by_hand": 0}


def taken_away(context: PlanningContext, service: str, *, run: str) -> Plan:
    """The end of what is live of a service: its container stays, stopped, for a rollback."""
    deployment = context.record.deployments[context.record.active[service]]
    return Plan(
        key=context.key,
        run=run,
        trigger=Trigger.DEPLOY,
        purpose=Purpose.REMOVE,
        spec=spec_of(deployment),
        deployment=deployment.id,
        source=ImageSource.KEPT_CONTAINER,
        image=deployment.image,
        previous=deployment,
        fingerprints=deployment.fingerprints,
        sensitive=deployment.sensitive,
        port=deployment.port,
        provenance=deployment.provenance,
    )


def make_run(
    context: PlanningContext,
    run: str,
    trigger: Trigger,
    plans: Iterable[Plan],
    *,
    label: str = "",
    purpose: Purpose = Purpose.LIVE,
) -> Run:
    """The run of these plans.

    Raises MissingVariables, SensitiveUnreadable, HostConflict when two of them would have the same
    host, UsageProblem (the label).
    """
    chosen = tuple(plans)
    label = parse_label(label)
    specs = [plan.spec for plan in chosen if not plan.reuses_container]
    live = purpose is Purpose.LIVE
    check_variables(context.config, context.key, specs, context.identity)
    built = [plan.spec for plan in chosen if plan.source is ImageSource.BUILD]
    refuse_unbuildable(context.config, context.key, built)
    _refuse_shared_hosts(chosen)
    return Run(
        id=run,
        key=context.key,
        trigger=trigger,
        created=context.now,
        actor=context.actor,
        plans=chosen,
        label=label,
        keep=context.config.keep,
        purpose=purpose,
        reroutes=_reroutes(context, chosen) if live else (),
    )


def host_of(config: ProjectConfig, key: EnvironmentKey, spec: ServiceSpec) -> str | None:
    """The service's public host; None for a worker."""
    if not spec.kind.routed:
        return None
    primary = primary_web((one.name, one.kind.value) for one in config.services)
    return host(key, spec.name, primary=spec.name == primary, base_domain=config.base_domain)


def host_now(
    config: ProjectConfig, key: EnvironmentKey, deployment: Deployment, spec: ServiceSpec
) -> str | None:
    """The host of a deployment that exists: as the file says today, else the one it had.

    Hosts belong to the environment and not to what answers there: going back to an older
    deployment takes no address away.
    """
    if not spec.kind.routed:
        return None
    if config.service(deployment.service) is not None:
        return host_of(config, key, spec)
    return deployment.host or host_of(config, key, spec)


def _reroutes(context: PlanningContext, plans: tuple[Plan, ...]) -> tuple[Reroute, ...]:
    """Live services that no plan is about, and whose host a plan takes: each gets another.

    It is the one the file gives it today; one that the file no longer has is named in full.
    """
    config, key, record = context.config, context.key, context.record
    taken = {plan.host for plan in plans if plan.host}
    planned = {plan.service for plan in plans}
    reroutes = []
    for name in record.active:
        active = record.active_deployment(name)
        if active is None or name in planned or active.host not in taken or active.port is None:
            continue
        spec = config.service(name)
        new = host_of(config, key, spec) if spec else None
        if new is None or new in taken:
            new = host(key, name, primary=False, base_domain=config.base_domain)
        reroutes.append(
            Reroute(
                service=name,
                deployment=active.id,
                port=active.port,
                old_host=active.host or "",
                host=new,
            )
        )
    return tuple(reroutes)


def _build_secrets(spec: ServiceSpec, resolved: Mapping[str, Secret]) -> dict[str, Secret]:
    return {
        one.id: resolved[one.variable]
        for one in spec.build.secrets
        if one.variable is not None and one.variable in resolved
    }


def _port_variable(service: str, value: Secret | None) -> int | None:
    """A plain PORT that is a positive number names the port; anything else is refused."""
    if value is None:
        return None
    number = value.port()
    if number is None or number > MAX_PORT:
        raise UsageProblem(
            f"the variable PORT of {service} is not a port number",
            hint="give it a number from 1 to 65535, or set `port` on the service",
        )
    return number


def _refuse_shared_hosts(plans: tuple[Plan, ...]) -> None:
    owners: dict[str, str] = {}
    for plan in plans:
        if plan.host is None:
            continue
        if plan.host in owners:
            raise HostConflict(
                f"{plan.service} and {owners[plan.host]} would both be {plan.host}",
                hint="rename one of them",
            )
        owners[plan.host] = plan.service
