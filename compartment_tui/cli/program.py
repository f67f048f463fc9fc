"""The program's name, and its name in examples."""

from compartment_tui import PROGRAM


def epilog(examples: tuple[str, ...]) -> str | None:
    """Examples as they are typed, one a line."""
    if not examples:
        return None
    # The backspace tells typer not to join the lines.
    return "\n".join(("\b", "Examples:", *(f"  {PROGRAM} {example}" for example in examples)))
