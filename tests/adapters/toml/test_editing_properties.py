"""Edits of files as nobody would write them, and as everybody does: drawn by hypothesis."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.adapters.project_file.edit.edit_file import edited_text
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.domain.variable import Secret
from compartment_tui.domain.variables.edits import Edit, RemoveVariable, SetVariable, edited
from tests.adapters.toml.test_editing import meaning

pytestmark = pytest.mark.long

ENVIRONMENTS = ("production", "pré prod", "x.y", "e\u0301")
WRITTEN = {
    "production": ("production", '"production"', "'production'"),
    "pré prod": ('"pré prod"', "'pré prod'", '"pr\\u00e9 prod"'),
    "x.y": ('"x.y"', "'x.y'"),
    "e\u0301": ('"e\u0301"', "'e\u0301'"),
}
KEYS = ("A", "B", "LOG_LEVEL", "A_B", "_x1")
SCOPES = (None, "web", "api")
SERVICES = '[services]\nweb = "web"\napi = "api"\ndocs = "docs"\n'

quick = settings(max_examples=60)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
remarks = st.sampled_from(["", "", " # remark", "\t#x = 1", "   "])
gaps = st.sampled_from(["", "", "\n", "# a remark\n", "\n\n", "  # [environments.b]\n", "#\n\n"])
signs = st.sampled_from([" = ", "=", "  =\t", " ="])
indents = st.sampled_from(["", "", "  ", "\t"])


def quoted(value: str) -> str:
    """One line, in double quotes."""
    inner = "".join(
        f"\\u{ord(char):04x}" if ord(char) < 32 or ord(char) == 127 or char in '"\\' else char
        for char in value
    )
    return f'"{inner}"'


@st.composite
def written_values(draw: st.DrawFn, inline: bool) -> str:
    value = draw(texts)
    simple = not re.search(r"['\x00-\x1f\x7f]", value)
    forms = [quoted(value)]
    if simple:
        forms.append(f"'{value}'")
    if not inline:
        forms += [f'"""\n{quoted(value)[1:-1]}\n"""']
        if simple:
            forms.append(f"'''\n{value}'''")
    if draw(st.booleans()) and draw(st.booleans()):
        sealed = quoted(draw(texts.filter(str.strip)))
        forms = [f"{{ sensitive = {sealed} }}", f"{{sensitive={sealed}}}"]
    return draw(st.sampled_from(forms))


@st.composite
def pairs(draw: st.DrawFn, inline: bool) -> list[tuple[str, str]]:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    return [(key, draw(written_values(inline))) for key in keys]


@st.composite
def tables(draw: st.DrawFn, written: str, scope: str | None) -> tuple[str, str]:
    """One scope's variables, as lines of the root or of the environment, and as tables."""
    path = "variables" if scope is None else f"services.{scope}.variables"
    style = draw(st.sampled_from(["none", "header", "header", "dotted", "braces", "sub"]))
    if style == "none":
        return "", ""
    if style == "braces":
        comma = draw(st.sampled_from([", ", ",", " , "]))
        inside = comma.join(f"{k}{draw(signs)}{v}" for k, v in draw(pairs(inline=True)))
        edge = draw(st.sampled_from(["", " "]))
        return f"{path}{draw(signs)}{{{edge}{inside}{edge}}}{draw(remarks)}\n", ""
    found = draw(pairs(inline=False))
    lines = []
    header = f"{draw(indents)}[environments.{written}.{path}]{draw(remarks)}\n"
    for key, value in found:
        prefix = f"{path}." if style == "dotted" else ""
        lines.append(
            f"{draw(gaps)}{draw(indents)}{prefix}{key}{draw(signs)}{value}{draw(remarks)}\n"
        )
    body = "".join(lines)
    if style == "dotted":
        return body, ""
    if style == "sub" and not found:
        sub = f"[environments.{written}.{path}.B]\nsensitive = 'x' # B\n"
        return "", sub
    return "", header + body


RULE = '[[routes]]\non = "web"\npath = "/{}/*"\nto = "api"\n'


@st.composite
def files(draw: st.DrawFn) -> str:
    blocks = ['[project]\nname = "shop"\n', SERVICES]
    if draw(st.booleans()):
        blocks.append("[edge]\nhttp_port = 81 # 8081\n")
    blocks += map(RULE.format, draw(st.lists(st.sampled_from(["x", "y"]), unique=True)))
    for name in draw(st.lists(st.sampled_from(ENVIRONMENTS), unique=True)):
        written = draw(st.sampled_from(WRITTEN[name]))
        own, below = [], []
        for scope in draw(st.permutations(SCOPES)):
            lines, table = draw(tables(written, scope))
            own.append(lines)
            below.append(table)
        if draw(st.booleans()):
            own.append(f"protected{draw(signs)}true{draw(remarks)}\n")
        inside = "".join(own)
        if inside or draw(st.booleans()):
            blocks.append(f"[environments.{written}]{draw(remarks)}\n{inside}")
        blocks += [table for table in below if table]
        if draw(st.booleans()):
            blocks.append(f"[environments.{written}.access]\nallow = ['192.0.2.1']\n")
        if draw(st.booleans()):
            host = f"{ENVIRONMENTS.index(name)}.example.com"
            blocks.append(f"[environments.{written}.services.docs]\ndomains = ['{host}']\n")
    text = "".join(f"{draw(gaps)}{block}" for block in draw(st.permutations(blocks)))
    text += draw(st.sampled_from(["", "", "\n", "# the end\n"]))
    if draw(st.booleans()) and draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "", "\ufeff"])) + text


edits = st.one_of(
    st.builds(
        SetVariable,
        environment=st.sampled_from((*ENVIRONMENTS, "new")),
        service=st.sampled_from(SCOPES),
        key=st.sampled_from(KEYS),
        value=st.builds(Secret, texts | st.just("one\ntwo\r\n\tthree\n")),
    ),
    st.builds(
        RemoveVariable,
        environment=st.sampled_from((*ENVIRONMENTS, "new")),
        service=st.sampled_from(SCOPES),
        key=st.sampled_from(KEYS),
    ),
)


def after(text: str, *some: Edit) -> str:
    found, _ = edited_text(text, some, MemorySecrets(), root=Path("/"), name="compartment.toml")
    return found


def untouched(text: str, keys: set[str]) -> list[str]:
    """The lines that name none of the keys, and stand in no value of several lines."""
    kept, inside = [], ""
    for line in lines_of(text):
        marks = [mark for mark in ('"""', "'''") if line.count(mark) % 2]
        named = any(re.search(rf"(?<![A-Za-z0-9_]){key}(?![A-Za-z0-9_])", line) for key in keys)
        opens = not inside and bool(marks)
        braces = "{" in line and "variables" in line
        if not inside and not named and not opens and not braces:
            kept.append(line)
        if marks:
            inside = "" if inside else marks[0]
    return kept


def lines_of(text: str) -> list[str]:
    """As TOML counts them: other separators are characters like any."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def in_order(wanted: list[str], found: list[str]) -> bool:
    rest = iter(found)
    return all(any(one == line for line in rest) for one in wanted)


@quick
@given(files(), st.lists(edits, max_size=5))
def test_a_file_means_what_the_edits_make_of_it(text: str, some: list[Edit]) -> None:
    before = parse_config(text, root=Path("/"))
    found = parse_config(after(text, *some), root=Path("/"))
    assert meaning(found) == meaning(edited(before, some))


@quick
@given(files(), st.lists(edits, max_size=5))
def test_every_other_line_stays_as_it_is(
    text: str, some: list[SetVariable | RemoveVariable]
) -> None:
    keys = {edit.key for edit in some}
    wanted = untouched(text, keys)
    if wanted and not wanted[-1].endswith("\n"):
        wanted.pop()  # it gets a line break when something comes behind it
    found = after(text, *some)
    assert in_order(wanted, lines_of(found))
    assert found.startswith("\ufeff") == text.startswith("\ufeff")
    if "\r\n" in text:
        assert not re.search(r"(?<!\r)\n", found)


@quick
@given(files(), edits)
def test_an_edit_made_twice_is_an_edit_made_once(text: str, edit: Edit) -> None:
    once = after(text, edit)
    assert after(once, edit) == once


@quick
@given(files(), st.sampled_from(ENVIRONMENTS), st.sampled_from(SCOPES))
def test_what_was_added_goes_without_a_trace(text: str, name: str, scope: str | None) -> None:
    new = SetVariable(environment=name, service=scope, key="NEW", value=Secret("1"))
    once = after(text, new)
    twice = after(once, RemoveVariable(environment=name, service=scope, key="NEW"))
    if once.count("[") == text.count("[") and "{" not in text:
        assert twice == text
    assert after(twice, new) == once
