"""Hashes of passwords: the project file takes them, and they open for that password only."""

import re

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compartment_tui.adapters.passwords import hash_password
from compartment_tui.adapters.project_file.value_types import HASH_PATTERN
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variable import Secret

passwords = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=17
)


@settings(max_examples=30)
@given(passwords)
def test_it_opens_for_the_password_and_the_project_file_takes_it(password: str) -> None:
    made = hash_password(Secret(password))
    assert made.startswith("$2y$05$")
    assert re.fullmatch(HASH_PATTERN, made)
    as_known = made.replace("$2y$", "$2b$", 1).encode()
    assert bcrypt.checkpw(password.encode(), as_known)
    assert not bcrypt.checkpw(f"{password}x".encode(), as_known)


def test_no_two_are_the_same() -> None:
    assert hash_password(Secret("hunter2")) != hash_password(Secret("hunter2"))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "is empty"),
        ("hunter2\nhunter3", "has more than one line"),
        ("hunter2\r", "has more than one line"),
        ("hunter2\0", "is no text"),
        ("hunter2\udc80", "is no text"),
        ("hunter2" * 11, "has 77 bytes"),
        ("é" * 37, "has 74 bytes"),
    ],
)
def test_what_can_have_no_hash(password: str, said: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        hash_password(Secret(password))
    assert said in caught.value.message
    assert "hunter" not in caught.value.message + caught.value.hint


def test_the_longest_one() -> None:
    assert hash_password(Secret("a" * 72))
