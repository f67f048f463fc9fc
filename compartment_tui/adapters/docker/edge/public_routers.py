"""The public side in Traefik's terms: the routers of a route's hosts, and their middlewares.

What a middleware does is in its name, as a digest: the edge's answer tells which one it is.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

from compartment_tui.adapters.docker.edge import stopped_page
from compartment_tui.domain.errors import Refused
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.public_side import (
    HTTP,
    HTTPS,
    CertificateSource,
    Domain,
    PublicSide,
    Rule,
    Treatment,
)
from compartment_tui.domain.routes import Route

NOBODY = "noop@internal"
"""Traefik's own service, for routers whose middlewares answer."""
RESOLVERS: Mapping[CertificateSource, str] = {
    CertificateSource.ACME: "le",
    CertificateSource.STAGING: "le-staging",
}
"""Neither is asked before a route wants it."""
PRIORITY = 100_000
"""Of the last rule; hosts alone have the length of their rule, at most some hundreds."""
_PATH = re.compile(r"/[^\s`\"'\\%{}$\x00-\x1f\x7f]*")
"""Characters that mean themselves in a rule, in a replacement, and in a path."""
_METHOD = re.compile(r"[A-Z]+")
TLS = "-tls"
"""Ends the names of routers for HTTPS."""
WAIT = "-wait"
"""Ends the names of what a route has of its own while its requests wait."""
PLAIN_ENTRY = "web"
TLS_ENTRY = "websecure"
ENTRIES = (PLAIN_ENTRY, TLS_ENTRY)

Section = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where a route's requests end: a service, and the middlewares in front of it."""

    service: str
    used: Section
    waits: bool = False
    """Requests wait there for whoever comes."""


@dataclass(slots=True, kw_only=True)
class PublicRouters:
    """The routers and middlewares for visitors of an environment."""

    key: EnvironmentKey
    public: PublicSide
    upstreams: Mapping[str, Upstream]
    """By the route's host."""
    routers: Section = field(default_factory=dict)
    middlewares: Section = field(default_factory=dict)

    def add(self, route: Route) -> None:
        """All routers of a route."""
        for host in self.public.hosts_of(route.host):
            domain = self.public.domain(host) or Domain(host=host, to=route.host)
            self._serve(route, domain, router_name(self.key, host, waits=bool(route.waiting)))
        for domain in self.public.domains:
            if domain.to == route.host and domain.elsewhere:
                self._lead_elsewhere(domain)

    def _serve(self, route: Route, domain: Domain, name: str) -> None:
        treatment = self.public.treatment(route.host)
        upstream = self.upstreams[route.host]
        rule = f"Host(`{domain.host}`)"
        self._entry(domain, name, rule, upstream, treatment)
        rules = [one for one in self.public.rules if one.on == route.host]
        for place, one in enumerate(rules):
            there = self.upstreams.get(one.to)
            if there is not None:
                self._entry(
                    domain,
                    f"{name}-rule-{place}",
                    f"{rule} && {_condition(one)}",
                    replace(there, used=there.used | self._named(_paths(one))),
                    treatment,
                    priority=PRIORITY + len(rules) - place,
                )

    def _entry(
        self,
        domain: Domain,
        name: str,
        rule: str,
        upstream: Upstream,
        treatment: Treatment,
        *,
        priority: int = 0,
    ) -> None:
        """The plain router, and the one for HTTPS where there is a certificate or will be one."""
        # What buffers a body would read it before it is known who answers.
        before = self._named(self._treated(treatment, buffers=not upstream.waits))
        used = before | upstream.used
        shared = {"rule": rule} | ({"priority": priority} if priority else {})
        plain: dict[str, Any] = {"entryPoints": [PLAIN_ENTRY], **shared}
        if domain.secured:
            led = self._named({"to-https": self._to_https()})
            self.routers[name] = plain | {"service": NOBODY, "middlewares": self._use(led)}
        else:
            self.routers[name] = plain | {
                "service": upstream.service,
                "middlewares": self._use(used),
            }
        if domain.certificate is not CertificateSource.NONE:
            strict = self._named(_strict(treatment)) if domain.secured else {}
            self.routers[f"{name}{TLS}"] = {
                "entryPoints": [TLS_ENTRY],
                **shared,
                "service": upstream.service,
                "middlewares": self._use(strict | used),
                # One router of a host orders its certificate, and only one.
                "tls": {} if priority else _tls(domain),
            }

    def _lead_elsewhere(self, domain: Domain) -> None:
        name, rule = router_name(self.key, domain.host, waits=False), f"Host(`{domain.host}`)"
        led = self._named({"elsewhere": self._elsewhere(domain.elsewhere)})
        shared = {"rule": rule, "service": NOBODY, "middlewares": self._use(led)}
        self.routers[name] = {"entryPoints": [PLAIN_ENTRY], **shared}
        if domain.certificate is not CertificateSource.NONE:
            self.routers[f"{name}{TLS}"] = {
                "entryPoints": [TLS_ENTRY],
                **shared,
                "tls": _tls(domain),
            }

    def _use(self, used: Section) -> list[str]:
        self.middlewares |= used
        return list(used)

    def _named(self, contents: Mapping[str, dict[str, Any]]) -> Section:
        """Each with a name that tells what it is: its kind, and what it does."""
        return {
            f"{self.key.identifier}-{kind}-{_digest(content)}": content
            for kind, content in contents.items()
        }

    def _to_https(self) -> dict[str, Any]:
        port = {} if self.public.https_port == HTTPS else {"port": str(self.public.https_port)}
        return {"redirectScheme": {"scheme": "https", "permanent": True, **port}}

    def _elsewhere(self, host: str) -> dict[str, Any]:
        domain = self.public.domain(host)
        secured = domain is not None and domain.secured
        port = self.public.https_port if secured else self.public.http_port
        usual = HTTPS if secured else HTTP
        place = f"http{'s' if secured else ''}://{host}{'' if port == usual else f':{port}'}"
        return {
            "redirectRegex": {
                "regex": "^https?://[^/]+(/.*)?$",
                "replacement": f"{place}${{1}}",
                "permanent": True,
            }
        }

    def _treated(self, treatment: Treatment, *, buffers: bool) -> Section:
        access, traffic = treatment.access, treatment.traffic
        found: dict[str, dict[str, Any]] = {}
        if access.allow:
            strategy = {"ipStrategy": {"excludedIPs": list(access.behind)}} if access.behind else {}
            found["allow"] = {"ipAllowList": {"sourceRange": list(access.allow), **strategy}}
        if access.users:
            users = [f"{name}:{hashed}" for name, hashed in access.users]
            found["users"] = {"basicAuth": {"users": users, "removeHeader": True}}
        if traffic.requests_per_second is not None:
            rate = traffic.requests_per_second
            found["rate"] = {"rateLimit": {"average": rate, "burst": rate}}
        if traffic.in_flight is not None:
            found["flight"] = {"inFlightReq": {"amount": traffic.in_flight}}
        if traffic.body is not None and buffers:
            found["body"] = {"plugin": {stopped_page.NAME: {"body": traffic.body}}}
        if traffic.headers:
            found["headers"] = {"headers": {"customResponseHeaders": dict(traffic.headers)}}
        if treatment.maintenance:
            said = [treatment.host, self.key.environment, self.key.project, treatment.message]
            found["maintenance"] = {"plugin": {stopped_page.NAME: {"names": in_base32(said)}}}
        return found


def refuse_unsafe(public: PublicSide) -> None:
    """Raises Refused for what would mean something else in a rule, or be no list of addresses.

    The project file is refused for it, with its line; this is for whoever comes another way.
    """
    for rule in public.rules:
        for path in filter(None, (rule.path, rule.strip, rule.replace, rule.rewrite)):
            if not _PATH.fullmatch(path):
                raise Refused(f"{show(path)} cannot be a path of a rule")
        for method in rule.methods:
            if not _METHOD.fullmatch(method):
                raise Refused(f"{show(method)} is no method of HTTP")
    for treatment in public.treatments:
        for allowed in (*treatment.access.allow, *treatment.access.behind):
            try:
                ip_network(allowed, strict=False)
            except ValueError as error:
                raise Refused(f"{show(allowed)} is no address") from error


def router_name(key: EnvironmentKey, host: str, *, waits: bool) -> str:
    """What the plain router of a host is called, while its requests wait and while they do not."""
    digest = hashlib.sha256(host.encode()).hexdigest()[:20]
    return f"{key.identifier}-{digest}{WAIT if waits else ''}"


def in_base32(value: object) -> str:
    """Anything that JSON knows as `[a-z2-7]`: for names, where no text of a user's may be."""
    return base64.b32encode(json.dumps(value).encode()).decode().rstrip("=").lower()


def _tls(domain: Domain) -> dict[str, str]:
    resolver = RESOLVERS.get(domain.certificate)
    return {"certResolver": resolver} if resolver else {}


def _strict(treatment: Treatment) -> dict[str, dict[str, Any]]:
    seconds = treatment.traffic.hsts
    return {} if seconds is None else {"strict": {"headers": {"stsSeconds": seconds}}}


def _condition(rule: Rule) -> str:
    prefix = rule.prefix
    if prefix is None:
        path = f"Path(`{rule.path}`)"
    elif not prefix:
        path = "PathPrefix(`/`)"
    else:
        path = f"(Path(`{prefix}`) || PathPrefix(`{prefix}/`))"
    if not rule.methods:
        return path
    methods = " || ".join(f"Method(`{one}`)" for one in rule.methods)
    return f"{path} && ({methods})"


def _paths(rule: Rule) -> dict[str, dict[str, Any]]:
    """What becomes of a rule's path on the way to the other service."""
    if rule.strip:
        return {"strip": {"stripPrefix": {"prefixes": [rule.strip]}}}
    if rule.rewrite:
        return {"rewrite": {"replacePath": {"path": rule.rewrite}}}
    if rule.replace:
        place = rule.replace.rstrip("/")
        return {
            "replace": {
                "replacePathRegex": {
                    "regex": f"^{re.escape(rule.prefix or '')}(/.*)?$",
                    "replacement": f"{place}${{1}}",
                }
            }
        }
    return {}


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
