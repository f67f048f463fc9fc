"""Dotenv: strict where others guess, and the same after writing and reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.dotenv import DotenvText
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variables import Secret

keys = st.from_regex(r"(?!COMPARTMENT_)[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(text: str) -> dict[str, str]:
    return {key: value.reveal() for key, value in DotenvText().read(text).items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\n\n# remark\nexport B = two # remark\nC=\n", {"A": "1", "B": "two", "C": ""}),
        ("A='one\ntwo'\nB=\"three\\nfour\"\n", {"A": "one\ntwo", "B": "three\nfour"}),
        ("A=a#b\nB='$HOME ${X}'\nC=$HOME\n", {"A": "a#b", "B": "$HOME ${X}", "C": "$HOME"}),
        ("\ufeffA=1\r\nB=' 2 '\r\n", {"A": "1", "B": " 2 "}),
        ("A=1", {"A": "1"}),
        ("URL=postgres://u:p@h/db?x=1&y=2\n", {"URL": "postgres://u:p@h/db?x=1&y=2"}),
    ],
)
def test_what_people_write_is_understood(text: str, found: dict[str, str]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("A=1\n\nhunter2 is my password\n", "line 3: this is no assignment"),
        ("A=1\n\n# x\nB\n", "line 4: this key has no `=`"),
        ("A='hunter2\n", "line 1: this is no assignment"),
        ("A=1\nB=2\nA=hunter2\n", "line 3: A is there twice, first on line 1"),
        ("\n\n1A=hunter2\n", "line 3: “1A” is not a variable name"),
        ("COMPARTMENT_X=hunter2\n", "line 1: “COMPARTMENT_X” is reserved"),
        ("A=hunter2\0\n", "line 1: the value of “A” has a NUL"),
        ("# nothing\n", "there is no variable in it"),
        ("A=hunter2 'x' y\nB: 2\n", "line 2: "),
    ],
)
def test_what_is_no_assignment_is_refused_by_its_line_and_without_it(
    text: str, complaint: str
) -> None:
    with pytest.raises(UsageProblem) as refused:
        read(text)
    assert refused.value.message.startswith(complaint)
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


@given(st.dictionaries(keys, values, min_size=1, max_size=5))
def test_what_is_written_is_read_back_the_same(wanted: dict[str, str]) -> None:
    text = DotenvText().text({key: Secret(value) for key, value in wanted.items()})
    assert read(text) == wanted
    assert list(read(text)) == list(wanted)
