"""A sensitive value opens where it was sealed for, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from compartment_tui.adapters.secrets import AgeSecrets
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret
from tests.security.secrets_file import CANARY, SecretsFile, secrets_file

HERE = SealPlace(project="shop", environment="production", key="WELCOME")
TABLE = "[environments.production.variables]\n"
ELSEWHERE = {
    "another key": replace(HERE, key="DATABASE_URL"),
    "a key that differs in case": replace(HERE, key="welcome"),
    "another environment": replace(HERE, environment="staging"),
    "one service's own": replace(HERE, service="api"),
    "another project": replace(HERE, project="victim"),
    "everything": SealPlace(project="v", environment="x\x1b[31m", service="w", key="\x1b]0;K\x07"),
}
COMMANDS = {
    "plan": ("deploy", "--plan"),
    "export": ("variable", "export", "--sensitive"),
    "run": ("variable", "run", "--env", "production", "--allow-production", "--", "env"),
    "copy": ("variable", "copy", "--from", "production", "--to", "new"),
    "rekey": ("variable", "rekey"),
    "add": ("recipients", "add"),
}


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecretsFile:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return secrets_file(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_value_copied_from_elsewhere_does_not_open(
    ours: SecretsFile, place: str, command: str
) -> None:
    ours.write(f"{TABLE}WELCOME = {ours.sealed(ELSEWHERE[place])}\n")
    before = ours.file.read_bytes()
    said = ours.type(*COMMANDS[command])
    assert said.code in (2, 5)
    assert "sealed for" in said.err
    assert CANARY not in said.out + said.err
    assert "victim" not in said.out + said.err
    assert "\x1b" not in said.err
    assert ours.file.read_bytes() == before


def test_it_is_said_where_it_was_sealed_for(ours: SecretsFile) -> None:
    for place, words in (
        ("another key", "DATABASE_URL in “production”"),
        ("one service's own", "WELCOME in “production” for api"),
        ("another project", "WELCOME in “production” of another project"),
    ):
        ours.write(f"{TABLE}WELCOME = {ours.sealed(ELSEWHERE[place])}\n")
        said = ours.type("deploy", "--plan")
        assert f"was sealed for {words}: a sealed value opens nowhere else" in said.err
        assert "variable rekey" in said.err


def test_it_opens_in_its_place(ours: SecretsFile) -> None:
    body = (
        f"{TABLE}WELCOME = {ours.sealed(HERE)}\n[environments.production.services.api.variables]\n"
    )
    ours.write(f"{body}WELCOME = {ours.sealed(replace(HERE, service='api'), 'own')}\n")
    said = ours.type("variable", "export", "--sensitive")
    assert (said.code, said.out, said.err) == (0, f"WELCOME={CANARY}\n", "")
    assert ours.type("variable", "export", "--sensitive", "-s", "api").out == "WELCOME=own\n"


def test_one_in_the_old_form_opens_with_a_warning_until_rekey(ours: SecretsFile) -> None:
    ours.write(f"{TABLE}WELCOME = {ours.sealed_by_hand()}\n")
    said = ours.type("variable", "export", "--sensitive")
    assert (said.code, said.out) == (0, f"WELCOME={CANARY}\n")
    assert "WELCOME in “production” is sealed in the old form" in said.err
    assert "variable rekey" in said.err
    rekeyed = ours.type("variable", "rekey")
    assert rekeyed.code == 0
    assert "old form" not in rekeyed.err
    again = ours.type("variable", "export", "--sensitive")
    assert (again.code, again.out, again.err) == (0, said.out, "")
    text = ours.file.read_text(encoding="utf-8")
    ours.file.write_text(text.replace("WELCOME", "OTHER"), encoding="utf-8")
    assert ours.type("variable", "export", "--sensitive").code == 5


RENAMED = {
    "the project": ('name = "shop"', 'name = "store"'),
    "the environment": ("environments.production", "environments.live"),
    "the key": ("TOKEN =", "API_TOKEN ="),
    "the service": ("services.api", "services.backend"),
}


@pytest.mark.parametrize("what", RENAMED)
def test_who_renamed_it_goes_on_with_rekey(ours: SecretsFile, what: str) -> None:
    place = SealPlace(project="shop", environment="production", service="api", key="TOKEN")
    table = "[environments.production.services.api.variables]\n"
    ours.write(f"{table}TOKEN = {ours.sealed(place)}\n")
    text = ours.file.read_text(encoding="utf-8")
    ours.file.write_text(text.replace(*RENAMED[what]), encoding="utf-8")
    before = ours.file.read_bytes()
    refused = ours.type("variable", "rekey")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert ours.file.read_bytes() == before
    said = ours.type("variable", "rekey", "--yes")
    assert said.code == 0
    assert "TOKEN in “production” for api" in said.err
    environment = "live" if what == "the environment" else "production"
    service = "backend" if what == "the service" else "api"
    found = ours.type("variable", "export", "--sensitive", "-e", environment, "-s", service)
    assert (found.code, found.err) == (0, "")
    assert CANARY in found.out


def test_what_carries_values_over_seals_them_for_where_they_go(ours: SecretsFile) -> None:
    ours.write(f"{TABLE}WELCOME = {ours.sealed(HERE)}\n")
    copied = ours.type("variable", "copy", "--from", "production", "--to", "staging")
    assert copied.code == 0
    sensitive = ("--sensitive", "-e", "staging", "-s", "web")
    assert ours.type("variable", "import", "-", *sensitive, stdin="A=brought\n").code == 0
    assert ours.type("variable", "set", "B", "--stdin", *sensitive, stdin="set").code == 0
    assert ours.type("variable", "export", "--sensitive", "-e", "staging").out == copied_text()
    assert ours.type("variable", "export", *sensitive).out == "A=brought\nB=set\n"


def copied_text() -> str:
    return f"WELCOME={CANARY}\n"


def test_what_seems_to_name_a_place_and_does_not_is_unreadable(ours: SecretsFile) -> None:
    for content in (
        "compartment-tui sealed 2 {}\nx",
        "compartment-tui sealed 1 \nx",
        "compartment-tui sealed 1 []\nx",
        'compartment-tui sealed 1 {"project": "shop"}\nx',
        "compartment-tui sealed 1 " + "[" * 100_000 + "\nx",
        'compartment-tui sealed 1 {"project":1,"environment":[],"service":{},"key":null}\nx',
    ):
        ours.write(f"{TABLE}WELCOME = {ours.sealed_by_hand(content)}\n")
        said = ours.type("variable", "export", "--sensitive")
        assert said.code == 5, content[:60]
        assert not said.out


def test_one_who_is_no_reader_learns_nothing_of_the_place(tmp_path: Path) -> None:
    one, other = AgeSecrets({}, tmp_path / "one"), AgeSecrets({}, tmp_path / "other")
    text = one.seal(Secret("x"), one.make_identity().recipients, HERE)
    other.make_identity()
    found = other.unseal(text, replace(HERE, key="OTHER"))
    assert (found.value, found.sealed_for) == (None, None)
