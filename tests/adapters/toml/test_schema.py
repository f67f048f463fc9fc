"""The schema for editors says of a file what our own reader says of it."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.adapters.project_file.schema import KEYS, NAME_CHECKS, json_schema
from compartment_tui.adapters.project_file.schema_rules import NAMES, RULES
from compartment_tui.domain.errors import ProjectFileInvalid

ROOT = Path(__file__).parents[3]
HEAD = '[project]\nname = "shop"\n'
WEB = HEAD + '[services.web]\npath = "web"\n'
ENVIRONMENT = HEAD + "[environments.x.variables]\n"
PUBLIC = WEB + "[environments.x.services.web]\n"
ACCESS = HEAD + "[environments.x.access]\n"
ROUTE = WEB + '[[routes]]\non = "web"\nto = "web"\n'
ENGINE = HEAD + "[engines.prod]\n"
CERTIFICATE = HEAD + '[[edge.certificates]]\ncert = "a.pem"\n'
HASH = "$2y$05$CpRb0XURzW2.JlrLTYcu8.trj8NQMKwYxmQSC76PW5Aeu95Np0xRe"

GOOD = (
    HEAD,
    WEB,
    HEAD + '[services]\nweb = "services/web"\n',
    HEAD + '[services.my_api]\nimage = "registry:5000/name@sha256:abc"\nkind = "api"\n',
    WEB + 'settle = "0s"\ndrain_timeout = "1h30m"\nstop_grace = "500ms"\n',
    WEB + 'limits = { cpus = 1, memory = "512MiB" }\n',
    WEB + "limits = { cpus = 0.5, memory = 6291456 }\n",
    WEB + 'volumes = { data = "/var/lib/x" }\n',
    WEB + 'requires = ["DATABASE_URL", "spring.datasource.url", "my-key"]\n',
    WEB + 'limits = { memory = "512m" }\n',
    WEB + 'limits = { memory = "1.5GIB" }\n',
    WEB + 'run = { command = ["sh", "-c", ""] }\n',
    WEB + 'readiness = { type = "http", path = "/up" }\n',
    WEB + 'readiness = { type = "tcp" }\n',
    WEB + 'readiness = { type = "command", command = ["true"] }\n',
    WEB + 'kind = "worker"\n',
    WEB + 'kind = "worker"\nport = 1\nreadiness = { type = "tcp" }\n',
    WEB + 'kind = "worker"\nreadiness = { type = "command", command = ["true"] }\n',
    WEB + 'kind = "static"\n',
    WEB + 'kind = "static"\nfallback = "index.html"\n',
    WEB + 'kind = "static"\nfallback = "app/200.html"\n',
    WEB + 'release = { command = ["./migrate"], timeout = "10m" }\n',
    ENVIRONMENT + 'A = ""\nB = { sensitive = "age" }\n',
    ENVIRONMENT + '"spring.datasource.url" = "x"\nmy-key = "y"\n"a:b/c" = "z"\n',
    HEAD + '[environments."\U0001f680 a/b\\n-x"]\nprotected = true\n',
    WEB + '[environments.x.services.web.variables]\nA = "1"\n',
    HEAD + '[networks]\npool = "10.0.0.0/16"\nsize = 24\n',
    HEAD + '[edge]\nbind = "0.0.0.0"\nhttp_port = 80\n[retention]\nkeep = 1\n',
    WEB + 'scheme = "h2c"\n',
    WEB + 'scheme = "https"\nverify = false\n',
    WEB + 'headers = { X-Frame-Options = "DENY", Server = "" }\nhsts = "365d"\n',
    WEB + 'limits = { requests_per_second = 1, in_flight = 1, body = "10MiB" }\n',
    WEB + "limits = { body = 1 }\n",
    PUBLIC + 'domains = ["example.com", "xn--mnchen-3ya.de"]\nredirects = ["a.b.c"]\n',
    PUBLIC + 'domains = ["example.com"]\nderived_host = false\n',
    PUBLIC + "domains = []\nderived_host = true\n",
    ACCESS + f'users = {{ "a b" = "{HASH}", "é" = "{HASH}" }}\n',
    ACCESS + 'users = { a = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=" }\n',
    ACCESS + 'users = { a = "$apr1$xyz$9nVGrWpmHX9Lh1ZaiLVJ8/" }\n',
    ACCESS + 'allow = ["203.0.113.0/24", "2001:db8::1"]\n',
    ROUTE + 'path = "/a"\n',
    ROUTE + 'path = "/*"\nmethods = ["GET", "PUT"]\n',
    ROUTE + 'path = "/a/*"\nstrip_prefix = "/a"\n',
    ROUTE + 'path = "/a/*"\nreplace_prefix = "/b"\n',
    ROUTE + 'path = "/a"\nrewrite = "/b"\n',
    HEAD + "[edge]\ntrusted_proxies = []\nhttps_port = 443\n",
    HEAD + '[edge.acme]\nemail = "ops@example.com"\nserver = "https://127.0.0.1:14000/dir"\n',
    HEAD + '[edge.acme]\nemail = "a@b.de"\nserver = "https://ca.test"\nca = "ca.pem"\n',
    CERTIFICATE + 'key = "/a.key"\n',
    CERTIFICATE + 'key = "~/a.key"\n',
    CERTIFICATE + 'key = { variable = "TLS_KEY" }\n',
    ENGINE + 'address = "ssh://deploy@prod.example.com"\n',
    ENGINE + 'address = "ssh://[2001:db8::1]:2222/run/user/1000/docker.sock"\n',
    ENGINE + 'address = "tcp://10.0.0.5:2376"\nbuild_on = "local"\n',
    ENGINE + 'address = "unix:///home/ada/.docker/run/docker.sock"\n',
    ENGINE + 'context = "prod.2+eu"\nregistry = "registry.example.com:5000/team/shop"\n',
    ENGINE + 'context = "prod"\n[environments.production]\nengine = "prod"\n',
)
BAD = (
    "",
    "[services]\n",
    '[project]\nname = "Shop"\n',
    HEAD + 'base_domain = "-a"\n',
    HEAD + '[service.web]\npath = "web"\n',
    HEAD + "[edge]\nhttp_port = 0\n",
    HEAD + '[edge]\nhttp_port = "80"\n',
    HEAD + "[services.web]\nredines = 1\n",
    HEAD + "[services.web]\n",
    HEAD + '[services]\nweb = ""\n',
    HEAD + '[services]\nWeb = "web"\n',
    HEAD + '[services.web]\npath = "/web"\n',
    WEB + 'image = "x"\n',
    HEAD + '[services.web]\nimage = "x"\nbuild = { target = "y" }\n',
    WEB + "settle = 3\n",
    WEB + 'settle = "3"\n',
    WEB + 'settle = ""\n',
    WEB + 'kind = "job"\n',
    WEB + "port = 65536\n",
    WEB + "port = true\n",
    WEB + "limits = { cpus = 0 }\n",
    WEB + 'limits = { memory = "512" }\n',
    WEB + "limits = { memory = 5 }\n",
    WEB + 'volumes = { data = "var" }\n',
    WEB + 'volumes = { data = "/" }\n',
    WEB + 'volumes = { data = "/a/../b" }\n',
    WEB + 'volumes = { "a b" = "/x" }\n',
    WEB + 'requires = ["COMPARTMENT_X"]\n',
    WEB + 'requires = ["A B"]\n',
    WEB + "run = { command = [] }\n",
    WEB + 'run = { command = "serve" }\n',
    WEB + "build = { args = { A = 1 } }\n",
    WEB + 'build = { args = { "a-b" = "1" } }\n',
    WEB + 'readiness = { path = "/up" }\n',
    WEB + 'readiness = { type = "http", path = "up" }\n',
    WEB + 'readiness = { type = "http", interval = "0s" }\n',
    WEB + 'readiness = { type = "tcp", path = "/up" }\n',
    WEB + 'readiness = { type = "command" }\n',
    WEB + 'readiness = { type = "http", command = ["true"] }\n',
    WEB + 'kind = "worker"\nreadiness = { type = "tcp" }\n',
    WEB + 'kind = "static"\nrun = { command = ["x"] }\n',
    WEB + 'kind = "static"\nbuild = { target = "x" }\n',
    WEB + 'release = { timeout = "1m" }\n',
    ENVIRONMENT + "WORKERS = 3\n",
    ENVIRONMENT + "A = {}\n",
    ENVIRONMENT + 'A = { sensitive = "" }\n',
    ENVIRONMENT + 'COMPARTMENT_A = "1"\n',
    ENVIRONMENT + '"a b" = "1"\n',
    HEAD + '[environments.""]\n',
    HEAD + f"[environments.{'a' * 64}]\n",
    HEAD + '[environments."a\\u0000b"]\n',
    HEAD + "[environments.x]\nprotected = 1\n",
    HEAD + '[networks]\npool = "10.0.0.0.0"\n',
    HEAD + "[networks]\nsize = 30\n",
    HEAD + "[retention]\nkeep = 0\n",
    HEAD + "[secrets]\nrecipients = [1]\n",
    WEB + 'scheme = "grpc"\n',
    WEB + "verify = false\n",
    WEB + 'scheme = "h2c"\nverify = true\n',
    WEB + 'scheme = "h2c"\nlimits = { body = 1 }\n',
    WEB + 'kind = "static"\nscheme = "http"\n',
    WEB + 'kind = "worker"\nscheme = "http"\n',
    WEB + 'kind = "worker"\nhsts = "1d"\n',
    WEB + 'kind = "worker"\nlimits = { in_flight = 1 }\n',
    WEB + 'hsts = "0d"\n',
    WEB + "hsts = 1\n",
    WEB + 'hsts = "500ms"\n',
    WEB + 'headers = { Set-Cookie = "a" }\n',
    WEB + 'headers = { connection = "a" }\n',
    WEB + 'headers = { X = " a" }\n',
    WEB + "limits = { in_flight = 0 }\n",
    WEB + 'limits = { body = "10" }\n',
    WEB + "limits = { body = 0 }\n",
    PUBLIC + 'domains = "example.com"\n',
    PUBLIC + 'domains = ["localhost"]\n',
    PUBLIC + 'domains = ["*.example.com"]\n',
    PUBLIC + 'domains = ["Example.com"]\n',
    PUBLIC + 'domains = ["1.2.3.4"]\n',
    PUBLIC + 'redirects = ["example.com:80"]\n',
    PUBLIC + "derived_host = false\n",
    PUBLIC + "derived_host = false\ndomains = []\n",
    ACCESS + 'users = { a = "password" }\n',
    ACCESS + f'users = {{ a = "{HASH.replace("$05$", "$11$")}" }}\n',
    ACCESS + f'users = {{ "a:b" = "{HASH}" }}\n',
    ACCESS + "allow = []\n",
    ACCESS + 'allow = ["office"]\n',
    ROUTE,
    ROUTE + 'path = "a"\n',
    ROUTE + 'path = "/a%20"\n',
    ROUTE + 'path = "/*/a"\n',
    ROUTE + 'path = "/`"\n',
    ROUTE + 'path = "/a"\nmethods = []\n',
    ROUTE + 'path = "/a"\nmethods = ["get"]\n',
    ROUTE + 'path = "/a"\nmethods = ["GET", "GET"]\n',
    ROUTE + 'path = "/a"\nstrip_prefix = "/a"\n',
    ROUTE + 'path = "/a"\nreplace_prefix = "/a"\n',
    ROUTE + 'path = "/a/*"\nreplace_prefix = "/b/*"\n',
    ROUTE + 'path = "/a/*"\nstrip_prefix = "/a"\nrewrite = "/b"\n',
    ROUTE + 'path = "/a"\nfrom = "web"\n',
    WEB + '[routes]\non = "web"\n',
    HEAD + "[edge.acme]\n",
    HEAD + '[edge.acme]\nemail = "ops"\n',
    HEAD + '[edge.acme]\nemail = "a@b.de"\nserver = "http://ca.test"\n',
    HEAD + '[edge.acme]\nemail = "a@b.de"\nca = "ca.pem"\n',
    HEAD + '[edge]\ntrusted_proxies = ["office"]\n',
    CERTIFICATE,
    CERTIFICATE + "key = {}\n",
    CERTIFICATE + 'key = { variable = "A B" }\n',
    HEAD + '[[edge.certificates]]\nkey = "/a"\n',
    ENGINE,
    ENGINE + 'address = "ssh://a"\ncontext = "b"\n',
    ENGINE + 'address = "prod.example.com"\n',
    ENGINE + 'address = "ssh://-oProxyCommand=x"\n',
    ENGINE + 'address = "ssh://-l@host"\n',
    ENGINE + 'address = "ssh://user:password@host"\n',
    ENGINE + 'address = "ssh://host -p"\n',
    ENGINE + 'address = "ssh://host/-run"\n',
    ENGINE + 'address = "tcp://host"\n',
    ENGINE + 'address = "npipe:////./pipe/docker_engine"\n',
    ENGINE + 'address = "unix://relative.sock"\n',
    ENGINE + 'context = "-x"\n',
    ENGINE + 'context = "x"\nregistry = "https://registry.example.com/shop"\n',
    ENGINE + 'context = "x"\nregistry = "registry.example.com"\n',
    ENGINE + 'context = "x"\nbuild_on = "there"\n',
    ENGINE + 'context = "x"\nswarm = 1\n',
    HEAD + '[engines.default]\ncontext = "x"\n',
    HEAD + '[engines."Prod 1"]\ncontext = "x"\n',
    HEAD + "[environments.production]\nengine = 1\n",
)


def accepted(text: str) -> bool:
    """By the schema."""
    return jsonschema.Draft7Validator(json_schema()).is_valid(tomllib.loads(text))


def read(text: str) -> bool:
    """By our own reader."""
    try:
        parse_config(text, root=Path("/repository"))
    except ProjectFileInvalid:
        return False
    return True


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("file", ["compartment.toml.example", "examples/shop/compartment.toml"])
def test_it_accepts_our_own_files(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    jsonschema.Draft7Validator(json_schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize("text", GOOD)
def test_both_accept(text: str) -> None:
    assert read(text)
    assert accepted(text)


@pytest.mark.parametrize("text", BAD)
def test_both_refuse(text: str) -> None:
    assert not read(text)
    assert not accepted(text)


@pytest.mark.parametrize(
    "text",
    [
        WEB + 'settle = "25h"\n',
        HEAD + '[services.web]\npath = "../web"\n',
        HEAD + "[environments.x.services.nobody.variables]\n",
        HEAD + '[networks]\npool = "10.0.0.0/28"\nsize = 24\n',
        WEB + 'volumes = { a = "/x", b = "/x" }\n',
        PUBLIC + 'domains = ["a.com"]\nredirects = ["a.com"]\n',
        ACCESS + 'allow = ["10.0.0.1/8"]\n',
        ROUTE + 'path = "/a"\n' + ROUTE[len(WEB) :] + 'path = "/a"\n',
        ROUTE.replace('"web"\nto', '"nobody"\nto') + 'path = "/a"\n',
        CERTIFICATE + 'key = "a.key"\n',
    ],
)
def test_what_only_the_reader_can_tell(text: str) -> None:
    assert not read(text)
    assert accepted(text)


def test_every_name_that_is_checked_has_its_schema() -> None:
    assert NAMES.keys() == NAME_CHECKS.keys()


def test_rules_stand_at_tables_that_exist() -> None:
    tables = {key.path[:depth] for key in KEYS for depth in range(1, len(key.path))}
    assert RULES.keys() <= tables


def test_every_key_says_what_it_is() -> None:
    described = str(json_schema())
    assert all(key.about.replace("'", "\\'") in described or key.about in described for key in KEYS)
