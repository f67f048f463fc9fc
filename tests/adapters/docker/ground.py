"""What the tests on a real engine stand on."""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.engine import DockerEngine
from compartment_tui.domain.config import Kind, NetworkSettings, ServiceSpec
from compartment_tui.domain.deployment import Image, Provenance, Trigger
from compartment_tui.domain.names import EnvironmentKey, new_id
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from compartment_tui.domain.variable import Secret

IMAGE = "busybox:1"
SLEEP = ("sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait")
NETWORKS = NetworkSettings(pool="10.244.0.0/16", size=26)


@dataclass(frozen=True, slots=True)
class Ground:
    """A real engine, and an environment on it that only this test knows."""

    client: Client
    engine: DockerEngine
    key: EnvironmentKey
    image: Image

    def birth(
        self,
        service: str = "web",
        *command: str,
        values: dict[str, str] | None = None,
        key: EnvironmentKey | None = None,
        **spec: object,
    ) -> ContainerSpec:
        """A deployment of `command` (by default one that waits to be stopped)."""
        now = datetime.now(UTC)
        base = ServiceSpec(name=service, kind=Kind.API, image=IMAGE, command=command or SLEEP)
        plan = Plan(
            key=key or self.key,
            run=new_id("run", now, secrets.token_bytes(10)),
            trigger=Trigger.DEPLOY,
            spec=replace(base, **spec),  # type: ignore[arg-type]
            deployment=new_id("dep", now, secrets.token_bytes(10)),
            source=ImageSource.PULL,
            port=8080,
            values={name: Secret(value) for name, value in (values or {}).items()},
            fingerprints={"GREETING": "abc"},
            provenance=Provenance(commit="c0ffee", branch="main", dirty=True, author="Ana ✿"),
        )
        return ContainerSpec(plan=plan, image=self.image, created=now)

    def started(self, birth: ContainerSpec) -> str:
        """Make and start it; its deployment's id."""
        self.engine.create(birth)
        self.engine.start(birth.plan.deployment)
        return birth.plan.deployment
