"""From one environment to another: the same image by promotion, the same commit by `--ref`."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import Behaviour, MemoryWorld
from compartment_tui.cli.json_documents.runs import plan_document
from compartment_tui.domain.config import EnvironmentConfig, ServiceSpec
from compartment_tui.domain.deployment import Deployment, EnvironmentRecord, Provenance, Trigger
from compartment_tui.domain.errors import MissingVariables, NotFound, Refused, UsageProblem
from compartment_tui.domain.events import Noted, ServiceUnchanged
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Promote, PromoteFrom, Redeploy, Rollback
from compartment_tui.domain.variable import Secret, Variable
from compartment_tui.operations import requests, runs
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.rollout.shop import (
    API,
    WEB,
    WORKER,
    change_everything,
    deploy,
    finish,
    lock,
    open_shop,
    outcome,
    promote,
    promote_across,
    rollback,
    shop_config,
    state,
)

STAGING = EnvironmentKey("shop", "staging")
COMMIT = Provenance(commit="d" * 40, branch="release", author="Grace")
HEAD = Provenance(commit="e" * 40, branch="main", dirty=True, author="Ada")


def staged(*services: ServiceSpec) -> MemoryWorld:
    """Version 1 is live in production, version 2 in staging, which has values of its own."""
    opened = open_shop(*services)
    variables = {"GREETING": Variable(key="GREETING", value=Secret("staged"))}
    config = opened.project.current
    opened.project.current = replace(
        config,
        environments=(*config.environments, EnvironmentConfig(name="staging", variables=variables)),
    )
    deploy(opened)
    change_everything(opened, "2")
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) is Outcome.LIVE
    change_everything(opened, "3")
    return opened


def staging(opened: MemoryWorld) -> EnvironmentRecord:
    return opened.host.records[STAGING]


def live(record: EnvironmentRecord, service: str) -> Deployment:
    found = record.active_deployment(service)
    assert found is not None
    return found


def test_promote_across_runs_the_very_image_with_this_environments_values() -> None:
    opened = staged()
    before = state(opened).active
    assert promote_across(opened) is Outcome.LIVE
    for service in ("web", "api", "worker"):
        source, made = live(staging(opened), service), live(state(opened), service)
        assert made.image == source.image
        assert (made.source, made.trigger) == (source.id, Trigger.PROMOTE)
        assert made.previous == before[service]
        assert opened.host.containers[made.id].environment["GREETING"] == "hello"
    assert state(opened).runs[-1].trigger is Trigger.PROMOTE
    assert opened.host.problems() == []


def test_the_image_id_is_known_in_the_plan_and_nothing_is_built_or_pulled() -> None:
    opened = staged(WEB)
    run = requests.plan(opened.world, PromoteFrom(origin="staging", environment="production"))
    source = live(staging(opened), "web")
    assert run.origin == "staging"
    assert (run.plans[0].image, run.plans[0].copied_from) == (source.image, source.id)
    images = set(opened.host.images)
    promote_across(opened)
    assert set(opened.host.images) == images


def test_release_runs_in_the_environment_that_is_promoted_to() -> None:
    opened = staged(API)
    promote_across(opened)
    assert opened.host.releases[-1] == state(opened).active["api"]


def test_it_runs_as_it_was_proven_there() -> None:
    opened = staged(WEB)
    opened.project.current = replace(
        opened.project.current, services=(replace(WEB, port=9999, requires=("NEW",)),)
    )
    assert promote_across(opened) is Outcome.LIVE
    assert live(state(opened), "web").port == 8080


def test_promote_across_leaves_the_environment_it_comes_from_alone() -> None:
    opened = staged()
    before, documents = staging(opened), opened.host.documents[STAGING]
    promote_across(opened)
    assert staging(opened) == before
    assert opened.host.documents[STAGING] == documents


def test_promote_across_narrows_to_services() -> None:
    opened = staged()
    before = dict(state(opened).active)
    assert promote_across(opened, "web") is Outcome.LIVE
    assert {**before, "web": state(opened).active["web"]} == dict(state(opened).active)


def test_one_exact_deployment_can_be_promoted() -> None:
    opened = staged(WEB)
    second = live(staging(opened), "web")
    outcome(requests.execute(opened.world, Deploy(environment="staging")))
    run = requests.plan(
        opened.world,
        PromoteFrom(
            origin="staging",
            environment="production",
            services=("web",),
            deployment=second.id[-8:].lower(),
        ),
    )
    assert run.plans[0].copied_from == second.id != staging(opened).active["web"]


def test_what_is_held_there_can_be_promoted_by_its_id() -> None:
    opened = staged(WEB)
    outcome(requests.execute(opened.world, Deploy(environment="staging", hold=True)))
    held = staging(opened).held["web"]
    events = requests.execute(
        opened.world,
        PromoteFrom(origin="staging", environment="production", services=("web",), deployment=held),
    )
    assert outcome(events) is Outcome.LIVE
    assert live(state(opened), "web").source == held
    assert staging(opened).held["web"] == held


def refused(
    opened: MemoryWorld,
    *services: str,
    origin: str = "staging",
    to: str = "production",
    deployment: str | None = None,
) -> None:
    requests.plan(
        opened.world,
        PromoteFrom(origin=origin, environment=to, services=services, deployment=deployment),
    )


def test_promote_across_is_refused_in_words() -> None:
    opened = staged(WEB, API)
    with pytest.raises(UsageProblem, match="to itself"):
        refused(opened, to="staging")
    with pytest.raises(UsageProblem, match="to itself"):
        refused(opened, origin="caf\u00e9", to="cafe\u0301")
    with pytest.raises(NotFound, match="nothing is live in “nowhere”"):
        refused(opened, origin="nowhere")
    with pytest.raises(NotFound, match="is not live in “staging”"):
        refused(opened, "wbe")
    with pytest.raises(UsageProblem, match="exactly one --service"):
        refused(opened, deployment="x")
    with pytest.raises(UsageProblem, match="is a deployment of api"):
        refused(opened, "web", deployment=live(staging(opened), "api").id)
    with pytest.raises(NotFound, match="no deployment"):
        refused(opened, "web", deployment="zzzzzz")


def test_a_deployment_that_was_never_proven_is_not_promoted() -> None:
    opened = staged(WEB)
    opened.host.behave("web", Behaviour(ready_after=None))
    outcome(requests.execute(opened.world, Deploy(environment="staging")))
    failed = staging(opened).of_service("web")[0]
    with pytest.raises(Refused, match="never proven"):
        refused(opened, "web", deployment=failed.id)


def test_an_image_that_is_gone_is_not_promoted() -> None:
    opened = staged(WEB)
    del opened.host.images[live(staging(opened), "web").image]
    with pytest.raises(Refused, match="no longer on the engine"):
        refused(opened)


def test_what_it_requires_must_have_a_value_here() -> None:
    opened = open_shop(replace(WEB, requires=("TOKEN",)))
    variables = {"TOKEN": Variable(key="TOKEN", value=Secret("x"))}
    opened.project.current = replace(
        opened.project.current,
        environments=(EnvironmentConfig(name="staging", variables=variables),),
    )
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) is Outcome.LIVE
    with pytest.raises(MissingVariables, match="TOKEN"):
        refused(opened)


def test_what_already_runs_here_is_left_alone() -> None:
    opened = staged()
    promote_across(opened)
    before = state(opened)
    events = list(
        requests.execute(opened.world, PromoteFrom(origin="staging", environment="production"))
    )
    assert finish(events).outcome is Outcome.UNCHANGED
    assert sum(isinstance(one, ServiceUnchanged) for one in events) == 3
    assert state(opened).runs == before.runs


def test_promote_across_discards_what_is_held_here_and_the_plan_says_so() -> None:
    opened = staged(WEB)
    lock(opened)
    held = state(opened).held["web"]
    run = requests.plan(opened.world, PromoteFrom(origin="staging", environment="production"))
    assert run.plans[0].superseded is not None
    assert run.plans[0].superseded.id == held
    promote_across(opened)
    assert state(opened).held == {}
    assert held not in opened.host.containers


def test_the_rollback_chain_goes_through_promotions_from_elsewhere() -> None:
    opened = staged(WEB)
    d1 = state(opened).active["web"]
    promote_across(opened)
    d2 = state(opened).active["web"]
    lock(opened)
    promote(opened)
    rollback(opened)
    assert state(opened).active["web"] == d2
    opened.host.change("web", "4")
    deploy(opened)
    rollback(opened)
    assert state(opened).active["web"] == d2
    rollback(opened)
    assert state(opened).active["web"] == d1


def test_the_record_of_a_failed_promotion_says_where_and_why() -> None:
    opened = staged(WORKER)
    before = state(opened).active["worker"]
    opened.host.behave("worker", Behaviour(exits_after=WORKER.settle))
    assert promote_across(opened) is Outcome.FAILED
    assert state(opened).active["worker"] == before
    assert state(opened).runs[-1].failure
    assert opened.host.problems() == []


@pytest.fixture
def committed() -> MemoryWorld:
    """A commit with other services and files than the working tree has."""
    opened = open_shop(WEB, API)
    opened.source.current, opened.source.dirty = HEAD, ("web/a.py", "web/b.py")
    opened.source.refs = {"v1": COMMIT}
    opened.project.committed[COMMIT.commit] = (replace(WEB, port=7000),)
    opened.host.change("web", "old", commit=COMMIT.commit)
    opened.host.change("web", "new")
    return opened


def deploy_ref(opened: MemoryWorld, ref: str) -> Outcome:
    return outcome(requests.execute(opened.world, Deploy(environment="production", ref=ref)))


def test_ref_takes_services_and_build_contexts_from_the_commit(committed: MemoryWorld) -> None:
    assert deploy_ref(committed, "v1") is Outcome.LIVE
    old = live(state(committed), "web")
    assert set(state(committed).active) == {"web"}
    assert old.port == 7000
    deploy(committed)
    assert live(state(committed), "web").image != old.image


def test_ref_takes_environments_from_the_working_file(committed: MemoryWorld) -> None:
    committed.project.current = shop_config(WEB, API, greeting="from the file")
    deploy_ref(committed, "v1")
    container = committed.host.containers[state(committed).active["web"]]
    assert container.environment["GREETING"] == "from the file"


def test_the_provenance_of_a_ref_is_the_commit_and_not_dirty(committed: MemoryWorld) -> None:
    run = requests.plan(committed.world, Deploy(environment="production", ref="v1"))
    assert run.ref == "v1"
    assert run.plans[0].provenance == COMMIT
    assert runs.uncommitted(committed.world, run) == ()
    deploy_ref(committed, "v1")
    assert live(state(committed), "web").provenance == COMMIT


def test_an_unknown_ref_touches_nothing(committed: MemoryWorld) -> None:
    with pytest.raises(NotFound, match="no commit “v9”"):
        deploy_ref(committed, "v9")
    assert committed.host.containers == {}
    assert committed.host.edge is None


def test_a_service_that_the_commit_does_not_have_is_not_found(committed: MemoryWorld) -> None:
    with pytest.raises(NotFound, match="api"):
        requests.plan(
            committed.world, Deploy(environment="production", services=("api",), ref="v1")
        )


def test_dirty_files_are_named_when_the_working_tree_is_built(committed: MemoryWorld) -> None:
    run = requests.plan(committed.world, Deploy(environment="production"))
    assert runs.uncommitted(committed.world, run) == ("web/a.py", "web/b.py")
    deploy(committed)
    again = requests.plan(committed.world, Redeploy(environment="production"))
    assert runs.uncommitted(committed.world, again) == ()


def test_every_plan_has_the_commits_and_their_authors(committed: MemoryWorld) -> None:
    source = committed.source
    source.commits = [
        ("a" * 40, "One", "Ada"),
        ("b" * 40, "Two", "Bob"),
        ("c" * 40, "Three", "Bob"),
    ]
    source.current = Provenance(commit="a" * 40)
    deploy(committed)
    source.current = Provenance(commit="c" * 40)
    change_everything(committed, "9")
    run = requests.plan(committed.world, Deploy(environment="production", hold=True))
    found = runs.new_commits(committed.world, run)["web"]
    assert (found.total, found.authors, found.backwards) == (2, ("Bob",), False)
    lock(committed)
    held = requests.plan(committed.world, Promote(environment="production"))
    assert runs.new_commits(committed.world, held)["web"] == found
    promote(committed)
    back = requests.plan(committed.world, Rollback(environment="production"))
    assert runs.new_commits(committed.world, back)["web"] == replace(found, backwards=True)


@pytest.mark.parametrize("label", [" spring ", "x" * 100, "frühling 🌸", ""])
def test_a_label_is_trimmed_and_on_record(label: str) -> None:
    opened = open_shop(WEB)
    list(requests.execute(opened.world, Deploy(environment="production", label=label)))
    assert state(opened).runs[-1].label == label.strip()


@pytest.mark.parametrize(
    "label", ["   ", "x" * 101, "two\nlines", "bell\x07", "\u202eevil", "\u2028"]
)
def test_a_label_that_is_no_plain_line_is_refused(label: str) -> None:
    opened = open_shop(WEB)
    with pytest.raises(UsageProblem, match="label"):
        requests.plan(opened.world, Deploy(environment="production", label=label))


def test_every_run_can_have_a_label() -> None:
    opened = staged(WEB)
    world = opened.world
    list(
        requests.execute(
            world, PromoteFrom(origin="staging", environment="production", label="across")
        )
    )
    list(requests.execute(world, Redeploy(environment="production", label="again")))
    list(requests.execute(world, Rollback(environment="production", label="back")))
    list(requests.execute(world, Deploy(environment="production", hold=True, label="look")))
    list(requests.execute(world, Promote(environment="production", label="go")))
    labels = [run.label for run in state(opened).runs[1:]]
    assert labels == ["across", "again", "back", "look", "go"]


UNREADABLE = "the commit of these files cannot be read: detected dubious ownership"


def test_a_commit_that_cannot_be_read_is_said_in_plan_and_result(committed: MemoryWorld) -> None:
    committed.source.current, committed.source.unreadable = Provenance(), UNREADABLE
    run = requests.plan(committed.world, Deploy(environment="production"))
    assert run.notes == (UNREADABLE,)
    context = PlanContext(http_port=8080, commits={})
    assert any(
        UNREADABLE in "".join(cell.text for cell in words) for words in plan_lines(run, context)
    )
    assert plan_document(run, {})["notes"] == [UNREADABLE]
    events = list(requests.execute(committed.world, Deploy(environment="production")))
    assert [one.message for one in events if isinstance(one, Noted)] == [UNREADABLE]
    assert requests.plan(committed.world, Redeploy(environment="production")).notes == ()


def test_what_there_is_to_say_of_a_commit_is_said(committed: MemoryWorld) -> None:
    committed.source.unreadable = "the working tree does not matter"
    committed.source.checkout_notes = ("a.png is a Git LFS pointer",)
    run = requests.plan(committed.world, Deploy(environment="production", ref="v1"))
    assert "a.png is a Git LFS pointer" in run.notes
    assert "the working tree does not matter" not in run.notes
