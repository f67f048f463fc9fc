import shutil
import subprocess

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compartment_tui.domain.names import escaped
from compartment_tui.domain.shell_quotes import (
    argument_for,
    names_it,
    option_for,
    shell_word,
    short_option_for,
)
from tests.domain.nasty import NASTY


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("production", ""),
        ("staging", " --env staging"),
        ("pr 7", " --env 'pr 7'"),
        ("-x", " --env=-x"),
        ("a\nb", " --env $'a\\nb'"),
        ("\x85", " --env $'\\u0085'"),
    ],
)
def test_an_environment_as_an_option(name: str, option: str) -> None:
    assert option_for(name) == option


def test_a_dash_is_never_taken_for_an_option() -> None:
    assert short_option_for("-x") == "-e=-x"
    assert short_option_for("staging") == "-e staging"
    assert argument_for("-x") == "--env=-x"
    assert argument_for("staging") == "staging"


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_reads_the_words_as_the_names() -> None:
    words = " ".join(shell_word(name) for name in NASTY)
    told = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {words}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert told.stdout.decode().split("\0")[:-1] == list(NASTY)


@given(st.text(), st.text())
def test_different_names_are_shown_differently(one: str, other: str) -> None:
    assume(one != other)
    assert escaped(one) != escaped(other)


@given(st.text(max_size=63))
def test_what_is_shown_has_its_ends_to_be_seen(name: str) -> None:
    assert escaped(name).isprintable()
    assert escaped(name) == escaped(name).strip()


@pytest.mark.parametrize("name", NASTY)
def test_a_name_can_be_typed_as_it_is_and_as_it_is_shown(name: str) -> None:
    assert names_it(name, name)
    assert names_it(f"{name}\r\n", name)
    assert names_it(escaped(name), name)
    assert not names_it(f"{name}!", name)
    assert not names_it("", name)


def test_an_answer_is_compared_in_normal_form_without_spaces_around() -> None:
    assert names_it(" staging \n", "staging")
    assert names_it("pru\u0308fung", "pr\u00fcfung")
    assert not names_it("a", " a")
