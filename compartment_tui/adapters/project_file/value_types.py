"""The kinds of value a project file has: how each is read, and how it is described."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from compartment_tui.adapters.project_file import values
from compartment_tui.domain import engine_address, names
from compartment_tui.domain.config import (
    MOST_REPLICAS,
    BuildPlace,
    Internal,
    Kind,
    ReadinessKind,
    Scheme,
)

_NUMBER = re.compile(r"[0-9]{1,6}")
TEXT: Mapping[str, Any] = {"type": "string", "pattern": r"^[^\u0000]*$"}
FILLED: Mapping[str, Any] = {"type": "string", "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """One kind of value.

    `words` complete the sentence "must be …", `schema` is the same promise in JSON Schema. With
    `secret`, errors never repeat what was written.
    """

    words: str
    parse: Callable[[Any], Any]
    schema: Mapping[str, Any] = field(default_factory=lambda: FILLED)
    secret: bool = False
    unit: str = ""
    """What a number lacks that stands alone, to say how it is written."""

    def read(self, value: object) -> Any:  # noqa: ANN401  (each kind has its own result)
        """The domain's value. Raises ValueError with the rest of a sentence: "must be …, not …"."""
        try:
            return self.parse(value)
        except (TypeError, ValueError) as error:
            found = _kind_of(value) if self.secret else _shown(value)
            bare = self.unit and _is_number(value)
            more = f'; write it with its unit, such as "{value}{self.unit}"' if bare else ""
            raise ValueError(f"must be {self.words}, not {found}{more}") from error


def _is_number(value: object) -> bool:
    """A small one without a unit, also in quotes."""
    return type(value) is int or (isinstance(value, str) and _NUMBER.fullmatch(value) is not None)


def _kind_of(value: object) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "this text"}
    kinds |= {list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return names.show(value if len(value) <= 60 else value[:60] + "…")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else _kind_of(value)


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
HOST_PATTERN = rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}"
"""A host that somebody can own: of several parts, the last not a number."""
PATH_CHARACTERS = r"[A-Za-z0-9._~!&()+,;=:@/-]*"
"""What a path of a rule is made of: nothing that anybody reads in two ways."""
_ROUTE_PATH = rf"^(?!.*//)(?!.*/\.\.?(?:/|$))/(?:{PATH_CHARACTERS}|(?:{PATH_CHARACTERS}/)?\*)$"
_BASE64 = r"[./A-Za-z0-9]"
HASH_PATTERN = (
    rf"\$2[aby]\$(?:0[4-9]|10)\${_BASE64}{{53}}"
    rf"|\$apr1\${_BASE64}{{1,8}}\${_BASE64}{{22}}"
    r"|\{SHA\}[A-Za-z0-9+/]{27}="
)
"""What the edge can compare a password with, and quickly: it does at every request."""
LONGEST_PATH = 2000
LONGEST_HOST = 253
"""In characters (RFC 1035)."""
METHODS_OF_HTTP = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_IMAGE = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"
_REPOSITORY = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_HTTP_PATH = r"/[!-~]*"
_PAGE = r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*\.html?"


def _text_like(pattern: str, words: str, *, longest: int = 255) -> ValueType:
    return ValueType(
        words=words,
        parse=values.matching(pattern, longest=longest),
        schema={"type": "string", "pattern": f"^(?:{pattern})$", "maxLength": longest},
    )


def _whole(low: int, high: int, words: str) -> ValueType:
    return ValueType(
        words=words,
        parse=values.whole(low, high),
        schema={"type": "integer", "minimum": low, "maximum": high},
    )


def _choice(
    choices: type[Kind] | type[ReadinessKind] | type[Internal] | type[Scheme] | type[BuildPlace],
) -> ValueType:
    words = [str(one) for one in choices]
    quoted = ", ".join(f"“{word}”" for word in words)
    return ValueType(words=f"one of {quoted}", parse=choices, schema={"enum": words})


def _list_of(words: str, item: Mapping[str, Any]) -> ValueType:
    """A list whose elements `rules` look at, one by one: each has its own words and line."""
    return ValueType(words=words, parse=values.strings, schema={"type": "array", "items": item})


def _duration(words: str, parse: Callable[[Any], Any], *, least: str = "") -> ValueType:
    pattern = f"^(?=.*[0-9]){least}{values.DURATION_PATTERN}$"
    schema = {"type": "string", "pattern": pattern}
    return ValueType(words=words, parse=parse, schema=schema, unit="s")


_STRINGS = {"type": "array", "items": FILLED}
_RELATIVE = {"type": "string", "pattern": r"^[^/\u0000][^\u0000]*$"}
_VARIABLE_KEY = f"^(?!{names.RESERVED_PREFIX}){names.VARIABLE_PATTERN.pattern.strip(chr(94))}"

ARGUMENT = ValueType(words="a string in quotes", parse=values.text, schema=TEXT, secret=True)
PROJECT_NAME = _text_like(
    names.PROJECT_PATTERN.pattern.strip("^$"), "1 to 63 of a-z, 0-9 and -, starting with a letter"
)
SECRET_SOURCE = ValueType(
    words='“variable”, { variable = "NAME" } or { file = "path" }',
    parse=values.secret_source,
    schema={"const": "variable"},
    secret=True,
)
DOMAIN = _text_like(_DOMAIN, "a domain in small letters, such as “localhost”", longest=180)
IMAGE = _text_like(_IMAGE, "an image such as “registry/name:tag”")
PATH = ValueType(
    words="a path relative to the project file", parse=values.relative_path, schema=_RELATIVE
)
DOCKERFILE = ValueType(
    words="a path relative to the service's `path`", parse=values.relative_path, schema=_RELATIVE
)
PAGE = _text_like(_PAGE, "a page below the service's `path`, such as “index.html”")
HTTP_PATH = _text_like(_HTTP_PATH, "a path that begins with /, without spaces", longest=2000)
STATUSES = ValueType(
    words="statuses of HTTP from 200 to 599, such as “200-299” or “200,204”",
    parse=values.statuses,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": 200, "maximum": 599},
            {"type": "string", "pattern": f"^{values.STATUSES_PATTERN}$"},
        ]
    },
)
HEADER_VALUE = ValueType(
    words="one line of plain ASCII, without blanks at its ends",
    parse=values.matching(values.HEADER_VALUE_PATTERN, longest=2000),
    schema={
        "type": "string",
        "pattern": f"^{values.HEADER_VALUE_PATTERN}$",
        "maxLength": 2000,
    },
)
ANSWER_HEADER = ValueType(
    words="one line of plain ASCII without blanks at its ends, or empty",
    parse=values.matching(f"(?:{values.HEADER_VALUE_PATTERN})?", longest=2000),
    schema={
        "type": "string",
        "pattern": f"^(?:{values.HEADER_VALUE_PATTERN})?$",
        "maxLength": 2000,
    },
)
HSTS = ValueType(
    words="a length of time such as “365d” or “12h”, over zero and at most “3650d”",
    parse=values.hsts,
    schema={"type": "string", "pattern": f"^(?=.*[1-9]){values.LONG_DURATION_PATTERN}$"},
)
LIFETIME = ValueType(
    words="a length of time such as “24h” or “7d”, at least “1h” and at most “3650d”",
    parse=values.lifetime,
    schema={"type": "string", "pattern": f"^(?=.*[1-9]){values.LONG_DURATION_PATTERN}$"},
)
BODY = ValueType(
    words="a size such as “10MiB”, at least one byte",
    unit="MiB",
    parse=values.body,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": f"^{values.SIZE_PATTERN}$"},
        ]
    },
)
HOSTS = _list_of(
    'a list of hosts such as ["example.com"]',
    {"type": "string", "pattern": f"^{HOST_PATTERN}$", "maxLength": LONGEST_HOST},
)
NETWORKS = _list_of(
    'a list of addresses and networks such as ["203.0.113.0/24"]',
    {"type": "string", "pattern": "^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$"},
)
METHODS = ValueType(
    words='a list of methods such as ["GET", "HEAD"]',
    parse=values.strings,
    schema={
        "type": "array",
        "items": {"enum": list(METHODS_OF_HTTP)},
        "minItems": 1,
        "uniqueItems": True,
    },
)
SERVICE = ValueType(
    words="a service of this project",
    parse=values.filled,
    schema={"type": "string", "pattern": names.SERVICE_PATTERN.pattern},
)
ROUTE_PATH = ValueType(
    words="a path such as “/api/*”",
    parse=values.filled,
    schema={"type": "string", "pattern": _ROUTE_PATH, "maxLength": LONGEST_PATH},
)
PASSWORD_HASH = ValueType(
    words="a hash of a password, a string in quotes",
    parse=values.filled,
    schema={"type": "string", "pattern": f"^(?:{HASH_PATTERN})$"},
    secret=True,
)
EMAIL = _text_like(
    r"[A-Za-z0-9._%+'-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+",
    "an address such as “ops@example.com”",
    longest=254,
)
ACME_SERVER = _text_like(
    r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?",
    "the https:// address of a directory, such as “https://ca.example.com/acme/directory”",
    longest=2000,
)
FILE = _text_like(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", "a path", longest=4096)
KEY_FILE = ValueType(words='a path, or { variable = "NAME" }', parse=values.filled, secret=True)
MOUNT_POINT = ValueType(
    words="an absolute path inside the container, such as “/var/lib/data”",
    parse=values.mount_point,
    schema={"type": "string", "pattern": r"^/(?![./]*$)(?!(?:.*/)?\.\.(?:/|$))[^:\u0000]+$"},
)
STAGE_NAME = _text_like(_WORD, "the name of a stage in the Dockerfile")
KIND = _choice(Kind)
SCHEME = _choice(Scheme)
READINESS_KIND = _choice(ReadinessKind)
INTERNAL = _choice(Internal)
BUILD_PLACE = _choice(BuildPlace)
ENGINE_ADDRESS = _text_like(
    engine_address.ADDRESS,
    "an address such as “ssh://deploy@prod.example.com”, “tcp://10.0.0.5:2376” or"
    " “unix:///run/docker.sock”",
)
DOCKER_CONTEXT = _text_like(
    r"[A-Za-z0-9][A-Za-z0-9_.+-]*", "the name of a context, as `docker context ls` lists it"
)
REGISTRY = _text_like(
    rf"{_LABEL}(?:\.{_LABEL})*(?::{engine_address.PORT})?(?:/{_REPOSITORY})+",
    "a registry's host and a path there, such as “registry.example.com/shop”",
)
ENGINE = ValueType(
    words="the name of one of [engines]",
    parse=values.filled,
    schema={"type": "string", "pattern": names.SERVICE_PATTERN.pattern},
)
COMMAND = ValueType(
    words='a list of words such as ["serve", "--fast"]',
    parse=values.command,
    schema={"type": "array", "items": TEXT, "minItems": 1},
)
STRINGS = ValueType(words="a list of strings", parse=values.strings, schema=_STRINGS)
VARIABLE_KEY = ValueType(
    words="a variable's name such as “NPM_TOKEN”",
    parse=values.variable_key,
    schema={"type": "string", "pattern": _VARIABLE_KEY},
)
VARIABLE_KEYS = ValueType(
    words='a list of variable names such as ["DATABASE_URL"]',
    parse=values.variable_keys,
    schema={"type": "array", "items": {"type": "string", "pattern": _VARIABLE_KEY}},
)
DURATION = _duration("a duration such as “500ms”, “30s” or “1m30s”, at most 24h", values.duration)
POSITIVE_DURATION = _duration(
    "a duration such as “500ms”, “30s” or “1m30s”, over zero and at most 24h",
    values.positive_duration,
    least="(?=.*[1-9])",
)
MEMORY = ValueType(
    words="a size such as “512MiB” or “512m”, at least 6MiB",
    unit="MiB",
    parse=values.memory,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": values.SMALLEST_MEMORY},
            {"type": "string", "pattern": f"^{values.SIZE_PATTERN}$"},
        ]
    },
)
CPUS = ValueType(
    words="a number of processors over 0, such as 0.5",
    parse=values.cpus,
    schema={"type": "number", "exclusiveMinimum": 0, "maximum": 10_000},
)
PORT = _whole(1, 65535, "a port from 1 to 65535")
PORT_OR_NONE = _whole(0, 65535, "a port from 1 to 65535, or 0 for none")
PREFIX_LENGTH = _whole(8, 29, "a prefix length from 8 to 29")
PIDS = _whole(1, 2**22, "a number of processes from 1 to 4194304")
REPLICAS = _whole(1, MOST_REPLICAS, f"a whole number from 1 to {MOST_REPLICAS}")
COUNT = _whole(1, 10**6, "a whole number from 1")
FLAG = ValueType(words="true or false", parse=values.flag, schema={"type": "boolean"})
ADDRESS = ValueType(words="an IP address such as “127.0.0.1”", parse=values.address)
POOL = ValueType(
    words="a private IPv4 network such as “10.201.0.0/16”,"
    " inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
    parse=values.pool,
    schema={
        "type": "string",
        "pattern": r"^(?:10(?:\.\d{1,3}){3}(?:/(?:[89]|[12]\d|3[0-2]))?"
        r"|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}(?:/(?:1[2-9]|2\d|3[0-2]))?"
        r"|192\.168(?:\.\d{1,3}){2}(?:/(?:1[6-9]|2\d|3[0-2]))?)$",
    },
)
VARIABLE = ValueType(
    words='a string in quotes without NUL, or { sensitive = "…" }',
    parse=values.hidden,
    schema=TEXT,
    secret=True,
)
SEALED = ValueType(words="the encrypted text, a string in quotes", parse=values.filled, secret=True)
