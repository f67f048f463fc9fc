"""Constant traffic through the edge while a test does something, and the report at the end."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.e2e.drains import Answers

COUNTED = ("sent", "ok", "failed", "cut", "opened", "calls")
ROOT = Path(__file__).parents[2]
Flow = dict[str, object]


def fresh(host: str, *, per_second: float = 30, path: str = "/version") -> Flow:
    """A new connection for every request."""
    return _flow("fresh", host, path, clients=4, per_second=per_second)


def keep_alive(host: str, *, per_second: float = 40, path: str = "/version") -> Flow:
    """Eight connections that live as long as the traffic does."""
    return _flow("keep_alive", host, path, clients=8, per_second=per_second)


def slow(host: str, *, clients: int = 4, seconds: float = 3) -> Flow:
    """So many requests always in flight, each of which takes `seconds`."""
    path = f"/slow?seconds={seconds:g}"
    return _flow("fresh", host, path, clients=clients, per_second=clients / seconds, name="slow")


def slow_kept(host: str, *, clients: int = 2, seconds: float = 3) -> Flow:
    """As `slow`, over connections that are kept."""
    path = f"/slow?seconds={seconds:g}"
    rate = clients / seconds
    return _flow("keep_alive", host, path, clients=clients, per_second=rate, name="slow kept")


def calls(host: str, *, per_second: float = 4, each: int = 10) -> Flow:
    """`web` calls `api` by its name, `each` times a request."""
    return _flow("calls", host, f"/call?n={each}", clients=2, per_second=per_second)


def kept_calls(host: str, *, per_second: float = 4, each: int = 10) -> Flow:
    """As `calls`, over connections that `web` keeps, and without a second try."""
    path = f"/call?n={each}&kept=1"
    return _flow("calls", host, path, clients=2, per_second=per_second, name="kept calls")


def http2_calls(host: str, *, per_second: float = 4, each: int = 10) -> Flow:
    """`caller` calls `api`, `each` at once a request, all over one HTTP/2 connection."""
    path = f"/call?n={each}&path=/"
    return _flow("calls", host, path, clients=2, per_second=per_second, name="http2 calls")


def slow_http2_calls(host: str, *, clients: int = 2, seconds: float = 3) -> Flow:
    """As `http2_calls`, with so many always under way, each of which takes `seconds`."""
    path = f"/call?n=1&path=/slow%3Fseconds%3D{seconds:g}"
    rate = clients / seconds
    return _flow("calls", host, path, clients=clients, per_second=rate, name="slow http2 calls")


def socket(host: str) -> Flow:
    """A WebSocket, one message every 0.1 s."""
    return _flow("socket", host, "/socket", clients=2, per_second=2)


def events(host: str) -> Flow:
    """A stream of server-sent events."""
    return _flow("events", host, "/events", clients=2, per_second=2)


def http2(host: str, *, per_second: float = 10, path: str = "/version", name: str = "") -> Flow:
    """Two HTTP/2 connections that live as long as the traffic does; only over TLS."""
    return _flow("http2", host, path, clients=2, per_second=per_second, name=name)


def slow_http2(host: str, *, clients: int = 2, seconds: float = 3, name: str = "slow") -> Flow:
    """As `slow`, over such connections."""
    path = f"/slow?seconds={seconds:g}"
    return _flow("http2", host, path, clients=clients, per_second=clients / seconds, name=name)


def over_tls(flow: Flow, *, port: int, ca: Path) -> Flow:
    """The same of visitors who come over TLS, and believe that authority alone."""
    return {**flow, "name": f"tls {flow['name']}", "port": port, "ca": str(ca)}


def _flow(
    kind: str, host: str, path: str, *, clients: int, per_second: float, name: str = ""
) -> Flow:
    return {
        "name": f"{name or kind.replace('_', '-')} {host.rpartition('.')[0]}",
        "kind": kind,
        "host": host,
        "path": path,
        "clients": clients,
        "per_second": per_second,
    }


@dataclass(frozen=True, slots=True)
class Report:
    """What every flow counted."""

    flows: tuple[dict[str, Any], ...]

    def total(self, what: str) -> int:
        return sum(flow[what] for flow in self.flows)

    @property
    def failed(self) -> int:
        return self.total("failed")

    @property
    def cut(self) -> int:
        return self.total("cut")

    @property
    def reasons(self) -> list[str]:
        return [f"{flow['name']}: {reason}" for flow in self.flows for reason in flow["reasons"]]

    @property
    def stall(self) -> float:
        """For how long the machine kept somebody waiting: the slowest answer to a fresh request."""
        fresh = (flow for flow in self.flows if flow["name"].startswith("fresh"))
        return max(float(flow["slowest"]) for flow in fresh)

    def flow(self, start: str) -> dict[str, Any]:
        """The flow whose name starts so."""
        return next(flow for flow in self.flows if flow["name"].startswith(start))

    def since(self, before: "Report") -> "Report":
        """What was counted after `before`; what met which deployment is of both."""
        flows = []
        for now, then in zip(self.flows, before.flows, strict=True):
            counted = {name: now[name] - then[name] for name in COUNTED}
            versions = Counter(now["versions"]) - Counter(then["versions"])
            new = [reason for reason in now["reasons"] if reason not in then["reasons"]]
            flows.append({**now, **counted, "versions": versions, "reasons": new})
        return Report(tuple(flows))

    def brief(self) -> str:
        """One line, and the first reasons if anything was lost."""
        counts = f"{self.total('sent')} sent, {self.failed} failed, {self.cut} cut"
        return "\n    ".join([counts, *self.reasons[:4]])

    def lines(self) -> list[str]:
        head = f"{'':<36}{'sent':>8}{'ok':>8}{'failed':>8}{'cut':>5}  versions, slowest"
        rows = [head]
        for flow in self.flows:
            versions = ", ".join(f"{name}: {n}" for name, n in flow["versions"].items())
            inner = f"{flow['calls']} calls by name; " if flow["calls"] else ""
            rows.append(
                f"{flow['name']:<36}{flow['sent']:>8}{flow['ok']:>8}{flow['failed']:>8}"
                f"{flow['cut']:>5}  {inner}{_shortened(versions)}  {flow['slowest']:.2f} s"
            )
        rows.append(
            f"{'total':<36}{self.total('sent'):>8}{self.total('ok'):>8}"
            f"{self.failed:>8}{self.cut:>5}"
        )
        return [*rows, *(f"  {reason}" for reason in self.reasons)]

    def assert_nothing_lost(self) -> None:
        """Failed 0, cut 0, and there was something that could have failed."""
        assert not self.failed, "\n".join(self.lines())
        assert not self.cut, "\n".join(self.lines())
        for flow in self.flows:
            assert flow["ok"], f"{flow['name']} never got an answer"
            assert flow["sent"] == flow["ok"], "\n".join(self.lines())


class Traffic:
    """The clients, running in a process of their own."""

    def __init__(
        self,
        port: int,
        flows: Sequence[Flow],
        *,
        prefix: Sequence[str] = (),
        address: str = "127.0.0.1",
    ) -> None:
        """`prefix` is a command that starts another one elsewhere, as in a network namespace."""
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.e2e.clients"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._final: Report | None = None
        self._say(json.dumps({"address": [address, port], "flows": list(flows)}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._final is None:
            self._process.kill()
        self._process.communicate()

    def report(self) -> Report:
        """The counts so far; after `stop`, the final ones."""
        if self._final is not None:
            return self._final
        self._say("report")
        return self._read_report()

    def answers(self) -> Answers:
        """When each deployment answered, before `stop`."""
        self._say("answers")
        answers: Answers = self._read()
        return answers

    def stop(self) -> Report:
        """Let requests in flight end; the final counts."""
        if self._final is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            final = self._read_report()
            self._process.wait(timeout=30)
            self._process.stdin = None
            self._final = final
        return self._final

    def wait_until_flowing(self, *, times: int = 1, seconds: float = 60) -> None:
        """Until every flow had `times` good answers more than now."""
        before = [flow["ok"] for flow in self.report().flows]
        deadline = time.monotonic() + seconds
        while True:
            report = self.report()
            pairs = zip(report.flows, before, strict=True)
            if all(flow["ok"] >= seen + times for flow, seen in pairs):
                return
            assert time.monotonic() < deadline, "\n".join(report.lines())
            time.sleep(0.1)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read_report(self) -> Report:
        return Report(tuple(self._read()))

    def _read(self) -> Any:  # noqa: ANN401 - whatever was asked for
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the clients ended by themselves with {self._process.poll()}"
        return json.loads(line)


def _shortened(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
