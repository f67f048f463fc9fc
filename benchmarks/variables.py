"""How long a person waits for one variable among thousands."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Aim, Comparison, sample
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.variable import Secret, resolve
from compartment_tui.domain.variables.edits import SetVariable

MANY, FEW = 5_000, 10
AIM = Aim(extra=0.300)
HEAD = (
    '[project]\nname = "shop"\n\n[services]\nweb = "web"\n\n[environments.production.variables]\n'
)


def measure(rounds: int, tell: Callable[[str], None]) -> list[Comparison]:
    """Setting one and resolving one in a file of 5,000, beside the same in a file of 10."""
    tell(f"variables: one among {MANY:,}")
    with TemporaryDirectory() as folder:
        many, few = (_project(Path(folder) / str(size), size) for size in (MANY, FEW))
        took: dict[str, list[float]] = {name: [] for name in ("set", "set few", "get", "get few")}
        for number in range(rounds):
            for suffix, project in (("", many), (" few", few)):
                took[f"set{suffix}"].append(_timed(partial(_set, project, number)))
                took[f"get{suffix}"].append(_timed(partial(_get, project, number)))
    return [
        Comparison(
            what=f"variable {verb} in a file of {MANY:,}",
            measured=sample(took[name]),
            beside=f"in a file of {FEW}",
            against=sample(took[f"{name} few"]),
            aim=AIM,
        )
        for verb, name in (("set", "set"), ("resolve", "get"))
    ]


def _project(folder: Path, size: int) -> Path:
    folder.mkdir()
    lines = (f'KEY_{number} = "value {number}" # what it is for\n' for number in range(size))
    file = folder / "compartment.toml"
    file.write_text(HEAD + "".join(lines), encoding="utf-8")
    return file


def _set(file: Path, number: int) -> None:
    edit = SetVariable(environment="production", key="KEY_7", value=Secret(f"round {number}"))
    TomlProject(file).edit((edit,))


def _get(file: Path, number: int) -> None:
    rows = resolve(TomlProject(file).config().environment("production").layers("web"))
    (value,) = (row.winner.value for row in rows if row.key == "KEY_7")
    assert value == Secret(f"round {number}")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
