"""What a prune takes away, in lines a person reads before saying yes, and what came of it."""

from compartment_tui.domain.planning.retention import Leaving, Pruning
from compartment_tui.present.text import clean, counted, short_id, short_image, show, size
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol


def pruning_lines(found: Pruning) -> tuple[Line, ...]:
    """Every container and image that goes, what that costs, and what is left alone."""
    lines = [_container(one) for one in found.containers]
    lines += [line(f"  image {short_image(image)}") for image in found.images]
    head = counted(len(found.containers), "container")
    if found.before is None:
        head += f" and {counted(len(found.images), 'image')}"
    if found.empty:
        return (line(f"nothing of {found.project} to prune"), *_left(found))
    lines.insert(0, line(f"takes away {head} of {found.project}:"))
    return (*lines, *_consequences(found), *_left(found))


def pruned_lines(found: Pruning) -> tuple[Line, ...]:
    """What went, and how much room the engine has won."""
    if found.empty:
        return (line(f"nothing of {found.project} to prune"), *_left(found))
    went = f"{counted(len(found.containers), 'container')} removed"
    if found.before is None:
        images = counted(len(found.images), "image")
        went = f"{counted(len(found.containers), 'container')} and {images} removed"
    after = found.bytes_before if found.bytes_after is None else found.bytes_after
    room = f"  images and containers on the engine: {size(found.bytes_before)} → {size(after)}"
    head = (with_symbol(went, Tone.GOOD), Cell(room, Tone.QUIET))
    return (head, *_left(found))


def _container(one: Leaving) -> Line:
    name = f"  {show(one.service)} {short_id(one.deployment)} in {show(one.key.environment)}"
    return Cell(name), Cell(f"  {one.why}", Tone.QUIET)


def _consequences(found: Pruning) -> list[Line]:
    """What a rollback can no longer do, once these are gone."""
    lost = [one for one in found.containers if one.was_live]
    if found.before is None or not lost:
        return []
    text = "a rollback to one of these makes a new container, with the values of that day"
    return [(with_symbol(text, Tone.WARN),)]


def _left(found: Pruning) -> list[Line]:
    lines: list[Line] = []
    for kept in found.remaining:
        where = f"{show(kept.service)} {short_id(kept.deployment)} in {show(kept.key.environment)}"
        lines.append(
            (with_symbol(f"{where} has values from before, too; it is {kept.why}", Tone.WARN),)
        )
    for key, why in found.skipped.items():
        said = f"{show(key.environment)} is left alone: {clean(why)}"
        lines.append((with_symbol(said, Tone.WARN),))
    return lines
