"""Staged edits in words, for the questions before they are written or dropped."""

from collections.abc import Iterable, Iterator, Mapping

from compartment_tui.domain.errors import CompartmentError
from compartment_tui.domain.requests import Redeploy
from compartment_tui.domain.variable import Sensitivity
from compartment_tui.domain.variables.diff import effects
from compartment_tui.domain.variables.edits import RemoveVariable, VariableEdit, is_sensitive
from compartment_tui.present.recipients import new_reader_lines, reader_count_words
from compartment_tui.present.text import clean, counted, fit, show, show_name
from compartment_tui.present.tone import Cell, Line, Tone, line, with_symbol
from compartment_tui.present.variables import variable_value_cell
from compartment_tui.tui.kit.question import Question
from compartment_tui.tui.kit.styled_lines import Strong
from compartment_tui.tui.variables.editor_model import Editor, declared, place_of
from compartment_tui.tui.variables.editor_table import services_words

VALUE_COLUMNS = 36


def touched(editor: Editor) -> Mapping[str, tuple[str, ...]]:
    """By environment, the services that will get another value once what is staged is written."""
    if editor.before is None or editor.after is None:
        return {}
    names = dict.fromkeys(edit.environment for edit in editor.staged)
    found = {
        name: tuple(effects(editor.before.config, editor.after.config, name)) for name in names
    }
    return {name: services for name, services in found.items() if services}


def staged_lines(editor: Editor) -> tuple[Line, ...]:
    """The whole diff: environment by environment, scope by scope."""
    return tuple(_lines(editor, touched(editor)))


def _lines(editor: Editor, touches: Mapping[str, tuple[str, ...]]) -> Iterator[Line]:
    names = list(dict.fromkeys(edit.environment for edit in editor.staged))
    for place, name in enumerate(names):
        if place:
            yield ()
        yield (Cell("in ", Tone.QUIET), Strong(fit(show(name), 60)))
        edits = [edit for edit in editor.staged if edit.environment == name]
        for edit in sorted(edits, key=lambda edit: (edit.service or "", edit.key)):
            yield edit_line(editor, edit)
        services = touches.get(name, ())
        words = f"touches {services_words(services)}" if services else "touches no service"
        yield (Cell(f"  {words}", Tone.PLAIN if services else Tone.QUIET),)


def edit_line(editor: Editor, edit: VariableEdit) -> Line:
    """One edit: what it is about, what was there and what will be."""
    config = editor.before.config if editor.before else None
    was = declared(config, place_of(edit)) if config else None
    scope = "every service" if edit.service is None else show(edit.service)
    where = Cell(f"  for {scope}", Tone.QUIET)
    if edit in editor.lost:
        return (
            with_symbol(show(edit.key), Tone.BAD),
            where,
            Cell("  has no place any more", Tone.BAD),
        )
    if isinstance(edit, RemoveVariable):
        old = variable_value_cell(was, VALUE_COLUMNS).text if was else "not there"
        return (Cell(f"- {show(edit.key)}", Tone.BAD), where, Cell(f"  {old}", Tone.QUIET))
    new = editor.after and declared(editor.after.config, place_of(edit))
    now = variable_value_cell(new, VALUE_COLUMNS) if new else Cell("")
    if was is None:
        return (Cell(f"+ {show(edit.key)}", Tone.GOOD), where, Cell("  "), now)
    old = variable_value_cell(was, VALUE_COLUMNS).text
    steps: Line = (Cell(f"  {old} → ", Tone.QUIET), now)
    if new and was.sensitivity is not new.sensitivity is Sensitivity.PLAIN:
        steps = (*steps, Cell("  no longer sensitive", Tone.WARN))
    return (Cell(f"~ {show(edit.key)}", Tone.WARN), where, *steps)


def protected_names(editor: Editor) -> tuple[str, ...]:
    """Protected environments that are about to be edited, in order."""
    if editor.before is None:
        return ()
    names = dict.fromkeys(edit.environment for edit in editor.staged)
    return tuple(name for name in names if editor.before.config.environment(name).protected)


def write_question(editor: Editor, *, file: str) -> Question:
    """The diff, and whether it is to be written."""
    return Question(
        title=f"Write {counted(len(editor.staged), 'edit')} to {show(file)}",
        lines=(*staged_lines(editor), (), *_reader_lines(editor), line(_AFTER, Tone.QUIET)),
        yes="Write",
        no="Not yet",
    )


def _reader_lines(editor: Editor) -> Iterator[Line]:
    """The number of readers of its sensitive values, and the new ones among them."""
    sealing = sum(is_sensitive(edit) for edit in editor.staged)
    if not sealing or editor.before is None:
        return
    count = len(editor.before.config.recipients)
    if count:
        yield line(reader_count_words(count, sealing, can="will be able to"))
    new = accepted_readers(editor)
    yield from new_reader_lines(new)
    if new:
        yield line("Writing says that they may; else take them out of the file first.", Tone.WARN)


def accepted_readers(editor: Editor) -> tuple[str, ...]:
    """The new recipients that the question names: whoever says yes accepts them."""
    sealing = any(is_sensitive(edit) for edit in editor.staged)
    return editor.before.unknown_recipients if sealing and editor.before else ()


_AFTER = "Nothing that runs changes by it: a deploy or redeploy takes the new values."


def offers(editor: Editor, edits: Iterable[VariableEdit]) -> tuple[Redeploy, ...]:
    """Who was touched by these and runs, by environment, the one looked at first.

    Of other environments it is not known what runs in them; they are only named.
    """
    written = {edit.environment for edit in edits}
    found = []
    for name, services in touched(editor).items():
        if name not in written:
            continue
        running = editor.before.running if editor.before else {}
        here = name == editor.environment
        runs = [service for service in services if not here or service in running]
        if runs:
            found.append(Redeploy(environment=name, services=tuple(runs)))
    return tuple(sorted(found, key=lambda offer: offer.environment != editor.environment))


def redeploy_question(offer: Redeploy, others: tuple[str, ...]) -> Question:
    """Asked once it is written."""
    one = len(offer.services) == 1
    verb = "runs" if one else "run"
    lines: list[Line] = [
        (with_symbol("written", Tone.GOOD),),
        (),
        line(
            f"{services_words(offer.services)} in {show_name(offer.environment)} {verb} "
            "with the old values until a redeploy."
        ),
    ]
    if others:
        named = ", ".join(show(name) for name in others)
        lines += [line(f"The same holds in {named}.", Tone.QUIET)]
    return Question(
        title="Redeploy what was touched?",
        lines=tuple(lines),
        yes="Look at the plan",
        no="Later",
    )


def leave_question(editor: Editor) -> Question:
    """Leaving with something staged."""
    return Question(
        title="Leave without writing?",
        lines=(*staged_lines(editor), (), line("What is staged is dropped.", Tone.WARN)),
        yes="Drop and leave",
        no="Stay",
    )


def trouble_question(error: CompartmentError) -> Question:
    """It could not be written; nothing is lost."""
    lines: tuple[Line, ...] = ((with_symbol(clean(error.message), Tone.BAD),),)
    if error.hint:
        lines += (line(f"  {clean(error.hint)}", Tone.QUIET),)
    kept = line("Nothing was written, and everything stays staged.")
    return Question(title="Not written", lines=(*lines, (), kept), yes="Try again", no="Close")
