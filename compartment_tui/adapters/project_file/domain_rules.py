"""Whether the domains of a project file are hosts that can be served, each by one service."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compartment_tui.adapters.project_file.read_tables import Item, Problem, dotted, walk_names
from compartment_tui.adapters.project_file.value_types import HOST_PATTERN, LONGEST_HOST
from compartment_tui.domain.config import Kind, ProjectConfig
from compartment_tui.domain.names import (
    DEFAULT_ENVIRONMENT,
    EnvironmentKey,
    host,
    primary_web,
    show,
)

Tables = Mapping[str, Any]

LISTS = ("domains", "redirects")


def domain_rules(tables: Tables) -> Iterator[Problem]:
    """What is wrong with the domains of all environments."""
    derived = _derived_hosts(tables)
    owners: dict[str, str] = {}
    for environment, table in walk_names(tables, "environments"):
        for service, own in walk_names(table, "services"):
            at = ("environments", environment, "services", service)
            yield from _worker_rules(at, own, tables)
            yield from _derived_host_rules(at, own)
            for key in LISTS:
                for index, domain in enumerate(own.get(key, ())):
                    here = (*at, key, Item(index))
                    fault = host_fault(domain)
                    fault = fault or _taken(domain, owners, f"{service} in {environment}", here)
                    fault = fault or _derived_fault(domain, derived, at, own, key)
                    if fault:
                        message = f"{show(domain)} in {dotted(here)} {fault[0]}"
                        yield Problem(path=here, message=message, hint=fault[1])
                    owners.setdefault(domain, f"{service} in {environment}")


def host_fault(text: str) -> tuple[str, str] | None:
    """Why a text is no host that somebody can own, and the way on; None when it is one."""
    return _more_than_host(text) or _spelling_fault(text) or _form_fault(text)


def _more_than_host(text: str) -> tuple[str, str] | None:
    if "://" in text:
        return "is an address, not a host", "leave away the scheme, and any path"
    if "*" in text:
        own = 'a certificate of yours for "*.example.com" goes into [[edge.certificates]]'
        return (
            "is a wildcard, and a certificate for one takes DNS-01, which the edge does not do",
            f"name the hosts one by one; {own}",
        )
    if _is_address(text):
        return "is an IP address, not a host", "give it a name in the DNS, and write that"
    if "/" in text:
        return "has a path, and a domain is a host only", "paths are for [[routes]]"
    if re.search(r":[0-9]*$", text):
        ports = "the edge's ports are http_port and https_port in [edge]"
        return "has a port, and a domain is a host only", ports
    return None


def _spelling_fault(text: str) -> tuple[str, str] | None:
    if not text.isascii():
        return "is not in ASCII", f"write it in punycode{_punycode(text)}"
    if text != text.lower():
        return "has capitals", f"write it in small letters: {show(text.lower())}"
    if text.endswith("."):
        return "ends with a dot", "leave that away"
    return None


def _form_fault(text: str) -> tuple[str, str] | None:
    if len(text) > LONGEST_HOST:
        return f"has {len(text)} characters", f"a host has {LONGEST_HOST} at most"
    if re.fullmatch(HOST_PATTERN, text):
        return None
    if "." not in text:
        return "is no full host name", 'write all of it, such as "www.example.com"'
    return "is no host name", "use a-z, 0-9 and -, in parts of 1 to 63 with a dot between"


def _is_address(text: str) -> bool:
    plain = re.sub(r"^\[(.*)\](?::[0-9]*)?$", r"\1", text)
    plain = re.sub(r"^([0-9.]+):[0-9]*$", r"\1", plain)
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return False
    return True


def _punycode(text: str) -> str:
    """How it is written then, where the standard library is sure to know."""
    try:
        found = text.encode("idna")
        sure = found.decode("idna") == text and host_fault(found.decode()) is None
    except UnicodeError:
        return ""
    return f": {show(found.decode())}" if sure else ""


def _taken(
    domain: str, owners: Mapping[str, str], owner: str, here: tuple[str, ...]
) -> tuple[str, str] | None:
    if domain not in owners:
        return None
    if owners[domain] != owner:
        return f"leads to {owners[domain]} already", "a domain leads to one service of one place"
    both = "keep one of them" if here[-2] == LISTS[0] else "it is served, or led on: keep one"
    return "stands there twice", both


def _worker_rules(at: tuple[str, ...], own: Tables, tables: Tables) -> Iterator[Problem]:
    service = tables.get("services", {}).get(at[-1])
    if not isinstance(service, dict) or service.get("kind") is not Kind.WORKER:
        return
    for key in (*LISTS, "derived_host"):
        if key in own:
            message = (
                f"{dotted((*at, key))} has no meaning: {at[-1]} is a worker, which has no host"
            )
            yield Problem(path=(*at, key), message=message, hint=f"leave `{key}` away")


def _derived_host_rules(at: tuple[str, ...], own: Tables) -> Iterator[Problem]:
    if not own.get("derived_host", True) and not own.get("domains"):
        message = f"{dotted((*at, 'derived_host'))} = false leaves it without any host"
        hint = 'give it one of yours: domains = ["www.example.com"]'
        yield Problem(path=(*at, "derived_host"), message=message, hint=hint)


def _derived_fault(
    domain: str,
    derived: Mapping[str, tuple[str, str]],
    at: tuple[str, ...],
    own: Tables,
    key: str,
) -> tuple[str, str] | None:
    """Hosts that are made of names belong to those names."""
    if domain not in derived:
        return None
    environment, service = derived[domain]
    if (environment, service) != (at[1], at[3]):
        return f"is the host of {service} in {environment} already", "take another"
    stays = own.get("derived_host", True)
    if key == "domains" and not stays:
        return "is the host that derived_host = false takes away", "leave derived_host away"
    if key == "redirects" and stays:
        return "is its own host, and that is served", "derived_host = false lets it be led on"
    return None


def _derived_hosts(tables: Tables) -> dict[str, tuple[str, str]]:
    """Environment and service, by the host that is made of their names."""
    project = tables.get("project", {})
    kinds = {
        name: Kind.WEB if isinstance(service, str) else service.get("kind", Kind.WEB)
        for name, service in walk_names(tables, "services")
    }
    primary = primary_web((name, kind.value) for name, kind in kinds.items())
    base = project.get("base_domain", ProjectConfig(name="").base_domain)
    environments = dict.fromkeys((*tables.get("environments", {}), DEFAULT_ENVIRONMENT))
    return {
        host(
            EnvironmentKey(project=project.get("name", ""), environment=environment),
            name,
            primary=name == primary,
            base_domain=base,
        ): (environment, name)
        for environment in environments
        for name, kind in kinds.items()
        if kind.routed
    }
