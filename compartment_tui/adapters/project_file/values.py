"""Reading one value of a project file: from what TOML has to what the domain has.

Every reader raises TypeError or ValueError when the value is not what it must be; the words for
people are in `value_types`.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from compartment_tui.domain import names
from compartment_tui.domain.subnets import is_private
from compartment_tui.domain.variable import Secret

DURATION_PATTERN = r"(?:([0-9]+)h)?(?:([0-9]+)m(?!s))?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
SIZE_PATTERN = r"([0-9]+(?:\.[0-9]+)?) ?([kKmMgGtT][iI]?[bB]?|[bB])"
_STATUS = r"[2-5][0-9]{2}(?: ?- ?[2-5][0-9]{2})?"
STATUSES_PATTERN = rf"{_STATUS}(?: ?, ?{_STATUS})*"
HEADER_NAME_PATTERN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
OUR_HEADERS = ("connection", "content-length", "transfer-encoding", "upgrade", "expect", "te")
"""These say how a request is sent, and that is decided."""
ANSWER_HEADERS = (
    "connection",
    "content-length",
    "keep-alive",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
"""These say how an answer is sent, and that is between the service and its visitor."""
COOKIE = "set-cookie"
HEADER_VALUE_PATTERN = r"[!-~](?:[ -~]*[!-~])?"
"""What cannot end the line it stands in."""
USER_PATTERN = r"[^\s:\x00-\x1f\x7f-\x9f](?:[^:\x00-\x1f\x7f-\x9f]*[^\s:\x00-\x1f\x7f-\x9f])?"
LONG_DURATION_PATTERN = r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?"
SMALLEST_MEMORY = 6 * 2**20
"""What the engine insists on, in bytes."""

_LONGEST = timedelta(hours=24)
_LONGEST_HSTS = timedelta(days=3650)
_LARGEST_NUMBER = 10**9
"""Of a duration's parts: far beyond 24 hours, and far below what overflows."""
_UNITS = "kmgt"


def only(kind: type, value: object) -> Any:  # noqa: ANN401  (it is of `kind`)
    """The value, if it is exactly of `kind`: a bool is an int to Python, but not to TOML."""
    if type(value) is not kind:
        raise TypeError(value)
    return value


def text(value: object) -> str:
    """Any string that a container's environment can hold."""
    found: str = only(str, value)
    if "\0" in found:
        raise ValueError("NUL")
    return found


def filled(value: object) -> str:
    """A string that is not blank."""
    found = text(value)
    if not found.strip():
        raise ValueError("empty")
    return found


def hidden(value: object) -> Secret:
    """A value that must not be seen from here on."""
    return Secret(text(value))


def strings(value: object) -> tuple[str, ...]:
    """A list of strings that are not blank."""
    return tuple(filled(item) for item in only(list, value))


def command(value: object) -> tuple[str, ...]:
    """A program and its arguments; an argument may be empty."""
    words = tuple(text(item) for item in only(list, value))
    if not words or not words[0]:
        raise ValueError("empty")
    return words


def secret_source(value: object) -> dict[str, str]:
    """The one word that says where a build secret comes from when it has the variable's name."""
    if value != "variable":
        raise ValueError("no source")
    return {"variable": ""}


def variable_key(value: object) -> str:
    """A name that a variable can have."""
    key = filled(value)
    check_variable_key(key)
    return key


def variable_keys(value: object) -> tuple[str, ...]:
    """A list of names that variables can have."""
    keys = strings(value)
    for key in keys:
        check_variable_key(key)
    return keys


def check_variable_key(key: str) -> None:
    """Raises ValueError, in words, when `key` cannot be a variable's name."""
    if not names.VARIABLE_PATTERN.fullmatch(key):
        raise ValueError(f"is no variable name: {names.VARIABLE_RULE}")
    if key.startswith(names.RESERVED_PREFIX):
        raise ValueError(f"is reserved: names that begin with {names.RESERVED_PREFIX} are ours")


def check_header_name(name: str) -> None:
    """Raises ValueError, in words, when `name` cannot be a header of ours."""
    if not re.fullmatch(HEADER_NAME_PATTERN, name):
        raise ValueError("is no name of a header: use letters, digits and -")
    if name.lower() in OUR_HEADERS:
        raise ValueError("says how the request is sent, so it cannot be chosen: leave it out")


def check_answer_header(name: str) -> None:
    """Raises ValueError, in words, when `name` cannot be a header that the edge gives answers."""
    if not re.fullmatch(HEADER_NAME_PATTERN, name):
        raise ValueError("is no name of a header: use letters, digits and -")
    if name.lower() in ANSWER_HEADERS:
        raise ValueError("says how the answer is sent, so it cannot be chosen: leave it out")
    if name.lower() == COOKIE:
        raise ValueError("is for one visitor, and this would be for all: the service has to set it")


def check_user_name(name: str) -> None:
    """Raises ValueError, in words, when nobody can sign in as `name`."""
    if not re.fullmatch(USER_PATTERN, name) or len(name) > 255:
        raise ValueError("is no user's name: one line without “:” and blanks at its ends")


def is_variable_key(key: str) -> bool:
    """Whether `key` can be a variable's name."""
    try:
        check_variable_key(key)
    except ValueError:
        return False
    return True


def relative_path(value: object) -> str:
    """A path that starts where the file says paths start."""
    path = PurePosixPath(filled(value))
    if path.is_absolute():
        raise ValueError("absolute")
    return str(path)


def mount_point(value: object) -> str:
    """Where a volume is mounted: absolute, not the root, no colon for the engine to stumble on."""
    path = PurePosixPath(filled(value))
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or ":" in str(path):
        raise ValueError("not a place for a volume")
    return str(path)


def duration(value: object) -> timedelta:
    """`500ms`, `30s`, `1m30s`, `1h`: at most 24 hours."""
    match = re.fullmatch(DURATION_PATTERN, filled(value))
    if match is None:
        raise ValueError("not a duration")
    hours, minutes, seconds, milliseconds = (
        min(int(digits or 0), _LARGEST_NUMBER) for digits in match.groups()
    )
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    if length > _LONGEST:
        raise ValueError("too long")
    return length


def positive_duration(value: object) -> timedelta:
    """As `duration`, over zero."""
    length = duration(value)
    if not length:
        raise ValueError("zero")
    return length


def hsts(value: object) -> int:
    """Seconds: `365d`, `12h`; over zero, at most ten years."""
    match = re.fullmatch(LONG_DURATION_PATTERN, filled(value))
    if match is None:
        raise ValueError("not a duration")
    days, hours, minutes, seconds = (min(int(one or 0), _LARGEST_NUMBER) for one in match.groups())
    if days > _LONGEST_HSTS.days:
        raise ValueError("too long")
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < length <= _LONGEST_HSTS:
        raise ValueError("out of range")
    return int(length.total_seconds())


def lifetime(value: object) -> int:
    """Whole hours: `24h`, `7d`; one at least."""
    hours = hsts(value) // 3600
    if not hours:
        raise ValueError("out of range")
    return hours


def size(value: object) -> int:
    """Bytes: a whole number, or `512MiB`, `512m`, `1.5g`, `512MB`, in any case.

    One letter means what it means to docker, 1024 times; with B alone behind it, 1000 times.
    """
    if type(value) is int:
        return value
    match = re.fullmatch(SIZE_PATTERN, filled(value))
    if match is None:
        raise ValueError("not a size")
    from decimal import Decimal  # takes a while to load, and few files have a size

    unit = match[2].lower()
    base = 1000 if unit[1:] == "b" else 1024
    return int(Decimal(match[1]) * base ** (_UNITS.find(unit[:1]) + 1))


def memory(value: object) -> int:
    """A size in bytes that the engine takes as a limit."""
    found = size(value)
    if not SMALLEST_MEMORY <= found < 2**63:
        raise ValueError("out of range")
    return found


def body(value: object) -> int:
    """A size in bytes that a request may have."""
    found = size(value)
    if not 1 <= found < 2**63:
        raise ValueError("out of range")
    return found


def cpus(value: object) -> float:
    """A number of processors, over zero."""
    count = float(value) if type(value) is int else float(only(float, value))
    if not math.isfinite(count) or not 0 < count <= 10_000:
        raise ValueError("out of range")
    return count


def flag(value: object) -> bool:
    """`true` or `false`, nothing that only counts as such."""
    return bool(only(bool, value))


def statuses(value: object) -> tuple[tuple[int, int], ...]:
    """Ranges of statuses, both ends included: `200-299`, `200,204`, or one number."""
    found = str(value) if type(value) is int else text(value)
    if not re.fullmatch(STATUSES_PATTERN, found):
        raise ValueError("not statuses")
    ranges = []
    for part in found.split(","):
        low, _, high = part.replace(" ", "").partition("-")
        ranges.append((int(low), int(high or low)))
        if ranges[-1][0] > ranges[-1][1]:
            raise ValueError("backwards")
    return tuple(ranges)


def whole(low: int, high: int) -> Callable[[object], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        number: int = only(int, value)
        if not low <= number <= high:
            raise ValueError("out of range")
        return number

    return read


def matching(pattern: str, *, longest: int = 255) -> Callable[[object], str]:
    """A reader of strings that match `pattern` as a whole."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        found = text(value)
        if not compiled.fullmatch(found) or len(found) > longest:
            raise ValueError("not the pattern")
        return found

    return read


def pool(value: object) -> str:
    """A private IPv4 network by its own address: no host bits set."""
    found = ipaddress.IPv4Network(filled(value))
    if not is_private(found):
        raise ValueError("somebody else's addresses")
    return str(found)


def address(value: object) -> str:
    """An IP address, of either version."""
    return str(ipaddress.ip_address(filled(value)))
