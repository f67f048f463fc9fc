"""Terminals that can only show ASCII: noticed, and served by one filter over everything drawn."""

from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from compartment_tui.present.tone import in_ascii

VARIABLE = "COMPARTMENT_TUI_ASCII"
"""`1` says ASCII, `0` says not, whatever the terminal seems to be."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether to draw in ASCII: the Linux console, or a locale that says it is not UTF-8."""
    said = environment.get(VARIABLE, "")
    if said:
        return said != "0"
    return environment.get("TERM") == "linux" or not _speaks_utf8(environment)


def _speaks_utf8(environment: Mapping[str, str]) -> bool:
    # Where Python finds the C locale it sets LC_CTYPE to C.UTF-8 before we can look; then LANG
    # still has what was said. Nothing said at all is common in containers, on terminals that can.
    ctype = environment.get("LC_CTYPE", "")
    coerced = ctype == "C.UTF-8" and not environment.get("LC_ALL")
    said = environment.get("LC_ALL") or ("" if coerced else ctype) or environment.get("LANG", "")
    return not said or "utf" in said.lower()


class Ascii(LineFilter):
    """Puts an ASCII character in the place of every other, as wide as it was."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style)
            for segment in segments
        ]
