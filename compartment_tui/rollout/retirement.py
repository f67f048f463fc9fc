"""The stop of what serves no longer, side by side, and notes on those that had to be killed."""

from collections.abc import Iterable
from datetime import datetime

from compartment_tui.domain.deployment import Deployment
from compartment_tui.domain.events import Noted
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.rollback_targets import spec_of
from compartment_tui.domain.target import Target
from compartment_tui.ports import World


def retire(world: World, deployments: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Stop these side by side, each within its own grace; those that had to be killed."""
    chosen = {one.id: one for one in deployments}
    if not chosen:
        return ()
    killed = world.engine.retire_all({id_: spec_of(one).stop_grace for id_, one in chosen.items()})
    return tuple(one for id_, one in chosen.items() if id_ in killed)


def killed_notes(
    key: EnvironmentKey, killed: Iterable[Deployment], at: datetime
) -> tuple[Noted, ...]:
    """Who took the whole grace, and the way on."""
    return tuple(
        Noted(at=at, target=Target(key.environment, one.service), message=killed_words(one))
        for one in killed
    )


def killed_words(deployment: Deployment) -> str:
    """That it did not end when it was asked to; behind an init process it got the signal."""
    spec, short = spec_of(deployment), deployment.id[-10:].lower()
    grace = f"{spec.stop_grace.total_seconds():g} s"
    words = f"{short} did not end within its stop_grace of {grace} after SIGTERM, and was killed"
    if spec.init:
        return f"{words}: it has to end at SIGTERM, or needs a longer `stop_grace`"
    return (
        f"{words}: if its first process ignores SIGTERM, `init = true` in [services.{spec.name}]"
        " mends that; if it only takes longer, a longer `stop_grace`"
    )
