"""Traefik's side of the edge, as pure text: how it is started, its route documents, what it says.

Its file provider runs Go templates over whole documents, comments included, and one document that
it cannot read blocks every project. So a document holds generated identifiers and checked host
names, no user text, and is parsed back before anyone gets to see it.
"""

import base64
import json
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tomli_w

from compartment_tui.adapters.docker.edge import stopped_page
from compartment_tui.adapters.docker.edge.public_routers import (
    ENTRIES,
    NOBODY,
    PLAIN_ENTRY,
    RESOLVERS,
    WAIT,
    PublicRouters,
    Upstream,
    in_base32,
    refuse_unsafe,
    router_name,
)
from compartment_tui.adapters.record_file import codec
from compartment_tui.domain import bounds
from compartment_tui.domain.config import AcmeSettings, EdgeSettings
from compartment_tui.domain.domain_proof import PROOF_HEADER, PROOF_PATH
from compartment_tui.domain.errors import InvalidFile, Refused
from compartment_tui.domain.names import (
    EnvironmentKey,
    alias,
    deployment_of_alias,
    is_preview,
    misnamed,
    show,
    stepping_aside_name,
)
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.public_side import CertificateSource
from compartment_tui.domain.routes import EdgeCheck, Route, RouteTable

if TYPE_CHECKING:
    from compartment_tui.domain.wait import WaitCount

EDGE_IMAGE = "traefik:v3.7"
WEB_PORT = 64080
TLS_PORT = 64443
"""Where the edge listens for visitors, inside its container: where no service of ours is called."""
API_PORT = 8099
"""Its API and ping, on its own loopback only."""
OWN_PORTS = (WEB_PORT, TLS_PORT, API_PORT)
CERTIFICATES = "/certificates"
"""Where it keeps what it is given by a certificate authority."""
ACME = f"{CERTIFICATES}/acme"
"""The edge's own directory there: a file that others may read is not used."""
AUTHORITY = f"{CERTIFICATES}/authority.pem"
"""Who signs for a private certificate authority."""
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
METRICS = f"http://127.0.0.1:{API_PORT}/metrics"
_REQUESTS = "traefik_router_requests_total{"
_PROOF = "compartment-proof"
_FIRST = 2_000_000_000
"""The priority of what comes before every route."""
SUFFIX = ".toml"

_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_RULE = re.compile(r"Host\(`([a-z0-9.-]+)`\)")
_GENERATED = re.compile(r"[a-z0-9-]+")
_MARKER = "-at-"
_PUBLIC = "-public-"
"""Begins the name that has the whole table, where that is more than hosts and what they lead to."""
_OWNER = "-of-"
_FALLBACK = "-fallback-of-"
_UNVERIFIED = "-unverified"
_TRUSTING = {"insecureSkipVerify": True, "forwardingTimeouts": {"idleConnTimeout": "1s"}}
"""How a service is spoken to whose certificate is not looked at; the rest as `arguments` has it."""
_SHARED = "-shared"
"""What has to do with several replicas."""
_ONE_NAME = "-one-name"
"""What has to do with replicas behind one name."""
_TRIES_BY_NAME = 10
"""The name may lead to the same one of them again, which may be on a machine that is lost."""
_CLEAN = "-without-forwarded"
_INNER = "inner-"
"""Not the environment's identifier first: clients of an earlier version pass these names over."""
_ALSO = "-also"
_CHAIN = "-chain"
_WAITED_FOR = "-wait-for-"
_CROWD = f"-wait-crowd{_CLEAN}"
"""An earlier version passes over what ends like this: it reads such a document, too."""
CROWD = 500
"""How many requests of one host may wait; each is a connection."""
_TRIES_A_SECOND = 20
"""More than there can be: what ends the waiting is its time alone."""
_SAID_BY_CALLERS = (
    "Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
)
"""How else a caller could say who it is, and how it came: Traefik takes away the common ones."""
_NOTHING = "X-Compartment-Nothing"
"""A header that no answer has: what is taken away from those that need no change."""
_ANY_PATH = "/compartment-fallback"
"""What no site has: asked for it, one with a fallback gives that page."""
_TEMPLATE = "{{"
_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading something of another shape raises."""


class UnreadableDocument(InvalidFile):
    """A route document that is not one of ours any more."""

    code = "route_document_unreadable"


class NewerDocument(UnreadableDocument):
    """A route document that a newer version wrote: it is in force, and nobody may move it aside."""

    code = "route_document_newer"


def arguments(
    directory: str, settings: EdgeSettings, inner_ports: Iterable[int]
) -> tuple[str, ...]:
    """The command line of the edge, which watches `directory` for route documents.

    Ports, resolvers and figures are there from the first day, used or not: to add one later would
    interrupt everybody. `inner_ports` are for the calls of services to each other.
    """
    return (
        f"--providers.file.directory={directory}",
        "--providers.file.watch=true",
        "--providers.providersthrottleduration=50ms",
        f"--entrypoints.web.address=:{WEB_PORT}",
        # Long uploads and streams must not be cut.
        "--entrypoints.web.transport.respondingtimeouts.readtimeout=0",
        f"--entrypoints.websecure.address=:{TLS_PORT}",
        "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=0",
        *_http3(settings.https_port),
        *(argument for entry in ENTRIES for argument in _trusting(entry, settings)),
        *(argument for port in inner_ports for argument in _inner_entry(port)),
        *(argument for name in RESOLVERS.values() for argument in _resolver(name, settings.acme)),
        # On the entry point `traefik`, like the API.
        "--metrics.prometheus=true",
        "--metrics.prometheus.addentrypointslabels=true",
        "--metrics.prometheus.addrouterslabels=true",
        "--metrics.prometheus.addserviceslabels=true",
        # A drain counts connections: idle ones to the old upstream must not linger.
        "--serverstransport.forwardingtimeouts.idleconntimeout=1s",
        # `traefik` is the name of the entry point that `api.insecure` and `ping` use.
        f"--entrypoints.traefik.address=127.0.0.1:{API_PORT}",
        "--api.insecure=true",
        "--api.dashboard=false",
        "--ping=true",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.nocolor=true",
        *stopped_page.arguments(),
    )


def _http3(https_port: int) -> tuple[str, ...]:
    if not https_port:
        return ()
    http3 = "--entrypoints.websecure.http3"
    return (f"{http3}=true", f"{http3}.advertisedport={https_port}")


def _trusting(entry: str, settings: EdgeSettings) -> tuple[str, ...]:
    """Whose word on a visitor is taken at an entry."""
    if not settings.trusted_proxies:
        return ()
    proxies = ",".join(settings.trusted_proxies)
    return tuple(
        f"--entrypoints.{entry}.{kind}.trustedips={proxies}"
        for kind in ("forwardedheaders", "proxyprotocol")
    )


def _inner_entry(port: int) -> tuple[str, ...]:
    entry = f"--entrypoints.{_inner_name(port)}"
    return (
        f"{entry}.address=:{port}",
        f"{entry}.transport.respondingtimeouts.readtimeout=0",
        # Only services of the environment are heard there: what they say of their callers stays.
        f"{entry}.forwardedheaders.insecure=true",
    )


def _inner_name(port: int) -> str:
    return f"inner-{port}"


def _resolver(name: str, settings: AcmeSettings) -> tuple[str, ...]:
    acme = f"--certificatesresolvers.{name}.acme"
    more = []
    if settings.email:
        more.append(f"{acme}.email={settings.email}")
    if name == RESOLVERS[CertificateSource.STAGING]:
        more.append(f"{acme}.caserver={STAGING}")
    elif settings.server:
        more.append(f"{acme}.caserver={settings.server}")
        if settings.lifetime:
            more.append(f"{acme}.certificatesduration={settings.lifetime}")
        if settings.authority:
            more.append(f"{acme}.cacertificates={AUTHORITY}")
    return (
        *more,
        f"{acme}.storage={ACME}/{name}.json",
        f"{acme}.keytype=EC256",
        f"{acme}.httpchallenge=true",
        f"{acme}.httpchallenge.entrypoint=web",
    )


def file_name(key: EnvironmentKey) -> str:
    """What the environment's route document is called."""
    return f"{key.text}{SUFFIX}"


def document(key: EnvironmentKey, table: RouteTable) -> str:
    """The route document that puts exactly `table` in force for `key`.

    Raises Refused when a host or an id in it could be read as anything else.
    """
    for host in sorted(table.hosts):
        if not _HOST.fullmatch(host):
            raise Refused(
                f"{show(host)} is not a host name",
                hint="hosts consist of a-z, 0-9, - and dots: see `base_domain`",
            )
    refuse_unsafe(table.public)
    sections = _sections(key, table)
    # What only looks like a template becomes text: templates are looked for before TOML is read.
    text = tomli_w.dumps({"http": sections}).replace(_TEMPLATE, r"\u007B\u007B")
    wanted = replace(table, routes=tuple(sorted(table.routes)))
    try:
        faithful = read(text) == (key, wanted) and _generated(sections)
    except UnreadableDocument:
        faithful = False
    if not faithful:
        raise Refused(f"the routes of {show(key.environment)} cannot be written down faithfully")
    return text


def parse(text: str) -> RouteTable:
    """The table in a route document. Raises UnreadableDocument."""
    return read(text)[1]


def read(text: str) -> tuple[EnvironmentKey, RouteTable]:
    """The environment a route document belongs to, and its table. Raises UnreadableDocument."""
    if _TEMPLATE in text:
        raise UnreadableDocument("the route document contains a template")
    try:
        bounds.refuse_toml(text, bounds.ROUTE_DOCUMENT, "the route document")
        http = tomllib.loads(text)["http"]
        services = http["services"]
        signs = http.get("middlewares", {})
        key = _owner(services)
        whole = [name for name in services if _PUBLIC in name]
        if whole:
            return key, _whole_table(key, whole[0], http)
        named = _named_inside(key, services)
        routes = (
            _inside(_route(router, services, signs), _server_of(router, services), named)
            for router in http.get("routers", {}).values()
        )
        return key, RouteTable(marker=_marker(services), routes=tuple(sorted(routes)))
    except (*_NONSENSE, bounds.TooMuch) as error:
        raise UnreadableDocument("the route document cannot be parsed") from error


def _whole_table(key: EnvironmentKey, name: str, http: Mapping[str, Any]) -> RouteTable:
    """The table in a name, if it is what the document says. Raises ValueError."""
    plain = _decode(name.partition(_PUBLIC)[2])
    if any(codec.unknown_keys(RouteTable, plain)):
        raise NewerDocument(
            "a newer version of compartment-tui wrote the routes", hint="use that version here, too"
        )
    table = codec.decode(RouteTable, plain)
    if _sections(key, table) != http:
        raise ValueError("the document says something else than its table")
    return table


def certificates_document(certificates: Iterable[OwnCertificate]) -> str:
    """The document with certificates that are shown to whoever asks for their names; or nothing."""
    pairs = [{"certFile": one.pem, "keyFile": one.key.reveal()} for one in certificates]
    return tomli_w.dumps({"tls": {"certificates": pairs}}) if pairs else ""


def proof_document(token: str) -> str:
    """The document by which the edge says which one it is, to whoever asks as any host."""
    router = {
        "entryPoints": [PLAIN_ENTRY],
        "rule": f"Path(`{PROOF_PATH}`)",
        "priority": _FIRST,
        "service": NOBODY,
        "middlewares": [_PROOF],
    }
    said = {"headers": {"customResponseHeaders": {PROOF_HEADER: token}}}
    return tomli_w.dumps({"http": {"routers": {_PROOF: router}, "middlewares": {_PROOF: said}}})


def token_of(document: bytes) -> str:
    """What `proof_document` was given; empty when that is none."""
    try:
        said = tomllib.loads(document.decode())["http"]["middlewares"][_PROOF]
        return str(said["headers"]["customResponseHeaders"][PROOF_HEADER])
    except _NONSENSE:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerEntry:
    """Where an edge takes inner calls of an environment: at which ports, and from where."""

    ports: tuple[int, ...] = ()
    subnet: str = ""

    @property
    def open(self) -> bool:
        """Whether it takes any."""
        return bool(self.ports and self.subnet)


def inner_document(key: EnvironmentKey, table: RouteTable, inner: InnerEntry) -> str:
    """The document that leads callers inside to what the route document says; empty for none.

    Of services that share a port, a caller gets the one that it names in its request. At another
    port it may name anything, as a proxy does that passes a visitor's host on.
    """
    routers = _inner_routers(key, table, inner)
    return tomli_w.dumps({"http": {"routers": routers}}) if routers else ""


def _inner_routers(
    key: EnvironmentKey, table: RouteTable, inner: InnerEntry
) -> dict[str, dict[str, Any]]:
    # Several hosts may lead to one service.
    inside = {route.inside: route for route in table.routes if route.inside and inner.open}
    called = {name: route for name, route in inside.items() if route.port in inner.ports}
    sharing = Counter(route.port for route in called.values())
    routers = {}
    for name, route in called.items():
        service, caller = _inner_service(key, name), f"ClientIP(`{inner.subnet}`)"
        alone = sharing[route.port] == 1
        # Nothing but the name is another while they wait: it tells their figures apart.
        routers[f"{service}{WAIT if route.waiting else ''}"] = {
            "entryPoints": [_inner_name(route.port)],
            "rule": caller if alone else f"Host(`{name}`) && {caller}",
            "service": service,
            "middlewares": [f"{service}{_CHAIN}"],
        }
    return routers


def _inner_service(key: EnvironmentKey, service: str) -> str:
    return f"{_INNER}{key.identifier}-{in_base32(service)}"


def _named_inside(key: EnvironmentKey, services: Mapping[str, Any]) -> dict[str, str]:
    """By address: the names under which callers inside reach what is there."""
    start = f"{_INNER}{key.identifier}-"
    return {
        _server(one["loadBalancer"]): str(_decode(name.removeprefix(start)))
        for name, one in services.items()
        if name.startswith(start)
    }


def _inside(route: Route, server: str, named: Mapping[str, str]) -> Route:
    """The route with its name inside, by the address it leads to."""
    preview = is_preview(route.host, route.deployment)
    return route if preview else replace(route, inside=named.get(server, ""))


def queries(key: EnvironmentKey | None = None) -> tuple[str, ...]:
    """The addresses that `in_force` needs the answers of, in order; for every environment if none.

    Routers first: they name the services, and both are replaced at once.
    """
    search = f"search={key.identifier}-&" if key else ""
    return tuple(
        f"http://127.0.0.1:{API_PORT}/api/http/{kind}?{search}per_page=100000"
        for kind in ("routers", "services")
    )


def marker_name(key: EnvironmentKey, marker: str) -> str:
    """What the edge's list of services contains as soon as a table with that marker is in force."""
    return f"{key.identifier}{_MARKER}{in_base32(marker)}"


def in_force(
    key: EnvironmentKey,
    table: RouteTable,
    routers: str,
    services: str,
    inner: InnerEntry | None = None,
) -> bool:
    """Whether the edge, which gave these answers, has exactly this table of this environment.

    `inner` is where it takes inner calls; None: how those come in does not count.

    An empty table is in force without a document, too: whose it would be does not count.

    Raises UnreadableDocument when that is not what the edge's API answers.
    """
    wanted = _sections(key, table)
    try:
        have_routers = {
            name: (*_told(one, wanted.get("routers", {}).get(name, {})), one["status"])
            for name, one in _named(key, routers)
        }
        have_services = {
            name: (_servers(one["loadBalancer"]), one["status"])
            for name, one in _named(key, services)
            if _OWNER not in name
        }
        have_inner = {
            name: (one["rule"], one["service"], tuple(one["entryPoints"]), one["status"])
            for name, one in _named(key, routers, before=_INNER)
        }
        have_services |= {
            name: (_servers(one["loadBalancer"]), one["status"])
            for name, one in _named(key, services, before=_INNER)
        }
    except _NONSENSE as error:
        raise UnreadableDocument("the edge's API gave no usable answer") from error
    if inner is not None and have_inner != _expected(key, table, inner):
        return False
    return have_routers == {
        name: (*_told(one, one), "enabled") for name, one in wanted.get("routers", {}).items()
    } and have_services == {
        name: (_servers(one["loadBalancer"]), "enabled")
        for name, one in wanted["services"].items()
        if _OWNER not in name
    }


def _told(router: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[object, ...]:
    """What tells two routers apart; Traefik gives a priority to those that were given none."""
    tls = router.get("tls")
    return (
        router["rule"],
        router["service"],
        _own_middlewares(router),
        tuple(router["entryPoints"]),
        router.get("priority") if "priority" in wanted else None,
        None if tls is None else tls.get("certResolver", ""),
    )


def _expected(
    key: EnvironmentKey, table: RouteTable, inner: InnerEntry
) -> dict[str, tuple[str, str, tuple[str, ...], str]]:
    return {
        name: (one["rule"], one["service"], tuple(one["entryPoints"]), "enabled")
        for name, one in _inner_routers(key, table, inner).items()
    }


def _sections(key: EnvironmentKey, table: RouteTable) -> dict[str, dict[str, Any]]:
    prefix = key.identifier
    # No router uses these two: they are what the edge repeats to whoever asks, and what tells
    # whose document it is. The address is never contacted.
    services = {
        f"{prefix}{_OWNER}{in_base32([key.project, key.environment])}": _upstream(
            "http://owner.invalid"
        )
    }
    if table.marker is not None:
        services[marker_name(key, table.marker)] = _upstream("http://marker.invalid")
    if not table.public.plain or any(
        route.replicas > 1 or route.one_name for route in table.routes
    ):
        whole = codec.encode(replace(table, routes=tuple(sorted(table.routes))))
        services[f"{prefix}{_PUBLIC}{in_base32(whole)}"] = _upstream("http://public.invalid")
    upstreams: dict[str, Upstream] = {}
    visitors = PublicRouters(key=key, public=table.public, upstreams=upstreams)
    transports: dict[str, dict[str, Any]] = {}
    for route in table.routes:
        service = _service_name(key, route)
        services[service] = {"loadBalancer": _balancer(key, route)}
        transport, settings = _transport(route)
        if transport:
            services[service]["loadBalancer"]["serversTransport"] = f"{prefix}{transport}"
            transports[f"{prefix}{transport}"] = settings
        used = _used_by(key, route, service)
        upstreams[route.host] = Upstream(service=service, used=used, waits=bool(route.waiting))
        if route.inside:
            # Callers inside are led here by a document that does not change at a switch.
            inner = _inner_service(key, route.inside)
            services[inner] = services[service]
            visitors.middlewares |= used | _chained(inner, list(used)[1:])
    for route in table.routes:
        visitors.add(route)
    sections = {
        "routers": visitors.routers,
        "middlewares": visitors.middlewares,
        "services": services,
        "serversTransports": transports,
    }
    # Traefik does not accept a section with nothing in it.
    return {name: held for name, held in sections.items() if held}


def _service_name(key: EnvironmentKey, route: Route) -> str:
    """The name of the service behind a route."""
    service = f"{key.identifier}-{alias(route.deployment)}-{route.port}"
    return f"{service}{WAIT}" if route.waiting else service


def _balancer(key: EnvironmentKey, route: Route) -> dict[str, Any]:
    """Whom that service asks: each replica under its own name, so that requests are shared out."""
    numbers = range(1, 2 if route.one_name else route.replicas + 1)
    asked = [alias(route.deployment, number) for number in numbers]
    if route.waiting:
        asked = [stepping_aside_name(route.waiting, key)]
    scheme = route.scheme or "http"
    balancer: dict[str, Any] = {
        "servers": [{"url": f"{scheme}://{name}:{route.port}"} for name in asked]
    }
    if route.check is not None and len(asked) > 1:
        balancer["healthCheck"] = _health_check(route.check)
    return balancer


def _health_check(check: EdgeCheck) -> dict[str, Any]:
    headers = {name: value for name, value in check.headers if name.lower() != "host"}
    host = next((value for name, value in check.headers if name.lower() == "host"), "")
    return {
        "path": check.path,
        "interval": "2s",
        "unhealthyInterval": "1s",
        "timeout": "1500ms",
        "followRedirects": False,
        **({"port": check.port} if check.port else {}),
        **({"hostname": host} if host else {}),
        **({"headers": headers} if headers else {}),
    }


def _transport(route: Route) -> tuple[str, dict[str, Any]]:
    """How its upstreams are spoken to, and what that is called; empty: as every other.

    Who does not answer a connection within a second is passed over, where there is another. What
    is behind one name is asked for at each request, or one of them would get all.
    """
    settings: dict[str, Any] = dict(_TRUSTING) if route.unverified else {}
    if route.one_name:
        settings["maxIdleConnsPerHost"] = -1
        settings["forwardingTimeouts"] = {"dialTimeout": "1s"}
        return f"{_ONE_NAME}{_UNVERIFIED if route.unverified else ''}", settings
    if route.replicas == 1:
        return (_UNVERIFIED if route.unverified else ""), settings
    settings["forwardingTimeouts"] = {"dialTimeout": "1s", "idleConnTimeout": "1s"}
    return f"{_SHARED}{_UNVERIFIED if route.unverified else ''}", settings


def _used_by(key: EnvironmentKey, route: Route, service: str) -> dict[str, dict[str, Any]]:
    """The middlewares of a visitor's way, in order."""
    prefix = key.identifier
    # An empty value takes a header away.
    emptied = {"customRequestHeaders": dict.fromkeys(_SAID_BY_CALLERS, "")}
    used: dict[str, dict[str, Any]] = {f"{prefix}{_CLEAN}": {"headers": emptied}}
    if route.stopped:
        # Its whole content is in its name, so that the edge's answer tells which sign it is.
        names = in_base32([route.stopped, key.environment, key.project])
        sign = {"plugin": {stopped_page.NAME: {"names": names}}}
        used[f"{prefix}-{stopped_page.NAME}-{names}"] = sign
    if route.fallback:
        name = f"{prefix}{_FALLBACK}{alias(route.deployment)}-{route.port}"
        used[name] = {"errors": _as_found(service)}
    if route.one_name and not route.waiting:
        used[f"{prefix}{_ONE_NAME}"] = {"retry": {"attempts": _TRIES_BY_NAME}}
    elif route.replicas > 1 and not route.waiting:
        # Repeats what never got through, with the next one: no request arrives twice.
        used[f"{prefix}{_SHARED}-{route.replicas}"] = {"retry": {"attempts": route.replicas + 1}}
    if route.waiting:
        names = in_base32([route.waiting, route.deployment, str(route.wait)])
        used[f"{prefix}{_CROWD}"] = {"inFlightReq": {"amount": CROWD}}
        used[f"{prefix}{_WAITED_FOR}{names}{_CLEAN}"] = {"retry": _until_there(route.wait)}
    return used


def _chained(inner: str, used: list[str]) -> dict[str, dict[str, Any]]:
    """The middlewares of a caller inside, who is believed: a chain, which must have a link."""
    also = f"{inner}{_ALSO}"
    return {
        also: {"headers": {"customResponseHeaders": {_NOTHING: ""}}},
        f"{inner}{_CHAIN}": {"chain": {"middlewares": [also, *used]}},
    }


def _until_there(seconds: int) -> dict[str, Any]:
    """Tries again while nobody accepts: before a request is read, so that none arrives twice."""
    return {
        "attempts": seconds * _TRIES_A_SECOND,
        "initialInterval": "100ms",
        "timeout": f"{seconds}s",
    }


def waited(key: EnvironmentKey, service: str, hosts: Collection[str], metrics: str) -> "WaitCount":
    """How many requests to a service waited, from outside and inside, by the edge's /metrics."""
    from compartment_tui.domain.wait import WaitCount

    names = [f"{router_name(key, host, waits=True)}(-rule-[0-9]+)?(-tls)?" for host in hosts]
    names.append(f"{_inner_service(key, service)}{WAIT}")
    ours = re.compile(f'router="({"|".join(names)})@file"')
    requests = failed = 0
    for line in metrics.splitlines():
        if line.startswith(_REQUESTS) and ours.search(line):
            number = int(float(line.rpartition(" ")[2]))
            requests += number
            failed += number if 'code="5' in line else 0
    return WaitCount(requests=requests, failed=failed)


def _as_found(service: str) -> dict[str, Any]:
    """The service's page for what it does not have, with 200 in place of 404.

    It has to come without a validator: a visitor's copy of it would be answered by 304, which would
    be made 200 without a body. The page of busybox's `E404` has none.
    """
    return {
        "status": ["404"],
        "statusRewrites": {"404": 200},
        "service": service,
        "query": _ANY_PATH,
    }


def _generated(sections: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(_GENERATED.fullmatch(name) for held in sections.values() for name in held)


def _upstream(url: str) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url}]}}


def _server(balancer: Mapping[str, Any]) -> str:
    (server,) = _servers(balancer)
    return server


def _servers(balancer: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(server["url"]) for server in balancer["servers"])


def _server_of(router: Mapping[str, Any], services: Mapping[str, Any]) -> str:
    return _server(services[router["service"]]["loadBalancer"])


def _middlewares(router: Mapping[str, Any]) -> list[str]:
    return [name.partition("@")[0] for name in router.get("middlewares") or ()]


def _own_middlewares(router: Mapping[str, Any]) -> list[str]:
    """Those that tell routes apart: a document of an older version has none for the headers."""
    return [name for name in _middlewares(router) if not name.endswith(_CLEAN) or WAIT in name]


def _route(
    router: Mapping[str, Any], services: Mapping[str, Any], signs: Mapping[str, Any]
) -> Route:
    rule = _RULE.fullmatch(router["rule"])
    waiting, deployment, wait = _wait(router)
    url = urlsplit(_server_of(router, services))
    if rule is None or url.hostname is None or url.port is None:
        raise ValueError("not a route of ours")
    stopped = [
        str(_decode(signs[name]["plugin"][stopped_page.NAME]["names"])[0])
        for name in _own_middlewares(router)
        if _FALLBACK not in name and WAIT not in name
    ]
    return Route(
        host=rule[1],
        deployment=deployment or deployment_of_alias(url.hostname),
        port=url.port,
        scheme="" if url.scheme == "http" else url.scheme,
        unverified="serversTransport" in services[router["service"]]["loadBalancer"],
        stopped="".join(stopped),
        fallback=any(_FALLBACK in name for name in _middlewares(router)),
        waiting=waiting,
        wait=int(wait),
    )


def _wait(router: Mapping[str, Any]) -> tuple[str, str, str]:
    """For which service its requests wait, where they led to, and for how many seconds."""
    for name in _middlewares(router):
        if _WAITED_FOR in name:
            service, deployment, seconds = _decode(name.partition(_WAITED_FOR)[2][: -len(_CLEAN)])
            return str(service), str(deployment), str(seconds)
    return "", "", "0"


def _marker(services: Iterable[str]) -> str | None:
    found = [name.partition(_MARKER)[2] for name in services if _MARKER in name]
    if not found:
        return None
    (encoded,) = found
    return str(_decode(encoded))


def _owner(services: Iterable[str]) -> EnvironmentKey:
    (encoded,) = (name.partition(_OWNER)[2] for name in services if _OWNER in name)
    project, environment = _decode(encoded)
    if misnamed(project, environment):
        raise ValueError("no environment of ours")
    return EnvironmentKey(project, environment)


def _decode(text: str) -> Any:  # noqa: ANN401
    return json.loads(base64.b32decode(text.upper() + "=" * (-len(text) % 8)))


def _named(
    key: EnvironmentKey, answer: str, *, before: str = ""
) -> list[tuple[str, dict[str, Any]]]:
    """What the API lists of this environment, by the name we gave it."""
    listed = [(one["name"].partition("@")[0], one) for one in json.loads(answer)]
    start = f"{before}{key.identifier}-"
    return [(name, one) for name, one in listed if name.startswith(start)]
