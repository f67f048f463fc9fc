"""Another home for a Swarm in words: what it gets, what it cannot, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compartment_tui import PROGRAM
from compartment_tui.domain.home import ENOUGH_MANAGERS
from compartment_tui.domain.placement import anew_command
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.present.text import clean, counted, listed, on_engine, show, show_name
from compartment_tui.present.tone import Tone, line, with_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compartment_tui.domain.detail_views import Adoption
    from compartment_tui.domain.record.adoption import AdoptedEnvironment
    from compartment_tui.present.tone import Line


def adoption_lines(adoption: Adoption) -> tuple[Line, ...]:
    """What would be done, and what is not to be had again."""
    if adoption.empty:
        return (line(f"{show(adoption.node)} is the home already: there is nothing to do"),)
    return tuple(_planned(adoption))


def _planned(adoption: Adoption) -> Iterator[Line]:
    node, where = show(adoption.node), on_engine(adoption.engine)
    if adoption.lost:
        yield line(
            f"{node} becomes the home of the Swarm{where}, in place of {show(adoption.lost)}"
        )
        lost = f"{show(adoption.lost)} is taken out of the Swarm: it must not come back as it was"
        yield line(f"  machine      {lost}", Tone.WARN)
    else:
        yield line(f"{node} is the home of the Swarm{where} already, and this is left to do")
    if adoption.lost or adoption.environments:
        yield line(f"  edge         made on {node}; domains must lead there from now on")
    for environment in adoption.environments:
        yield from _environment(environment)
    for name in adoption.former:
        yield line(f"  machine      {show(name)} was the home before: the edge it has goes")
    if adoption.lost:
        yield line(f"  not carried  {_not_carried(adoption)}", Tone.WARN)
    if few := _few(adoption):
        yield line(f"  after it     {few}", Tone.WARN)


def _environment(environment: AdoptedEnvironment) -> Iterator[Line]:
    record = environment.record
    where = f"{show_name(environment.key.environment)} of {show(environment.key.project)}"
    yield line(f"  environment  {where}, {_source(environment)}", _tone(environment))
    for service, deployment in sorted(record.active.items()):
        if service not in environment.left_behind:
            yield line(f"    live       {show(service)}: {deployment}")
    for host in environment.hosts:
        yield line(f"    route      {show(host)}")
    if record.active and not environment.hosts:
        deploy = f"`{PROGRAM} deploy{option_for(environment.key.environment)}`"
        yield line(f"    route      none is known: {deploy} leads the hosts of the file", Tone.WARN)
    for service in environment.left_behind:
        yield line(f"    stopped    {show(service)}: {_away(environment, service)}", Tone.BAD)
    for deployment in environment.strays:
        yield line(f"    stopped    {deployment}: a run was making it, it never was live")
    if record.journal is not None:
        words = "was under way: it is finished or reverted"
        yield line(f"    run        {record.journal.run} {words}", Tone.WARN)


def _away(environment: AdoptedEnvironment, service: str) -> str:
    """What became of a service whose volumes nobody has any more; the way on."""
    anew = anew_command(service, environment.key.environment)
    return f"its volumes are on the lost machine; `{anew}` makes it anew, with empty ones"


def _few(adoption: Adoption) -> str:
    """That the next loss could not be borne; the way on. Empty when it could."""
    if adoption.managers >= ENOUGH_MANAGERS:
        return ""
    promote = f"`docker node promote NAME` until there are {ENOUGH_MANAGERS}"
    return f"{counted(adoption.managers, 'manager')} left: {promote}"


def _source(environment: AdoptedEnvironment) -> str:
    """Where its record comes from."""
    if environment.copied is None:
        why = "there is no copy of its record"
        if environment.problem:
            why = f"the copy of its record cannot be read ({clean(environment.problem)})"
        return f"from the services' labels: {why}"
    when = f"{environment.copied:%Y-%m-%d %H:%M:%S} UTC"
    if environment.older:
        names = listed(map(show, environment.older))
        return f"from labels: the copy of {when} is older than what runs of {names}"
    return f"as copied at {when}"


def _tone(environment: AdoptedEnvironment) -> Tone:
    whole = environment.copied is not None and not environment.older
    return Tone.PLAIN if whole else Tone.WARN


def _not_carried(adoption: Adoption) -> str:
    """What was on the lost machine alone."""
    domains = [domain.host for one in adoption.environments for domain in one.table.public.domains]
    ordered = f" (of {listed(map(show, domains))})" if domains else ""
    anew = "ordered anew, own ones come with the next deploy"
    return f"certificates{ordered}: {anew}; history that was put away"


def adopted_lines(adoption: Adoption) -> tuple[Line, ...]:
    """What came of it, and what is left to do."""
    notes = tuple((with_symbol(clean(note), Tone.WARN),) for note in adoption.notes)
    if adoption.empty:
        return (*adoption_lines(adoption), *notes)
    if adoption.failed:
        words = "not all was brought: the same command does what is left"
        return (*notes, *_left_to_do(adoption), (with_symbol(words, Tone.BAD),))
    return (*notes, (with_symbol(_done(adoption), Tone.GOOD),), *_left_to_do(adoption))


def _done(adoption: Adoption) -> str:
    node = show(adoption.node)
    if adoption.lost or adoption.environments:
        hosts = sum(len(one.hosts) for one in adoption.environments)
        return f"{node} is the home, and answers for {counted(hosts, 'host')}"
    if adoption.notes:
        return f"{node} is the home"
    return f"{node} is the home, and there is no edge on {listed(map(show, adoption.former))} now"


def _left_to_do(adoption: Adoption) -> Iterator[Line]:
    for environment in adoption.environments:
        if environment.key in adoption.failed:
            continue
        where = f"in {show_name(environment.key.environment)} of {show(environment.key.project)}"
        for service in environment.left_behind:
            words = f"{show(service)} {where} is stopped: {_away(environment, service)}"
            yield (with_symbol(words, Tone.WARN),)
    if adoption.lost:
        leave = "if it comes back, `docker swarm leave --force` there before it joins again"
        words = f"{show(adoption.lost)} is no longer in the Swarm: {leave}"
        yield (with_symbol(words, Tone.WARN),)
    if few := _few(adoption):
        yield (with_symbol(few, Tone.WARN),)
