"""Seeing what the edge sees: a shell in its network namespace, and what is asked from there."""

import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Conflict, Missing
from compartment_tui.adapters.docker.api.helper_shell import CALL_LIMIT, Answer, Shell, ShellGone
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import PROOF, ROUTES, ResourceNames
from compartment_tui.adapters.docker.edge import certificate_orders, traefik
from compartment_tui.adapters.docker.edge.edge_container import EdgeContainer, edge_away, find_edge
from compartment_tui.adapters.docker.resources.logs import written
from compartment_tui.background import Background
from compartment_tui.domain.config import Readiness, ReadinessKind
from compartment_tui.domain.deployment import Instance
from compartment_tui.domain.domain_proof import PROOF_HEADER, PROOF_PATH
from compartment_tui.domain.errors import CompartmentError, EdgeNotConfirmed
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable

if TYPE_CHECKING:
    from compartment_tui.domain.refusal import Refusal
    from compartment_tui.domain.wait import WaitCount

PATIENCE = timedelta(seconds=5)
"""How long an edge that is coming up may take to be there."""
PAUSE_SECONDS = 0.1

AWAIT_MARKER = """
marker=$1 tries=0
shift
# A table that was just written is in force within milliseconds: not worth a call for each look.
until [ "$tries" -ge 60 ] || timeout 5 wget -q -O - "$2" | grep -q "$marker"; do
  tries=$((tries + 1))
  usleep 3000
done
"""
"""Before the questions: until the edge names the marker, for a quarter of a second and somewhat."""
_PROOF = """
if [ ! -s "$1" ]; then
  mkdir -p "${1%/*}"
  cat >"$1.$$"
  sync "$1.$$"
  # Two may do this at once: the first one's counts.
  ln "$1.$$" "$1" 2>/dev/null
  rm "$1.$$"
  # The edge looks at all documents when something changes in its directory, and only then.
  : >"$2/changed.$$"
  rm "$2/changed.$$"
fi
tries=0
ask() { printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$2" | timeout 5 nc 127.0.0.1 "$1"; }
until said=$(ask "$3" "$4" | grep -i "^$5:"); do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || exit 1
  usleep 20000
done
echo "${said#*: }" | tr -d '\\r'
"""
"""The token that the edge tells; made first where it has none."""
_NOW = """
made=$(mktemp -p /dev/shm)
TZ=UTC stat -c %y "$made"
rm "$made"
"""
"""The moment, by the clock of the edge's log: `date` there knows whole seconds only."""
_MICROSECONDS = len("2026-01-01 00:00:00.000000")
_LOOK_UP = 'timeout 1 nslookup -type=a "$1." 127.0.0.11 2>/dev/null'
"""The engine asks elsewhere for a name that it does not know, which may hang: asked again soon."""
_ADDRESS = re.compile(r"^Address: (\d+\.\d+\.\d+\.\d+)$", re.MULTILINE)
QUESTIONS = 'for url in "$@"; do timeout 5 wget -q -O - "$url" || exit 1; echo; done'


class EdgeNamespace:
    """Where the edge stands. Its namespace ends with it, so each question looks whether it lives.

    At first that is the lock's own shell; when the edge was started anew, a further one follows it.
    """

    def __init__(
        self,
        client: Client,
        layout: ResourceNames,
        key: EnvironmentKey,
        shell: Shell,
        edge: EdgeContainer,
    ) -> None:
        self._client = client
        self._layout = layout
        self._key = key
        self._shell = shell
        self._own: Shell | None = None
        self._life = edge.life

    @property
    def is_at_lock(self) -> bool:
        """Whether what is asked from there is asked through the lock's own shell."""
        return self._own is None

    def close(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def in_force(self, table: RouteTable, inner: traefik.InnerEntry) -> bool:
        """See `EnvironmentLock.in_force`."""
        script, arguments = QUESTIONS, traefik.queries(self._key)
        if table.marker is not None:
            script = AWAIT_MARKER + QUESTIONS
            arguments = (traefik.marker_name(self._key, table.marker), *arguments)
        answer = self._from_there(lambda: self._run(script, *arguments))
        try:
            return traefik.in_force(self._key, table, *answers(answer), inner)
        except (ValueError, traefik.UnreadableDocument) as error:
            raise EdgeNotConfirmed("the edge's API gave no usable answer") from error

    def proof(self) -> str:
        """See `EnvironmentLock.proof`."""
        document = traefik.proof_document(secrets.token_hex(16)).encode()
        answer = self._from_there(
            lambda: self._run(
                _PROOF,
                *(PROOF, ROUTES, str(traefik.WEB_PORT), PROOF_PATH, PROOF_HEADER),
                payload=document,
            )
        )
        return answer.text.strip()

    def certificates(self) -> Mapping[str, datetime]:
        """See `EnvironmentLock.certificates`."""
        metrics = self._from_there(lambda: self._run(QUESTIONS, traefik.METRICS)).text
        return certificate_orders.certificates(metrics)

    def order_failures(self, within: timedelta) -> Mapping[str, str]:
        """See `EnvironmentLock.order_failures`."""
        began = time.monotonic()
        now = datetime.fromisoformat(self._run(_NOW).text[:_MICROSECONDS]).replace(tzinfo=UTC)
        # Not a moment more: an order that failed just before is not the one that is asked about.
        since = now - within - timedelta(seconds=time.monotonic() - began)
        edge = self._running_edge()
        lines = (line.message for line in written(self._client, edge.id, since=since))
        return certificate_orders.failures(lines)

    def waited(self, hosts: Mapping[str, Collection[str]]) -> "Mapping[str, WaitCount]":
        """See `EnvironmentLock.waited`."""
        metrics = self._from_there(lambda: self._run(QUESTIONS, traefik.METRICS)).text
        return {
            service: traefik.waited(self._key, service, its_hosts, metrics)
            for service, its_hosts in hosts.items()
        }

    def found_by(self, name: str) -> frozenset[str]:
        """The addresses that the edge would find by a name right now."""
        found = self._where_it_is(lambda: self._run(_LOOK_UP, name))
        return frozenset(_ADDRESS.findall(found.text))

    def ready(self, instance: Instance, readiness: Readiness, port: int | None) -> "Refusal | None":
        """See `EnvironmentLock.ready`; a command is run by `readiness_probe.command_refusal`."""
        from compartment_tui.adapters.docker.edge import readiness_probe as probe
        from compartment_tui.domain.refusal import Refusal

        if instance.address is None:
            return Refusal(detail="it does not run")
        port = readiness.port or port
        if port is None:
            return Refusal(detail="no port to ask at is known")
        seconds = probe.whole_seconds(readiness.attempt_timeout)
        where = (instance.address, str(port), str(seconds))
        began = time.monotonic()
        if readiness.kind is ReadinessKind.TCP:
            answer = self._where_it_is(lambda: self._run(probe.TCP, *where))
            return probe.tcp_refusal(readiness, port, answer, _since(began))
        request = probe.http_request(readiness, port)
        answer = self._where_it_is(lambda: self._run(probe.HTTP, *where, payload=request))
        return probe.http_refusal(readiness, port, answer, _since(began))

    def _run(self, script: str, *arguments: str, payload: bytes | None = None) -> Answer:
        limit = CALL_LIMIT + timedelta(seconds=60)
        try:
            return self._shell.run(script, *arguments, payload=payload, timeout=limit)
        except ShellGone as error:
            raise EdgeNotConfirmed("the container that asks the edge has ended") from error

    def _from_there(self, ask: Callable[[], Answer]) -> Answer:
        """Ask until there is an answer; an edge that has just started takes a moment to listen."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            answer = self._where_it_is(ask)
            if answer.exit_code == 0:
                return answer
            if time.monotonic() > deadline:
                raise EdgeNotConfirmed(
                    "the edge runs but does not answer",
                    hint=f"`docker logs {self._layout.edge}` may say why;"
                    " `compartment-tui edge restart` starts it anew",
                )
            time.sleep(PAUSE_SECONDS)

    def _where_it_is(self, ask: Callable[[], Answer]) -> Answer:
        """The answer from where the edge is now. Raises EdgeNotConfirmed when it does not run."""
        # Asked while it is looked at: it is nearly always where it was, and asking changes nothing.
        asked = Background(ask)
        try:
            edge = self._running_edge()
        except BaseException:
            with suppress(CompartmentError):  # the shell is free again for whoever comes next
                asked.answer()
            raise
        if edge.life == self._life:
            return asked.answer()
        with suppress(*(() if self.is_at_lock else (CompartmentError,))):
            asked.answer()
        self._follow(edge)
        return ask()

    def _follow(self, edge: EdgeContainer) -> None:
        """Be where an edge is. Raises EdgeNotConfirmed when it does not run any more."""
        try:
            shell = Shell.open(
                self._client,
                labels=labels.of_environment(Role.LOCK, self._key),
                network_mode=f"container:{edge.id}",
                image=edge.image,
            )
        except (Missing, Conflict) as error:
            raise edge_away(EdgeNotConfirmed) from error
        self.close()
        self._shell = self._own = shell
        self._life = edge.life

    def _running_edge(self) -> EdgeContainer:
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            edge = find_edge(self._client, self._layout.edge)
            if edge is not None and edge.running:
                return edge
            # The engine brings one that died by itself back within moments.
            if edge is None or not edge.restarting or time.monotonic() > deadline:
                raise edge_away(EdgeNotConfirmed)
            time.sleep(PAUSE_SECONDS)


def answers(answer: Answer) -> tuple[str, str]:
    """What the edge said about routers and services. Raises ValueError."""
    routers, services = filter(None, answer.text.split("\n"))
    return routers, services


def _since(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)
