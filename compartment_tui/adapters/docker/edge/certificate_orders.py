"""What the edge tells of its certificates: those it has, in its figures; failed orders, in its log.

Pure text. Nothing else tells: to Traefik's API a router without a certificate is as good as one
with.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_CERTIFICATE = re.compile(r"traefik_tls_certs_not_after\{([^}]*)\} ([0-9.e+]+)")
_NAMES = re.compile(r'(?:cn|sans)="([^"]*)"')
_REFUSED = "Unable to obtain ACME certificate"
_DOMAINS = re.compile(r'domains=(?:\[([^\]]*)\]|"([^"]*)"|(\S+))')
_ERROR = re.compile(r'error="((?:[^"\\]|\\.)*)"')
_REASON = re.compile(r"urn:ietf:params:acme:error:(\w+) :: (.*?)(?:, url: |\]?$)", re.DOTALL)
_WORDS = re.compile(r"[a-z0-9*][a-z0-9.*-]*")
LONGEST = 200
"""Characters of a reason."""


def certificates(metrics: str) -> dict[str, datetime]:
    """By name, until when the edge has a certificate for it, by what its /metrics say."""
    found: dict[str, datetime] = {}
    for held, number in _CERTIFICATE.findall(metrics):
        until = datetime.fromtimestamp(float(number), UTC)
        for names in _NAMES.findall(held):
            for name in filter(None, names.split(",")):
                found[name] = max(until, found.get(name, until))
    return found


def failures(lines: Iterable[str]) -> Mapping[str, str]:
    """By host, why an order failed last, by lines of the edge's log."""
    found: dict[str, str] = {}
    for line in lines:
        named = _DOMAINS.search(line) if _REFUSED in line else None
        if named is None:
            continue
        error = _ERROR.search(line)
        why = _reason(error[1] if error else line)
        for host in _WORDS.findall(named[1] or named[2] or named[3]):
            found[host] = why
    return found


def _reason(error: str) -> str:
    """The authority's own words, without the log's quotes and line ends."""
    plain = error.replace(r"\n", " ").replace(r"\"", '"').replace(r"\t", " ")
    said = _REASON.search(plain)
    words = f"{said[2]} ({said[1]})" if said else plain.rpartition("error: ")[2]
    return " ".join(words.split())[:LONGEST]
