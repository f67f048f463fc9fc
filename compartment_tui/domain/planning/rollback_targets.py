"""Rollback targets, and the search for a deployment by a piece of its id."""

from collections.abc import Iterable, Sequence

from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, RunRecord, Status
from compartment_tui.domain.errors import NotFound, Refused, UsageProblem
from compartment_tui.domain.names import show


def rollback_targets(
    record: EnvironmentRecord,
    *,
    services: Sequence[str] = (),
    to: str | None = None,
    run: str | None = None,
) -> dict[str, str]:
    """Which deployment each service goes back to (service to id).

    Nothing given: undo the newest run still in effect, but for what was stopped by hand since.
    `services`: each one's `previous`, or what was taken away last. One service and `to`: that
    deployment. `run`: all of an earlier run. Raises UsageProblem, NotFound, Refused.
    """
    if run is not None:
        if services or to is not None:
            raise UsageProblem("--run goes with neither --service nor --to")
        targets = _to_run(record, run)
        return {name: targets[name] for name in _awake(record, targets)}
    if to is not None:
        if len(services) != 1:
            raise UsageProblem("--to needs exactly one --service")
        return {services[0]: _exact(record, services[0], to).id}
    if services:
        return {name: _previous(record, name).id for name in services}
    return _undone(record, _awake(record, _newest_in_effect(record)))


def _undone(record: EnvironmentRecord, services: Sequence[str]) -> dict[str, str]:
    """Each one's previous. Where one has none, the refusal names those that have."""
    targets: dict[str, str] = {}
    refused: list[NotFound] = []
    for name in services:
        try:
            targets[name] = _previous(record, name).id
        except NotFound as problem:
            refused.append(problem)
    if not refused:
        return targets
    if not targets:
        raise refused[0]
    others = " ".join(f"-s {name}" for name in targets)
    raise NotFound(
        refused[0].message,
        hint=f"`compartment-tui rollback {others}` goes back with what has something before it",
    )


def _newest_in_effect(record: EnvironmentRecord) -> list[str]:
    """The services that the newest run made live or took away, as far as that still holds."""
    active = [one for name in record.active if (one := record.active_deployment(name))]
    switched = [(_switched_by(one), one.service) for one in active]
    switched += [
        (run.id, service)
        for run in record.runs
        if run.status is Status.SUCCEEDED
        for service in run.removed
        if service not in record.active
    ]
    if not switched:
        raise NotFound(
            f"nothing is live in {show(record.key.environment)}, so there is nothing to roll back"
        )
    newest = max(run for run, _ in switched)
    return [service for run, service in switched if run == newest]


def stopped_in_between(record: EnvironmentRecord, *, run: str | None = None) -> tuple[str, ...]:
    """What such a rollback leaves alone because it was stopped by hand; see `rollback_targets`."""
    names = _to_run(record, run) if run is not None else _newest_in_effect(record)
    awake = _awake(record, names)
    return tuple(name for name in names if name not in awake)


def _awake(record: EnvironmentRecord, names: Iterable[str]) -> list[str]:
    """Those that were not stopped by hand: nothing starts one that nobody names. Raises Refused."""
    names = list(names)
    actives = {name: record.active_deployment(name) for name in names}
    awake = [name for name, active in actives.items() if active is None or not active.resting]
    if not awake:
        raise Refused(
            f"{', '.join(names)} of {show(record.key.environment)}: stopped by hand, and left so",
            hint="`compartment-tui start` brings back what was stopped; -s rolls it back by name",
        )
    return awake


def _switched_by(deployment: Deployment) -> str:
    """The run that first made it live; a rebuilt record only knows which one made it."""
    return deployment.activated_run or deployment.run


def _previous(record: EnvironmentRecord, service: str) -> Deployment:
    active = record.active_deployment(service)
    removed = record.removed_deployment(service)
    if removed is not None:
        return removed
    if active is None:
        raise NotFound(
            f"{show(service)} is not live in {show(record.key.environment)}",
            hint="`compartment-tui status` shows what is",
        )
    previous = record.deployments.get(active.previous or "")
    if previous is None:
        raise NotFound(
            f"{service} has nothing before {active.id} to go back to",
            hint="`compartment-tui deployment list` shows every deployment",
        )
    return previous


def _exact(record: EnvironmentRecord, service: str, to: str) -> Deployment:
    deployment = find_deployment(record, to)
    if deployment.service != service:
        raise UsageProblem(f"{deployment.id} is a deployment of {deployment.service}")
    if deployment.activated is None:
        raise Refused(f"{deployment.id} was never live", hint="choose one that was")
    if record.is_active(deployment.id):
        raise Refused(f"{deployment.id} is live already")
    return deployment


def _to_run(record: EnvironmentRecord, run_id: str) -> dict[str, str]:
    run = find_run(record, run_id)
    uncovered = sorted(set(record.active) - set(run.deployments))
    if uncovered:
        raise Refused(
            f"{run.id} does not cover what is live now: {', '.join(uncovered)}",
            hint="roll back single services with --service",
        )
    targets = {}
    for service, id_ in run.deployments.items():
        deployment = record.deployments.get(id_)
        if deployment is None or deployment.activated is None:
            raise Refused(f"{run.id} never made {service} live", hint="choose a run that succeeded")
        if not record.is_active(id_):
            targets[service] = id_
    if not targets:
        raise Refused(f"everything of {run.id} is live already")
    return targets


def find_deployment(record: EnvironmentRecord, text: str) -> Deployment:
    """By id, or by its end in any case, if that is unambiguous. Raises NotFound."""
    return record.deployments[_find(text, record.deployments, "deployment", record)]


def find_run(record: EnvironmentRecord, text: str) -> RunRecord:
    """By id, or by its end in any case, if that is unambiguous. Raises NotFound."""
    runs = {run.id: run for run in record.runs}
    return runs[_find(text, runs, "run", record)]


def _find(text: str, known: Iterable[str], noun: str, record: EnvironmentRecord) -> str:
    ends = [id_ for id_ in known if text and id_.lower().endswith(text.lower())]
    if len(ends) == 1:
        return ends[0]
    where = f"in {show(record.key.environment)}"
    if not ends:
        raise NotFound(
            f"there is no {noun} {show(text)} {where}",
            hint="`compartment-tui deployment list` shows them",
        )
    raise NotFound(
        f"{show(text)} is the end of {len(ends)} {noun}s {where}", hint="give more of it"
    )


def spec_of(deployment: Deployment) -> ServiceSpec:
    """How the deployment was made; plain defaults when its record cannot say."""
    try:
        return ServiceSpec.of_text(deployment.spec)
    except ValueError:
        return ServiceSpec(name=deployment.service)
