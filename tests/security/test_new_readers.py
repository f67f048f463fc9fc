"""Nobody reads what is sealed next without a word: a pull request can add a recipient."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.adapters.memory.world import memory_world
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.secrets import AgeSecrets
from compartment_tui.cli.reader_questions import allow_readers
from compartment_tui.domain.errors import Cancelled, UsageProblem
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import SetVariable
from tests.cli.test_asking import at_terminal
from tests.rollout.shop import WEB, shop_config
from tests.security.secrets_file import CANARY, SecretsFile, secrets_file

SET = ("variable", "set", "TOKEN", "--sensitive", "--stdin")


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecretsFile:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return secrets_file(tmp_path)


@pytest.fixture
def mallory(tmp_path: Path) -> str:
    return AgeSecrets({}, tmp_path / "mallory").make_identity().recipients[0]


SEALING = {
    "set": SET,
    "import": ("variable", "import", "-", "--sensitive"),
    "rekey": ("variable", "rekey"),
    "add": ("recipients", "add"),
}


@pytest.mark.parametrize("how", SEALING)
def test_a_new_recipient_is_named_and_asked_about(
    ours: SecretsFile, mallory: str, how: str
) -> None:
    assert ours.type(*SET, stdin=CANARY).code == 0
    text = ours.file.read_text(encoding="utf-8")
    added = text.replace("recipients = [", f'recipients = ["{mallory}", ')
    ours.file.write_text(added, encoding="utf-8")
    words, given = SEALING[how], "B=2\n"
    refused = ours.type(*words, stdin=given)
    assert refused.code == 2
    assert mallory in refused.err
    assert "--yes" in refused.err
    assert ours.file.read_text(encoding="utf-8") == added
    allowed = ours.type(*words, "--yes", stdin=given)
    assert allowed.code == 0
    assert mallory in allowed.err
    assert "2 people can read it" in allowed.err or "2 people can read them" in allowed.err
    again = ours.type(*words, stdin=given)
    assert again.code == 0
    assert "new" not in again.err


def test_one_that_was_removed_and_comes_back_is_new_again(ours: SecretsFile, mallory: str) -> None:
    assert ours.type(*SET, stdin=CANARY).code == 0
    assert ours.type("recipients", "add", mallory).code == 0
    assert "2 people can read it" in ours.type(*SET, stdin=CANARY).err
    with_both = ours.file.read_bytes()
    assert ours.type("recipients", "remove", mallory).code == 0
    ours.file.write_bytes(with_both)
    assert ours.type(*SET, stdin=CANARY).code == 2


def test_alone_nobody_is_asked_about(ours: SecretsFile) -> None:
    said = ours.type(*SET, stdin=CANARY)
    assert said.code == 0
    assert "1 person can read it" in said.err
    assert "new" not in said.err


def test_in_a_fresh_clone_all_others_are_named_once(ours: SecretsFile, mallory: str) -> None:
    ours.write("", recipients=(mallory,))
    listed = ours.type("recipients", "list")
    assert f"{mallory}  new" in listed.out
    refused = ours.type(*SET, stdin=CANARY)
    assert (refused.code, mallory in refused.err, ours.ours in refused.err) == (2, True, False)
    assert ours.type(*SET, "--yes", stdin=CANARY).code == 0
    assert ours.type(*SET, stdin=CANARY).code == 0
    assert "new" not in ours.type("recipients", "list").out


def test_a_plain_value_asks_nothing(ours: SecretsFile, mallory: str) -> None:
    ours.write("", recipients=(mallory,))
    said = ours.type("variable", "set", "LEVEL", "info")
    assert said.code == 0
    assert "can read" not in said.err
    assert ours.type(*SET, stdin=CANARY).code == 2


def test_one_who_comes_in_between_question_and_writing_reads_nothing(
    ours: SecretsFile, mallory: str
) -> None:
    ours.write("", recipients=(mallory,))
    before = ours.file.read_bytes()
    edit = SetVariable(
        environment="production",
        key="A",
        value=Secret(CANARY),
        sensitivity=Sensitivity.SENSITIVE,
    )
    with pytest.raises(UsageProblem, match="nobody here agreed"):
        TomlProject(ours.file, ours.secrets).edit((edit,), readers={ours.ours})
    assert ours.file.read_bytes() == before


def test_whom_was_sealed_for_is_kept_for_the_user_alone(ours: SecretsFile, tmp_path: Path) -> None:
    assert ours.type(*SET, stdin=CANARY).code == 0
    (file,) = (tmp_path / "state/compartment-tui/recipients").iterdir()
    assert file.read_text() == f"{ours.ours}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_not_followed(
    ours: SecretsFile, mallory: str, tmp_path: Path
) -> None:
    assert ours.type(*SET, stdin=CANARY).code == 0
    (file,) = (tmp_path / "state/compartment-tui/recipients").iterdir()
    target = tmp_path / "target"
    target.write_text(f"{mallory}\n")
    file.unlink()
    file.symlink_to(target)
    ours.write("", recipients=(mallory,))
    assert ours.type(*SET, stdin=CANARY).code == 2
    assert ours.type(*SET, "--yes", stdin=CANARY).code == 0
    assert target.read_text() == f"{mallory}\n"


@pytest.mark.parametrize(("answer", "allowed"), [("y\n", True), ("n\n", False), ("", False)])
def test_on_a_terminal_it_is_asked(answer: str, allowed: bool) -> None:
    opened = memory_world(replace(shop_config(WEB), recipients=("age1other",)))
    session, stderr = at_terminal(opened, answer)
    if allowed:
        assert allow_readers(session) == ("age1other",)
    else:
        with pytest.raises(Cancelled, match="nothing was written"):
            allow_readers(session)
    assert "new among the recipients: age1other" in stderr.getvalue()
    assert "May they read it? [y/N]" in stderr.getvalue()
