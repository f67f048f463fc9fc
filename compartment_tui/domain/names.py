"""Names: parsed once here, trusted everywhere after.

One slug serves hosts, files, networks and container names. It is the name itself when that is
already a plain label; otherwise it is shortened and carries six characters of a hash, so that two
names never share one.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.errors import NotFound, UsageProblem

PROJECT_PATTERN = re.compile(r"^[a-z][a-z0-9-]{0,62}$")
SERVICE_PATTERN = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")
VARIABLE_PATTERN = re.compile(r"^[A-Za-z0-9_.:/@%+,\[\]][A-Za-z0-9_.:/@%+,\[\]-]*$")
"""What the engine takes as a variable's name, less what a shell would act on; decision 0011."""
VARIABLE_RULE = "use letters, digits and any of _ . - : / @ % + , [ ], not a dash first"
PLAIN_KEY_PATTERN = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
"""What a POSIX shell takes as a variable's name, and a Dockerfile as an argument's."""
SECRET_ID_PATTERN = re.compile(r"^[A-Za-z0-9_.-]{1,128}$")
"""Of a build secret, in words that a build command and a file system take as they are."""
RESERVED_PREFIX = "COMPARTMENT_"
DEFAULT_ENVIRONMENT = "production"
LABEL_LIMIT = 63
"""The longest DNS label, in characters (RFC 1035)."""
SLUG_LIMIT = 40
"""The longest slug of an environment's name: leaves room for the project in a network's name."""

LONGEST_LABEL = 100
"""Of a run, in characters."""

_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible formatting, halves of pairs, and what breaks a line."""
_SPACE = "\\x20"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def parse_project_name(text: str) -> str:
    """Raises UsageProblem when `text` is no project name."""
    if not PROJECT_PATTERN.fullmatch(text):
        raise UsageProblem(
            f"{show(text)} is not a project name",
            hint="use 1 to 63 of a-z, 0-9 and -, starting with a letter",
        )
    return text


def parse_service_name(text: str) -> str:
    """Raises UsageProblem when `text` is no service name."""
    if not SERVICE_PATTERN.fullmatch(text):
        raise UsageProblem(
            f"{show(text)} is not a service name",
            hint="use 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit",
        )
    return text


def parse_environment_name(text: str) -> str:
    """The name in Unicode normal form C, by which environments are compared.

    Raises UsageProblem when it is empty or longer than 63 characters, or is no text at all.
    """
    name = unicodedata.normalize("NFC", text)
    if any("\ud800" <= char <= "\udfff" for char in name):
        raise UsageProblem(f"the environment name {show(text)} is not valid Unicode")
    if "\0" in name:
        raise UsageProblem(
            f"the environment name {show(text)} holds the character U+0000",
            hint="any other will do; this one cannot be handed to a process",
        )
    if not name:
        raise UsageProblem("the environment's name is empty", hint="use 1 to 63 characters")
    if len(name) > LABEL_LIMIT:
        raise UsageProblem(
            f"the environment name {show(text)} has {len(name)} characters",
            hint="use 1 to 63 characters of any kind",
        )
    return name


def parse_label(text: str) -> str:
    """A run's name in the history, trimmed; empty when there is none.

    Raises UsageProblem when it is longer than 100 characters or not one plain line.
    """
    label = text.strip()
    if not label and text:
        raise UsageProblem("the label is empty", hint="leave --label away, or give it a text")
    if len(label) > LONGEST_LABEL:
        raise UsageProblem(
            f"the label has {len(label)} characters", hint=f"use 1 to {LONGEST_LABEL}"
        )
    odd = [char for char in label if unicodedata.category(char) in _NO_TEXT]
    if odd:
        raise UsageProblem(
            f"the label {show(label)} has a character that is not text", hint="use one plain line"
        )
    return label


def show(text: str) -> str:
    """A foreign name, safe to print: quoted, escaped so that no two names look the same."""
    return f"“{escaped(text)}”"


def escaped(text: str) -> str:
    """Printable, spaces at its ends to be seen, and another text for every other name.

    For that backslashes are doubled. Bash and zsh read it between `$'` and `'`.
    """
    inner = text.strip(" ")
    left = len(text) - len(text.lstrip(" "))
    safe = "".join(map(_escaped_character, inner))
    return _SPACE * left + safe + _SPACE * (len(text) - left - len(inner))


def _escaped_character(char: str) -> str:
    if char.isprintable() and char != "\\":
        return char
    # Not \\x85: a shell would make one byte of that.
    wide = "\x80" <= char <= "\xff"
    return f"\\u{ord(char):04x}" if wide else char.encode("unicode_escape").decode()


def short_hash(text: str) -> str:
    """Six base32 characters of the SHA-256 of `text`."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().lower()[:6]


def slug(name: str, *, limit: int = SLUG_LIMIT) -> str:
    """`name` as one DNS label of at most `limit` characters, different for different names."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain == name and len(plain) <= limit:
        return plain
    head = plain[: limit - 7].strip("-")
    return f"{head}-{short_hash(name)}" if head else f"x-{short_hash(name)}"


@dataclass(frozen=True, slots=True, order=True)
class EnvironmentKey:
    """One environment of one project: the unit of locking, of records and of route documents."""

    project: str
    environment: str

    @property
    def text(self) -> str:
        """Unique per engine, `[a-z0-9.-]`: names the files, the network and the lock.

        The dot cannot occur in either half, so `a-b` + `c` and `a` + `b-c` stay apart.
        """
        return f"{slug(self.environment)}.{self.project}"

    @property
    def identifier(self) -> str:
        """`[a-z0-9-]`, unique per engine: a prefix for generated names inside a route document."""
        return f"e{short_hash(self.text)}{short_hash(self.text[::-1])}"


def misnamed(project: object, environment: object) -> bool:
    """Whether no project or no environment can be called that: then no record or label is ours."""
    if not isinstance(project, str) or not isinstance(environment, str):
        return True
    unwritable = any("\ud800" <= char <= "\udfff" for char in environment[: LABEL_LIMIT + 1])
    right = bool(PROJECT_PATTERN.fullmatch(project)) and 1 <= len(environment) <= LABEL_LIMIT
    return unwritable or not right


def preview_host(deployment: str, host: str) -> str:
    """Where a held candidate can be looked at: beside `host`, which it would own when live."""
    label, _, base = host.partition(".")
    start = _preview_start(deployment)
    room = LABEL_LIMIT - len(start)
    if len(label) > room:
        label = f"{label[: room - 7].strip('-')}-{short_hash(label)}"
    return f"{start}{label}.{base}"


def is_preview(host: str, deployment: str) -> bool:
    """Whether the host is that deployment's preview."""
    return host.startswith(_preview_start(deployment))


def _preview_start(deployment: str) -> str:
    return f"c-{deployment[-10:].lower()}-"


def new_id(prefix: str, at: datetime, entropy: bytes) -> str:
    """`prefix_` and a ULID: the milliseconds of `at`, then ten bytes of `entropy`."""
    # A clock that was never set may stand before the first millisecond.
    number = (max(0, int(at.timestamp() * 1000)) << 80) | int.from_bytes(entropy[:10], "big")
    digits = [_CROCKFORD[(number >> (5 * place)) & 31] for place in range(25, -1, -1)]
    return f"{prefix}_{''.join(digits)}"


def alias(deployment: str, number: int = 1) -> str:
    """A replica's own name on its network, for ever: what the edge sends requests to."""
    own = deployment.replace("_", "-").lower()
    return own if number == 1 else f"{own}-{number}"


def deployment_of_alias(text: str) -> str:
    """The deployment id that the `alias` of its first replica was made from."""
    prefix, _, ulid = text.partition("-")
    return f"{prefix}_{ulid.upper()}"


def container_name(service: str, deployment: str, key: EnvironmentKey, number: int = 1) -> str:
    """What a deployment's container is called while it is neither active nor its predecessor.

    `number` is its replica's: the others keep that name.
    """
    replica = "" if number == 1 else f".{number}"
    return f"{service}.{deployment[-10:].lower()}{replica}.{key.text}"


def active_name(service: str, key: EnvironmentKey) -> str:
    """The container name by which other services of the environment reach the active one."""
    return f"{service}.a.{key.text}"


def stepping_aside_name(service: str, key: EnvironmentKey) -> str:
    """The name the active container bears for the instant in which its successor takes over."""
    return f"{service}.b.{key.text}"


def primary_web(kinds: Iterable[tuple[str, str]]) -> str | None:
    """Of (service, kind) pairs, the service that owns the short host.

    That is the one named `web` if its kind is web, else the only one of kind web.
    """
    webs = [service for service, kind in kinds if kind == "web"]
    if "web" in webs:
        return "web"
    return webs[0] if len(webs) == 1 else None


def host_label(key: EnvironmentKey, service: str, *, primary: bool) -> str:
    """The first label of a service's public host."""
    parts = [] if primary else [slug(service, limit=LABEL_LIMIT)]
    parts.append(key.project)
    if key.environment != DEFAULT_ENVIRONMENT:
        parts += _environment_words(key)
    label = "-".join(parts)
    if len(label) <= LABEL_LIMIT:
        return label
    return f"{label[: LABEL_LIMIT - 7].strip('-')}-{short_hash(label)}"


def _environment_words(key: EnvironmentKey) -> list[str]:
    """The environment's part of a host label.

    Where the project's name comes again in it, `shop` + `shop` and the service `shop` of
    `production` would have one host: then a hash tells them apart.
    """
    word = slug(key.environment)
    again = f"-{key.project}-" in f"{key.project}-{word}-"
    return [word, short_hash(key.environment)] if again else [word]


def host(key: EnvironmentKey, service: str, *, primary: bool, base_domain: str) -> str:
    """The public host of a service in an environment."""
    return f"{host_label(key, service, primary=primary)}.{base_domain}"


def no_such_engine(name: str, known: Iterable[str]) -> NotFound:
    """The refusal of an engine that the project file does not name."""
    there = ", ".join(known) or "none"
    hint = f"there are: {there}; [engines.NAME] in compartment.toml makes one"
    return NotFound(f"there is no engine {show(name)}", hint=hint)


def no_such_replica(number: int, whose: str, numbers: Iterable[int]) -> NotFound:
    """The refusal of a replica that is none of those there."""
    there = ", ".join(map(str, sorted(numbers)))
    return NotFound(
        f"there is no replica {number} of {whose}", hint=f"there are: {there}" if there else ""
    )


def no_such_service(name: str, known: Iterable[str]) -> NotFound:
    """The refusal of a service that is none of those known."""
    there = ", ".join(known) or "none"
    return NotFound(f"there is no service {show(name)}", hint=f"there are: {there}")
