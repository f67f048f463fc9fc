"""What is asked for when an image is built: arguments of the environment, and secrets."""

from dataclasses import replace

import pytest

from compartment_tui.adapters.memory.world import MemoryWorld
from compartment_tui.cli.json_documents.runs import plan_document
from compartment_tui.domain.config import Build, BuildSecret, EnvironmentConfig
from compartment_tui.domain.errors import MissingVariables
from compartment_tui.domain.outcome import Outcome
from compartment_tui.domain.requests import Deploy, Redeploy
from compartment_tui.domain.variable import Secret, Sensitivity, Variable
from compartment_tui.operations import requests
from compartment_tui.present.plan import PlanContext, plan_lines
from tests.rollout.shop import WEB, open_shop, outcome, state

TOKEN = "s3cret-of-the-registry"
SECRETS = (
    BuildSecret(id="npm", variable="NPM_TOKEN"),
    BuildSecret(id="rc", file=".npmrc"),
)


def built_with(value: str | None = TOKEN) -> MemoryWorld:
    build = Build(args=(("A", "1"), ("B", "1")), secrets=SECRETS)
    opened = open_shop(replace(WEB, build=build))
    token = Variable(key="NPM_TOKEN", value=Secret(value or ""), sensitivity=Sensitivity.SENSITIVE)
    staging = EnvironmentConfig(
        name="staging",
        variables={"NPM_TOKEN": token} if value else {},
        build_args={"web": (("B", "of staging"), ("C", "of staging"))},
    )
    config = opened.project.current
    opened.project.current = replace(config, environments=(staging,))
    return opened


def test_a_plan_names_arguments_and_secrets_and_never_shows_them() -> None:
    opened = built_with()
    run = requests.plan(opened.world, Deploy(environment="staging"))
    (plan,) = run.plans
    assert plan.spec.build.args == (("A", "1"), ("B", "of staging"), ("C", "of staging"))
    assert plan.build_secrets == {"npm": Secret(TOKEN)}
    lines = ["".join(cell.text for cell in one) for one in plan_lines(run, context())]
    assert "  arguments A, B and C" in lines
    assert "  secrets   npm and rc, for its build" in lines
    document = str(plan_document(run, {})["deployments"])
    assert "'buildArguments': ['A', 'B', 'C']" in document
    assert "'buildSecrets': ['npm', 'rc']" in document
    for shown in (*lines, repr(run), document):
        assert TOKEN not in shown
        assert "of staging" not in shown or shown == repr(run)


def test_other_arguments_make_another_image() -> None:
    opened = built_with()
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) is Outcome.LIVE
    staging = opened.project.current.environment("staging")
    config = replace(opened.project.current, environments=(replace(staging, build_args={}),))
    opened.project.current = config
    run = requests.execute(opened.world, Deploy(environment="staging"))
    assert outcome(run) is Outcome.LIVE


def test_a_secret_without_a_value_is_refused_before_anything_is_touched() -> None:
    opened = built_with(None)
    with pytest.raises(MissingVariables, match="web is built with NPM_TOKEN") as refused:
        requests.plan(opened.world, Deploy(environment="staging"))
    assert "variable set NPM_TOKEN VALUE --sensitive --env staging" in refused.value.hint
    with pytest.raises(MissingVariables):
        list(requests.execute(opened.world, Deploy(environment="staging")))
    assert opened.host.containers == {}


def test_what_is_not_built_again_needs_no_secret() -> None:
    opened = built_with()
    assert outcome(requests.execute(opened.world, Deploy(environment="staging"))) is Outcome.LIVE
    staging = replace(opened.project.current.environment("staging"), variables={})
    opened.project.current = replace(opened.project.current, environments=(staging,))
    redeployed = requests.execute(opened.world, Redeploy(environment="staging"))
    assert outcome(redeployed) is Outcome.LIVE


def context() -> PlanContext:
    return PlanContext(http_port=8080, commits={})


def test_an_environment_without_its_own_has_those_of_the_service() -> None:
    opened = open_shop(replace(WEB, build=Build(args=(("A", "1"),))))
    (plan,) = requests.plan(opened.world, Deploy(environment="production")).plans
    assert plan.spec.build.args == (("A", "1"),)
    assert outcome(requests.execute(opened.world, Deploy(environment="production"))) is Outcome.LIVE
    assert "web" in state(opened).active
