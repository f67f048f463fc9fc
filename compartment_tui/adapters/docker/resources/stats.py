"""What a container uses: the engine's stream of statistics, as samples."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Self

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.convert import moment
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.resources.containers import gone, inspect, locate
from compartment_tui.adapters.docker.resources.logs import ResponseFeed
from compartment_tui.domain import bounds
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import Instance, Sample
from compartment_tui.ports import Feed

Json = Mapping[str, Any]


class Stopped:
    """The container does not run any more."""


STOPPED = Stopped()


def stats(client: Client, deployment: str, *, replica: int = 1) -> Feed[Sample]:
    """See `Engine.stats`."""
    container = locate(client, deployment, replica)
    instance = inspect(client, container)
    if instance is None:
        raise gone(deployment, number=replica)
    if not instance.running:
        raise gone(deployment, "does not run", number=replica)
    return stats_of(client, container, instance, replica=replica)


def stats_of(client: Client, container: str, instance: Instance, *, replica: int) -> Feed[Sample]:
    """What a container of a deployment uses. Raises InstanceGone."""
    try:
        with client.translate("tell what it uses"):
            path = f"/containers/{container}/stats"
            response = client.open_stream(path, {"stream": 1}, endless=True)
    except Missing as error:
        raise gone(instance.deployment, number=replica) from error
    return StatsFeed(ResponseFeed(client, response, StatsDecoder(_limit(instance)).feed))


def _limit(instance: Instance) -> int | None:
    try:
        return ServiceSpec.of_text(instance.spec).limits.memory
    except ValueError:  # made by a version whose specifications we cannot read
        return None


class StatsFeed:
    """Samples until the container stops: the engine would go on for ever, with nothing to say."""

    def __init__(self, source: Feed[Sample | Stopped]) -> None:
        self._source = source

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Sample:
        found = next(self._source)
        if isinstance(found, Sample):
            return found
        self.close()
        raise StopIteration

    def close(self) -> None:
        """As the source's."""
        self._source.close()


class StatsDecoder:
    """Makes samples of chunks of JSON lines."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Sample | Stopped]:
        """Every sample that is complete now."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        bounds.refuse_large(len(self._rest), bounds.STREAM_LINE, "a sample of the engine")
        for line in lines:
            found = sample_of(json.loads(line), self._limit) if line.strip() else None
            if found is not None:
                yield found


def sample_of(data: Json, limit: int | None) -> Sample | Stopped | None:
    """One answer of the engine; None when there is nothing before it to compare with.

    The limit the engine names is no use: without one it is all the memory of its machine.
    """
    at = moment(data.get("read", ""))
    if at is None:
        return STOPPED
    cpu = _cores(data.get("cpu_stats") or {}, data.get("precpu_stats") or {})
    if cpu is None:
        return None
    return Sample(at=at, cpu=cpu, memory=_memory(data.get("memory_stats") or {}), limit=limit)


def _cores(now: Json, before: Json) -> float | None:
    """As `docker stats`: its part of the time that all cores had since the last answer."""
    if not before.get("system_cpu_usage"):
        return None
    system = now.get("system_cpu_usage", 0) - before["system_cpu_usage"]
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    if system <= 0 or used < 0:
        return None
    cores: int = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ()) or 1
    share: float = used / system * cores
    return share


def _memory(memory: Json) -> int:
    """As `docker stats`: what cgroups call inactive file pages is cache, and not counted."""
    usage: int = memory.get("usage", 0)
    parts = memory.get("stats") or {}
    # The first is cgroup v1's name, the second v2's.
    cache: int = parts.get("total_inactive_file", parts.get("inactive_file", 0))
    return usage - cache if cache < usage else usage
