"""A few options on one line, of which one is chosen."""

from dataclasses import dataclass, replace

from compartment_tui.present.text import fit, show
from compartment_tui.present.tone import Cell, Line, Tone, line_width
from compartment_tui.tui.kit.styled_lines import Strong, fitted

CHOSEN, OTHER = "●", "○"


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
