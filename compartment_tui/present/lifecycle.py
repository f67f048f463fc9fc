"""What stop, start, restart and scale will do, in lines a person reads before saying yes."""

from compartment_tui.domain.planning.lifecycle import LifecyclePlan, LifecycleStep, LifecycleVerb
from compartment_tui.domain.planning.scale import counted
from compartment_tui.present.text import on_engine, pad, show, show_name, url
from compartment_tui.present.tone import Cell, Line, Tone, line

_DOES = {
    LifecycleVerb.STOP: "stops, and stays stopped until it is started",
    LifecycleVerb.START: "starts, and is proven before anybody gets to it",
    LifecycleVerb.RESTART: "stops and starts again: nobody is served meanwhile",
}
_ANSWERS = "the edge answers 503 and names it"


def handling_lines(handling: LifecyclePlan, http_port: int) -> tuple[Line, ...]:
    """A head line, then one or two a service."""
    key = handling.key
    head = f"{handling.verb.value.capitalize()} {key.project} in "
    where = Cell(show_name(key.environment), Tone.WARN)
    lines: list[Line] = [(Cell(head), where, Cell(on_engine(handling.engine), Tone.WARN))]
    if not handling.acting:
        lines.append(line("  nothing to do", Tone.QUIET))
    width = max((len(show(one.service)) for one in handling.services), default=0)
    for service in handling.services:
        lines += _rows(service, handling.verb, width, http_port)
    return tuple(lines)


def _rows(one: LifecycleStep, verb: LifecycleVerb, width: int, http_port: int) -> list[Line]:
    name = Cell(f"  {pad(show(one.service), width)}  ")
    if not one.acts:
        return [(name, Cell(one.why, Tone.QUIET))]
    if verb is LifecycleVerb.SCALE:
        return [(name, *_scaled(one))]
    interrupts = verb is not LifecycleVerb.START
    rows: list[Line] = [(name, Cell(_DOES[verb], Tone.WARN if interrupts else Tone.PLAIN))]
    if one.active.host is not None and interrupts:
        where = f"{url(one.active.host, http_port)}: {_ANSWERS}"
        rows.append((Cell(" " * (width + 4)), Cell(where, Tone.QUIET)))
    return rows


def _scaled(one: LifecycleStep) -> Line:
    change = Cell(replicas_words(one.before, one.replicas))
    if one.replicas == one.file:
        return (change, Cell(", as the file says", Tone.QUIET))
    return (change, Cell(f", as long as the file says {one.file}", Tone.QUIET))


def replicas_words(before: int, after: int) -> str:
    """`3 → 4 replicas`."""
    return counted(after) if before == after else f"{before} → {counted(after)}"
