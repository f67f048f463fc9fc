"""The command line over a pretended machine, and what it wrote."""

import os
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.bootstrap import file_schema, hash_password
from compartment_tui.cli.app import build
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.ports import Factories, ProjectSurvey, World

TRANSCRIPTS = Path(__file__).parent / "transcripts"
WRITE = "COMPARTMENT_TUI_WRITE_TRANSCRIPTS"
"""Set to anything, transcripts are written instead of compared. Read the difference."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one command wrote and ended with."""

    words: tuple[str, ...]
    out: str
    err: str
    code: int

    def text(self) -> str:
        """As it is kept: the command, then stdout and stderr apart, then the exit code."""
        parts = [f"$ compartment-tui {' '.join(self.words)}\n"]
        parts += [
            f"{mark}{line}".rstrip() + "\n"
            for mark, body in (("  ", self.out), ("! ", self.err))
            for line in body.splitlines()
        ]
        return "".join(parts) + f"[{self.code}]\n"


def entrances(world: World) -> Factories:
    def init_project(directory: Path, name: str | None) -> ProjectSurvey:
        if (directory / "compartment.toml").exists():
            raise UsageProblem("there is a compartment.toml already")
        services = (("web", "services/web"),)
        return ProjectSurvey(
            file=directory / "compartment.toml", name=name or "shop", services=services
        )

    return Factories(
        open_world=lambda _file: world,
        init_project=init_project,
        survey_project=lambda directory: init_project(directory, None),
        open_demo=lambda: world,
        file_schema=file_schema,
        hash_password=hash_password,
    )


def line(opened: MemoryWorld, *words: str) -> Said:
    """Type a command; nothing is a terminal."""
    result = CliRunner().invoke(build(), list(words), obj=lambda: entrances(opened.world))
    return Said(words=words, out=result.stdout, err=result.stderr, code=result.exit_code)


def check_transcript(name: str, *said: Said) -> None:
    """Compare with what was recorded, to the letter."""
    path = TRANSCRIPTS / f"{name}.txt"
    text = "\n".join(one.text() for one in said)
    if os.environ.get(WRITE):
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"not recorded yet: run once with {WRITE}=1 and read it"
    assert text == path.read_text(encoding="utf-8")
