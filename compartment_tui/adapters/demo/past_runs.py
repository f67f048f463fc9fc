"""Makes runs have happened: by planning and the record's own transitions, without a rollout."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.domain.deployment import (
    EnvironmentRecord,
    Image,
    Provenance,
    Stage,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.deploy import plan_deploy, plan_redeploy, plan_rollback
from compartment_tui.domain.planning.plan import ContainerSpec, Plan, Run
from compartment_tui.domain.planning.planning_context import PlanningContext
from compartment_tui.domain.planning.retention import prunable
from compartment_tui.domain.planning.rollback_targets import rollback_targets, spec_of
from compartment_tui.domain.record.revert import reverted
from compartment_tui.domain.record.transitions import activated, begun, finished, image_known
from compartment_tui.domain.routes import Route, RouteTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAct:
    """Something a person did. `ago` counts back from the end of the past that is being told."""

    ago: timedelta
    environment: str
    actor: str
    provenance: Provenance
    services: tuple[str, ...] = ()
    trigger: Trigger = Trigger.DEPLOY
    took: timedelta = timedelta(seconds=20)
    """From the first stage to the switch, or to the failure."""
    drained: timedelta = timedelta(seconds=4)
    fails: str = ""
    """The service that never got ready, if one did not."""
    reason: str = ""
    last_words: tuple[str, ...] = ()
    """What that one wrote last."""


class Past:
    """Acts, one after the other, on a pretended machine whose clock stands still in between."""

    def __init__(self, opened: MemoryWorld) -> None:
        self._world = opened.world
        self._host = opened.host
        self._source = opened.source
        self._images: dict[str, str] = {}

    @property
    def images(self) -> dict[str, str]:
        """Every image that was built, and the service it was built for."""
        return dict(self._images)

    def happen(self, act: PastAct) -> None:
        """Let an act have happened, here and now."""
        key = EnvironmentKey(self._world.project.config().name, act.environment)
        self._prepare(key)
        record = self._host.records.get(key) or EnvironmentRecord(key=key)
        self._source.current = act.provenance
        before = self._host.documents.get(key, RouteTable())
        run = self._planned(act, record)
        record = self._started(begun(record, run, before), run, act)
        self._host.clock.advance(act.took)
        if act.fails:
            record = self._failed(record, run, act)
        else:
            record = self._live(record, run, act, before)
        self._host.records[key] = record
        self._world.project.keep_copy(record, self._world.engine.identity())

    def _prepare(self, key: EnvironmentKey) -> None:
        config = self._world.project.config()
        self._world.engine.make_network(key, config.networks)
        self._world.edge.ensure(config.edge_for_services)
        self._world.edge.attach(key)

    def _planned(self, act: PastAct, record: EnvironmentRecord) -> Run:
        world = self._world
        context = PlanningContext(
            config=world.project.config(),
            record=record,
            now=world.clock.now(),
            actor=act.actor,
            new_id=world.clock.new_id,
            fingerprint_key=world.records.fingerprint_key(),
            provenance=act.provenance,
            can_start=lambda deployment: world.engine.instance(deployment) is not None,
            has_image=lambda image: world.engine.image(image) is not None,
            identity=world.secrets.identity,
        )
        if act.trigger is Trigger.ROLLBACK:
            return plan_rollback(context, rollback_targets(record, services=act.services))
        if act.trigger is Trigger.REDEPLOY:
            return plan_redeploy(context, services=act.services)
        return plan_deploy(context, services=act.services, force=True)

    def _started(self, record: EnvironmentRecord, run: Run, act: PastAct) -> EnvironmentRecord:
        """Images and candidates are there."""
        for plan in run.plans:
            if not plan.reuses_container:
                image = self._image(plan, act)
                birth = ContainerSpec(plan=plan, image=image, created=self._world.clock.now())
                self._world.engine.create(birth)
                record = image_known(record, birth)
            self._world.engine.start(plan.deployment)
        return record

    def _image(self, plan: Plan, act: PastAct) -> Image:
        kept = self._world.engine.image(plan.image) if plan.image else None
        if kept is not None:
            return kept
        self._host.change(plan.service, act.provenance.commit)
        image = _result(self._world.builder.build(plan, self._world.cancel))
        self._images[image.id] = plan.service
        return image

    def _failed(self, record: EnvironmentRecord, run: Run, act: PastAct) -> EnvironmentRecord:
        engine = self._world.engine
        for plan in run.plans:
            if plan.service == act.fails:
                for line in act.last_words:
                    self._host.containers[plan.deployment].write(line, stream="stderr")
                engine.retire(plan.deployment, plan.spec.stop_grace)
            else:
                engine.remove(plan.deployment)
        return reverted(
            record,
            actor=act.actor,
            at=self._world.clock.now(),
            failures={act.fails: (Stage.CHECKING_READINESS, act.reason)},
            reason=act.reason,
            cancelled=False,
        )

    def _live(
        self, record: EnvironmentRecord, run: Run, act: PastAct, before: RouteTable
    ) -> EnvironmentRecord:
        engine, host = self._world.engine, self._host
        routes = tuple(_routes(record, run))
        table = before.moved(run.id, routes)
        host.put_in_force(record.key, table)
        names = {plan.service: plan.deployment for plan in run.plans}
        engine.name_active(record.key, names)
        engine.end_stepping_aside(record.key, names)
        for plan in run.plans:
            engine.keep_running(plan.deployment)
        record = activated(record, host.clock.now(), table)
        host.clock.advance(act.drained)
        for plan in run.plans:
            if plan.previous is not None:
                engine.retire(plan.previous.id, spec_of(plan.previous).stop_grace)
        record = finished(record, act.actor, host.clock.now())
        for deployment in prunable(record, engine.instances(record.key), keep=run.keep):
            engine.remove(deployment)
        return record


def _routes(record: EnvironmentRecord, run: Run) -> Iterator[Route]:
    for plan in run.plans:
        port = record.deployments[plan.deployment].port
        if plan.host is not None and port is not None:
            yield Route(
                host=plan.host,
                deployment=plan.deployment,
                port=port,
                fallback=bool(plan.spec.fallback),
            )


def _result(lines: Iterator[str]) -> Image:
    """What a build comes to, its lines left unread."""
    while True:
        try:
            next(lines)
        except StopIteration as end:
            image: Image = end.value
            return image
