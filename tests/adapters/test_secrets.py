"""Sensitive values with age, the identity's file, and what nobody may see."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compartment_tui.adapters.places import config_directory
from compartment_tui.adapters.secrets import (
    IDENTITY_FILE_VARIABLE,
    IDENTITY_VARIABLE,
    AgeSecrets,
    take_identity,
)
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.seals import SealPlace
from compartment_tui.domain.variable import Secret

HERE = SealPlace(project="shop", environment="production", key="TOKEN")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def made(directory: Path) -> tuple[AgeSecrets, str]:
    secrets = AgeSecrets({}, directory)
    return secrets, secrets.make_identity().recipients[0]


def test_an_identity_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "config" / "compartment-tui"
    secrets, recipient = made(directory)
    file = directory / "identity.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    before = file.read_bytes()
    assert secrets.make_identity().recipients == (recipient,)
    assert file.read_bytes() == before
    assert AgeSecrets({}, directory).identity().recipients == (recipient,)


def test_without_one_it_says_where_it_would_be(tmp_path: Path) -> None:
    found = AgeSecrets({}, tmp_path).identity()
    assert (found.recipients, found.place) == ((), str(tmp_path / "identity.txt"))
    assert "there is no identity" in found.problem
    assert "recipients add" in found.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_one_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secrets, recipient = made(tmp_path)
    sealed = secrets.seal(Secret("x"), (recipient,), HERE)
    (tmp_path / "identity.txt").chmod(mode)
    again = AgeSecrets({}, tmp_path)
    assert "can be read by others" in again.identity().problem
    assert "chmod 600" in again.identity().hint
    assert again.unseal(sealed, HERE).value is None
    with pytest.raises(UsageProblem, match="read by others"):
        again.make_identity()


def test_the_environment_gives_it_and_keeps_nothing(tmp_path: Path) -> None:
    key = str(pyrage.x25519.Identity.generate())
    environment = {IDENTITY_VARIABLE: key, IDENTITY_FILE_VARIABLE: "x", "PATH": "/bin"}
    given_ = take_identity(environment)
    assert environment == {"PATH": "/bin"}
    secrets = AgeSecrets(given_, tmp_path)
    (recipient,) = secrets.identity().recipients
    assert secrets.identity().place == IDENTITY_VARIABLE
    assert secrets.unseal(secrets.seal(Secret("x"), (recipient,), HERE), HERE).value == Secret("x")
    assert list(tmp_path.iterdir()) == []


CHILD = """
import subprocess
from compartment_tui.bootstrap import entrances, open_secrets
entrances()
subprocess.run(["env"], check=True)
print(open_secrets().identity().place)
"""


def test_no_child_inherits_it() -> None:
    key = str(pyrage.x25519.Identity.generate())
    environment = {**os.environ, IDENTITY_VARIABLE: key, IDENTITY_FILE_VARIABLE: "/x"}
    said = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=True
    )
    assert "IDENTITY=" not in said.stdout
    assert "IDENTITY_FILE" not in said.stdout
    assert key not in said.stdout
    assert said.stdout.endswith(f"{IDENTITY_VARIABLE}\n")


def test_a_file_that_the_environment_names(tmp_path: Path) -> None:
    made(tmp_path)
    secrets = AgeSecrets({IDENTITY_FILE_VARIABLE: str(tmp_path / "identity.txt")}, Path("/none"))
    assert secrets.identity().recipients


@pytest.mark.parametrize("content", ["", "AGE-SECRET-KEY-1NONSENSE\n", "hunter2\n", "# only\n"])
def test_what_is_no_identity_is_not_repeated(tmp_path: Path, content: str) -> None:
    file = tmp_path / "identity.txt"
    file.write_text(content, encoding="utf-8")
    file.chmod(0o600)
    found = AgeSecrets({}, tmp_path).identity()
    assert "there is no age identity in" in found.problem
    assert "hunter2" not in repr(found)
    assert "NONSENSE" not in repr(found)


def test_several_may_read_and_others_may_not(tmp_path: Path) -> None:
    (one, first), (two, second), (three, _) = (made(tmp_path / name) for name in "abc")
    sealed = one.seal(Secret("s3cret"), (first, second), HERE)
    assert "s3cret" not in sealed
    assert (one.unseal(sealed, HERE).value, two.unseal(sealed, HERE).value) == (
        Secret("s3cret"),
        Secret("s3cret"),
    )
    assert three.unseal(sealed, HERE).value is None


@settings(max_examples=40)
@given(texts)
def test_any_text_comes_back(value: str) -> None:
    key = pyrage.x25519.Identity.generate()
    secrets = AgeSecrets({IDENTITY_VARIABLE: str(key)}, Path("/none"))
    assert secrets.unseal(
        secrets.seal(Secret(value), (str(key.to_public()),), HERE), HERE
    ).value == Secret(value)


@pytest.mark.parametrize(
    "junk", ["", "x", "age1", "-----BEGIN AGE ENCRYPTED FILE-----\nx\n", "YWdl"]
)
def test_junk_is_unreadable_and_no_error(tmp_path: Path, junk: str) -> None:
    secrets, _ = made(tmp_path)
    assert secrets.unseal(junk, HERE).value is None


def test_base64_of_a_binary_age_file_is_read_too(tmp_path: Path) -> None:
    import base64

    secrets, recipient = made(tmp_path)
    binary = pyrage.encrypt(b"x", [pyrage.x25519.Recipient.from_str(recipient)])
    assert secrets.unseal(base64.b64encode(binary).decode(), HERE).value == Secret("x")


@pytest.mark.parametrize("text", ["", "age1", "age1qqq", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1X"])
def test_what_is_no_recipient_is_refused(tmp_path: Path, text: str) -> None:
    secrets, recipient = made(tmp_path)
    assert secrets.check_recipient(f" {recipient}\n") == recipient
    with pytest.raises(UsageProblem) as refused:
        secrets.check_recipient(text)
    assert "AGE-SECRET-KEY-1X" not in refused.value.message
    with pytest.raises(UsageProblem, match="nobody"):
        secrets.seal(Secret("x"), (), HERE)


def test_where_the_users_own_place_is(tmp_path: Path) -> None:
    assert config_directory({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "compartment-tui"
    assert config_directory({"XDG_CONFIG_HOME": "relative"}).is_relative_to(Path.home())
    assert config_directory({}) == Path.home() / ".config" / "compartment-tui"


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed here")
def test_the_age_tool_reads_them_and_we_read_its(tmp_path: Path) -> None:
    secrets, recipient = made(tmp_path)
    sealed = secrets.seal(Secret("héllo\n"), (recipient,), HERE)
    identity = str(tmp_path / "identity.txt")
    read = subprocess.run(
        ["age", "-d", "-i", identity], input=sealed.encode(), capture_output=True, check=True
    )
    # As documented: the place is the first line, the value all the others.
    mark, _, value = read.stdout.partition(b"\n")
    assert mark.startswith(b'compartment-tui sealed 1 {"project": "shop"')
    assert value == "héllo\n".encode()
    written = subprocess.run(
        ["age", "-a", "-r", recipient], input=b"theirs", capture_output=True, check=True
    )
    assert secrets.unseal(written.stdout.decode(), HERE).value == Secret("theirs")
    assert os.environ.get(IDENTITY_VARIABLE) is None
