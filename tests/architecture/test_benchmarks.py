"""What is only run by hand is made here once, so that it does not rot."""

import pytest

from benchmarks import minimal_app, terminal_subjects


@pytest.mark.parametrize("name", terminal_subjects.SUBJECTS)
def test_a_subject_can_be_made(name: str) -> None:
    (environment, *_) = terminal_subjects.SUBJECTS[name]().world.project.config().environments
    assert environment.name == "production"


def test_twenty_services_run() -> None:
    world = terminal_subjects.twenty().world
    project = world.project.config()
    assert len(project.services) == terminal_subjects.SERVICES
    (key,) = world.records.environments(project.name)
    assert len(world.engine.instances(key)) == terminal_subjects.SERVICES


def test_the_minimal_application_can_be_made() -> None:
    assert minimal_app.Minimal().BINDINGS
