"""One variable while it is being written down: what it will be, and why it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compartment_tui.domain.edits import SetVariable, check_key, check_value
from compartment_tui.domain.errors import CompartmentError, UsageProblem
from compartment_tui.domain.variables import Secret, Sensitivity, Variable
from compartment_tui.present.editor_table import EVERY
from compartment_tui.present.pieces import Strong, fitted, line_width
from compartment_tui.present.text import clean, fit, show
from compartment_tui.present.tone import Cell, Line, Tone, signed

CHOSEN, OTHER = "●", "○"
KEY_WORDS = "the name: letters, digits and _"
SENSITIVE_WORDS = "sensitive: encrypted, never shown again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is asked for; its value is kept where it is typed."""

    environment: str
    service: str | None
    key: str = ""
    sensitivity: Sensitivity = Sensitivity.PLAIN
    new: bool = True
    """Whether the key is still to be named."""

    def edit(self, value: Secret) -> SetVariable:
        """The edit. Raises UsageProblem, which never tells the value."""
        return SetVariable(
            environment=self.environment,
            service=self.service,
            key=check_key(self.key),
            value=check_value(self.key, value),
            sensitivity=self.sensitivity,
        )

    def problem(self, value: Secret) -> Line:
        """Why it cannot be staged; empty when it can, or when there is nothing to judge yet."""
        if not self.key:
            return ()
        try:
            self.edit(value)
        except UsageProblem as error:
            return problem_line(error)
        return ()


def problem_line(error: CompartmentError) -> Line:
    """What is wrong, and the way on."""
    hint = f"  {clean(error.hint)}" if error.hint else ""
    return signed(clean(error.message), Tone.BAD), Cell(hint, Tone.QUIET)


def nothing_typed() -> Line:
    """A sensitive value is never empty by accident: enter alone does not make it so."""
    words = "nothing was typed"
    return signed(words, Tone.WARN), Cell("  esc leaves the value as it is", Tone.QUIET)


def value_words(sensitivity: Sensitivity) -> str:
    """What stands where the value is to be typed, while nothing is."""
    hidden = sensitivity is Sensitivity.SENSITIVE
    return "type the value: it stays hidden" if hidden else "type the value: it is shown"


def draft_of(environment: str, service: str | None, key: str, there: Variable | None) -> Draft:
    """To change what is there, or to say a key for the first time at that scope."""
    sensitivity = there.sensitivity if there else Sensitivity.PLAIN
    return Draft(
        environment=environment, service=service, key=key, sensitivity=sensitivity, new=not key
    )


def typed_at_first(there: Variable | None) -> str:
    """What the field begins with: a plain value itself, nothing of a sensitive one."""
    if there is None or there.sensitivity is Sensitivity.SENSITIVE:
        return ""
    return there.shown() or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A few things of which one is chosen."""

    options: tuple[str, ...]
    chosen: int = 0

    def by(self, step: int) -> "Choice":
        return replace(self, chosen=(self.chosen + step) % len(self.options))

    def drawn(self, columns: int) -> Line:
        """On one line; where that is too short, the options around the chosen one."""
        parts = [self._option(place) for place in range(len(self.options))]
        first, last = self.chosen, self.chosen + 1
        room = columns - line_width(parts[first]) - 4
        while True:
            if first > 0 and line_width(parts[first - 1]) + 3 <= room:
                first -= 1
                room -= line_width(parts[first]) + 3
            elif last < len(parts) and line_width(parts[last]) + 3 <= room:
                room -= line_width(parts[last]) + 3
                last += 1
            else:
                break
        pieces: list[Cell] = [Cell("\u2039 ", Tone.QUIET)] if first else []
        for place, part in enumerate(parts[first:last]):
            pieces += [Cell("   "), *part] if place else part
        if last < len(parts):
            pieces.append(Cell(" \u203a", Tone.QUIET))
        return fitted(tuple(pieces), columns)

    def _option(self, place: int) -> Line:
        words = fit(show(self.options[place]), 48)
        if place == self.chosen:
            return (Strong(f"{CHOSEN} {words}"),)
        return (Cell(f"{OTHER} {words}", Tone.QUIET),)


def scope_choice(services: Sequence[str], chosen: str | None) -> Choice:
    """For whom a value is."""
    names = (None, *services)
    options = (f"{EVERY} (environment)", *(f"only {one}" for one in services))
    return Choice(options=options, chosen=names.index(chosen) if chosen in names else 0)


def sensitivity_choice(chosen: Sensitivity) -> Choice:
    """How a value is kept."""
    return Choice(options=("plain", SENSITIVE_WORDS), chosen=int(chosen is Sensitivity.SENSITIVE))
