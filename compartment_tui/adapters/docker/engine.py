"""The port `Engine` on one Docker host. The ideas are in the modules in `resources`.

Those that a status does without are imported by the methods that need them.
"""

import socket
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

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
from compartment_tui.background import EarlyQuestion
from compartment_tui.domain.config import NetworkSettings
from compartment_tui.domain.deployment import Image, Instance, Sample
from compartment_tui.domain.home import single_machine
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import (
    Cancel,
    ConnectionCount,
    EngineEvent,
    Feed,
    ImageArchive,
    LogLine,
)

if TYPE_CHECKING:
    from compartment_tui.domain.callers import Caller
    from compartment_tui.domain.carriage import Carriage
    from compartment_tui.domain.engine import EngineIdentity, EngineInfo, Misfit, NodeInfo
    from compartment_tui.domain.home import SwarmHome
    from compartment_tui.domain.planning.plan import ContainerSpec, Plan
    from compartment_tui.domain.readiness_advice import Listener


class DockerEngine:
    """Keeps the promises of `compartment_tui.ports.Engine`."""

    def __init__(self, client: Client, layout: ResourceNames | None = None) -> None:
        self._client = client
        self._layout = layout or ResourceNames()
        self._known: dict[str, tuple[str, ...]] = {}
        """Containers that were looked up by their deployment."""
        self._early: dict[str, EarlyQuestion[Instance | None]] = {}
        """Deployments that are looked at before anybody asks, until something is changed."""
        self._listed: dict[EnvironmentKey, EarlyQuestion[list[dict[str, Any]]]] = {}
        """Environments whose containers are listed so."""

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

        info = self._client.facts
        found = str(info.get("ID") or self._client.address.url)
        return EngineIdentity(
            address=self.address(),
            id=self._layout.within(found),
            machine=f"{info.get('Name')} {info.get('DockerRootDir')}",
        )

    def container_of(self, instance: Instance) -> tuple[Client, str]:
        """Where a replica's container is, and which one: for what is asked of it alone.

        Raises InstanceGone, EngineUnreachable.
        """
        return self._client, instance.container

    def moves_names(self) -> bool:
        return not self._client.in_swarm

    def nodes(self) -> "tuple[NodeInfo, ...]":
        return ()

    def home(self) -> "SwarmHome | None":
        return None

    def adopt(self, home: "SwarmHome") -> tuple[str, ...]:
        raise single_machine()

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
            return containers.instances_in_full(self._client, self._own_rows(key))
        scope = {} if project is None else {"project": project}
        wanted = labels.filters(Role.SERVICE, None, **scope)
        return containers.instances_young_in_full(self._client, wanted)

    def instance(self, deployment: str) -> Instance | None:
        early = self._early.pop(deployment, None)
        return self._look(deployment) if early is None else early.answer()

    def look_ahead(self, deployments: Iterable[str]) -> None:
        for one in deployments:
            self._early[one] = early = EarlyQuestion(partial(self._look, one))
            early.begin()

    def list_ahead(self, key: EnvironmentKey) -> None:
        self._listed[key] = early = EarlyQuestion(partial(self._list, key))
        early.begin()

    def _look(self, deployment: str) -> Instance | None:
        return containers.instance(self._client, self._known, deployment)

    def fingerprints(self, deployment: str, key: bytes) -> Mapping[str, str]:
        instance = self.instance(deployment)
        if instance is None:
            return {}
        with self._client.translate("look at a container"):
            found = self._client.inspect_container(instance.container)
        return containers.fingerprints_of(found["Config"].get("Env") or (), key)

    def _list(self, key: EnvironmentKey) -> list[dict[str, Any]]:
        return containers.own_rows(self._client, labels.filters(Role.SERVICE, key))

    def _own_rows(self, key: EnvironmentKey) -> list[dict[str, Any]]:
        early = self._listed.pop(key, None)
        return self._list(key) if early is None else early.answer()

    def _forget_looks(self) -> None:
        """What was looked at before is so no longer."""
        self._early.clear()
        self._listed.clear()

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

    def image_size(self, image: str) -> int | None:
        return images.image_size(self._client, image)

    def save_image(self, image: str, cancel: Cancel) -> "Generator[Carriage, None, ImageArchive]":
        from compartment_tui.adapters.docker.resources import image_carriage

        return image_carriage.save_image(self._client, image, cancel)

    def load_image(
        self, archive: ImageArchive, plan: "Plan", cancel: Cancel
    ) -> "Generator[Carriage, None, Image]":
        from compartment_tui.adapters.docker.resources import image_carriage

        return image_carriage.load_image(self._client, archive, plan, cancel)

    def spread_image(
        self, image: str, plan: "Plan", cancel: Cancel
    ) -> "Generator[str, None, None]":
        yield from ()  # this is the only machine

    def push_image(
        self, image: str, plan: "Plan", registry: str, cancel: Cancel
    ) -> "Generator[Carriage, None, str]":
        from compartment_tui.adapters.docker.resources import registry_carriage

        return registry_carriage.push_image(self._client, image, plan, registry, cancel)

    def pull_image(
        self, reference: str, plan: "Plan", cancel: Cancel
    ) -> "Generator[Carriage, None, Image]":
        from compartment_tui.adapters.docker.resources import registry_carriage

        return registry_carriage.pull_image(self._client, reference, plan, cancel)

    def create(self, birth: "ContainerSpec") -> Instance:
        self._forget_looks()
        return containers.create(self._client, birth, self._layout.network(birth.plan.key))

    def set_replicas(self, deployment: str, replicas: int) -> Instance:
        from compartment_tui.adapters.docker.resources import replicas as of_deployment

        self._forget_looks()
        self._known.pop(deployment, None)
        return of_deployment.set_replicas(self._client, deployment, replicas)

    def start(self, deployment: str) -> bool:
        self._forget_looks()
        containers.start(self._client, deployment)
        return True

    def await_running(self, deployment: str) -> None:
        """They run once they are started."""

    def keep_running(self, deployment: str) -> None:
        containers.keep_running(self._client, deployment)

    def retire(self, deployment: str, grace: timedelta) -> bool:
        return bool(self.retire_all({deployment: grace}))

    def retire_all(self, graces: Mapping[str, timedelta]) -> frozenset[str]:
        self._forget_looks()
        return containers.retire_all(self._client, graces)

    def retire_replicas(self, deployment: str, above: int, grace: timedelta) -> None:
        from compartment_tui.adapters.docker.resources import replicas

        self._forget_looks()
        self._known.pop(deployment, None)
        replicas.retire_replicas(self._client, deployment, above, grace)

    def remove(self, deployment: str) -> None:
        self._forget_looks()
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
        listed = self._own_rows(key)
        self._forget_looks()
        active_name.name_active(self._client, key, active, listed)

    def name_awaited(self, key: EnvironmentKey, awaited: Mapping[str, str]) -> None:
        listed = self._own_rows(key)
        self._forget_looks()
        active_name.name_awaited(self._client, key, awaited, listed)

    def end_stepping_aside(self, key: EnvironmentKey, services: Iterable[str]) -> None:
        listed = self._own_rows(key)
        self._forget_looks()
        active_name.end_stepping_aside(self._client, key, services, listed)

    def tail(self, deployment: str, lines: int, *, replica: int = 1) -> tuple[str, ...]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.tail(self._client, deployment, lines, replica=replica)

    def logs(
        self,
        deployment: str,
        *,
        follow: bool,
        tail: int | None,
        since: datetime | None,
        replica: int = 1,
    ) -> Feed[LogLine]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.logs(
            self._client, deployment, follow=follow, tail=tail, since=since, replica=replica
        )

    def stats(self, deployment: str, *, replica: int = 1) -> Feed[Sample]:
        from compartment_tui.adapters.docker.resources import stats

        return stats.stats(self._client, deployment, replica=replica)

    def events(self, project: str) -> Feed[EngineEvent]:
        from compartment_tui.adapters.docker.resources import logs

        return logs.events(self._client, project)

    def count_connections(self, deployment: str, port: int, *, above: int = 0) -> ConnectionCount:
        from compartment_tui.adapters.docker.resources import connections

        return connections.count_connections(self._client, deployment, port, above=above)

    def callers(self, key: EnvironmentKey) -> "dict[str, Caller]":
        from compartment_tui.adapters.docker.resources import connections

        return connections.callers(self._client, self._layout.network(key))

    def listeners(self, deployment: str) -> "tuple[Listener, ...]":
        from compartment_tui.adapters.docker.resources import connections

        return connections.listeners(self._client, deployment)

    def execute(
        self, deployment: str, command: tuple[str, ...], *, terminal: bool, replica: int = 1
    ) -> int:
        from compartment_tui.adapters.docker.resources import exec_command

        return exec_command.execute(
            self._client, deployment, command, terminal=terminal, replica=replica
        )

    def remove_helpers(self, key: EnvironmentKey) -> None:
        from compartment_tui.adapters.docker.resources import connections

        connections.remove_helpers(self._client, key)

    def remove_environment(self, key: EnvironmentKey, *, volumes: bool) -> None:
        self._forget_looks()
        networks.remove_environment(self._client, key, with_volumes=volumes)

    def volumes(self, key: EnvironmentKey) -> tuple[str, ...]:
        return networks.volumes(self._client, key)
