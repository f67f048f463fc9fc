"""Deploys and rollbacks on a Docker Swarm, in turns with `docker service update`."""

import http.client
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.figures import Comparison, sample
from benchmarks.ground import Ground, docker
from benchmarks.product import PROGRAM
from benchmarks.shell import Broken, output
from tests.e2e import traffic
from tests.e2e.engines import NEEDED
from tests.e2e.shop import Shop
from tests.e2e.swarm import Swarm, own_swarm
from tests.e2e.swarm_shop import GREETING, PORT, RELEASE, REPLICAS, make_swarm_shop
from tests.e2e.traffic import Flow, Report, Traffic

PEER, PEER_PORT, PEER_HOST = "peer", 8090, "peer.localhost"
DEPLOYMENT = "COMPARTMENT_DEPLOYMENT_ID"
"""The version that a service of the shop says it is."""
PATIENCE = 60.0
HEALTHY = (
    "python3 -c \"import urllib.request as ask; ask.urlopen('http://127.0.0.1:8080/healthz')\""
)
ROUTES = {
    "http": {
        "routers": {
            PEER: {"rule": f"Host(`{PEER_HOST}`)", "service": PEER, "middlewares": ["again"]}
        },
        "middlewares": {"again": {"retry": {"attempts": 6}}},
        "services": {
            PEER: {
                "loadBalancer": {
                    "servers": [{"url": f"http://{PEER}:8080"}],
                    "serversTransport": "by-name",
                }
            }
        },
        "serversTransports": {
            "by-name": {
                "maxIdleConnsPerHost": -1,
                "forwardingTimeouts": {"dialTimeout": "1s"},
            }
        },
    }
}
"""The peer's proxy is set up as the product's edge is: it looks the name up at each request."""


Change = Callable[[], None]


@dataclass(slots=True)
class Turns:
    """What was measured of one way to change what runs, an entry a round."""

    settled: list[float] = field(default_factory=list)
    """Until nobody got an answer of the old version any more."""
    whole: list[float] = field(default_factory=list)
    asked: int = 0
    failed: int = 0

    def comparison(self, what: str, beside: str = "", against: "Turns | None" = None) -> Comparison:
        return Comparison(
            what=what,
            measured=sample(self.settled),
            beside=beside,
            against=sample(against.settled) if against else None,
            failed=self.failed,
            asked=self.asked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """The product, run as a person runs it."""

    shop: Shop

    @property
    def host(self) -> str:
        return self.shop.host("api")

    def answering(self) -> str:
        return self.shop.answered_by("api")

    def deploy(self, name: str) -> None:
        """Another value of a variable: the image is the same one."""
        file = self.shop.directory / "compartment.toml"
        text = file.read_text(encoding="utf-8")
        changed = re.sub(rf'"{GREETING}[^"]*"', f'"{GREETING} {name}"', text)
        file.write_text(changed, encoding="utf-8")
        self.shop.good("deploy", "-s", "api")

    def roll_back(self) -> None:
        self.shop.good("rollback", "-s", "api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A service of the same image, updated by the docker command."""

    shop: Shop
    words: tuple[str, ...]
    host: str = PEER_HOST

    def answering(self) -> str:
        with closing(http.client.HTTPConnection("localhost", timeout=10)) as connection:
            assert self.shop.connect is not None
            connection.sock = self.shop.connect(PEER_PORT)
            connection.request("GET", "/", headers={"Host": self.host})
            return str(json.loads(connection.getresponse().read())["deployment"])

    def deploy(self, name: str) -> None:
        self._update("--env-add", f"{DEPLOYMENT}={name}")

    def roll_back(self) -> None:
        self._update("--rollback")

    def _update(self, *words: str) -> None:
        output(*self.words, "service", "update", "--quiet", *words, PEER)


def measure(
    ground: Ground, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], str]:
    """Three replicas on three machines, another value of a variable and back, under traffic."""
    if os.geteuid() != 0 or any(shutil.which(name) is None for name in (*NEEDED, "ip")):
        return [], f"The Swarm was left out: it needs root, and {', '.join((*NEEDED, 'ip'))}."
    tell("a Swarm of three engines is made")
    with own_swarm() as swarm, closing(swarm.home.client()) as client:
        shop = make_swarm_shop(ground.folder / "swarm", swarm, client)
        shop.configure(RELEASE, "")
        shop.program, shop.warm = (str(PROGRAM),), False
        shop.good("deploy", seconds=300)
        ours = Ours(shop=shop)
        theirs = _peer(swarm, shop, ground.folder / "peer")
        flows = [*_visitors(ours.host, PORT), *_visitors(theirs.host, PEER_PORT)]
        found: dict[str, Turns] = {}
        with Traffic(PORT, flows, prefix=swarm.home.inside) as load:
            for number in range(rounds):
                tell(f"the Swarm, round {number + 1} of {rounds}")
                for side in (ours, theirs) if number % 2 else (theirs, ours):
                    name = type(side).__name__
                    deploy = partial(side.deploy, f"round{number}")
                    for verb, change in (("deploy", deploy), ("back", side.roll_back)):
                        turns = found.setdefault(f"{name} {verb}", Turns())
                        _take(turns, side, load, change)
    return _comparisons(found), ""


def _take(turns: Turns, side: Ours | Peer, load: Traffic, change: Change) -> None:
    """One change, under way in the middle of everybody's requests."""
    load.wait_until_flowing()
    before, old = load.report(), side.answering()
    began_at, began = time.time(), time.monotonic()
    change()
    turns.whole.append(time.monotonic() - began)
    load.wait_until_flowing(times=2)
    if side.answering() == old:
        raise Broken(f"{side.host} still answers as {old}")
    last = max((at for at in load.answers()[old] if at >= began_at), default=began_at)
    turns.settled.append(last - began_at)
    since = load.report().since(before)
    own = Report(tuple(one for one in since.flows if one["name"].endswith(_short(side.host))))
    turns.asked += own.total("sent")
    turns.failed += own.failed + own.cut


def _comparisons(found: Mapping[str, Turns]) -> list[Comparison]:
    update, back = found["Peer deploy"], found["Peer back"]
    until = "until the last answer of what was before"
    rows = [
        found["Ours deploy"].comparison(
            f"deploy of another value on a Swarm, {REPLICAS} replicas, {until}",
            "docker service update --update-order start-first",
            update,
        ),
        found["Ours back"].comparison(
            f"rollback on a Swarm, {until}", "docker service update --rollback", back
        ),
        update.comparison(f"docker service update, {until}"),
        back.comparison(f"docker service update --rollback, {until}"),
    ]
    wholes = {
        "deploy on a Swarm": found["Ours deploy"],
        "rollback on a Swarm": found["Ours back"],
        "docker service update": update,
        "docker service update --rollback": back,
    }
    return rows + [
        Comparison(what=f"{name}, the whole command", measured=sample(turns.whole))
        for name, turns in wholes.items()
    ]


def _visitors(host: str, port: int) -> list[Flow]:
    flows = (
        traffic.fresh(host, per_second=20),
        traffic.keep_alive(host, per_second=20),
        traffic.slow(host, clients=2, seconds=1),
    )
    return [{**flow, "port": port} for flow in flows]


def _short(host: str) -> str:
    """How the names of a host's flows end."""
    return f" {host.rpartition('.')[0]}"


def _peer(swarm: Swarm, shop: Shop, folder: Path) -> Peer:
    """The same image as a service that is updated with care, behind a proxy of its own."""
    words = (docker(), "--host", swarm.home.host)
    name = shop.active()["api"].replace("_", "-").lower()
    image = output(
        *words, "service", "inspect", name, "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}"
    )
    output(*words, "network", "create", "--driver=overlay", "--attachable", PEER)
    output(
        *(*words, "service", "create", "--quiet", f"--name={PEER}", f"--network={PEER}"),
        *("--endpoint-mode=dnsrr", f"--replicas={REPLICAS}", "--no-resolve-image"),
        *(f"--env={DEPLOYMENT}=first", "--stop-grace-period=10s"),
        *(f"--health-cmd={HEALTHY}", "--health-interval=1s", "--health-retries=1"),
        *("--update-order=start-first", "--update-parallelism=0", "--update-monitor=1s"),
        *("--rollback-order=start-first", "--rollback-parallelism=0", "--rollback-monitor=1s"),
        image,
    )
    folder.mkdir()
    (folder / "routes.yml").write_text(json.dumps(ROUTES), encoding="utf-8")
    output(
        *(*words, "run", "--detach", f"--network={PEER}", f"--publish={PEER_PORT}:80"),
        *(f"--volume={folder}:/routes:ro", "traefik:v3.7"),
        *("--providers.file.directory=/routes", "--entrypoints.web.address=:80"),
    )
    peer = Peer(shop=shop, words=words)
    deadline = time.monotonic() + PATIENCE
    while not _answers(peer):
        if time.monotonic() > deadline:
            raise Broken("the peer does not answer")
        time.sleep(0.2)
    return peer


def _answers(peer: Peer) -> bool:
    try:
        return bool(peer.answering())
    except (OSError, ValueError, http.client.HTTPException):
        return False
