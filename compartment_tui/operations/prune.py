"""Taking away what nobody goes back to any more, or what still has values that leaked."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from compartment_tui.domain.errors import CompartmentError, Locked, RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name
from compartment_tui.domain.planning.retention import (
    Leaving,
    Pruning,
    beyond_retention,
    born_before,
    images_needed,
)
from compartment_tui.domain.record.transitions import audited
from compartment_tui.domain.requests import EVERY_ENVIRONMENT, Prune
from compartment_tui.operations.engines import EngineAnswer, ask_engines, engines_of
from compartment_tui.operations.environment_record import record_of
from compartment_tui.operations.owner import (
    refuse_others_environment,
    taken_from,
    with_owner,
)
from compartment_tui.operations.recovery import keep_copy
from compartment_tui.rollout.infrastructure import ensure_infrastructure

if TYPE_CHECKING:
    from compartment_tui.domain.config import ProjectConfig
    from compartment_tui.ports import World


def plan_prune(world: "World", request: Prune) -> Pruning:
    """What `prune` would take away; nothing is touched.

    With `before`: kept containers made before that moment; their images stay.
    """
    if request.environment != EVERY_ENVIRONMENT:
        return _plan(world, request)
    return _together(world, ask_engines(engines_of(world), lambda one: _plan(one.world, request)))


def _plan(world: "World", request: Prune) -> Pruning:
    """The same on one engine."""
    config = world.project.config()
    keys, skipped = _chosen(world, config, request)
    found = Pruning(
        project=config.name,
        before=request.before,
        skipped=skipped,
        bytes_before=world.engine.disk_use(),
    )
    for key in keys:
        leaving, remaining = _of_environment(world, config, key, request.before)
        found = replace(
            found,
            containers=(*found.containers, *leaving),
            remaining=(*found.remaining, *remaining),
        )
    if request.before is not None:
        return found
    return replace(found, images=_free_images(world, config, found.containers))


def prune(world: "World", request: Prune) -> Pruning:
    """Take it away, each environment under its lock; one that somebody else changes is left out.

    What is given back is what went. Raises Locked when it is the only one.
    """
    if request.environment != EVERY_ENVIRONMENT:
        return _prune_engine(world, request)
    answers = ask_engines(engines_of(world), lambda one: _prune_engine(one.world, request))
    return _together(world, answers)


def _prune_engine(world: "World", request: Prune) -> Pruning:
    """The same on one engine."""
    config = world.project.config()
    keys, skipped = _chosen(world, config, request)
    start = world.engine.disk_use()
    gone: list[Leaving] = []
    remaining: list[Leaving] = []
    for key in keys:
        try:
            left, rest = _prune(world, config, key, request)
        except Locked as error:
            if len(keys) == 1:
                raise
            skipped[key] = error.message
            continue
        gone += left
        remaining += rest
    images = () if request.before is not None else _remove_images(world, config)
    return Pruning(
        project=config.name,
        before=request.before,
        containers=tuple(gone),
        images=images,
        remaining=tuple(remaining),
        skipped=skipped,
        bytes_before=start,
        bytes_after=world.engine.disk_use(),
    )


def _together(world: "World", answers: "tuple[EngineAnswer[Pruning], ...]") -> Pruning:
    """What goes, or went, from all engines; environments of one that is away are left out."""
    config = world.project.config()
    found = [one.answer for one in answers if one.answer is not None]
    skipped = {key: why for one in found for key, why in one.skipped.items()}
    for one in answers:
        if one.engine.failure is not None:
            names = (where.name for where in config.environments_or_default)
            keys = (
                EnvironmentKey(config.name, name)
                for name in names
                if config.engine_of(name) in one.engine.names
            )
            skipped |= dict.fromkeys(keys, one.engine.failure.message)
    afters = [one.bytes_after for one in found if one.bytes_after is not None]
    return replace(
        found[0],
        containers=tuple(leaving for one in found for leaving in one.containers),
        images=tuple(dict.fromkeys(image for one in found for image in one.images)),
        remaining=tuple(leaving for one in found for leaving in one.remaining),
        skipped=skipped,
        bytes_before=sum(one.bytes_before for one in found),
        bytes_after=sum(afters) if afters else None,
    )


def _chosen(
    world: "World", config: "ProjectConfig", request: Prune
) -> tuple[list[EnvironmentKey], dict[EnvironmentKey, str]]:
    """Which environments it is about, and which it leaves out.

    Raises OwnedElsewhere when the one that was named is another repository's.
    """
    if request.environment != EVERY_ENVIRONMENT:
        key = EnvironmentKey(config.name, parse_environment_name(request.environment))
        refuse_others_environment(world, world.records.read(key), take_over=request.take_over)
        return [key], {}
    keys = world.records.environments(config.name)
    skipped = {
        key: "protected: name it with --env"
        for key in keys
        if config.environment(key.environment).protected
    }
    skipped |= {
        key: f"{record.message}: `doctor` tells what helps"
        for key, record in world.records.read_all(config.name).items()
        if isinstance(record, RecordInvalid)
    }
    if not request.take_over:
        skipped |= _of_others(world, [key for key in keys if key not in skipped])
    return [key for key in keys if key not in skipped], skipped


def _of_others(world: "World", keys: Sequence[EnvironmentKey]) -> dict[EnvironmentKey, str]:
    """Environments that belong to another repository of the same name."""
    origin = world.source.origin()
    found = ((key, taken_from(record_of(world, key), origin)) for key in keys)
    return {
        key: f"belongs to {owner.words()}: --take-over goes on"
        for key, owner in found
        if owner is not None
    }


def _of_environment(
    world: "World", config: "ProjectConfig", key: EnvironmentKey, before: datetime | None
) -> tuple[tuple[Leaving, ...], tuple[Leaving, ...]]:
    """What goes, and what stays though it has old values."""
    record, instances = record_of(world, key), world.engine.instances(key)
    if before is not None:
        return born_before(record, instances, before)
    return beyond_retention(record, instances, keep=config.keep), ()


def _prune(
    world: "World",
    config: "ProjectConfig",
    key: EnvironmentKey,
    request: Prune,
) -> tuple[tuple[Leaving, ...], tuple[Leaving, ...]]:
    leaving, remaining = _of_environment(world, config, key, request.before)
    if not leaving:
        return (), remaining
    ensure_infrastructure(world, key, config)
    with world.locks.environment(key, actor=world.actor, purpose=request.purpose) as lock:
        on_record = with_owner(world, lock.read_record(), take_over=request.take_over)
        leaving, remaining = _of_environment(world, config, key, request.before)
        for one in leaving:
            lock.confirm()
            world.engine.remove(one.deployment)
        verb = "prune" if request.before is None else "prune --secrets-before"
        names = ", ".join(f"{one.service} {one.deployment}" for one in leaving)
        record = audited(on_record, world.actor, world.clock.now(), verb, names)
        lock.write_record(record)
        keep_copy(world, lock)
    return leaving, remaining


def _free_images(
    world: "World", config: "ProjectConfig", leaving: Sequence[Leaving]
) -> tuple[str, ...]:
    """Images we built for the project that nothing needs once these containers are gone.

    None while a record cannot be read: nobody knows what that one needs.
    """
    gone = {one.deployment for one in leaving}
    used = {one.image for one in world.engine.instances() if one.deployment not in gone}
    origin = world.source.origin()
    for record in world.records.read_all(config.name).values():
        if isinstance(record, RecordInvalid):
            return ()
        # How much another repository keeps, its own file says.
        keep = config.keep if taken_from(record, origin) is None else len(record.deployments)
        used |= images_needed(record, keep=keep)
    return tuple(sorted(world.engine.built_images(config.name) - used))


def _remove_images(world: "World", config: "ProjectConfig") -> tuple[str, ...]:
    """Remove them; one that somebody began to use meanwhile stays.

    While somebody deploys all stay: theirs may have been built, and not be on any record yet.
    """
    if any(world.locks.holder(key) for key in world.records.environments(config.name)):
        return ()
    free = _free_images(world, config, ())
    for image in free:
        with suppress(CompartmentError):
            world.engine.remove_image(image)
    left = world.engine.built_images(config.name)
    return tuple(image for image in free if image not in left)
