"""Whether what the edge is to do for a project's visitors can be done: access, traffic, HTTPS."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compartment_tui.adapters.project_file.read_tables import (
    Item,
    Problem,
    dotted,
    header,
    walk_names,
)
from compartment_tui.adapters.project_file.schema_rules import LIMITS
from compartment_tui.adapters.project_file.value_types import HASH_PATTERN
from compartment_tui.domain.config import EdgeSettings, Kind, ReadinessKind, Scheme
from compartment_tui.domain.names import show

Tables = Mapping[str, Any]

HIGHEST_COST = 10
"""Of bcrypt: what every single request has to pay, doubled with each step."""
HASH_COMMAND = "make one with: compartment-tui access hash"
STRICT = "strict-transport-security"
BEGIN = "-----BEGIN"
"""What a key's text has, and no path."""


def edge_rules(tables: Tables, root: Path) -> Iterator[Problem]:
    """What is wrong with `[edge]`, and with what it does for each service and environment."""
    https = tables.get("edge", {}).get("https_port", EdgeSettings().https_port)
    there = (one.get("edge", {}).get("https_port") for _, one in walk_names(tables, "engines"))
    https = https or any(there)
    for name, service in walk_names(tables, "services"):
        if not isinstance(service, str):
            yield from _worker_rules(("services", name), service)
            yield from _scheme_rules(("services", name), service)
            yield from _hsts_rules(("services", name), service, https=bool(https))
    for name, environment in walk_names(tables, "environments"):
        yield from _access_rules(("environments", name, "access"), environment.get("access", {}))
    edge = tables.get("edge", {})
    yield from _proxy_rules(("edge", "trusted_proxies"), edge.get("trusted_proxies", ()))
    for name, engine in walk_names(tables, "engines"):
        proxies = engine.get("edge", {}).get("trusted_proxies", ())
        yield from _proxy_rules(("engines", name, "edge", "trusted_proxies"), proxies)
    yield from _acme_rules(edge, https=bool(https))
    for index, certificate in enumerate(edge.get("certificates", ())):
        at = ("edge", "certificates", Item(index))
        yield from _certificate_rules(at, certificate, root, https=bool(https))


# --- services -------------------------------------------------------------------------------------


def _worker_rules(at: tuple[str, ...], service: Tables) -> Iterator[Problem]:
    if service.get("kind") is not Kind.WORKER:
        return
    given: list[tuple[str, ...]] = [
        (key,) for key in ("scheme", "headers", "hsts") if key in service
    ]
    given += [("limits", key) for key in LIMITS if key in service.get("limits", {})]
    for key in given:
        message = f"[{dotted(at)}] has `{dotted(key)}`, but nobody sends requests to a worker"
        yield Problem(path=(*at, *key), message=message, hint="leave it away")


def _scheme_rules(at: tuple[str, ...], service: Tables) -> Iterator[Problem]:
    scheme = service.get("scheme", Scheme.HTTP)
    if "scheme" in service and service.get("kind") is Kind.STATIC:
        message = f"[{dotted(at)}] is static: files are served over http, so it has no `scheme`"
        yield Problem(path=(*at, "scheme"), message=message, hint="leave it away")
    if "verify" in service and scheme is not Scheme.HTTPS:
        message = f"[{dotted(at)}] has `verify`, but over {scheme} it shows no certificate"
        hint = 'it is for scheme = "https"; leave it away'
        yield Problem(path=(*at, "verify"), message=message, hint=hint)
    readiness = service.get("readiness", {})
    asked = readiness.get("type") is ReadinessKind.HTTP and "port" not in readiness
    if scheme is not Scheme.HTTP and asked:
        message = (
            f"[{dotted(at)}] speaks {scheme}, and readiness of type http is asked in plain HTTP"
        )
        hint = 'use type = "tcp" or "command", or a `port` that answers plain HTTP'
        yield Problem(path=(*at, "readiness"), message=message, hint=hint)
    if scheme is Scheme.H2C and "body" in service.get("limits", {}):
        message = f"[{dotted(at)}] has `limits.body`, but a stream of gRPC is one request"
        hint = "it would be cut when it has sent so much; leave it away"
        yield Problem(path=(*at, "limits", "body"), message=message, hint=hint)


def _hsts_rules(at: tuple[str, ...], service: Tables, *, https: bool) -> Iterator[Problem]:
    if "hsts" not in service:
        return
    if not https:
        message = f"[{dotted(at)}] has `hsts`, but the edge has no port for HTTPS"
        yield Problem(path=(*at, "hsts"), message=message, hint="give [edge] an https_port")
    for name in service.get("headers", {}):
        if name.lower() == STRICT:
            message = f"{dotted((*at, 'headers', name))} is what `hsts` says already"
            yield Problem(path=(*at, "headers", name), message=message, hint="keep one of them")


# --- access ---------------------------------------------------------------------------------------


def _access_rules(at: tuple[str, ...], access: Tables) -> Iterator[Problem]:
    for name, text in walk_names(access, "users"):
        here = (*at, "users", name)
        if not re.fullmatch(HASH_PATTERN, text):
            message = f"{dotted(here)} {_hash_fault(text)}"
            yield Problem(path=here, message=message, hint=HASH_COMMAND)
    if "allow" in access and not access["allow"]:
        message = f"{dotted((*at, 'allow'))} is empty"
        yield Problem(path=(*at, "allow"), message=message, hint="leave it away to let all in")
    yield from _network_problems((*at, "allow"), access.get("allow", ()))


def _hash_fault(text: str) -> str:
    """What is wrong with it; it may be a password, so it is not repeated."""
    bcrypt = re.match(r"\$2[abxy]\$([0-9]{2})\$", text)
    if bcrypt is not None and int(bcrypt[1]) > HIGHEST_COST:
        paid = "which the edge would pay at every request"
        return f"is a hash of bcrypt with cost {bcrypt[1]}, {paid}: {HIGHEST_COST} at most"
    if bcrypt is not None or text.startswith(("$apr1$", "{SHA}")):
        return "is no whole hash: something is missing, or too much"
    if re.match(r"\$[0-9a-z-]+\$", text):
        return "is a hash of a kind that the edge does not know: bcrypt, $apr1$ and {SHA} it does"
    return "must be the hash of a password, not the password"


def _proxy_rules(at: tuple[str, ...], proxies: Sequence[str]) -> Iterator[Problem]:
    yield from _network_problems(at, proxies)
    for index, text in enumerate(proxies):
        if text.endswith("/0"):
            message = f"{show(text)} in {dotted(at)} takes everybody's word on who they are"
            hint = "name the proxies that stand in front of the edge"
            yield Problem(path=(*at, Item(index)), message=message, hint=hint)


def _network_problems(at: tuple[str, ...], networks: Sequence[str]) -> Iterator[Problem]:
    for index, text in enumerate(networks):
        fault = _network_fault(text)
        if fault:
            message = f"{show(text)} in {dotted(at)} {fault[0]}"
            yield Problem(path=(*at, Item(index)), message=message, hint=fault[1])


def _network_fault(text: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?", text):
        return _no_network()
    try:
        right = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return _no_network()
    if ipaddress.ip_interface(text).ip != right.network_address:
        return (
            "is an address in a network, not the network",
            f"write {show(str(right))}, or the address alone",
        )
    return None


def _no_network() -> tuple[str, str]:
    return (
        "is no address or network",
        'write it as "203.0.113.7", "203.0.113.0/24" or "2001:db8::/32"',
    )


# --- HTTPS ----------------------------------------------------------------------------------------


def _acme_rules(edge: Tables, *, https: bool) -> Iterator[Problem]:
    if "acme" not in edge:
        return
    at, acme = ("edge", "acme"), edge["acme"]
    if "email" not in acme:
        hint = "it is told before a certificate ends, and keeps the account through every restart"
        yield Problem(path=at, message="[edge.acme] needs an `email`", hint=hint)
    if "lifetime" in acme and "server" not in acme:
        message = "edge.acme.lifetime is that of `server`'s certificates, and there is none"
        hint = "name the `server`, or leave `lifetime` away: Let's Encrypt's is known"
        yield Problem(path=(*at, "lifetime"), message=message, hint=hint)
    if "ca" in acme and "server" not in acme:
        message = "edge.acme.ca is who signs for `server`, and there is none"
        hint = "leave it away: Let's Encrypt's directory needs none"
        yield Problem(path=(*at, "ca"), message=message, hint=hint)
    if not https:
        message = "[edge.acme] gets certificates, but the edge has no port for HTTPS"
        yield Problem(path=at, message=message, hint="give [edge] an https_port")


def _certificate_rules(
    at: tuple[str, ...], table: Tables, root: Path, *, https: bool
) -> Iterator[Problem]:
    missing = [key for key in ("cert", "key") if key not in table]
    if missing:
        message = f"{header(at)} needs {' and '.join(f'`{key}`' for key in missing)}"
        hint = 'write it as: cert = "tls/example.pem", key = { variable = "TLS_KEY" }'
        yield Problem(path=at, message=message, hint=hint)
        return
    if not https:
        message = f"{header(at)} is for HTTPS, and the edge has no port for it"
        yield Problem(path=at, message=message, hint="give [edge] an https_port")
    key = table["key"]
    if not isinstance(key, str):
        if "variable" not in key:
            message = f"`key` of {header(at)} needs a `variable` in its braces"
            hint = 'write it as: key = { variable = "TLS_KEY" }'
            yield Problem(path=(*at, "key"), message=message, hint=hint)
    elif fault := _key_fault(key, root):
        hint = 'keep it outside, or in a sensitive variable: key = { variable = "TLS_KEY" }'
        message = f"`key` of {header(at)} {fault}"
        yield Problem(path=(*at, "key"), message=message, hint=hint)


def _key_fault(key: str, root: Path) -> str | None:
    """What is wrong with where a key is; the key itself is not repeated."""
    if BEGIN in key or not key.isprintable():
        return "is the key itself, and a secret must not be committed"
    try:
        file = (root / Path(key).expanduser()).resolve()
    except (OSError, RuntimeError):  # a circle of links, somebody unknown: whoever reads it says so
        return None
    if file.is_relative_to(root.resolve()):
        return "lies inside the repository, and a secret must not be committed"
    return None
