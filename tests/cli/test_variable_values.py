"""Names and values as real repositories have them, from every road of the command line."""

import io
import json

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld, memory_world
from compartment_tui.cli.output_stream import OutputStream
from tests.cli.line import Said, line
from tests.cli.test_variables import fed
from tests.rollout.shop import API, WEB, shop_config

CANARY = "c4n4ry-hunter2"
KEYS = ("spring.datasource.url", "my-key", "ConnectionStrings:Main", "2FA_SECRET", "a[0].b")


@pytest.fixture
def shop() -> MemoryWorld:
    opened = memory_world(shop_config(WEB, API))
    assert line(opened, "recipients", "add").code == 0
    return opened


def value(opened: MemoryWorld, key: str, *words: str) -> str | None:
    said = line(opened, "variable", "show", key, *words, "--output", "json")
    assert said.code == 0, said.err
    found = json.loads(said.out)["variable"]["value"]
    assert found is None or isinstance(found, str)
    return found


# --- keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_a_key_the_engine_takes_is_taken_from_every_road(shop: MemoryWorld, key: str) -> None:
    assert line(shop, "variable", "set", key, "1").code == 0
    assert fed(shop, f"{key}=2\n", "variable", "import", "-", "-s", "web").code == 0
    assert line(shop, "variable", "copy", key, "--from", "production", "--to", "qa").code == 0
    assert value(shop, key) == "1"
    assert value(shop, key, "-s", "web", "-e", "qa") == "2"
    exported = line(shop, "variable", "export", "-s", "web")
    assert f"{key}=2\n" in exported.out.replace("'", "")
    assert f"cannot have {key}" in exported.err
    assert line(shop, "variable", "run", "-e", "qa", "-s", "web", "--", "env").code == 0
    assert shop.programs.ran[-1][1][key] == "2"
    assert line(shop, "variable", "remove", key, "-s", "web").code == 0


def test_a_shell_is_told_what_it_cannot_have(shop: MemoryWorld) -> None:
    line(shop, "variable", "set", "my-key", "1")
    said = line(shop, "variable", "export", "--format", "shell")
    assert (said.code, said.out) == (2, "")
    assert "“my-key”" in said.err


@pytest.mark.parametrize(
    "key", ["A B", "A=B", "", "-x", "A$B", "a;b", "é", "COMPARTMENT_X", "a\tb"]
)
def test_no_key(shop: MemoryWorld, key: str) -> None:
    said = line(shop, "variable", "set", "--", key, "1")
    assert said.code == 2
    assert "is not a variable name" in said.err or "is reserved" in said.err


# --- values that begin with a dash ---------------------------------------------------------------


@pytest.mark.parametrize("given", ["-1", "-0.5", "-.5", "-1e9", "-Xmx512m", "-O2", "-race", "-"])
@pytest.mark.parametrize(
    "words",
    [("A", "{}"), ("A", "{}", "-s", "web"), ("-s=web", "A", "{}"), ("A", "--", "{}")],
)
def test_a_value_that_begins_with_a_dash(
    shop: MemoryWorld, given: str, words: tuple[str, ...]
) -> None:
    said = line(shop, "variable", "set", *(word.format(given) for word in words))
    assert said.code == 0, said.err
    where = ("-s", "web") if len(set(words) & {"-s", "-s=web"}) else ()
    assert value(shop, "A", *where) == given


@pytest.mark.parametrize("given", ["--max-old-space-size=4096", "-v", "--flag"])
def test_what_may_be_a_slip_of_an_option_names_the_way(shop: MemoryWorld, given: str) -> None:
    said = line(shop, "variable", "set", "A", given)
    assert said.code == 2
    assert "stands behind --" in said.err
    assert line(shop, "variable", "set", "A", "--", given).code == 0
    assert value(shop, "A") == given


@pytest.mark.parametrize("given", ["-e", "-s", "--env", "--output"])
def test_an_option_in_place_of_a_value_names_the_way(shop: MemoryWorld, given: str) -> None:
    said = line(shop, "variable", "set", "A", given)
    assert said.code == 2
    assert f"'{given}' requires an argument" in said.err
    assert "stands behind --" in said.err
    assert "stands behind" not in line(shop, "status", given).err


def test_a_name_that_begins_with_a_dash(shop: MemoryWorld) -> None:
    said = line(shop, "environment", "show", "-qa1")
    assert said.code == 7
    assert "-qa1" in said.err


def test_options_stay_options(shop: MemoryWorld) -> None:
    assert line(shop, "variable", "set", "A", "-1", "-e", "qa", "--quiet").code == 0
    assert value(shop, "A", "-eqa") == "-1"
    assert line(shop, "variable", "list", "-Xmx").code == 2
    assert line(shop, "variable", "set", "A", "-1", "-2").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("variable", "set", "A", "--sensitve"), "did you mean --sensitive?"),
        (("status", "--enviroment", "x"), "did you mean --env?"),
        (("deplyo",), "Did you mean 'deploy'?"),
        (("variable", "lst"), "Did you mean 'list'?"),
    ],
)
def test_a_near_name_is_suggested(shop: MemoryWorld, words: tuple[str, ...], said: str) -> None:
    assert said in line(shop, *words).err


@pytest.mark.parametrize("words", [("frobnicate",), ("variable", "rename"), ("status", "--colour")])
def test_a_far_name_is_not(shop: MemoryWorld, words: tuple[str, ...]) -> None:
    found = line(shop, *words)
    assert found.code == 2
    assert "did you mean" not in found.err.lower()


# --- what an import names ------------------------------------------------------------------------


def test_references_stay_and_are_named(shop: MemoryWorld) -> None:
    text = f"HOST=${{HOME}}/x\nURL=$OTHER\nTOKEN={CANARY}\nLITERAL='$HOME'\n"
    said = fed(shop, text, "variable", "import", "-")
    assert said.code == 0
    assert "stay as they are written, nothing replaces them: HOST, URL\n" in said.err
    assert value(shop, "HOST") == "${HOME}/x"
    dry = fed(shop, text, "variable", "import", "-", "--dry-run", "--output", "json")
    assert json.loads(dry.out)["literalReferenceKeyNames"] == ["HOST", "URL"]


def test_a_key_of_lines_without_quotes_is_refused_by_its_line(shop: MemoryWorld) -> None:
    text = f"A=1\nKEY=-----BEGIN PRIVATE KEY-----\n{CANARY}==\n-----END PRIVATE KEY-----\n"
    said = fed(shop, text, "variable", "import", "-")
    assert said.code == 2
    assert "line 2: a value with line breaks stands in quotes" in said.err
    assert CANARY not in said.out + said.err


@pytest.mark.parametrize("form", ["dotenv", "shell", "docker"])
def test_what_is_exported_is_imported_again(shop: MemoryWorld, form: str) -> None:
    for key, given in {"A": "it's", "B": "$HOME `id`", "C": " \\ ", "D": ""}.items():
        assert line(shop, "variable", "set", key, given).code == 0
    text = line(shop, "variable", "export", "--format", form)
    assert text.code == 0
    words = ("variable", "import", "-", "--format", form, "--output", "json")
    again = json.loads(fed(shop, text.out, *words).out)
    assert not any(names for one in again["changes"] for names in (one["added"], one["changed"]))


def test_an_export_is_utf_8_whatever_the_locale() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    OutputStream(stream, {}).write_exactly("A='ü €'\n")
    assert written.getvalue() == "A='ü €'\n".encode()


def test_docker_is_refused_what_its_file_cannot_say(shop: MemoryWorld) -> None:
    line(shop, "variable", "set", "PEM", "a\nb")
    line(shop, "variable", "set", "FINE", "x y")
    said = line(shop, "variable", "export", "--format", "docker")
    assert (said.code, said.out) == (2, "")
    assert "“PEM”" in said.err


# --- comparing -----------------------------------------------------------------------------------


def compared(opened: MemoryWorld, *words: str) -> Said:
    return line(opened, "variable", "compare", "--from", "staging", "--to", "production", *words)


@pytest.fixture
def two(shop: MemoryWorld) -> MemoryWorld:
    for environment, pairs in {
        "staging": {"LEVEL": "debug", "SAME": "1", "MINE": "x"},
        "production": {"LEVEL": "info", "SAME": "1", "THEIRS": ""},
    }.items():
        for key, given in pairs.items():
            line(shop, "variable", "set", key, given, "-e", environment)
        words = ("variable", "set", "TOKEN", "--sensitive", "--stdin", "-e", environment)
        assert fed(shop, f"{CANARY}-{environment}", *words).code == 0
        words = ("variable", "set", "EQUAL", "--sensitive", "--stdin", "-e", environment)
        assert fed(shop, CANARY, *words).code == 0
    line(shop, "variable", "set", "LEVEL", "trace", "-e", "staging", "-s", "web")
    return shop


def test_two_environments_side_by_side(two: MemoryWorld) -> None:
    said = compared(two)
    assert said.code == 0
    rows = {tuple(row.split()[:2]): row for row in said.out.splitlines()}
    assert "≠ differs" in rows["LEVEL", "*"]
    assert "debug" in rows["LEVEL", "*"]
    assert "trace" in rows["LEVEL", "web"]
    assert "info" in rows["LEVEL", "web"]
    assert "= same" in rows["SAME", "*"]
    assert "only in staging" in rows["MINE", "*"]
    assert "only in production" in rows["THEIRS", "*"]
    assert "≠ differs" in rows["TOKEN", "*"]
    assert "= same" in rows["EQUAL", "*"]
    assert CANARY not in said.out + said.err
    assert "what the project file has" in said.err


def test_compared_for_scripts(two: MemoryWorld) -> None:
    found = json.loads(compared(two, "--output", "json", "-s", "web").out)
    assert (found["source"], found["from"], found["to"]) == (
        "project_file",
        {"name": "staging"},
        {"name": "production"},
    )
    by = {one["keyName"]: one for one in found["variables"]}
    assert by["LEVEL"]["difference"] == "differs"
    assert by["LEVEL"]["from"]["value"] == "trace"
    assert by["LEVEL"]["from"]["scopeType"] == "service"
    assert by["LEVEL"]["to"]["scopeType"] == "environment"
    assert by["TOKEN"]["from"]["value"] is None
    assert by["MINE"]["to"] is None
    assert CANARY not in json.dumps(found)


def test_a_plain_value_equal_to_a_sensitive_one_is_not_shown(two: MemoryWorld) -> None:
    line(two, "variable", "set", "EQUAL", CANARY, "--plain", "-e", "staging")
    for words in ((), ("--output", "json")):
        said = compared(two, *words)
        assert "same" in said.out
        assert CANARY not in said.out + said.err


def test_what_cannot_be_read_is_unknown(two: MemoryWorld) -> None:
    two.secrets.recipient = None
    said = compared(two, "--output", "json")
    assert said.code == 0
    by = {one["keyName"]: one["difference"] for one in json.loads(said.out)["variables"]}
    assert by["TOKEN"] == "unknown"


def test_an_environment_the_file_does_not_have(two: MemoryWorld) -> None:
    said = line(two, "variable", "compare", "--from", "stagng", "--to", "production")
    assert said.code == 0
    assert "no environment “stagng”; did you mean `staging`?" in said.err
    assert line(two, "variable", "compare", "--from", "a", "--to", "a").code == 0
