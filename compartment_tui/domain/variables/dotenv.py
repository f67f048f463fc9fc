"""Variables as the text of a file has them."""

from collections.abc import Mapping
from dataclasses import dataclass

from compartment_tui.domain.variable import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DotenvContent:
    """What a text of variables has; some is named, because it may not be what was meant."""

    values: Mapping[str, Secret]
    literal_references: tuple[str, ...] = ()
    """Keys whose value has `$NAME` or the like in it, which stays as it is written."""
    decoded_paths: tuple[str, ...] = ()
    """Keys whose value looks like a path of Windows in double quotes, where `\\t` is a tab."""
