"""Dotenv: strict where others guess, and the same after writing and reading."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compartment_tui.adapters.dotenv import LONGEST_DOCKER_LINE, DotenvText
from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.variable import Secret
from compartment_tui.domain.variables.dotenv import DotenvContent
from compartment_tui.ports import TextForm

plain_keys = st.from_regex(r"(?!COMPARTMENT_)K_[A-Za-z0-9_]{0,8}", fullmatch=True)
keys = st.from_regex(r"(?!COMPARTMENT_)[A-Za-z0-9_.][A-Za-z0-9_.:/@%+,\[\]-]{0,8}", fullmatch=True)
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.text(st.sampled_from("ab '\"$`\\\n\r\t#={}!()*~;&|é€")),
)
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEhunter2\n"
    "hunter2+/hunter2/hunter2==\n"
    "-----END RSA PRIVATE KEY-----\n"
)
UGLY = (
    *("it's", 'say "yes"', "both ' and \"", "$HOME", "${HOME}", "$(id)", "`id`", "it's $HOME"),
    *("\\", "\\\\", "a\\", "\\'", '\\"', "\\n", "\\$", "C:\\temp\\new", "'\\\\'", "$'\\"),
    *("a\nb", "\n", "a\r\nb", "\r", "\t", " lead", "trail ", " ", "a # b", "#", "a#b", "=", "a=b"),
    *("", "ünï €", "\u2028", "!x", "~", "*", "a;b", "a&b", "a|b", "-n", PEM, '{"a": "b # c"}'),
    *("\\\n", "line \\\nnext", "\ufeff", "\x7f", "\x1b[31m", "\xa0", "'" * 7, '"' * 7, "`'\""),
)


def content(text: str, form: TextForm = TextForm.DOTENV) -> DotenvContent:
    return DotenvText().read(text, form)


def read(text: str, form: TextForm = TextForm.DOTENV) -> dict[str, str]:
    return {key: value.reveal() for key, value in content(text, form).values.items()}


def written(wanted: dict[str, str], form: TextForm = TextForm.DOTENV) -> str:
    return DotenvText().text({key: Secret(value) for key, value in wanted.items()}, form)


def sourced(file: Path) -> dict[str, str]:
    """What a POSIX shell has after it read the file."""
    script = f'set -eua; . "{file}"; exec env -0'
    ended = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, check=True, env={"PATH": os.defpath}
    )
    assert ended.stderr == b""
    pairs = (one.partition("=") for one in ended.stdout.decode().split("\0"))
    return {key: value for key, _, value in pairs if key.startswith("K_")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\n\n# remark\nexport B = two # remark\nC=\n", {"A": "1", "B": "two", "C": ""}),
        ("A='one\ntwo'\nB=\"three\\nfour\"\n", {"A": "one\ntwo", "B": "three\nfour"}),
        ("A=a#b\nB='$HOME ${X}'\nC=$HOME\n", {"A": "a#b", "B": "$HOME ${X}", "C": "$HOME"}),
        ("\ufeffA=1\r\nB=' 2 '\r\n", {"A": "1", "B": " 2 "}),
        ("A=1", {"A": "1"}),
        ("URL=postgres://u:p@h/db?x=1&y=2\n", {"URL": "postgres://u:p@h/db?x=1&y=2"}),
        ('A= # remark\nB="x" # remark\n', {"A": "", "B": "x"}),
        ("spring.datasource.url=jdbc:h2:mem\n", {"spring.datasource.url": "jdbc:h2:mem"}),
        ("my-key=1\n1A=2\nConn:Main=x\n", {"my-key": "1", "1A": "2", "Conn:Main": "x"}),
        ("export app.name='x'\n", {"app.name": "x"}),
        ('A={"a": "b # c"}\nB=[1] # remark\n', {"A": '{"a": "b # c"}', "B": "[1]"}),
        ("A='{\"a\": 1}'\n", {"A": '{"a": 1}'}),
        ("A=C:\\temp\\new\nB='C:\\temp\\new'\n", {"A": "C:\\temp\\new", "B": "C:\\temp\\new"}),
        ('A="pa\\$word \\`x\\`"\n', {"A": "pa$word `x`"}),
        ("A='it\\'s'\n", {"A": "it's"}),
        ("export A='it'\\''s'\nexport B='it'\"'\"'s'\r\n", {"A": "it's", "B": "it's"}),
        ('KEY="' + PEM + '"\n', {"KEY": PEM}),
        ("A=-----BEGIN X-----\\n-----END X-----", {"A": "-----BEGIN X-----\\n-----END X-----"}),
    ],
)
def test_what_people_write_is_understood(text: str, found: dict[str, str]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "complaint", "way_on"),
    [
        ("A=1\n\nhunter2 is my password\n", "line 3: this is no assignment", "KEY=value"),
        ("A=1\n\n# x\nB\n", "line 4: this key has no `=`", "KEY= is the empty one"),
        ("A='hunter2\n", "line 1: this is no assignment: the quote", "stands in quotes"),
        ("A='it's hunter2'\n", "line 1: this is no assignment: something", '"it\'s"'),
        ("A=1\nB=2\nA=hunter2\n", "line 3: A is there twice, first on line 1", "keep one"),
        ("\n\nhun$ter2=x\n", "line 3: what stands before the = is not a", "KEY=value"),
        ("COMPARTMENT_X=hunter2\n", "line 1: “COMPARTMENT_X” is reserved", "are ours"),
        ("A=hunter2\0\n", "line 1: the value of “A” has a NUL", ""),
        ("# nothing\n", "there is no variable in it", "KEY=value"),
        ("", "there is no variable in it", "KEY=value"),
        ("A=hunter2 'x' y\nB: 2\n", "line 2: this is no assignment", "not KEY: value"),
        ("A:\n", "line 1: this is no assignment", "not KEY: value"),
        ("A: hunter2=3\n", "line 1: this is no assignment", "not KEY: value"),
        ("A=1\nKEY=" + PEM, "line 2: a value with line breaks stands in quotes", '"'),
        ("export KEY = " + PEM, "line 1: a value with line breaks stands in quotes", '"'),
        ("KEY=" + PEM.replace("\n", "\r\n"), "line 1: a value with line breaks", '"'),
        ("A=0\nKEY=hunter2\nhunter2\n", "line 3: this is no assignment", "“KEY” on line 2"),
        ('KEY={\n  "hunter2": 1\n}\n', "line 2: this is no assignment", "“KEY” on line 1"),
        ("KEY=hunter2 \\\n  hunter2 more\n", "line 2: this is no assignment", "“KEY” on line 1"),
    ],
)
def test_what_is_no_assignment_is_refused_by_its_line_and_without_it(
    text: str, complaint: str, way_on: str
) -> None:
    with pytest.raises(UsageProblem) as refused:
        read(text)
    assert refused.value.message.startswith(complaint)
    assert way_on in refused.value.hint
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


def test_references_and_paths_that_may_not_have_been_meant_so_are_named() -> None:
    found = content(
        'A=${HOME}\nB=$OTHER/x\nC="a ${X:-y}"\nD=\'$HOME\'\nE=pa$$5\nF="pa\\$word"\n'
        'G=`id`\nH=$(id)\nI="C:\\temp\\new"\nJ=C:\\temp\nK="a\\nb"\n'
        'L="C:\\\\temp"\nM="\\\\server\\new"\nN="\\\\t\\\\"\n'
    )
    assert found.literal_references == ("A", "B", "C", "G", "H")
    assert found.decoded_paths == ("I", "M")
    assert found.values["A"] == Secret("${HOME}")


@given(st.dictionaries(keys, values, min_size=1, max_size=5))
def test_what_is_written_is_read_back_the_same(wanted: dict[str, str]) -> None:
    assert read(written(wanted)) == wanted
    assert list(read(written(wanted))) == list(wanted)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(plain_keys, values, min_size=1, max_size=6))
@example({f"K_{number}": value for number, value in enumerate(UGLY)})
def test_a_shell_reads_the_same_and_nothing_is_run(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]
) -> None:
    for form in (TextForm.DOTENV, TextForm.SHELL):
        file = tmp_path_factory.mktemp("sourced") / "env"
        file.write_bytes(written(wanted, form).encode())
        assert sourced(file) == wanted
        assert read(file.read_bytes().decode()) == wanted


@given(st.dictionaries(keys, values, min_size=1, max_size=5))
def test_what_docker_can_be_told_is_told_as_it_is(wanted: dict[str, str]) -> None:
    cannot = [key for key, value in wanted.items() if "\n" in value or value.endswith("\r")]
    if cannot:
        with pytest.raises(UsageProblem) as refused:
            written(wanted, TextForm.DOCKER)
        assert all(f"“{key}”" in refused.value.message for key in cannot)
        return
    text = written(wanted, TextForm.DOCKER)
    assert text == "".join(f"{key}={value}\n" for key, value in wanted.items())
    assert read(text, TextForm.DOCKER) == wanted


def test_what_needs_no_quotes_is_the_same_for_docker() -> None:
    wanted = {"A": "", "B": "postgres://u:p@h/db", "C": "a,b:c+d%20", "D": "-Xmx512m"}
    bare = {key: value for key, value in wanted.items() if key != "B"}
    assert written(bare) == written(bare, TextForm.DOCKER)


def test_docker_is_not_given_a_line_it_would_not_read() -> None:
    assert written({"A": "x" * (LONGEST_DOCKER_LINE - 2)}, TextForm.DOCKER)
    with pytest.raises(UsageProblem, match="“A”"):
        written({"A": "x" * LONGEST_DOCKER_LINE}, TextForm.DOCKER)


def test_a_file_of_docker_is_read_as_docker_reads_it() -> None:
    text = '# remark\r\nA="x" # y\r\n  B=a=b\nC=\n\nD= it\'s \n'
    found = {"A": '"x" # y', "B": "a=b", "C": "", "D": " it's "}
    assert read(text, TextForm.DOCKER) == found
    with pytest.raises(UsageProblem, match="line 2: this key has no"):
        read("A=1\nB\n", TextForm.DOCKER)


def test_a_shell_is_not_given_what_it_has_no_name_for() -> None:
    with pytest.raises(UsageProblem) as refused:
        written({"A": "1", "a.b": "2", "1C": "3"}, TextForm.SHELL)
    assert "“a.b”, “1C”" in refused.value.message
    assert written({"A": "1", "a.b": "2"}) == "A=1\na.b=2\n"


def test_a_larger_shell_takes_no_key_for_a_part_of_another_variable(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    wanted = {"B": f"x[$(touch {ran})]", "C[B]": "1", "B[0]": "other", "B+": "more", "d.e": "1"}
    file = tmp_path / "env"
    file.write_text(written(wanted), encoding="utf-8")
    assert read(file.read_text(encoding="utf-8")) == wanted
    ended = subprocess.run(
        ["bash", "-c", f'. "{file}"; printf %s "$B"'],
        capture_output=True,
        check=True,
        env={"PATH": os.defpath},
    )
    assert ended.stdout.decode() == wanted["B"]
    assert not ran.exists()
