"""Programs that are only pretended to run."""

from collections.abc import Mapping, Sequence

from compartment_tui.domain.variable import Secret


class MemoryPrograms:
    """`Programs` that remember what they were given, and end with `exit_code`."""

    def __init__(self) -> None:
        self.exit_code = 0
        self.ran: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def run(self, command: Sequence[str], values: Mapping[str, Secret]) -> int:
        given = {name: value.reveal() for name, value in values.items()}
        self.ran.append((tuple(command), given))
        return self.exit_code
