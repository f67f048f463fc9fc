"""The public side as a project file says it, and what it may not say of it."""

from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.project_file import value_types as types
from compartment_tui.adapters.project_file import values
from compartment_tui.adapters.project_file.domain_rules import host_fault
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.adapters.project_file.route_rules import path_fault
from compartment_tui.adapters.project_file.value_types import ValueType
from compartment_tui.domain.config import (
    AcmeSettings,
    CertificateSpec,
    EdgeSettings,
    ProjectConfig,
    Scheme,
)
from compartment_tui.domain.errors import ProjectFileInvalid
from compartment_tui.domain.public_side import Access, PublicSpec, Rule, Traffic

ROOT = Path("/repository")
HASH = "$2y$05$CpRb0XURzW2.JlrLTYcu8.trj8NQMKwYxmQSC76PW5Aeu95Np0xRe"
HEAD = """\
[project]
name = "shop"
[services]
web = "web"
api = "api"
[services.jobs]
path = "jobs"
kind = "worker"
"""
HOSTS = HEAD + "[environments.production.services.web]\n"
WEB = HEAD.replace('web = "web"\n', "") + '[services.web]\npath = "web"\n'
JOBS = HEAD
ROUTE = HEAD + "[[routes]]\n"
ACCESS = HEAD + "[environments.staging.access]\n"
EDGE = HEAD + "[edge]\n"
ACME = HEAD + "[edge.acme]\n"
CERTIFICATE = HEAD + "[[edge.certificates]]\n"


def read(text: str, root: Path = ROOT) -> ProjectConfig:
    return parse_config(text, root=root)


def problem(text: str, root: Path = ROOT) -> ProjectFileInvalid:
    with pytest.raises(ProjectFileInvalid) as caught:
        read(text, root)
    return caught.value


def route(path: str, more: str = "", on: str = "web", to: str = "api") -> str:
    return f'[[routes]]\non = "{on}"\npath = "{path}"\nto = "{to}"\n{more}\n'


# --- what is read ---------------------------------------------------------------------------------


def test_the_hosts_of_a_service() -> None:
    config = read(
        HOSTS
        + 'domains = ["example.com", "www.example.com"]\nredirects = ["old.example.com"]\n'
        + "derived_host = false\n"
        + "[environments.staging.services.web]\n"
        + "[environments.staging.services.api.variables]\nA = '1'\n"
    )
    production = config.environment("production")
    assert production.public == {
        "web": PublicSpec(
            domains=("example.com", "www.example.com"),
            redirects=("old.example.com",),
            derived_host=False,
        )
    }
    assert production.services == {}
    assert config.environment("staging").public == {}
    assert set(config.environment("staging").services) == {"web", "api"}


def test_who_is_let_in() -> None:
    text = f'users = {{ team = "{HASH}", "ann b" = "{HASH}" }}\nallow = ["203.0.113.0/24", "::1"]\n'
    assert read(ACCESS + text).environment("staging").access == Access(
        users=(("ann b", HASH), ("team", HASH)), allow=("203.0.113.0/24", "::1")
    )
    assert read(HEAD).environment("staging").access == Access()


@pytest.mark.parametrize(
    "text",
    [
        HASH,
        HASH.replace("$2y$", "$2a$"),
        HASH.replace("$2y$05$", "$2b$10$"),
        "$apr1$xyz.12/A$9nVGrWpmHX9Lh1ZaiLVJ8/",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    ],
)
def test_hashes_that_the_edge_knows(text: str) -> None:
    access = read(f'{ACCESS}users = {{ team = "{text}" }}\n').environment("staging").access
    assert access.users == (("team", text),)


def test_how_a_service_is_spoken_to_and_what_its_answers_are_given() -> None:
    more = """
scheme = "https"
verify = false
hsts = "365d"
headers = { X-Frame-Options = "DENY", Server = "" }
[services.web.limits]
memory = "1GiB"
requests_per_second = 50
in_flight = 200
body = "10MiB"
"""
    web = read(WEB + more).service("web")
    assert web is not None
    assert (web.scheme, web.verify) == (Scheme.HTTPS, False)
    assert web.limits.memory == 2**30
    assert web.traffic == Traffic(
        requests_per_second=50,
        in_flight=200,
        body=10 * 2**20,
        headers=(("Server", ""), ("X-Frame-Options", "DENY")),
        hsts=365 * 86400,
    )


def test_what_is_left_out_is_as_it_was() -> None:
    web = read(WEB).service("web")
    assert web is not None
    assert (web.scheme, web.verify, web.traffic) == (Scheme.HTTP, True, Traffic())
    assert read(HEAD).rules == ()
    assert read(HEAD).certificates == ()
    assert read(HEAD).edge == EdgeSettings()


def test_rules_keep_the_order_of_the_file() -> None:
    config = read(
        HEAD
        + route("/b", 'rewrite = "/c"')
        + route("/api/*", 'strip_prefix = "/api"\nmethods = ["GET", "POST"]')
        + route("/a/*", 'replace_prefix = "/v1/a"', on="api", to="web")
        + route("/*")
    )
    assert config.rules == (
        Rule(on="web", path="/b", to="api", rewrite="/c"),
        Rule(on="web", path="/api/*", to="api", methods=("GET", "POST"), strip="/api"),
        Rule(on="api", path="/a/*", to="web", replace="/v1/a"),
        Rule(on="web", path="/*", to="api"),
    )


def test_rules_may_stand_in_brackets() -> None:
    (rule,) = read('routes = [{ on = "web", path = "/a", to = "api" }]\n' + HEAD).rules
    assert rule == Rule(on="web", path="/a", to="api")


def test_what_the_edge_has() -> None:
    config = read(
        EDGE
        + 'trusted_proxies = ["10.0.0.0/8", "2001:db8::1"]\n'
        + '[edge.acme]\nemail = "ops@example.com"\nserver = "https://127.0.0.1:14000/dir"\n'
        + 'staging = true\nca = "~/ca.pem"\nlifetime = "1d12h"\n'
        + '[[edge.certificates]]\ncert = "tls/a.pem"\nkey = "../a.key"\n'
        + '[[edge.certificates]]\ncert = "/b.pem"\nkey = { variable = "TLS_KEY" }\n'
    )
    assert config.edge.trusted_proxies == ("10.0.0.0/8", "2001:db8::1")
    assert config.edge.acme == AcmeSettings(
        email="ops@example.com",
        server="https://127.0.0.1:14000/dir",
        staging=True,
        ca="~/ca.pem",
        lifetime=36,
    )
    assert config.certificates == (
        CertificateSpec(cert="tls/a.pem", key="../a.key"),
        CertificateSpec(cert="/b.pem", variable="TLS_KEY"),
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("365d", 31_536_000), ("1d12h", 129_600), ("90m", 5400), ("1s", 1), ("3650d", 315_360_000)],
)
def test_lengths_of_hsts(text: str, seconds: int) -> None:
    assert values.hsts(text) == seconds


@pytest.mark.parametrize(
    "value", ["", "0s", "0d", "365", "3651d", "3650d1s", "500ms", "1y", "9" * 5000 + "d", 365]
)
def test_no_lengths_of_hsts(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        values.hsts(value)


# --- what is refused ------------------------------------------------------------------------------

BAD_HOSTS = (
    ("https://example.com", "is an address, not a host", "scheme"),
    (
        "*.example.com",
        "is a wildcard, and a certificate for one takes DNS-01",
        'for "*.example.com" goes into [[edge.certificates]]',
    ),
    ("192.0.2.1", "is an IP address", "a name in the DNS"),
    ("192.0.2.1:80", "is an IP address", "a name in the DNS"),
    ("2001:db8::1", "is an IP address", "a name in the DNS"),
    ("[2001:db8::1]:443", "is an IP address", "a name in the DNS"),
    ("example.com/shop", "has a path", "[[routes]]"),
    ("example.com:443", "has a port", "http_port and https_port"),
    ("münchen.de", "is not in ASCII", "punycode: “xn--mnchen-3ya.de”"),
    ("straße.de", "is not in ASCII", "write it in punycode"),
    ("Example.com", "has capitals", "small letters: “example.com”"),
    ("example.com.", "ends with a dot", "leave that away"),
    ("localhost", "is no full host name", "www.example.com"),
    ("a_b.example.com", "is no host name", "a-z, 0-9 and -"),
    ("-a.example.com", "is no host name", "a-z, 0-9 and -"),
    ("a..example.com", "is no host name", "a-z, 0-9 and -"),
    ("300.1.1.1", "is no host name", "a-z, 0-9 and -"),
    (f"{'a' * 64}.com", "is no host name", "1 to 63"),
    (f"{'a.' * 126}com", "has 255 characters", "253 at most"),
    ("a b.com", "is no host name", "a-z, 0-9 and -"),
    ("{{.com", "is no host name", "a-z, 0-9 and -"),
    ("`).com", "is no host name", "a-z, 0-9 and -"),
)


@pytest.mark.parametrize(("host", "said", "way"), BAD_HOSTS)
@pytest.mark.parametrize("key", ["domains", "redirects"])
def test_what_is_no_domain(host: str, said: str, way: str, key: str) -> None:
    found = problem(f'{HOSTS}{key} = [\n  "good.example.com",\n  "{host}",\n]\n')
    assert found.message.startswith("compartment.toml:12: “")
    assert f"in environments.production.services.web.{key} {said}" in found.message
    assert way in found.hint


@pytest.mark.parametrize(
    ("text", "line", "said", "way"),
    [
        (
            HOSTS + 'domains = "example.com"',
            10,
            "must be a list of hosts such as",
            "",
        ),
        (HOSTS + "domains = [1]", 10, "must be a list of hosts", ""),
        (HOSTS + 'domains = ["a.com", "a.com"]', 10, "“a.com” in", "keep one"),
        (
            HOSTS + 'domains = ["a.com"]\nredirects = ["a.com"]',
            11,
            "stands there twice",
            "keep one",
        ),
        (
            HOSTS
            + 'domains = ["a.com"]\n[environments.staging.services.api]\nredirects = ["a.com"]',
            12,
            "leads to web in production already",
            "one service of one place",
        ),
        (
            HOSTS
            + 'domains = ["a.com"]\n[environments.production.services.api]\ndomains=["a.com"]',
            12,
            "leads to web in production already",
            "",
        ),
        (
            HEAD + '[environments.x.services.jobs]\ndomains = ["a.com"]',
            10,
            "environments.x.services.jobs.domains has no meaning: jobs is a worker",
            "leave `domains` away",
        ),
        (
            HEAD + "[environments.x.services.jobs]\nderived_host = true",
            10,
            "jobs is a worker, which has no host",
            "leave `derived_host` away",
        ),
        (HOSTS + "derived_host = false", 10, "leaves it without any host", "domains = ["),
        (
            HOSTS + 'derived_host = false\nredirects = ["a.com"]',
            10,
            "leaves it without any host",
            "",
        ),
        (
            HOSTS + 'domains = ["api-shop.localhost"]',
            10,
            "is the host of api in production already",
            "take another",
        ),
        (
            HOSTS + 'domains = ["shop-staging.localhost"]\n[environments.staging]',
            10,
            "is the host of web in staging already",
            "take another",
        ),
        (
            HOSTS + 'domains = ["a.com"]\nredirects = ["shop.localhost"]',
            11,
            "is its own host, and that is served",
            "derived_host = false",
        ),
        (
            HOSTS + 'domains = ["shop.localhost"]\nderived_host = false',
            10,
            "is the host that derived_host = false takes away",
            "",
        ),
        (HEAD + "[environments.x.services.nobody]\ndomains = []", 9, "names no service", ""),
    ],
)
def test_hosts_that_contradict_each_other(text: str, line: int, said: str, way: str) -> None:
    found = problem(text)
    assert found.message.startswith(f"compartment.toml:{line}: ")
    assert said in found.message
    assert way in found.hint


def test_domains_in_the_wrong_table_are_led_to_the_right_one() -> None:
    found = problem(WEB + 'domains = ["example.com"]')
    assert "[services.web] has no key `domains`" in found.message
    assert found.hint.startswith("[environments.*.services.*] has one; it may have: path, ")


def test_hosts_of_its_own() -> None:
    """The derived host may get a certificate as any domain does, or lead on to one."""
    kept = read(HOSTS + 'domains = ["shop.localhost"]').environment("production").public["web"]
    assert kept == PublicSpec(domains=("shop.localhost",))
    led = read(HOSTS + 'domains = ["a.com"]\nredirects = ["shop.localhost"]\nderived_host = false')
    assert led.environment("production").public["web"].redirects == ("shop.localhost",)


@pytest.mark.parametrize(
    ("text", "line", "said", "way"),
    [
        (ROUTE + 'on = "web"', 9, "[[routes]] needs `path` and `to`", 'on = "web", path'),
        (ROUTE, 9, "[[routes]] needs `on` and `path` and `to`", ""),
        (
            ROUTE + 'paht = "/"',
            10,
            "[[routes]] has no key `paht`; did you mean `path`?",
            "on, path",
        ),
        (HEAD + '[routes]\non = "web"', 9, "routes must be tables, each below", "[[routes]]"),
        (HEAD + "[routes]", 9, "below a header [[routes]]", ""),
        ("routes = [1]\n" + HEAD, 1, "routes must be tables", ""),
        (
            HEAD + route("/a") + route("/b", on="wbe"),
            15,
            "`on` of [[routes]] names “wbe”, which is no service of this project; did you mean `we",
            "services with a host: web, api",
        ),
        (
            HEAD + route("/a", to="jobs"),
            12,
            "`to` of [[routes]] names “jobs”, a worker",
            "web, api",
        ),
        (HEAD + route("/a").replace('"web"', "3"), 10, "must be a service of this", ""),
        (
            HEAD + route("/a", "methods = []"),
            13,
            "`methods` of [[routes]] is empty",
            "leave it away",
        ),
        (
            HEAD + route("/a", 'methods = [\n"GET",\n"get"]'),
            15,
            "“get” in `methods` of [[routes]] is no method; did you mean `GET`?",
            "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        ),
        (HEAD + route("/a", 'methods = ["GET", "GET"]'), 13, "GET stands twice", "keep one"),
        (HEAD + route("/a", 'methods = ["TRACE"]'), 13, "“TRACE” in `methods`", ""),
        (
            HEAD + route("/a/*", 'strip_prefix = "/a"\nrewrite = "/b"'),
            14,
            "[[routes]] has both `strip_prefix` and `rewrite`",
            "keep one",
        ),
        (
            HEAD + route("/a/*", 'strip_prefix = "/b"'),
            13,
            "`strip_prefix` of [[routes]] is “/b”, but the path's is “/a”",
            'strip_prefix = "/a"',
        ),
        (
            HEAD + route("/a/*", 'strip_prefix = "/a/"'),
            13,
            "but the path's is “/a”",
            'strip_prefix = "/a"',
        ),
        (HEAD + route("/a", 'strip_prefix = "/a"'), 13, "needs a prefix", "`rewrite`"),
        (HEAD + route("/*", 'strip_prefix = "/"'), 13, "has nothing to take away", "leave it away"),
        (HEAD + route("/a", 'replace_prefix = "/b"'), 13, "needs a prefix", "`rewrite`"),
        (HEAD + route("/a/*", 'replace_prefix = "/"'), 13, "is no prefix", "`strip_prefix`"),
        (HEAD + route("/a/*", 'replace_prefix = "/b/"'), 13, "with a / at its end", "leave that"),
        (HEAD + route("/a/*", 'replace_prefix = "/b/*"'), 13, "with a * where none can", "leave"),
        (HEAD + route("/a", 'rewrite = "b"'), 13, "which does not begin with /", "“/b”"),
        (HEAD + route("/a", 'rewrite = "/$1"'), 13, "which no rule can have", "letters, digits"),
    ],
)
def test_rules_that_lead_nowhere(text: str, line: int, said: str, way: str) -> None:
    found = problem(text)
    assert found.message.startswith(f"compartment.toml:{line}: ")
    assert said in found.message
    assert way in found.message + found.hint


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("api", "does not begin with /"),
        ("*", "does not begin with /"),
        ("/a*", "with a * where none can stand"),
        ("/a/*/b", "with a * where none can stand"),
        ("/a/**", "with a * where none can stand"),
        ("/a%20b", "rules compare decoded paths"),
        ("/a?b=c", "more than a path"),
        ("/a#b", "more than a path"),
        ("/a b", "which no rule can have"),
        ("/ä", "which no rule can have"),
        *((f"/a{char}", "which no rule can have") for char in "`'{}$|^<>"),
        ('/a\\"', "which no rule can have"),
        ("/a\\\\", "which no rule can have"),
        ("/a\\n", "which no rule can have"),
        ("/a\\u0007", "which no rule can have"),
        ("//a", "with two / in a row"),
        ("/a//*", "with two / in a row"),
        ("/a/./b", "leads through . or .."),
        ("/../*", "leads through . or .."),
        ("/" + "a" * 2000, "has 2001 characters"),
    ],
)
def test_what_is_no_path_of_a_rule(path: str, said: str) -> None:
    found = problem(HEAD + route(path))
    assert found.message.startswith("compartment.toml:11: `path` of [[routes]] ")
    assert said in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (route("/a"), route("/a", to="web"), "/a on web is never asked: /a on web comes first"),
        (route("/*"), route("/a"), "/a on web is never asked: /* on web comes first"),
        (route("/a/*"), route("/a/*"), "/a/* on web is never asked"),
        (route("/a/*"), route("/a/b/*"), "/a/b/* on web is never asked: /a/* on web"),
        (route("/a/*"), route("/a"), "/a on web is never asked"),
        (route("/a/*"), route("/a/b", 'methods = ["GET"]'), "/a/b on web for GET is never asked"),
        (
            route("/a", 'methods = ["GET"]') + route("/a/*", 'methods = ["PUT"]'),
            route("/a", 'methods = ["PUT", "GET"]'),
            "/a on web for PUT, GET is never asked: /a on web for GET comes first",
        ),
    ],
)
def test_a_rule_that_is_never_asked(first: str, second: str, said: str) -> None:
    found = problem(HEAD + first + second)
    line = 9 + first.count("\n")
    assert found.message.startswith(f"compartment.toml:{line}: [[routes]] {said}")
    assert "narrower one first" in found.hint


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (route("/a"), route("/a/*")),
        (route("/a/*"), route("/ab")),
        (route("/a/*"), route("/ab/*")),
        (route("/a/b/*"), route("/a/*")),
        (route("/a/*"), route("/a/*", on="api", to="web")),
        (route("/a", 'methods = ["GET"]'), route("/a")),
        (route("/a", 'methods = ["GET"]'), route("/a", 'methods = ["GET", "PUT"]')),
    ],
)
def test_rules_that_stand_beside_each_other(first: str, second: str) -> None:
    assert len(read(HEAD + first + second).rules) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hunter2", "must be the hash of a password, not the password"),
        ("$2y$12$" + HASH[7:], "with cost 12, which the edge would pay at every request: 10 at"),
        (HASH[:-1], "is no whole hash"),
        (HASH + "x", "is no whole hash"),
        ("$2y$03$" + HASH[7:], "is no whole hash"),
        ("$apr1$x$y", "is no whole hash"),
        ("{SHA}abc", "is no whole hash"),
        ("$6$salt$hunter2", "is a hash of a kind that the edge does not know"),
        ("$argon2id$v=19$hunter2", "is a hash of a kind that the edge does not know"),
        ("{SSHA}hunter2", "must be the hash of a password"),
    ],
)
def test_what_is_no_hash(text: str, said: str) -> None:
    found = problem(f'{ACCESS}users = {{ team = "{text}" }}\n')
    assert found.message.startswith("compartment.toml:10: environments.staging.access.users.team ")
    assert said in found.message
    assert "compartment-tui access hash" in found.hint
    assert text not in found.message + found.hint
    assert "hunter" not in found.message + found.hint


@pytest.mark.parametrize("value", ['""', "3", '["hunter2"]'])
def test_a_hash_that_is_no_text_is_not_repeated(value: str) -> None:
    found = problem(f"{ACCESS}users = {{ team = {value} }}\n")
    assert "must be a hash of a password" in found.message
    assert "hunter" not in found.message


@pytest.mark.parametrize("name", ["", "a:b", " a", "a ", "a\\nb", "a\\u007f", "a" * 256])
def test_what_is_no_users_name(name: str) -> None:
    found = problem(f'{ACCESS}users = {{ "{name}" = "{HASH}" }}\n')
    assert "in [environments.staging.access.users] is no user's name" in found.message


@pytest.mark.parametrize(
    ("text", "line", "said", "way"),
    [
        (ACCESS + "allow = []", 10, "environments.staging.access.allow is empty", "leave it away"),
        (
            ACCESS + 'allow = [\n"::1",\n"203.0.113.7/24"]',
            12,
            "“203.0.113.7/24” in environments.staging.access.allow is an address in a network",
            "“203.0.113.0/24”",
        ),
        (ACCESS + 'allow = ["2001:db8::1/32"]', 10, "is an address in a", "“2001:db8::/32”"),
        (ACCESS + 'allow = ["office"]', 10, "“office” in", 'as "203.0.113.7"'),
        (ACCESS + 'allow = ["10.0.0.0/33"]', 10, "is no address or network", ""),
        (ACCESS + 'allow = ["10.0.0.0/255.0.0.0"]', 10, "is no address or network", ""),
        (ACCESS + 'allow = ["fe80::1%eth0"]', 10, "is no address or network", ""),
        (ACCESS + 'allow = ["300.1.1.1"]', 10, "is no address or network", ""),
        (ACCESS + 'allow = "10.0.0.0/8"', 10, "must be a list of addresses and networks", ""),
        (EDGE + 'trusted_proxies = ["10.0.0.1/8"]', 10, "edge.trusted_proxies", "“10.0.0.0/8”"),
        (EDGE + 'trusted_proxies = ["0.0.0.0/0"]', 10, "takes everybody's word", "in front of"),
        (EDGE + 'trusted_proxies = ["::/0"]', 10, "takes everybody's word", "in front of"),
    ],
)
def test_addresses_that_are_none(text: str, line: int, said: str, way: str) -> None:
    found = problem(text)
    assert found.message.startswith(f"compartment.toml:{line}: ")
    assert said in found.message
    assert way in found.hint


@pytest.mark.parametrize(
    ("text", "said", "way"),
    [
        (WEB + 'scheme = "grpc"', "must be one of “http”, “h2c”, “https”", ""),
        (WEB + "verify = false", "over http it shows no certificate", 'scheme = "https"'),
        (WEB + 'scheme = "h2c"\nverify = true', "over h2c it shows no", 'scheme = "https"'),
        (
            WEB + 'scheme = "https"\nreadiness = { type = "http" }',
            "is asked in plain HTTP",
            'type = "tcp"',
        ),
        (WEB + 'kind = "static"\nscheme = "http"', "files are served over http", "leave it away"),
        (WEB + 'scheme = "h2c"\nlimits = { body = 1 }', "a stream of gRPC is one", "be cut"),
        (WEB + 'hsts = "365"', "must be a length of time such as “365d”", ""),
        (WEB + "hsts = 31536000", "must be a length of time such as “365d”", ""),
        (WEB + 'hsts = "1d"\n[edge]\nhttps_port = 0', "has no port for HTTPS", "https_port"),
        (
            WEB + 'hsts = "1d"\nheaders = { strict-transport-Security = "x" }',
            "is what `hsts` says already",
            "keep one",
        ),
        (WEB + 'headers = { X = " a" }', "one line of plain ASCII", ""),
        (WEB + 'headers = { X = "a\\nb" }', "one line of plain ASCII", ""),
        (WEB + 'headers = { X = "ä" }', "one line of plain ASCII", ""),
        (WEB + 'headers = { "X Y" = "a" }', "is no name of a header", ""),
        (WEB + 'headers = { "" = "a" }', "is no name of a header", ""),
        (WEB + 'headers = { Set-Cookie = "a" }', "is for one visitor", ""),
        *(
            (WEB + f'headers = {{ {name} = "a" }}', "says how the answer is sent", "")
            for name in ("Content-Length", "transfer-encoding", "Connection", "Upgrade")
        ),
        (WEB + 'headers = { X-A = "1", x-a = "2" }', "is the same header as X-A", "keep one"),
        (WEB + "limits = { requests_per_second = 0 }", "a whole number from 1", ""),
        (WEB + 'limits = { in_flight = "9" }', "a whole number from 1", ""),
        (WEB + 'limits = { body = "10" }', 'with its unit, such as "10MiB"', ""),
        (WEB + "limits = { body = 0 }", "at least one byte", ""),
        (JOBS + 'scheme = "http"', "has `scheme`, but nobody sends requests to a worker", "leave"),
        (JOBS + 'hsts = "1d"', "has `hsts`, but nobody sends", "leave"),
        (JOBS + 'headers = { X = "1" }', "has `headers`, but nobody sends", "leave"),
        (JOBS + "limits = { in_flight = 1 }", "has `limits.in_flight`, but nobody sends", "leave"),
    ],
)
def test_traffic_that_cannot_be(text: str, said: str, way: str) -> None:
    found = problem(text)
    assert said in found.message
    assert way in found.hint


@pytest.mark.parametrize(
    ("text", "line", "said", "way"),
    [
        (ACME + "staging = true", 9, "[edge.acme] needs an `email`", "keeps the account"),
        (ACME, 9, "[edge.acme] needs an `email`", ""),
        (ACME + 'email = "ops"', 10, "must be an address such as “ops@example.com”, not “ops”", ""),
        (ACME + 'email = "a b@example.com"', 10, "must be an address such as", ""),
        (ACME + 'email = "a@b"', 10, "must be an address such as", ""),
        (
            ACME + 'email = "a@b.de"\nserver = "http://ca.example.com/dir"',
            11,
            "must be the https:// address of a directory",
            "",
        ),
        (ACME + 'email = "a@b.de"\nserver = "https://u:p@x/"', 11, "must be the https://", ""),
        (ACME + 'email = "a@b.de"\nca = "ca.pem"', 11, "and there is none", "leave it away"),
        (ACME + 'email = "a@b.de"\nlifetime = "24h"', 11, "and there is none", "name the `server`"),
        (ACME + 'email = "a@b.de"\nlifetime = "59m"', 11, "a length of time such as “24h”", ""),
        (
            ACME + 'email = "a@b.de"\n[edge]\nhttps_port = 0',
            9,
            "gets certificates, but the edge has no port for HTTPS",
            "https_port",
        ),
        (CERTIFICATE + 'cert = "a.pem"', 9, "[[edge.certificates]] needs `key`", "TLS_KEY"),
        (CERTIFICATE + 'key = "/a.key"', 9, "[[edge.certificates]] needs `cert`", "TLS_KEY"),
        (HEAD + '[edge.certificates]\ncert = "a"', 9, "below a header [[edge.certificates]]", ""),
        (
            CERTIFICATE + 'cert = "a.pem"\nkey = "tls/a.key"',
            11,
            "`key` of [[edge.certificates]] lies inside the repository",
            'key = { variable = "TLS_KEY" }',
        ),
        (CERTIFICATE + 'cert = "a.pem"\nkey = "/repository/a.key"', 11, "inside the repo", ""),
        (CERTIFICATE + 'cert = "a.pem"\nkey = "../repository/a.key"', 11, "inside the repo", ""),
        (
            CERTIFICATE + 'cert = "a.pem"\nkey = "-----BEGIN PRIVATE KEY-----\\nhunter2"',
            11,
            "is the key itself, and a secret must not be committed",
            "keep it outside",
        ),
        (CERTIFICATE + 'cert = "a.pem"\nkey = ["hunter2"]', 11, "must be a path, or {", ""),
        (CERTIFICATE + 'cert = "a.pem"\nkey = {}', 11, "needs a `variable` in its braces", ""),
        (CERTIFICATE + 'cert = "a.pem"\nkey = { variable = "A B" }', 11, "a variable's name", ""),
        (CERTIFICATE + 'cert = "a.pem"\nkey = { file = "x" }', 11, "has no key `file`", ""),
        (CERTIFICATE + 'cert = ""\nkey = "/a.key"', 10, "must be a path", ""),
        (
            CERTIFICATE + 'cert = "a.pem"\nkey = "/a.key"\n[edge]\nhttps_port = 0',
            9,
            "is for HTTPS, and the edge has no port for it",
            "https_port",
        ),
    ],
)
def test_https_that_cannot_be(text: str, line: int, said: str, way: str) -> None:
    found = problem(text)
    assert found.message.startswith(f"compartment.toml:{line}: ")
    assert said in found.message
    assert way in found.hint
    assert "hunter2" not in found.message + found.hint


def test_a_link_out_of_a_commit_does_not_hide_a_key(tmp_path: Path) -> None:
    """A key counts where it lies, whatever the path looks like."""
    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "beside").symlink_to(root)
    text = CERTIFICATE + 'cert = "a.pem"\nkey = "../beside/a.key"\n'
    assert "inside the repository" in problem(text, root).message


# --- drawn ----------------------------------------------------------------------------------------


def editor_takes(kind: ValueType, text: str) -> bool:
    """Whether the schema of one text, or of one in a list, has nothing against it."""
    schema = kind.schema.get("items", kind.schema)
    return jsonschema.Draft7Validator(schema).is_valid(text)


@given(st.text(max_size=20) | st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True))
def test_a_domain_is_plain_text(text: str) -> None:
    """Whatever is accepted can stand in a rule of the edge as it is; editors say the same of it."""
    assert editor_takes(types.HOSTS, text) is (host_fault(text) is None)
    if host_fault(text) is None:
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
        assert len(text.split(".")) > 1
        assert all(0 < len(label) < 64 for label in text.split("."))


@given(
    st.text(max_size=20) | st.from_regex(r"/([!-~]{0,20}|[a-c./*-]{0,9})", fullmatch=True),
    st.booleans(),
)
def test_a_path_is_plain_text(text: str, below: bool) -> None:
    if below:
        assert editor_takes(types.ROUTE_PATH, text) is (path_fault(text, below=True) is None)
    if path_fault(text, below=below) is None:
        plain = text.removesuffix("/*") if below else text
        assert not set(plain) & set("\"'`\\%{}$*?#^|<> ")
        assert text.isascii()
        assert text.isprintable()
        assert text.startswith("/")
