import os
import tomllib
import unicodedata
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.project_file import values
from compartment_tui.adapters.project_file.line_numbers import key_lines
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.project_file.read_tables import Item
from compartment_tui.adapters.project_file.schema import ANY, ITEM, KEYS, ROOT
from compartment_tui.adapters.project_file.token_positions import KeyPath
from compartment_tui.domain.config import (
    BuildSecret,
    Kind,
    ProjectConfig,
    ReadinessKind,
    ServiceSpec,
)
from compartment_tui.domain.errors import NotFound, ProjectFileInvalid, UsageProblem
from compartment_tui.domain.variable import Sensitivity

EXAMPLE = Path(__file__).parents[3] / "compartment.toml.example"
HEAD = '[project]\nname = "shop"\n'


def read(text: str, root: Path = Path("/repository")) -> ProjectConfig:
    return parse_config(text, root=root)


def problem(text: str, root: Path = Path("/repository")) -> ProjectFileInvalid:
    with pytest.raises(ProjectFileInvalid) as caught:
        read(text, root)
    return caught.value


def service(body: str) -> ServiceSpec:
    return read(f'{HEAD}[services.web]\npath = "web"\n{body}').services[0]


def patterns(table: dict[str, Any], at: KeyPath = ()) -> set[KeyPath]:
    """The schema paths of all values in a document."""
    node = ROOT
    for step in at:
        node = node.children[step]
    found: set[KeyPath] = set()
    for name, value in table.items():
        here = (*at, name if name in node.children else ANY)
        if ITEM in node.children[here[-1]].children:
            found |= {path for one in value for path in patterns(one, (*here, ITEM))}
        else:
            found |= patterns(value, here) if isinstance(value, dict) else {here}
    return found


def test_the_example_parses() -> None:
    config = read(EXAMPLE.read_text(encoding="utf-8"))
    assert config.name == "shop"
    assert {one.kind for one in config.services} == set(Kind)
    kinds = {one.readiness.kind for one in config.services if one.readiness}
    assert kinds == set(ReadinessKind)


def test_the_example_misses_no_key() -> None:
    written = patterns(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    assert written == {key.path for key in KEYS}


def test_every_line_of_the_example_fits_the_width() -> None:
    assert max(len(line) for line in EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 110


def test_defaults_in_the_definitions_are_those_of_the_domain() -> None:
    """A file that writes every default down means the same as one that writes none."""
    web = {"path": "web", "volumes": {"data": "/data"}}
    document: dict[str, Any] = {"project": {"name": "shop"}, "services": {"web": web}}
    bare = read(tomli_w.dumps(document) + '[services.web.readiness]\ntype = "http"\n')
    for key in KEYS:
        needy = {"release", "acme", "verify", "engines"} & set(
            key.path
        )  # what needs another key beside it
        if key.default is not None and not needy:
            table = document
            for step in key.path[:-1]:
                table = table.setdefault("web" if step == ANY else step, {})
            table[key.path[-1]] = key.default
    document["services"]["web"]["readiness"]["type"] = "http"
    explicit = read(tomli_w.dumps(document))
    assert explicit.services == bare.services
    assert explicit.environments[0].protected is bare.environment("web").protected
    for name in ("base_domain", "static_image", "edge", "networks", "keep"):
        assert getattr(explicit, name) == getattr(bare, name)


def test_a_whole_service_reaches_the_domain() -> None:
    web = service(
        """
kind = "api"
port = 8080
build = { dockerfile = "docker/Dockerfile", target = "final", args = { B = "2", A = "1" } }
run = { command = ["serve"] }
release = { command = ["./migrate"], timeout = "1m30s" }
readiness = { type = "http", path = "/up", interval = "500ms", timeout = "1h" }
settle = "0s"
requires = ["DATABASE_URL"]
limits = { cpus = 2, memory = "512MB" }
volumes = { data = "/var/lib/x/" }
"""
    )
    assert web.kind is Kind.API
    assert web.build.args == (("A", "1"), ("B", "2"))
    assert web.command == ("serve",)
    assert web.release is not None
    assert web.release.timeout == timedelta(seconds=90)
    assert web.readiness is not None
    assert (web.readiness.kind, web.readiness.path) == (ReadinessKind.HTTP, "/up")
    assert web.settle == timedelta()
    assert (web.limits.cpus, web.limits.memory) == (2.0, 512_000_000)
    assert web.volumes == (("data", "/var/lib/x"),)
    assert web.stop_first


def test_short_form() -> None:
    config = read(HEAD + '[services]\nweb = "services/web"\napi = "."\n')
    assert [(one.name, one.path) for one in config.services] == [
        ("web", "services/web"),
        ("api", "."),
    ]


def test_variables_of_both_scopes() -> None:
    config = read(
        HEAD
        + """
[services]
web = "web"
[environments.production.variables]
LOG = "info"
TOKEN = { sensitive = "age text" }
[environments.production.services.web.variables]
LOG = "debug"
"""
    )
    production = config.environment("production")
    log, token = production.variables["LOG"], production.variables["TOKEN"]
    assert log.value is not None
    assert (log.key, log.value.reveal(), log.sensitivity) == ("LOG", "info", Sensitivity.PLAIN)
    assert token.value is None
    assert (token.sealed, token.sensitivity) == ("age text", Sensitivity.SENSITIVE)
    own = production.services["web"]["LOG"].value
    assert own is not None
    assert own.reveal() == "debug"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + '\n[services.web]\npath = "web"\nredines = { type = "tcp" }\n',
            "compartment.toml:6: [services.web] has no key `redines`; did you mean `readiness`?",
        ),
        (
            HEAD + '[service.web]\npath = "web"',
            "there is no table `service`; did you mean `services`?",
        ),
        (
            HEAD + '[services.web]\npath="web"\nreadiness = {\n  type = "http", pth = "/" }',
            # Inline tables over several lines are TOML 1.1.
            "compartment.toml:5:",
        ),
        (
            HEAD + '[services.web]\npath="web"\nbuild.targt = "x"',
            "compartment.toml:5: [services.web.build] has no key `targt`; did you mean `target`?",
        ),
        ("[services]\n", "compartment.toml:1: [project] needs a `name`"),
        ("[project]\nname = 3\n", ":2: project.name must be 1 to 63 of"),
        ('[project]\nname = "Shop"\n', ":2: project.name must be 1 to 63 of"),
        (HEAD + '[services.Web]\npath = "x"', "“Web” in [services] is no service name"),
        (HEAD + "[services.web]\nport = 70000\n", "must be a port from 1 to 65535, not 70000"),
        (HEAD + "[services.web]\nport = true\n", "must be a port from 1 to 65535, not true"),
        (HEAD + '[services.web]\nport = "80"\n', "must be a port from 1 to 65535, not “80”"),
        (HEAD + "[services.web]\nsettle = 5\n", "services.web.settle must be a duration such as"),
        (HEAD + "[services.web]\nsettle = 5\n", 'not 5; write it with its unit, such as "5s"'),
        (HEAD + '[services.web]\nstop_grace = "5"\n', 'its unit, such as "5s"'),
        (HEAD + "[services.web]\nlimits = { memory = 512 }", 'its unit, such as "512MiB"'),
        (HEAD + '[services.web]\ndomains = ["x"]\n', "has no key `domains`"),
        (HEAD + '[services.web]\nkind = "cron"', "must be one of “web”, “api”, “static”, “worker”"),
        (HEAD + "[services.web]\nlimits = { cpus = 0 }", "a number of processors over 0"),
        (HEAD + "[services.web]\nlimits = { cpus = nan }", "a number of processors over 0"),
        (HEAD + '[services.web]\nlimits = { memory = "1KiB" }', "a size such as “512MiB”"),
        (HEAD + '[services.web]\nrun = { command = "serve" }', "must be a list of words"),
        (HEAD + "[services.web]\nbuild = 3", "services.web.build must be a table"),
        (HEAD + "[services.web]\nport = 1", ":3: [services.web] needs `path` or `image`"),
        (HEAD + '[services.web]\npath = "x"\nimage = "y"', ":5: [services.web] has both"),
        (HEAD + '[services.web]\nimage = "y"\nbuild = {}', "an `image` is not built"),
        (HEAD + '[services]\nweb = "/etc"', "must be a path relative to the project file"),
        (HEAD + '[services]\nweb = "../x"', ":4: services.web.path leads out of the repository"),
        (
            HEAD + '[services.web]\npath = "web"\nbuild.dockerfile = "../../D"',
            "services.web.build.dockerfile leads out of the repository",
        ),
        (
            HEAD + '[services.web]\npath = "web"\nkind = "static"\nrun.command = ["x"]',
            "so it has no `run`",
        ),
        (HEAD + '[services.web]\nkind = "static"\nimage = "y"', "so it has no `image`"),
        (HEAD + '[services.web]\npath = "w"\nfallback = "index.html"', "for static services only"),
        *(
            (
                HEAD + f'[services.web]\npath = "w"\nkind = "static"\nfallback = "{page}"',
                "a page below the service's `path`",
            )
            for page in (
                "/index.html",
                "../index.html",
                "a/../b.html",
                "index",
                "a b.html",
                "",
                "'",
            )
        ),
        (HEAD + '[services.web]\npath = "web"\nreadiness = {}', "readiness needs a `type`"),
        (
            HEAD + '[services.web]\npath = "web"\nreadiness = { type = "command" }',
            "services.web.readiness of type command needs a `command`",
        ),
        (
            HEAD + '[services.web]\npath = "web"\nreadiness = { type = "tcp", path = "/" }',
            "services.web.readiness.path has no meaning for type tcp, only for http",
        ),
        (
            HEAD + '[services.jobs]\npath="x"\nkind="worker"\nreadiness = { type = "http" }',
            "[services.jobs] is a worker: its readiness of type http needs a `port`",
        ),
        (
            HEAD + '[services.web]\npath = "web"\nrelease = { timeout = "1m" }',
            "[services.web] release needs a `command`",
        ),
        (
            HEAD + '[services.web]\npath = "web"\nvolumes = { a = "/x", b = "/x/" }',
            "mounts a and b at one place",
        ),
        (HEAD + "[environments.x.variables]\nWORKERS = 3", "must be a string in quotes"),
        (HEAD + '[environments.x.variables]\nA = "a\\u0000b"', "without NUL"),
        (
            HEAD + '[environments.x.variables]\n"A B" = "x"',
            "“A B” in [environments.x.variables] is no",
        ),
        (HEAD + '[environments.x.variables]\nCOMPARTMENT_X = "x"', "is reserved"),
        (
            HEAD + '[environments.x.variables]\nA = { sensitiv = "x" }',
            "[environments.x.variables.A] has no key `sensitiv`; did you mean `sensitive`?",
        ),
        (HEAD + "[environments.x.variables]\nA = { }", "needs `sensitive"),
        (
            HEAD + '[services]\nweb="web"\n[environments.x.services.wbe.variables]\nA="1"',
            "[environments.x.services.wbe] names no service of this project; did you mean `web`?",
        ),
        (HEAD + f'[environments."{"x" * 64}"]\n', "is no environment name"),
        (HEAD + '[networks]\npool = "10.0.0.1/8"', "must be a private IPv4 network"),
        *(
            (HEAD + f'[networks]\npool = "{pool}"', "must be a private IPv4 network")
            for pool in (
                "203.0.113.0/24",
                "0.0.0.0/0",
                "8.8.8.0/24",
                "10.0.0.0/7",
                "172.32.0.0/16",
                "172.16.0.0/11",
                "192.168.0.0/15",
                "192.0.2.0/24",
                "100.64.0.0/16",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "224.0.0.0/8",
                "fd00::/64",
            )
        ),
        (HEAD + "[services.web]\npath='web'\n[services.web.limits]\npids=0", "1 to 4194304"),
        (HEAD + "[services.web]\npath='web'\nnew_privileges='yes'", "true or false"),
        (HEAD + "[networks]\nsize = 12", "networks.size 12 does not fit into the pool"),
        (HEAD + "[networks]\nsize = 30", "must be a prefix length from 8 to 29"),
        (HEAD + '[edge]\nbind = "localhost"', "must be an IP address"),
        (HEAD + "[retention]\nkeep = 0", "must be a whole number from 1, not 0"),
        (HEAD + "[secrets]\nrecipients = [1]", "must be a list of strings, not a list"),
        ("[project]\nname = shop", "compartment.toml:2:8: this is not TOML: invalid value"),
        ('[project]\nname = "a"\nname = "b"', "compartment.toml:3:"),
        ('[project]\nname = """', "compartment.toml:2: this is not TOML"),
        ("a = " + "[" * 100_000, "compartment.toml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    said = problem(text).message
    assert said.startswith("compartment.toml")
    assert message in said
    assert "\n" not in said


def test_a_wrong_value_of_a_variable_is_not_repeated() -> None:
    for value in ("20250101", "2025-01-01", '["hunter2"]', '"hunter\\u0000"'):
        caught = problem(f"{HEAD}[environments.x.variables]\nA = {value}")
        assert "hunter" not in caught.message + caught.hint
        assert "2025" not in caught.message + caught.hint


def test_a_foreign_name_is_escaped() -> None:
    said = problem(HEAD + '[services.web]\n"\\u001b[31m" = 1').message
    assert "\x1b" not in said


def test_the_first_problem_of_the_file_comes_first_and_the_rest_is_counted() -> None:
    caught = problem(HEAD + "[edge]\nhttp_port = 0\nbnd = 1\n[services.web]\nx = 1\n")
    assert caught.message.startswith("compartment.toml:4: edge.http_port")
    assert caught.hint == "and 2 more problems in the file"


def test_two_spellings_of_one_environment_are_refused() -> None:
    name = "caf\u00e9"
    other = unicodedata.normalize("NFD", name)
    caught = problem(f'{HEAD}[environments."{name}"]\n\n[environments."{other}"]\n')
    assert caught.message.startswith("compartment.toml:5:")
    config = read(f'{HEAD}[environments."{other}"]\nprotected = true\n')
    assert config.environment(name).protected


def test_a_problem_inside_a_decomposed_name_still_has_its_line() -> None:
    name = unicodedata.normalize("NFD", "caf\u00e9")
    caught = problem(f'{HEAD}\n[environments."{name}".services.nope.variables]\nA = "1"\n')
    assert caught.message.startswith("compartment.toml:4:")


def test_links_are_judged_by_where_they_lead(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "inside").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "good").symlink_to("inside")
    (root / "bad").symlink_to(tmp_path / "outside")
    (root / "circle").symlink_to("circle")
    assert read(f'{HEAD}[services]\nweb = "good"', root).services[0].path == "good"
    for path in ("bad", "bad/deeper"):
        assert "leads out" in problem(f'{HEAD}[services]\nweb = "{path}"', root).message
    (root / "inside" / "Dockerfile").symlink_to(tmp_path / "outside" / "Dockerfile")
    for text in ('[services]\nweb = "inside"', '[services.web]\npath = "inside"'):
        assert "build.dockerfile leads out" in problem(HEAD + text, root).message


def test_the_file_is_found_by_walking_up(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(NotFound, match=r"no compartment\.toml"):
        TomlProject.find(tmp_path / "a" / "b")
    (tmp_path / "compartment.toml").write_text(HEAD, encoding="utf-8")
    found = TomlProject.find(tmp_path / "a" / "b")
    assert found.root == tmp_path.resolve()
    assert found.config().name == "shop"
    other = tmp_path / "a" / "other.toml"
    other.write_text(HEAD.replace("shop", "inn"), encoding="utf-8")
    assert TomlProject.find(tmp_path, other).config().name == "inn"
    assert TomlProject.find(tmp_path / "a", tmp_path).config().name == "shop"
    with pytest.raises(NotFound):
        TomlProject.find(tmp_path, tmp_path / "none.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "compartment.toml"
    with pytest.raises(NotFound):
        TomlProject(file).config()
    file.write_bytes(b"[project]\nname = '\xff'\n")
    with pytest.raises(ProjectFileInvalid, match=r"compartment\.toml:2: this is not UTF-8"):
        TomlProject(file).config()


def test_what_bears_the_name_but_is_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "compartment.toml").mkdir()
    with pytest.raises(ProjectFileInvalid, match="is a directory"):
        TomlProject.find(tmp_path)
    (tmp_path / "compartment.toml").rmdir()
    os.mkfifo(tmp_path / "compartment.toml")
    with pytest.raises(ProjectFileInvalid, match="is no regular file"):
        TomlProject.find(tmp_path)
    with pytest.raises(ProjectFileInvalid, match="is no regular file"):
        TomlProject.find(None, tmp_path / "compartment.toml")


def test_files_that_it_names(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "compartment.toml").write_text(HEAD, encoding="utf-8")
    (root / "a.pem").write_text("inside", encoding="utf-8")
    (tmp_path / "b.pem").write_text("outside", encoding="utf-8")
    (root / "raw").write_bytes(b"hunter2\xff")
    os.mkfifo(root / "pipe")
    project = TomlProject(root / "compartment.toml")
    assert project.named_text("a.pem") == "inside"
    assert (
        project.named_text("../b.pem") == project.named_text(str(tmp_path / "b.pem")) == "outside"
    )
    for path, why in (
        ("none", "cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
        ("pipe", "is a pipe into which nobody writes"),
        ("/dev/zero", "is larger than 1 MiB"),
        ("raw", "is no text"),
    ):
        with pytest.raises(UsageProblem) as caught:
            project.named_text(path)
        assert caught.value.message.endswith(f"which compartment.toml names, {why}")
        assert "hunter2" not in repr(caught.value.__cause__)


# --- the scanner ----------------------------------------------------------------------------------

TRICKY = '''# [not.a.table]
top = """
[inside] = 1
fake = "\\""""   # five quotes
[a.b]            # header
"quoted.key" = [ # comment ] with "brackets"
  1, { deep = [ "]" ] },
  \'\'\'
x = 1 \'\'\',
]
c . "d" = { e = 1, f.g = 1979-05-27 07:32:00 }
[[list]]
z = true
[a]
after = \'\\\'
'''


def test_the_scanner_is_not_confused() -> None:
    assert key_lines(TRICKY) == {
        ("top",): 2,
        ("a",): 14,
        ("a", "b"): 5,
        ("a", "b", "quoted.key"): 6,
        ("a", "b", "quoted.key", "[0]"): 7,
        ("a", "b", "quoted.key", "[1]"): 7,
        ("a", "b", "quoted.key", "[1]", "deep"): 7,
        ("a", "b", "quoted.key", "[1]", "deep", "[0]"): 7,
        ("a", "b", "quoted.key", "[2]"): 8,
        ("a", "b", "c"): 11,
        ("a", "b", "c", "d"): 11,
        ("a", "b", "c", "d", "e"): 11,
        ("a", "b", "c", "d", "f"): 11,
        ("a", "b", "c", "d", "f", "g"): 11,
        ("list",): 12,
        ("list", "[0]"): 12,
        ("list", "[0]", "z"): 13,
        ("a", "after"): 15,
    }


def test_tables_of_an_array_are_told_apart() -> None:
    text = """[[a]]
x = 1
[[a.b]]
[[a.b]]
y = 1
[a.c.d]
z = 1
[[a]]
[[a.b]]
y = [
  { k = 1 },
  "s",
]
"""
    assert key_lines(text) == {
        ("a",): 1,
        ("a", "[0]"): 1,
        ("a", "[0]", "x"): 2,
        ("a", "[0]", "b"): 3,
        ("a", "[0]", "b", "[0]"): 3,
        ("a", "[0]", "b", "[1]"): 4,
        ("a", "[0]", "b", "[1]", "y"): 5,
        ("a", "[0]", "c"): 6,
        ("a", "[0]", "c", "d"): 6,
        ("a", "[0]", "c", "d", "z"): 7,
        ("a", "[1]"): 8,
        ("a", "[1]", "b"): 9,
        ("a", "[1]", "b", "[0]"): 9,
        ("a", "[1]", "b", "[0]", "y"): 10,
        ("a", "[1]", "b", "[0]", "y", "[0]"): 11,
        ("a", "[1]", "b", "[0]", "y", "[0]", "k"): 11,
        ("a", "[1]", "b", "[0]", "y", "[1]"): 12,
    }


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ['"', "'''", '"""', "]", "}", "#", "=", "\n[x]\n", "\\", ",", "a = 1", "\r\n"]
)
leaves = texts | st.integers(-(2**40), 2**40) | st.booleans() | st.datetimes()
documents = st.dictionaries(
    texts,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


def paths(value: object, at: KeyPath = ()) -> set[KeyPath]:
    if isinstance(value, dict):
        below = {path for name, one in value.items() for path in paths(one, (*at, name))}
        return below | ({at} if at else set())
    if isinstance(value, list):
        elements = (paths(one, (*at, Item(index))) for index, one in enumerate(value))
        return {at}.union(*elements)
    return {at}


@given(documents, st.booleans())
def test_the_scanner_finds_what_tomllib_finds(document: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    parsed = tomllib.loads(text)
    found = key_lines(text)
    assert set(found) == paths(parsed)
    lines = text.split("\n")
    bare = [path for path in found if path[-1].isascii() and path[-1].isalnum()]
    assert all(path[-1] in lines[found[path] - 1] for path in bare)


# --- values ---------------------------------------------------------------------------------------


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_durations_add_up(hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{seconds}s{milliseconds}ms"
    expected = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    assert values.duration(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("10m", 600), ("1h", 3600), ("1m30s", 90)]
)
def test_durations(text: str, seconds: float) -> None:
    assert values.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", " ", "5", "1s1m", "-1s", "1.5s", "25h", "9" * 5000 + "s", 5])
def test_no_durations(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        values.duration(value)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        *(("512MiB", 2**29), ("1GiB", 2**30), ("512MB", 512 * 10**6), (7, 7), ("1 kB", 1000)),
        *(("512m", 2**29), ("512M", 2**29), ("512Mi", 2**29), ("512mib", 2**29), ("1g", 2**30)),
        *(("1.5g", 3 * 2**29), ("64k", 2**16), ("64K", 2**16), ("10b", 10), ("10B", 10)),
        *(("512mb", 512 * 10**6), ("1t", 2**40), ("0.5 GiB", 2**29)),
    ],
)
def test_sizes(value: object, size: int) -> None:
    assert values.size(value) == size


def test_every_field_of_a_service_can_be_written() -> None:
    written = {key.path[2] for key in KEYS if key.path[0] == "services" and len(key.path) > 2}
    meant = {one.name for one in fields(ServiceSpec)} - {"name", "command", "traffic"} | {"run"}
    assert written == meant | {"headers", "hsts"}


def test_a_file_that_changed_is_read_again_however_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "compartment.toml"
    project = TomlProject(file)
    for number in range(30):  # as quick as it goes, always of the same size
        text = f'[project]\nname = "shop-{number:02}"\n'
        if number % 2:
            (tmp_path / "fresh").write_text(text, encoding="utf-8")
            (tmp_path / "fresh").replace(file)
        else:
            file.write_text(text, encoding="utf-8")
        assert project.config().name == f"shop-{number:02}"


def test_a_file_that_did_not_change_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "compartment.toml"
    file.write_text('[project]\nname = "shop"\n', encoding="utf-8")
    os.utime(file, ns=(1, 1))
    project = TomlProject(file)
    assert project.config() is project.config()


def test_where_build_secrets_come_from() -> None:
    secrets = (
        'NPM_TOKEN = "variable"\npip-token = { variable = "PIP" }\n".npmrc" = { file = "a/b" }'
    )
    assert service(f"[services.web.build.secrets]\n{secrets}\n").build.secrets == (
        BuildSecret(id=".npmrc", file="a/b"),
        BuildSecret(id="NPM_TOKEN", variable="NPM_TOKEN"),
        BuildSecret(id="pip-token", variable="PIP"),
    )


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ('T = "npm_abcdef"', "must be “variable”"),
        ("T = {}", "comes from one"),
        ('T = { file = "a", variable = "B" }', "comes from one"),
        ('T = { file = "../a" }', "leads out of the repository"),
        ('T = { file = "/etc/passwd" }', "must be a path relative"),
        ('T = { env = "X" }', "has no key `env`"),
        ('T = { variable = "not one" }', "must be a variable's name"),
        ('-token = "variable"', "is no name that a variable can have"),
        ('"a,src=b" = "variable"', "is no id of a build secret"),
        ('"" = "variable"', "is no id of a build secret"),
    ],
)
def test_wrong_build_secrets(secret: str, said: str) -> None:
    found = problem(f'{HEAD}[services.web]\npath = "web"\n[services.web.build.secrets]\n{secret}\n')
    assert said in found.message
    assert "npm_abcdef" not in f"{found.message}{found.hint}"


def test_build_arguments_of_an_environment_win() -> None:
    config = read(
        f'{HEAD}[services.web]\npath = "web"\nbuild = {{ args = {{ A = "1", B = "1" }} }}\n'
        '[environments.staging.services.web.build]\nargs = { B = "2", C = "2" }\n'
    )
    (web,) = config.services
    staging = config.environment("staging")
    assert staging.with_build_args(web).build.args == (("A", "1"), ("B", "2"), ("C", "2"))
    assert config.environment("production").with_build_args(web) == web
    assert staging.services == {}
    assert staging.with_build_args(web).text() == web.text()


def test_build_arguments_of_what_is_not_built() -> None:
    found = problem(
        f'{HEAD}[services.web]\nimage = "a:1"\n'
        '[environments.staging.services.web.build]\nargs = { B = "2" }\n'
    )
    assert "is not built" in found.message


def test_a_commits_project_file_that_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    for name in ("here", "commit"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "compartment.toml").write_text(HEAD)
    (tmp_path / "commit" / "compartment.toml").symlink_to(tmp_path / "here" / "compartment.toml")
    with pytest.raises(ProjectFileInvalid, match="link out"):
        TomlProject.find(tmp_path / "here").services_in(tmp_path / "commit")


@pytest.mark.parametrize(
    ("more", "reason"),
    [("", "for services with volumes only"), ('kind = "worker"\n', "nobody sends requests to")],
)
def test_requests_wait_only_for_what_has_a_route_and_volumes(more: str, reason: str) -> None:
    head = f'[project]\nname = "shop"\n[services.web]\npath = "web"\nhold = "5s"\n{more}'
    with pytest.raises(ProjectFileInvalid, match=reason):
        read(head)
    volumes = 'volumes = { data = "/data" }\n'
    if not more:
        assert read(head + volumes).services[0].hold.total_seconds() == 5
