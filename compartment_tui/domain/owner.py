"""The owner of an environment: the repository that was deployed to it last.

A project is known by its name, and two repositories may bear one name without knowing of each
other. So the record remembers where the files came from, and another repository is asked first.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from compartment_tui.domain.errors import OwnedElsewhere
from compartment_tui.domain.names import EnvironmentKey, escaped, show

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_PORT = re.compile(r":\d*$")
_OTHER_DOORS = {
    "ssh.github.com": "github.com",
    "www.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
}
"""Hosts that lead to the repositories of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a project's files come from."""

    remotes: tuple[str, ...] = ()
    """As `remote_name` has them, the one called origin first."""
    first_commit: str = ""
    """Where the history begins; empty when that is not known, as in a shallow clone."""
    path: str = ""
    """Where the project lies in its repository."""
    host: str = ""
    directory: str = ""

    def words(self) -> str:
        """`github.com/acme/shop`, or `/home/ada/shop on laptop`; safe to print."""
        if self.remotes:
            inside = f" ({escaped(self.path)})" if self.path else ""
            return f"{escaped(self.remotes[0])}{inside}"
        return (
            f"{escaped(self.directory)} on {escaped(self.host)}"
            if self.host
            else "an unknown place"
        )

    def is_same(self, other: "Origin") -> bool:
        """Whether both are the same project of the same repository, or of a fork of it.

        The same directory of the same machine is, too, unless another repository lies in it now.
        """
        if (self.host, self.directory) == (other.host, other.directory):
            replaced = bool(self.remotes and other.remotes) and not self._shares_history(other)
            return not replaced
        return self.path == other.path and self._shares_history(other)

    def _shares_history(self, other: "Origin") -> bool:
        if self.first_commit and self.first_commit == other.first_commit:
            return True
        ours, theirs = ({one.casefold() for one in origin.remotes} for origin in (self, other))
        return bool(ours & theirs) or self._here() in theirs or other._here() in ours

    def _here(self) -> str:
        """What a clone of it made on its own machine has as a remote."""
        top = self.directory.removesuffix(self.path).rstrip("/") if self.path else self.directory
        return f"{self.host}:{top}".casefold() if self.host else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose an environment is, and who made it so when: the last to deploy, or to take it over."""

    origin: Origin
    actor: str = ""
    at: datetime

    def words(self) -> str:
        """`github.com/acme/shop (ada@laptop, 2026-01-02 10:00 UTC)`; safe to print."""
        return f"{self.origin.words()} ({escaped(self.actor)}, {self.at:%Y-%m-%d %H:%M} UTC)"


def refuse_other(key: EnvironmentKey, owner: Owner | None, ours: Origin) -> None:
    """Raises OwnedElsewhere when the environment is another repository's."""
    if owner is None or owner.origin.is_same(ours):
        return
    raise OwnedElsewhere(
        f"{show(key.environment)} of {key.project} belongs to {owner.words()}, and this is"
        f" {ours.words() if ours.words() != owner.origin.words() else _place(ours)}",
        owner=owner.words(),
        hint="give this project a name of its own in compartment.toml, or pass --take-over",
    )


def _place(origin: Origin) -> str:
    inside = f", at {escaped(origin.path)} in its repository" if origin.path else ""
    return f"{escaped(origin.directory)} on {escaped(origin.host)}{inside}"


def remote_name(url: str, *, host: str) -> str:
    """A remote as it can be compared and shown: `github.com/acme/shop`, without credentials.

    By whichever protocol it is reached: user, password, port and `.git` do not tell repositories
    apart. One that is a path on this machine, `host`, is `host:/path`. Empty when it is none.
    """
    url = _HELPER.sub("", url.strip())
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() != "file":
        return _joined(*_of_url(url[scheme.end() :]))
    if scheme:
        return _local(unquote(url[scheme.end() :]), host)
    head, colon, rest = _split_short(url)
    if not colon:
        return _local(url, host)
    if "@" in rest.partition("/")[0]:  # a password where there can be none
        return remote_name(rest.rpartition("@")[2], host=host)
    return _joined(head.rpartition("@")[2], rest)


def _of_url(address: str) -> tuple[str, str]:
    """Host and path of what follows `scheme://`, whatever stands before the last @ left out."""
    authority, slash, path = address.partition("/")
    after = authority.rpartition("@")[2]
    if not _PORT.search(after) and ":" in after and not after.startswith("[") and "@" in path:
        # A password with a slash in it, which should have been escaped: it must not be shown.
        authority, slash, path = (authority + slash + path).rpartition("@")[2].partition("/")
    return _PORT.sub("", authority.rpartition("@")[2]), unquote(re.split(r"[?#]", path)[0])


def _split_short(url: str) -> tuple[str, str, str]:
    """`user@host:path` in three; a colon behind a slash is part of a path."""
    if "[" in url and "]:" in url:
        head, _, rest = url.partition("]:")
        return _PORT.sub("", head.replace("[", "")), ":", rest
    head, colon, rest = url.partition(":")
    return (url, "", "") if "/" in head or not colon else (head, colon, rest)


def _joined(host: str, path: str) -> str:
    host = host.lower().strip("[]")
    host = _OTHER_DOORS.get(host, host)
    parts = [part for part in _bare(path).split("/") if part]
    if host == "dev.azure.com":
        parts = [part for part in parts if part not in ("v3", "_git")]
    elif parts[:1] == ["scm"]:  # how Bitbucket's own servers begin by https
        parts = parts[1:]
    return "/".join([host, *parts]) if host and parts else ""


def _local(path: str, host: str) -> str:
    path = _bare(path).removesuffix("/.git")
    return f"{host}:{path}" if path else ""


def _bare(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
