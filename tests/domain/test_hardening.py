"""What a service may do, in its specification: an upgrade replaces nothing."""

import json

from compartment_tui.domain.config import Limits, ServiceSpec

RECORDED = (
    '{"command":null,"drain":30.0,"grace":10.0,"kind":"web","limits":{"cpus":null,"memory":null},'
    '"name":"web","port":null,"readiness":null,"release":null,"requires":[],"settle":1.0,'
    '"volumes":[]}'
)
"""As it was written before there were such keys."""


def test_the_text_of_a_usual_service_is_what_it_was() -> None:
    assert ServiceSpec(name="web", path="web").text() == RECORDED
    assert ServiceSpec.of_text(RECORDED).text() == RECORDED


def test_what_is_not_usual_is_written_and_read_back() -> None:
    spec = ServiceSpec(name="web", limits=Limits(pids=50), new_privileges=True)
    assert ServiceSpec.of_text(spec.text()) == spec
    assert json.loads(spec.text())["limits"]["pids"] == 50
