"""The restoration of a deployment of which only the image was left: today's values, said so."""

from compartment_tui.domain.deployment import Deployment, EnvironmentRecord
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.planning.plan import Plan, Run
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.variable import NameChanges, compare


def refuse_empty_return(record: EnvironmentRecord, run: Run) -> None:
    """Raises Refused when a service of a rollback would get nothing of what it had back.

    Its container is gone, its image is the one that runs already, and neither how it ran nor any
    of the values that differ can be had from the project file of today.
    """
    for plan in run.plans:
        target = record.deployments.get(plan.copied_from or "")
        active = plan.previous
        if target is None or active is None or _brings_back(plan, target, active):
            continue
        raise _nothing_back(plan, target, active)


def _nothing_back(plan: Plan, target: Deployment, active: Deployment) -> Refused:
    values = _named(compare(active.fingerprints, target.fingerprints))
    settings = "" if target.spec == active.spec else "its settings"
    lost = " and ".join(part for part in (values and f"its values{values}", settings) if part)
    option = option_for(plan.key.environment)
    head = f"nothing of {plan.service} {target.id[-10:].lower()} can come back"
    if not lost:
        return Refused(
            f"{head}: its container is gone, and what it was made of is what is live",
            hint=f"`compartment-tui deployment list{option}` shows what else there is",
        )
    return Refused(
        f"{head}: its container is gone, and with it {lost}; its image is the one that is live",
        hint="write what it had into compartment.toml again, then"
        f" `compartment-tui redeploy -s {plan.service}{option}`",
    )


def anew_words(plan: Plan) -> str:
    """What a run says when a rollback had to make something new."""
    source = (plan.copied_from or "")[-10:].lower()
    words = f"the container of {source} is gone, so its image runs as a new deployment"
    if not plan.differs:
        return f"{words}, with the values it had"
    return f"{words}, with today's values and not those it had{_named(plan.differs)}"


def _brings_back(plan: Plan, target: Deployment, active: Deployment) -> bool:
    """Whether anything in which the two differ becomes again as it was in the target."""
    if target.image != active.image:
        return True
    if target.spec != active.spec and plan.spec.text() == target.spec:
        return True
    differing = compare(active.fingerprints, target.fingerprints)
    names = (*differing.added, *differing.changed, *differing.removed)
    return any(plan.fingerprints.get(name) == target.fingerprints.get(name) for name in names)


def _named(changes: NameChanges) -> str:
    names = (*changes.added, *changes.changed, *changes.removed)
    return f" ({', '.join(sorted(names))})" if names else ""
