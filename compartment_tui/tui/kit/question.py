"""A question that is answered with yes or no."""

from dataclasses import dataclass

from compartment_tui.present.tone import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to be answered with yes or no. No is what happens when nothing is said."""

    title: str
    lines: tuple[Line, ...]
    yes: str
    no: str
