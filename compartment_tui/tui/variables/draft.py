"""One variable while it is being written down: what it will be, and why it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass

from compartment_tui.domain.errors import CompartmentError, UsageProblem
from compartment_tui.domain.variable import Secret, Sensitivity, Variable
from compartment_tui.domain.variables.edits import SetVariable, check_key, check_value
from compartment_tui.present.text import clean
from compartment_tui.present.tone import Cell, Line, Tone, with_symbol
from compartment_tui.tui.kit.choice import Choice
from compartment_tui.tui.variables.editor_table import EVERY

KEY_WORDS = "the name: letters, digits and _"
SENSITIVE_WORDS = "sensitive: encrypted, never shown again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The fields of the form but the value, which is kept where it is typed."""

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
    """The error's message and its hint."""
    hint = f"  {clean(error.hint)}" if error.hint else ""
    return with_symbol(clean(error.message), Tone.BAD), Cell(hint, Tone.QUIET)


def nothing_typed() -> Line:
    """A sensitive value is never empty by accident: enter alone does not make it so."""
    words = "nothing was typed"
    return with_symbol(words, Tone.WARN), Cell("  esc leaves the value as it is", Tone.QUIET)


def value_words(sensitivity: Sensitivity) -> str:
    """The placeholder of an empty value field."""
    hidden = sensitivity is Sensitivity.SENSITIVE
    return "type the value: it stays hidden" if hidden else "type the value: it is shown"


def draft_of(environment: str, service: str | None, key: str, there: Variable | None) -> Draft:
    """To change what is there, or to say a key for the first time at that scope."""
    sensitivity = there.sensitivity if there else Sensitivity.PLAIN
    return Draft(
        environment=environment, service=service, key=key, sensitivity=sensitivity, new=not key
    )


def typed_at_first(there: Variable | None) -> str:
    """The initial text of the field: a plain value itself, nothing of a sensitive one."""
    if there is None or there.sensitivity is Sensitivity.SENSITIVE:
        return ""
    return there.shown() or ""


def scope_choice(services: Sequence[str], chosen: str | None) -> Choice:
    """For whom a value is."""
    names = (None, *services)
    options = (f"{EVERY} (environment)", *(f"only {service}" for service in services))
    return Choice(options=options, chosen=names.index(chosen) if chosen in names else 0)


def sensitivity_choice(chosen: Sensitivity) -> Choice:
    """The sensitivity of the value."""
    return Choice(options=("plain", SENSITIVE_WORDS), chosen=int(chosen is Sensitivity.SENSITIVE))
