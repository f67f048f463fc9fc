"""From what a person asks to a `Run`: pure, and refusing before anything is touched."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.declared import Identity
from compartment_tui.domain.deployment import Deployment, EnvironmentState, Provenance, Trigger
from compartment_tui.domain.errors import (
    HostConflict,
    NotFound,
    Refused,
    UsageProblem,
)
from compartment_tui.domain.names import EnvironmentKey, host, primary_web, show
from compartment_tui.domain.plan import ImageSource, Plan, Run
from compartment_tui.domain.usable import refuse_unusable
from compartment_tui.domain.variables import (
    Secret,
    fingerprints,
    resolve,
    values,
)

MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What planning needs to know beside the request."""

    config: ProjectConfig
    state: EnvironmentState
    now: datetime
    actor: str
    new_id: Callable[[str], str]
    fingerprint_key: bytes
    provenance: Provenance = Provenance()
    has_container: Callable[[str], bool] = lambda _deployment: False
    """Whether a deployment's container is still there."""
    has_image: Callable[[str], bool] = lambda _image: False
    """Whether an image, by id, is still there."""
    identity: Callable[[], Identity] = lambda: Identity(place="")
    """With what sensitive values are read here; asked when one could not be."""

    @property
    def key(self) -> EnvironmentKey:
        return self.state.key


def plan_deploy(
    around: Circumstances, *, services: Sequence[str] = (), force: bool = False, label: str = ""
) -> Run:
    """Build (or pull) and replace the selected services; all of the file's when none is named.

    Raises NotFound, MissingVariables, SensitiveUnreadable, HostConflict.
    """
    run = around.new_id("run")
    plans = [
        _fresh(
            around,
            spec,
            run=run,
            trigger=Trigger.DEPLOY,
            source=ImageSource.PULL if spec.image else ImageSource.BUILD,
            force=force,
        )
        for spec in selected(around.config, services)
    ]
    return _run(around, run, Trigger.DEPLOY, plans, label=label)


def plan_redeploy(around: Circumstances, *, services: Sequence[str] = ()) -> Run:
    """The recorded image of the active deployments with today's values; always replaces.

    Raises NotFound (nothing is active), Refused (its image is gone).
    """
    active = [name for name in around.state.active if around.state.active_deployment(name)]
    wanted = _known(active, services, "is not deployed here, so there is nothing to redeploy")
    run = around.new_id("run")
    plans = []
    for name in wanted:
        deployment = around.state.deployments[around.state.active[name]]
        plans.append(_again(around, deployment, run=run, trigger=Trigger.REDEPLOY))
    return _run(around, run, Trigger.REDEPLOY, plans)


def plan_rollback(around: Circumstances, targets: Mapping[str, str], *, label: str = "") -> Run:
    """Go back to these deployments (service to id).

    A kept container is started again as it was; when only its image is left it becomes a new
    deployment with today's values. Raises Refused when neither is left.
    """
    run = around.new_id("run")
    plans = []
    for name in sorted(targets, key=_file_order(around.config)):
        deployment = around.state.deployments[targets[name]]
        if around.has_container(deployment.id):
            plans.append(_kept(around, deployment, run=run))
        else:
            plans.append(_again(around, deployment, run=run, trigger=Trigger.ROLLBACK))
    return _run(around, run, Trigger.ROLLBACK, plans, label=label)


def selected(config: ProjectConfig, services: Sequence[str]) -> tuple[ServiceSpec, ...]:
    """The named services in file order, or all. Raises NotFound, UsageProblem (there are none)."""
    if not config.services:
        raise UsageProblem(
            f"project {config.name} has no services",
            hint="add a [services.<name>] table to compartment.toml",
        )
    names = _known([spec.name for spec in config.services], services, "is not in compartment.toml")
    return tuple(spec for spec in config.services if spec.name in names)


def _known(known: Sequence[str], asked: Sequence[str], complaint: str) -> list[str]:
    for name in asked:
        if name not in known:
            have = ", ".join(known) or "none"
            raise NotFound(f"the service {show(name)} {complaint}", hint=f"there are: {have}")
    if not asked and not known:
        raise NotFound("nothing is deployed here", hint="`compartment-tui deploy` does it")
    return [name for name in known if not asked or name in asked]


def _file_order(config: ProjectConfig) -> Callable[[str], tuple[int, str]]:
    order = {spec.name: place for place, spec in enumerate(config.services)}
    return lambda name: (order.get(name, len(order)), name)


def _fresh(
    around: Circumstances,
    spec: ServiceSpec,
    *,
    run: str,
    trigger: Trigger,
    source: ImageSource,
    force: bool = False,
) -> Plan:
    """A new deployment with the file's values of today."""
    rows = resolve(around.config.environment(around.key.environment).layers(spec.name))
    resolved = values(rows)
    return Plan(
        key=around.key,
        run=run,
        trigger=trigger,
        spec=spec,
        deployment=around.new_id("dep"),
        source=source,
        previous=around.state.active_deployment(spec.name),
        values=resolved,
        fingerprints=fingerprints(resolved, around.fingerprint_key),
        host=host_of(around.config, around.key, spec),
        port=spec.port or _port_variable(spec.name, resolved.get("PORT")),
        provenance=around.provenance,
        force=force,
    )


def _again(around: Circumstances, deployment: Deployment, *, run: str, trigger: Trigger) -> Plan:
    """The recorded image of a deployment as a new one, with today's values."""
    if not deployment.image or not around.has_image(deployment.image):
        raise Refused(
            f"the image of {deployment.service} {deployment.id} is no longer on the engine",
            hint="`compartment-tui deployment list` shows what can still be reached",
        )
    spec = around.config.service(deployment.service) or ServiceSpec.of_text(deployment.spec)
    plan = _fresh(around, spec, run=run, trigger=trigger, source=ImageSource.KEPT_IMAGE, force=True)
    return replace(
        plan,
        image=deployment.image,
        copied_from=deployment.id,
        original=deployment.fingerprints,
        provenance=deployment.provenance,
    )


def _kept(around: Circumstances, deployment: Deployment, *, run: str) -> Plan:
    """A kept container: image, values, port, readiness and limits as they were."""
    spec = ServiceSpec.of_text(deployment.spec)
    return Plan(
        key=around.key,
        run=run,
        trigger=Trigger.ROLLBACK,
        spec=spec,
        deployment=deployment.id,
        source=ImageSource.KEPT_CONTAINER,
        image=deployment.image,
        previous=around.state.active_deployment(deployment.service),
        fingerprints=deployment.fingerprints,
        # A rebuilt record knows the hosts of what is live only.
        host=deployment.host or host_of(around.config, around.key, spec),
        port=deployment.port,
        provenance=deployment.provenance,
    )


def _run(
    around: Circumstances, run: str, trigger: Trigger, plans: Iterable[Plan], label: str = ""
) -> Run:
    chosen = tuple(plans)
    fresh = [plan.spec for plan in chosen if not plan.kept]
    refuse_unusable(around.config, around.key, fresh, around.identity)
    _refuse_shared_hosts(chosen)
    return Run(
        id=run,
        key=around.key,
        trigger=trigger,
        created=around.now,
        actor=around.actor,
        plans=chosen,
        label=label,
        keep=around.config.keep,
    )


def host_of(config: ProjectConfig, key: EnvironmentKey, spec: ServiceSpec) -> str | None:
    """The service's public host; None for a worker."""
    if not spec.kind.routed:
        return None
    primary = primary_web((one.name, one.kind.value) for one in config.services)
    return host(key, spec.name, primary=spec.name == primary, base_domain=config.base_domain)


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
