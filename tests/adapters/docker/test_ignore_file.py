import os
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.build.build_context import prepared
from compartment_tui.adapters.docker.build.ignore_file import read_patterns, sent_paths, written
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.config import ServiceSpec

FILES = ("a/one.txt", "a/b/two.txt", "a/b/keep", "c.log", "d e", "#hash", "B/x", "sub/a/one.txt")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in FILES:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("", ()),
        ("# a\n\n  \n", ()),
        ("a", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("/a/", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("./a/.", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("a\r\nc.log\r\n", ("a/one.txt", "a/b/two.txt", "a/b/keep", "c.log")),
        ("\ufeffc.log", ("c.log",)),
        ("  c.log  ", ("c.log",)),
        ("d e", ("d e",)),
        ("#hash", ()),
        (" #hash", ("#hash",)),
        ("\\#hash", ("#hash",)),
        ("**/a", ("a/one.txt", "a/b/two.txt", "a/b/keep", "sub/a/one.txt")),
        ("**/*.txt", ("a/one.txt", "a/b/two.txt", "sub/a/one.txt")),
        ("*.txt", ()),
        ("a/*", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("a/**", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("a\n!a/b", ("a/one.txt",)),
        ("a\n!a/b/keep", ("a/one.txt", "a/b/two.txt")),
        ("a\n!**/keep", ("a/one.txt", "a/b/two.txt")),
        ("!a/b/keep\na", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("! a/b\na/b/two.txt", ("a/b/two.txt",)),
        ("b", ()),
        ("[Aa]", ("a/one.txt", "a/b/two.txt", "a/b/keep")),
        ("[^A-Zac-z#]", ()),
        ("[a-c].log", ("c.log",)),
        ("?.log", ("c.log",)),
        ("c\\.log", ("c.log",)),
    ],
)
def test_what_an_ignore_file_leaves_out(root: Path, text: str, left_out: tuple[str, ...]) -> None:
    sent = set(sent_paths(root, read_patterns(text.encode())))
    assert set(FILES) - sent == set(left_out)
    assert "empty" in sent
    again = read_patterns(written(read_patterns(text.encode())))
    assert again == read_patterns(text.encode())


def test_everything_but_one_thing(root: Path) -> None:
    assert list(sent_paths(root, read_patterns(b"**\n!a/b/keep\n"))) == ["a", "a/b", "a/b/keep"]


@pytest.mark.parametrize("text", ["!", "a\n! \n", "[a", "a\\", "[]", "[^]"])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        read_patterns(text.encode())


def test_names_that_are_no_text_and_line_ends_that_are_none(tmp_path: Path) -> None:
    for name in (b"latin-\xe9", "a\u2028b".encode(), b"b"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("")
    patterns = read_patterns(b"latin-\xe9\na\xe2\x80\xa8b\n")
    assert list(sent_paths(tmp_path, patterns)) == ["b"]
    assert written(patterns) == b"latin-\xe9\na\xe2\x80\xa8b\n"


@pytest.mark.parametrize(
    ("ignore", "copy", "history", "copies"),
    [
        ("", "COPY . /all", False, False),
        ("!.gitignore\n", "COPY . /all", False, False),
        ("*\n!web*\n", "COPY . /all", False, False),
        ("!.git\n!.compartment\n", "COPY . /all", True, False),
        ("!.git/HEAD\n", "COPY . /all", True, False),
        ("!**/.git\n", "COPY . /all", True, False),
        ("", "COPY .git /all", True, False),
        ("", "COPY --from=x a ./.git/ /all", True, False),
        ("", 'ADD [".git/HEAD", "/all"]', True, False),
        ("", "RUN --mount=type=bind,source=.git,target=/x true", True, False),
        ("", "COPY .gitignore x.git /all", False, False),
        ("", "RUN git clone https://example.com/x.git", False, False),
        ("", "# COPY .git /all", False, False),
        (".git\n", "COPY .git /all", False, False),
    ],
)
def test_history_enters_when_it_is_asked_for(
    tmp_path: Path, ignore: str, copy: str, history: bool, copies: bool
) -> None:
    for path in (".git/HEAD", ".compartment/x", "sub/.compartment/x", "page"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "compartment.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "Dockerfile").write_text(f"FROM busybox:1\n{copy}\n")
    (tmp_path / ".dockerignore").write_text(ignore)
    spec = ServiceSpec(name="web", path=".")
    with prepared(spec, TomlProject.find(tmp_path)) as recipe:
        sent = set(sent_paths(recipe.context, recipe.ignored))
    assert (".git/HEAD" in sent) is history
    assert any(".compartment" in path for path in sent) is copies
