"""What a status has to say beyond its table: everything that is not simply well."""

from collections.abc import Iterator

from compartment_tui import PROGRAM
from compartment_tui.domain.deployment import Health, Stage, Status
from compartment_tui.domain.placement import anew_command
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.views import EnvironmentStatus, HeldCandidate, ServiceStatus
from compartment_tui.present.nodes import away_line
from compartment_tui.present.replicas import by_hand_words, has_ended_ones
from compartment_tui.present.text import (
    clean,
    counted,
    listed,
    short_id,
    show,
    stage_words,
    variable_words,
)
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol


def status_notes(status: EnvironmentStatus) -> tuple[Line, ...]:
    """One line a matter, the environment's before its services'."""
    lines = [*_environment_notes(status)]
    for service in status.services:
        lines.extend(_service_notes(status, service))
    return tuple(lines)


def _environment_notes(status: EnvironmentStatus) -> Iterator[Line]:
    name = status.key.environment
    if status.stale:
        at = status.stale.astimezone().strftime("%Y-%m-%d %H:%M")
        why = clean(status.away.message) if status.away else "the Docker engine does not answer"
        yield _warn(f"this is the copy of {at}, not what is so now: {why}")
    if status.last_met:
        yield _warn(f"it was last seen on {show(status.last_met)}: what runs there stays there")
    if status.holder:
        yield _warn(f"{clean(status.holder)} is changing it now")
    if away := away_line(status.nodes):
        yield away
    if status.journal:
        yield (
            with_symbol(
                f"a {status.journal.trigger.value} neither finished nor reverted: ", Tone.BAD
            ),
            Cell(f"{PROGRAM} resume{option_for(name)}"),
        )
    if status.rebuilt:
        yield _warn("the record was lost and made again: failed runs and the audit are not in it")
    for one in status.ending:
        yield _warn(f"the certificate of {listed(one.hosts)} ends on {one.until:%Y-%m-%d}")
        again = (
            f"it should have been renewed: {PROGRAM} domain list{option_for(name)} may say why not"
        )
        own = f"put a newer one where compartment.toml names it, then {PROGRAM} deploy"
        yield line(f"  {own if one.own else again}", Tone.QUIET)
    if status.unreadable:
        yield _warn(f"{clean(status.unreadable.message)}: this is what routes and labels tell")
        yield line(f"  {clean(status.unreadable.hint)}", Tone.QUIET)


def _service_notes(status: EnvironmentStatus, one: ServiceStatus) -> Iterator[Line]:
    name = show(one.service)
    if one.stranded:
        resting = one.active is not None and one.active.resting
        what = clean(one.reason) if resting else f"{one.health.value}: {clean(one.reason)}"
        yield (with_symbol(f"{name} is {what}", Tone.WARN if resting else Tone.BAD),)
        if one.declared:
            anew = anew_command(one.service, status.key.environment)
            yield line(f"  {anew} makes it anew, without that data", Tone.QUIET)
    elif one.active and one.active.resting:
        option = f"{option_for(status.key.environment)} -s {one.service}"
        yield _warn(f"{name} is {clean(one.reason)}")
        yield line(f"  {PROGRAM} start{option}", Tone.QUIET)
    elif one.active and one.health is not Health.HEALTHY and one.reason:
        tone = Tone.BAD if one.health is Health.UNHEALTHY else Tone.WARN
        yield (with_symbol(f"{name} is {one.health.value}: {clean(one.reason)}", tone),)
        if has_ended_ones(one):
            scale = f"scale {one.service}={one.wanted}{option_for(status.key.environment)}"
            yield line(f"  {PROGRAM} {scale} runs it again", Tone.QUIET)
    if one.maintenance:
        option = f"{option_for(status.key.environment)} -s {one.service}"
        yield _warn(f"{name} is in maintenance: visitors get a page")
        yield line(f"  {PROGRAM} maintenance off{option}", Tone.QUIET)
    latest = one.latest
    if latest and latest.status is Status.FAILED and latest != one.active:
        yield from _failed_latest(status, one)
    if one.held:
        yield from _held(status, one.held)
    if one.drift:
        yield _warn(f"{name}: variables in the file are not what runs: {variable_words(one.drift)}")
    if why := by_hand_words(one):
        yield _warn(f"{name}: {counted(one.wanted, 'replica')}, {why}")
    if not one.declared:
        yield _warn(f"{name} is no longer in the project file")
        option = option_for(status.key.environment)
        yield line(f"  {PROGRAM} remove{option} -s {one.service} takes it away", Tone.QUIET)


def _held(status: EnvironmentStatus, held: HeldCandidate) -> Iterator[Line]:
    tone = Tone.BAD if held.health is Health.UNHEALTHY else Tone.WARN
    name = f"{show(held.deployment.service)} {short_id(held.deployment.id)}"
    yield (with_symbol(f"{name} is {clean(held.reason)}", tone),)
    if held.url:
        yield line(f"  {held.url}", Tone.QUIET)
    if held.changes:
        yield line(f"  variables {variable_words(held.changes)}", Tone.QUIET)
    option = f"{option_for(status.key.environment)} -s {held.deployment.service}"
    yield line(f"  {PROGRAM} promote{option}, or discard{option}", Tone.QUIET)


def _failed_latest(status: EnvironmentStatus, one: ServiceStatus) -> Iterator[Line]:
    latest = one.latest
    if latest is None:
        return
    reason = f": {clean(latest.failure)}" if latest.failure else ""
    name = f"{show(one.service)} {short_id(latest.id)}"
    where = stage_words(latest.stage)
    yield (with_symbol(f"{name} failed while {where}{reason}", Tone.BAD),)
    if latest.stage not in (Stage.BUILDING, Stage.RELEASE):  # else it never had a container
        option = option_for(status.key.environment)
        yield line(f"  {PROGRAM} deployment logs {short_id(latest.id)}{option}", Tone.QUIET)


def _warn(text: str) -> Line:
    return (with_symbol(text, Tone.WARN),)
