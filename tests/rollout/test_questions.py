"""How often a run waits for an answer: over a long way each takes a way there and back."""

from itertools import groupby

from compartment_tui.domain.requests import Deploy
from compartment_tui.operations import requests
from tests.faults import FaultPlan, faulty
from tests.rollout.shop import API, WEB, WORKER, deploy, open_shop

BEGUN = frozenset(
    {
        "engine.look_ahead",
        "engine.list_ahead",
        "engine.count_connections",
        "connections.close",
        "hold.read_ahead",
        "hold.keep_copy",
    }
)
"""What returns at once, where there is a single machine."""
MOST = 28


def waited_for(calls: list[str]) -> list[str]:
    """What a run waits for after its journal is written; what is asked again and again, once."""
    under_way = calls[calls.index("hold.write_record") : calls.index("hold.release")]
    asked = (
        one for one in under_way if one not in BEGUN and one.startswith(("engine", "hold", "c"))
    )
    return [one for one, _ in groupby(asked)]


def test_a_deploy_of_one_changed_service_waits_for_few_answers() -> None:
    opened = open_shop(WEB, API, WORKER)
    deploy(opened)
    opened.host.change("web", "2")
    plan = FaultPlan()
    list(requests.execute(faulty(opened.world, plan), Deploy(environment="production")))
    waited = waited_for(plan.calls)
    assert "engine.create" in waited
    assert len(waited) <= MOST, f"each is felt over a long way: {waited}"
