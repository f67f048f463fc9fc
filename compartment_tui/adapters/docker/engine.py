"""The port `Engine` on one Docker host. The ideas are in the modules in `resources`.

Those that a status does without are imported by the methods that need them.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.address import LOCAL
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.labels import Role
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.resources import (
    active_name,
    containers,
    images,
    networks,
)
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.deployment import Image, Instance, Sample
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import Cancel, ConnectionCount, EngineEvent, Feed, LogLine

if TYPE_CHECKING:
    from compartment_tui.domain.callers import Caller
    from compartment_tui.domain.engine import EngineIdentity, EngineInfo, Misfit
    from compartment_tui.domain.planning.plan import ContainerSpec
    from compartment_tui.domain.readiness_advice import Listener


class DockerEngine:
    """Keeps the promises of `compartment_tui.ports.Engine`."""

    def __init__(self, client: Client, layout: ResourceNames | None = None) -> None:
        self._client = client
        self._layout = layout or ResourceNames()
        self._known: dict[str, str] = {}
        """Containers that were looked up by their deployment."""

    def info(self) -> "EngineInfo":
        # Only this asks which commands can build: no other answer should wait for loading that.
        from compartment_tui.adapters.docker.build import builder_abilities as abilities
        from compartment_tui.adapters.docker.build.build_command import (
            describe_builder,
            find_build_command,
        )
        from compartment_tui.domain.engine import EngineInfo

        with self._client.translate("tell about itself"):
            facts = self._client.info()
        version, command = facts.get("ServerVersion", ""), find_build_command()
        lacks = tuple(one for one in abilities.SHOWN if not abilities.takes(one, command, version))
        return EngineInfo(
            version=version,
            api=self._client.api_version,
            address=self._client.address.url,
            host=self._client.address.host,
            live_restore=bool(facts.get("LiveRestoreEnabled")),
            builder=describe_builder(),
            builder_takes=tuple(one.form for one in abilities.SHOWN if one not in lacks),
            builder_lacks=tuple(one.form for one in lacks),
            builder_hint=abilities.way_on(command, lacks) if lacks else "",
            chosen_by="" if self._client.address.url == LOCAL else self._client.address.chosen_by,
            unsafe=self._client.address.unsafe,
        )

    def address(self) -> str:
        return self._layout.within(self._client.address.url)

    def identity(self) -> "EngineIdentity":
        from compartment_tui.domain.engine import EngineIdentity

        with self._client.translate("tell which one it is"):
            found = str(self._client.info().get("ID") or self._client.address.url)
        return EngineIdentity(address=self.address(), id=self._layout.within(found))

    def moves_names(self) -> bool:
        return not self._client.in_swarm

    def warm_up(self) -> None:
        self._client.warm_up()

    def resolves(self, host: str) -> bool:
        try:
            socket.getaddrinfo(host, None)
        except OSError:
            return False
        return True

    def instances(
        self, key: EnvironmentKey | None = None, *, project: str | None = None
    ) -> tuple[Instance, ...]:
        if key is not None:
            return containers.instances_in_full(self._client, key)
        scope = {} if project is None else {"project": project}
        wanted = labels.filters(Role.SERVICE, None, **scope)
        return containers.instances_young_in_full(self._client, wanted)

    def instance(self, deployment: str) -> Instance | None:
        return containers.instance(self._client, self._known, deployment)

    def misfits(self, project: str) -> "tuple[Misfit, ...]":
        from compartment_tui.adapters.docker.resources.misfits import misfits

        return misfits(self._client, self._layout, project)

    def networks(self) -> frozenset[EnvironmentKey]:
        return networks.networks(self._client, self._layout)

    def make_network(self, key: EnvironmentKey, settings: NetworkSettings) -> None:
        networks.make_network(self._client, self._layout, key, settings)

    def next_subnet(self, settings: NetworkSettings) -> str:
        return networks.next_subnet(self._client, settings)

    def image(self, reference: str) -> Image | None:
        return images.image(self._client, reference)

    def digests(self, reference: str) -> tuple[str, ...]:
        return images.digests(self._client, reference)

    def create(self, birth: "ContainerSpec") -> Instance:
        return containers.create(self._client, birth, self._layout.network(birth.plan.key))

    def start(self, deployment: str) -> Instance:
        return containers.start(self._client, deployment)

    def keep_running(self, deployment: str) -> None:
        containers.keep_running(self._client, deployment)

    def retire(self, deployment: str, grace: timedelta) -> bool:
        return containers.retire(self._client, deployment, grace)

    def retire_all(self, graces: Mapping[str, timedelta]) -> frozenset[str]:
        return containers.retire_all(self._client, graces)

    def remove(self, deployment: str) -> None:
        containers.remove(self._client, deployment)

    def remove_image(self, image: str) -> None:
        images.remove_image(self._client, image)

    def built_images(self, project: str) -> frozenset[str]:
        return images.built_images(self._client, project)

    def disk_use(self) -> int:
        return images.disk_use(self._client)

    def run_release(self, birth: "ContainerSpec", cancel: Cancel) -> Iterator[str]:
        from compartment_tui.adapters.docker.resources import release_command

        return release_command.run_release(
            self._client, birth, self._layout.network(birth.plan.key), cancel
        )

    def name_active(self, key: EnvironmentKey, active: Mapping[str, str | None]) -> None:
        active_name.name_active(self._client, key, active)

    def name_awaited(self, key: EnvironmentKey, awaited: Mapping[str, str]) -> None:
        active_name.name_awaited(self._client, key, awaited)

    def end_stepping_aside(self, key: EnvironmentKey, services: Iterable[str]) -> None:
        active_name.end_stepping_aside(self._client, key, services)

    def tail(self, deployment: str, lines: int) -> tuple[str, ...]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.tail(self._client, deployment, lines)

    def logs(
        self, deployment: str, *, follow: bool, tail: int | None, since: datetime | None
    ) -> Feed[LogLine]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.logs(self._client, deployment, follow=follow, tail=tail, since=since)

    def stats(self, deployment: str) -> Feed[Sample]:
        from compartment_tui.adapters.docker.resources import stats

        return stats.stats(self._client, deployment)

    def events(self, project: str) -> Feed[EngineEvent]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.events(self._client, project)

    def count_connections(self, deployment: str, port: int) -> ConnectionCount:
        from compartment_tui.adapters.docker.resources import connections

        return connections.count_connections(self._client, deployment, port)

    def callers(self, key: EnvironmentKey) -> "dict[str, Caller]":
        from compartment_tui.adapters.docker.resources import connections

        return connections.callers(self._client, self._layout.network(key))

    def listeners(self, deployment: str) -> "tuple[Listener, ...]":
        from compartment_tui.adapters.docker.resources import connections

        return connections.listeners(self._client, deployment)

    def execute(self, deployment: str, command: tuple[str, ...], *, terminal: bool) -> int:
        from compartment_tui.adapters.docker.resources import exec_command

        return exec_command.execute(self._client, deployment, command, terminal=terminal)

    def remove_environment(self, key: EnvironmentKey, *, volumes: bool) -> None:
        networks.remove_environment(self._client, key, with_volumes=volumes)

    def volumes(self, key: EnvironmentKey) -> tuple[str, ...]:
        return networks.volumes(self._client, key)
