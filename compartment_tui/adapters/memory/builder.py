"""The builder of the pretended machine."""

import hashlib
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.host import Host, disk_full
from compartment_tui.adapters.memory.image_carriage import BASE_LAYER
from compartment_tui.domain.deployment import HealthCheck, Image
from compartment_tui.domain.errors import BuildFailed, Cancelled, ImageUnavailable
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Cancel


class MemoryBuilder:
    """`Builder` on a `Host`: the same content makes the same image."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def warm_up(self) -> None:
        """Nothing to find out."""

    def ahead(self, plans: tuple[Plan, ...], cancel: Cancel) -> AbstractContextManager[None]:
        # One after the other: what a pretended machine does must be the same every time.
        return nullcontext()

    def build(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        behaviour = self._host.behaviour(plan.service)
        for line in behaviour.build_says:
            self._host.clock.sleep(behaviour.build_line_takes)
            if cancel.requests:
                raise Cancelled("the build was ended")
            yield line
        if behaviour.build_fails is not None:
            raise BuildFailed(
                f"the image of {plan.service} cannot be built: {behaviour.build_fails}",
                tail=(*behaviour.build_says, behaviour.build_fails),
            )
        if self._host.disk_full:
            raise disk_full()
        where = f"{plan.service}@{plan.root.name}" if plan.root else plan.service
        version = self._host.versions.get(where, "1")
        build = plan.spec.build
        # Not the secrets: no image has anything of them.
        how = f"Build(dockerfile={build.dockerfile!r}, target={build.target!r}, args={build.args})"
        content = f"{plan.key.project} {plan.spec.path} {how} {version}"
        image = self._keep(content, plan)
        self._host.built[image.id] = plan.key.project
        return image

    def pull(self, plan: Plan, cancel: Cancel) -> Generator[str, None, Image]:
        reference = plan.spec.image or ""
        yield f"pulling {reference}"
        if cancel.requests:
            raise Cancelled("the pull was ended")
        known = self._host.images.get(self._host.pulled.get(reference, ""))
        if reference not in self._host.unpublished:
            version = self._host.versions.get(reference, "1")
            image = self._keep(f"{reference} {version}", plan)
            self._host.pulled[reference] = image.id
            return image
        if known is None:
            raise ImageUnavailable(
                f"{reference} can neither be pulled nor is it on the engine",
                hint="check the name and the registry",
            )
        yield f"no registry answers for {reference}; using the image on the engine"
        return known

    def _keep(self, content: str, plan: Plan) -> Image:
        image_id = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
        behaviour = self._host.behaviour(image_id, plan.service, plan.spec.image)
        image = Image(
            id=image_id,
            ports=behaviour.ports,
            check=_check(behaviour),
            volumes=behaviour.volumes,
            user=behaviour.user,
            entrypoint=behaviour.entrypoint,
            stop_signal=behaviour.stop_signal,
        )
        self._host.layers[image_id] = (BASE_LAYER, image_id)
        return self._host.images.setdefault(image_id, image)


def _check(behaviour: Behaviour) -> HealthCheck | None:
    if behaviour.check is None:
        return None
    usual = HealthCheck(command=behaviour.check_command)
    return replace(
        usual,
        interval=behaviour.check_interval or usual.interval,
        start_period=behaviour.check_start_period,
    )
