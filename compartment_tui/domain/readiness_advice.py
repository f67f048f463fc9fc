"""Advice on a candidate that is not ready: the likely cause of a refusal, and the way on."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from compartment_tui.domain.config import Readiness
from compartment_tui.domain.refusal import Cause, Refusal, Reply, statuses_text

ENGINE_RESOLVER = "127.0.0.11"
"""Docker's own name server listens there in every container, and is none of the service's."""
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (nothing is bound here)
LOGIN_WORDS = ("login", "signin", "sign-in", "sign_in", "auth", "sso", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An address and a port at which a container accepts TCP."""

    address: str
    port: int

    @property
    def words(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def everywhere(self) -> bool:
        return self.address in EVERYWHERE

    @property
    def inside_only(self) -> bool:
        """Only the container itself gets there."""
        return ip_address(self.address).is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """More about a refusal: what was found (may be nothing), and the way on."""

    found: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPort:
    """A port that was asked, and whether `readiness` names it, not the service."""

    port: int
    readiness: bool = False


def listening_advice(service: str, asked: AskedPort, listeners: Sequence[Listener]) -> Advice:
    """What is to be said when nothing accepts on a port: where it does listen."""
    port = asked.port
    mine = sorted(
        {one for one in listeners if one.address != ENGINE_RESOLVER},
        key=lambda one: (one.port, one.address),
    )
    here = [one for one in mine if one.port == port]
    if here:
        return _advice_here(here)
    if not mine:
        return Advice(
            found="it listens on no port at all",
            hint="its log may say why; a service that nobody connects to is a `worker`",
        )
    others = list(dict.fromkeys(one.port for one in mine if not one.inside_only))
    if others:
        names = " and ".join(map(str, others[:4]))
        where = (
            f"`readiness` of [services.{service}]" if asked.readiness else f"[services.{service}]"
        )
        itself = (
            "" if asked.readiness else f", or let it listen on {port}: the variable PORT has it"
        )
        return Advice(
            found=f"nothing listens on {port}, but it listens on {names}",
            hint=f"`port = {others[0]}` in {where}{itself}",
        )
    inside = " and ".join(one.words for one in mine[:4])
    return Advice(
        found=f"nothing listens on {port}, but on {inside}, which only itself can reach",
        hint=f"let it listen on 0.0.0.0, and on {port} (the variable PORT has it)"
        f" or with `port = {mine[0].port}` in [services.{service}]",
    )


def _advice_here(here: Sequence[Listener]) -> Advice:
    shown = " and ".join(one.words for one in here)
    if all(one.inside_only for one in here):
        return Advice(
            found=f"it listens on {shown} only: it must be 0.0.0.0",
            hint="many servers have an option or a variable for it, such as"
            " --host 0.0.0.0 or HOST=0.0.0.0",
        )
    if any(one.address == EVERYWHERE[0] for one in here):
        return Advice(
            found="by now it does listen there",
            hint="`timeout` in its `readiness` gives it more time",
        )
    if any(one.everywhere for one in here):
        return Advice(
            found=f"it listens on {shown} for IPv6 alone: it must be 0.0.0.0",
            hint="let it listen on 0.0.0.0, or on IPv6 and IPv4 at once",
        )
    return Advice(
        found=f"it listens on {shown} only: it must be 0.0.0.0", hint="let it listen on 0.0.0.0"
    )


def check_advice(refusal: Refusal, service: str, *, routed: bool) -> Advice:
    """What is to be said when an image's own HEALTHCHECK does not pass."""
    instead = 'type = "http", path = "/healthz"' if routed else 'type = "command", command = ["…"]'
    hint = f"`readiness = {{ {instead} }}` in [services.{service}] is asked instead of it"
    if refusal.cause is Cause.MISSING:
        return Advice(
            found="the check may come from the base image, for which it was made", hint=hint
        )
    return Advice(hint=hint)


def status_advice(readiness: Readiness, reply: Reply, service: str, host: str | None) -> Advice:
    """The likely cause of such an answer. `host` is the service's public one."""
    where = f"in `readiness` of [services.{service}]"
    if 300 <= reply.status < 400 and reply.location:
        return _redirected(readiness, reply, where)
    if reply.status in (401, 407) or reply.challenge:
        return Advice(
            found="it asks for a login",
            hint=f"a `path` that needs none {where}, or"
            f' `status = "{_with(readiness, reply.status)}"` if that answer is good enough',
        )
    if reply.status in (400, 403, 421):
        asked = readiness.host or "localhost"
        other = host if host and host != asked else "example.com"
        return Advice(
            found=f"it may not take {asked} for a host of its own",
            hint=f'`headers = {{ Host = "{other}" }}` {where} asks as another'
            + ("; or it wants a login" if reply.status == 403 else ""),
        )
    if reply.status in (404, 405):
        return Advice(
            found=f"it has no {readiness.path}" if reply.status == 404 else "it takes no GET there",
            hint=f"name one that it has with `path` {where}",
        )
    if 200 <= reply.status < 400:
        return Advice(hint=f'`status = "{_with(readiness, reply.status)}"` {where} takes it, too')
    return Advice()


def _redirected(readiness: Readiness, reply: Reply, where: str) -> Advice:
    try:
        target = urlsplit(reply.location)
        to_host = target.hostname or ""
    except ValueError:
        return Advice(hint=f'`status = "200-399"` {where} takes redirects')
    asked = (readiness.host or "localhost").partition(":")[0]
    path = target.path or "/"
    if target.scheme == "https":
        return Advice(
            found="it sends everybody to https",
            hint=f'`headers = {{ X-Forwarded-Proto = "https" }}` {where} tells it that the visitor'
            ' has that already; or `status = "200-399"`',
        )
    if path.rstrip("/") == readiness.path.partition("?")[0].rstrip("/") and to_host in ("", asked):
        return Advice(found="a trailing slash", hint=f'`path = "{path}"` {where}')
    if any(word in path.lower() for word in LOGIN_WORDS):
        return Advice(
            found="it asks for a login",
            hint=f'a `path` that needs none {where}, or `status = "200-399"`',
        )
    if to_host not in ("", asked):
        return Advice(
            found=f"it wants to be called {to_host}",
            hint=f'`headers = {{ Host = "{to_host}" }}` {where}',
        )
    return Advice(
        found="redirects are not followed",
        hint=f'`path = "{path}"` {where}, or `status = "200-399"`',
    )


def _with(readiness: Readiness, status: int) -> str:
    return statuses_text((*readiness.status, (status, status)))
