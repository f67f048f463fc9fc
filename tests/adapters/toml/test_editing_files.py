"""Editing a project file on disk: locks, links, modes; and the sensitive values in it."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from compartment_tui.adapters.memory.secrets import OURS, MemorySecrets
from compartment_tui.adapters.project_file.edit import edit_file
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.errors import (
    NotFound,
    ProjectFileInvalid,
    SensitiveUnreadable,
    UsageProblem,
)
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import Edit, Rekey, RemoveVariable, SetVariable
from tests.adapters.toml.test_editing import HEAD, put

OTHER = "age1other"


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def project(tmp_path: Path, secrets: MemorySecrets) -> TomlProject:
    (tmp_path / "compartment.toml").write_text(HEAD, encoding="utf-8")
    return TomlProject(tmp_path / "compartment.toml", secrets)


def secret(key: str, value: str, service: str | None = None) -> SetVariable:
    return SetVariable(
        environment="production",
        service=service,
        key=key,
        value=Secret(value),
        sensitivity=Sensitivity.SENSITIVE,
    )


def text(project: TomlProject) -> str:
    return project.file.read_bytes().decode()


def here(key: str, service: str | None = None) -> SealPlace:
    return SealPlace(project="shop", environment="production", service=service, key=key)


def sealed(project: TomlProject, key: str) -> str:
    found = project.config().environment("production").variables[key].sealed
    assert found is not None
    return found


def test_mode_and_link_stay(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "shop.toml"
    real.parent.mkdir()
    real.write_text(HEAD, encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "compartment.toml"
    link.symlink_to(real)
    TomlProject(link).edit((put("A", "1"),))
    assert link.is_symlink()
    assert 'A = "1"' in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [one.name for one in real.parent.iterdir()] == ["shop.toml"]


def test_nothing_to_change_writes_nothing(project: TomlProject) -> None:
    project.edit((put("A", "1"),))
    before = project.file.stat()
    project.edit((put("A", "1"), RemoveVariable(environment="production", key="B")))
    assert os.path.samestat(before, project.file.stat())


def test_all_edits_are_made_or_none(project: TomlProject) -> None:
    with pytest.raises(NotFound, match="no service"):
        project.edit((put("A", "1"), put("B", "2", service="wbe")))
    with pytest.raises(UsageProblem, match="reserved"):
        project.edit((put("A", "1"), put("COMPARTMENT_X", "2")))
    with pytest.raises(UsageProblem, match="NUL"):
        project.edit((put("A", "1"), put("B", "\0")))
    assert text(project) == HEAD


def test_a_broken_file_is_told_and_left(project: TomlProject) -> None:
    project.file.write_text(HEAD + "[edge]\nhtpp_port = 1\n", encoding="utf-8")
    with pytest.raises(ProjectFileInvalid, match=r"compartment\.toml:8: .*did you mean"):
        project.edit((put("A", "1"),))
    project.file.unlink()
    with pytest.raises(NotFound):
        project.edit((put("A", "1"),))


def test_what_an_editor_saves_meanwhile_is_not_lost(
    project: TomlProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = edit_file.edited_text, 0

    def slow(*args: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:  # a person saves while we think
            project.file.write_text(HEAD + "# by hand\n", encoding="utf-8")
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(edit_file, "edited_text", slow)
    project.edit((put("A", "1"),))
    assert calls == 2
    assert text(project) == HEAD + '# by hand\n\n[environments.production.variables]\nA = "1"\n'


def test_a_place_that_cannot_be_written_is_told(
    project: TomlProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(edit_file, "write_atomically", refused)
    with pytest.raises(UsageProblem, match=r"cannot be written: Permission denied"):
        project.edit((put("A", "1"),))
    assert text(project) == HEAD


WRITER = """
import sys
from pathlib import Path
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.domain.variable import Secret
project = TomlProject(Path(sys.argv[1]))
for number in range(15):
    key = f"{sys.argv[2]}_{number}"
    project.edit((SetVariable(environment="production", key=key, value=Secret("x")),))
"""


def test_writers_at_once_lose_nothing(project: TomlProject) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(project.file), name])
        for name in ("A", "B", "C")
    ]
    assert [one.wait(timeout=60) for one in writers] == [0, 0, 0]
    found = project.config().environment("production").variables
    assert set(found) == {f"{name}_{number}" for name in "ABC" for number in range(15)}


def test_threads_at_once_lose_nothing(project: TomlProject) -> None:
    threads = [
        threading.Thread(target=project.edit, args=((put(f"K{number}", "x"),),))
        for number in range(12)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(project.config().environment("production").variables) == 12


def with_recipients(project: TomlProject, *names: str) -> None:
    project.edit((Rekey(add=names),))


def test_a_sensitive_value_is_encrypted_for_those_in_the_file(
    project: TomlProject, secrets: MemorySecrets
) -> None:
    with pytest.raises(UsageProblem, match="nobody"):
        project.edit((secret("TOKEN", "s3cret"),))
    with_recipients(project, OURS, OTHER)
    config = project.edit((secret("TOKEN", "s3cret"),))
    assert "s3cret" not in text(project)
    variable = config.environment("production").variables["TOKEN"]
    assert (variable.value, variable.sensitivity) == (None, Sensitivity.SENSITIVE)
    for name in (OURS, OTHER):
        secrets.recipient = name
        assert secrets.unseal(sealed(project, "TOKEN"), here("TOKEN")).value == Secret("s3cret")
    secrets.recipient = "age1nobody"
    assert secrets.unseal(sealed(project, "TOKEN"), here("TOKEN")).value is None


FORMS = {
    "braces": '[environments.production.variables]\nA = {sensitive="OLD"} # one\n',
    "dotted": '[environments.production.variables]\nA.sensitive = "OLD" # one\n',
    "deeper": '[environments.production]\nvariables.A.sensitive = "OLD" # one\n',
    "table": '[environments.production.variables.A]\nsensitive = "OLD" # one\n',
    "within": '[environments]\nproduction = { variables = { A = { sensitive = "OLD" } } } # one\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_an_encrypted_value_is_replaced_where_it_stands(
    project: TomlProject, secrets: MemorySecrets, form: str
) -> None:
    before = HEAD + FORMS[form] + f'[secrets]\nrecipients = ["{OURS}"]\n'
    old = secrets.seal(Secret("one"), (OURS,), here("A"))
    project.file.write_text(before.replace("OLD", old), encoding="utf-8")
    project.edit((secret("A", "two"),))
    new = sealed(project, "A")
    assert secrets.unseal(new, here("A")).value == Secret("two")
    assert text(project) == before.replace("OLD", new)
    project.edit((put("A", "plain"),))
    assert project.config().environment("production").variables["A"].value == Secret("plain")
    assert "sensitive" not in text(project)
    project.edit((secret("A", "three"),))
    assert secrets.unseal(sealed(project, "A"), here("A")).value == Secret("three")
    project.edit((RemoveVariable(environment="production", key="A"),))
    assert project.config().environment("production").variables == {}


LISTS = {
    "one line": ('["age1memory", "age1x"] # us', '["age1memory", "age1y"] # us'),
    "several lines": (
        '[\n  "age1memory", # ada\n  # bob left\n  "age1x" # bob\n]',
        '[\n  "age1memory", # ada\n  "age1y",\n  # bob left\n]',
    ),
    "a comma at the end": (
        "[\n    'age1memory', # ada\n    'age1x',\n]",
        "[\n    'age1memory', # ada\n    \"age1y\",\n]",
    ),
    "the first goes": ('["age1x", "age1memory"]', '["age1memory", "age1y"]'),
    "all on the next line": (
        '[\n  "age1x", "age1memory"\n]',
        '[\n  "age1memory", "age1y"\n]',
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_recipients_are_changed_where_they_stand(project: TomlProject, case: str) -> None:
    before, after = LISTS[case]
    head = HEAD + "\n[secrets]\nrecipients = "
    project.file.write_text(f"{head}{before}\n", encoding="utf-8")
    project.edit((Rekey(add=("age1y", "age1memory"), remove=("age1x",)),))
    assert text(project) == f"{head}{after}\n"


def test_everything_is_encrypted_again_when_readers_change(
    project: TomlProject, secrets: MemorySecrets
) -> None:
    with_recipients(project, OURS)
    project.edit((secret("A", "one"), secret("B", "two", service="web"), put("C", "plain")))
    before = sealed(project, "A")
    project.edit((Rekey(add=(OTHER,), remove=(OURS,)),))
    assert sealed(project, "A") != before
    config = project.config()
    assert config.recipients == (OTHER,)
    own = config.environment("production").services["web"]["B"].sealed
    assert secrets.unseal(own or "", here("B", "web")).value is None
    secrets.recipient = OTHER
    assert secrets.unseal(own or "", here("B", "web")).value == Secret("two")


def test_what_cannot_be_read_is_not_thrown_away(
    project: TomlProject, secrets: MemorySecrets
) -> None:
    with_recipients(project, OURS)
    project.edit((secret("A", "one"),))
    before = text(project)
    secrets.recipient = "age1nobody"
    with pytest.raises(SensitiveUnreadable, match="A in “production”"):
        project.edit((Rekey(add=(OTHER,)),))
    assert text(project) == before


def test_several_kinds_of_edits_in_one_go(project: TomlProject) -> None:
    edits: tuple[Edit, ...] = (
        put("A", "1"),
        put("A", "2"),
        RemoveVariable(environment="production", key="A"),
        Rekey(add=(OURS,)),
        secret("B", "x"),
        put("A", "3", env="b"),
    )
    config = project.edit(edits)
    assert config == parse_config(text(project), root=project.root)
    assert set(config.environment("production").variables) == {"B"}
    assert config.environment("b").variables["A"].value == Secret("3")
