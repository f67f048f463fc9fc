from dataclasses import replace
from datetime import UTC, datetime

import pytest

from compartment_tui.cli.json_documents.common import status_document
from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import (
    Deployment,
    Health,
    Journal,
    Stage,
    Status,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.routes import RouteTable
from compartment_tui.domain.shell_quotes import option_for
from compartment_tui.domain.variable import NameChanges
from compartment_tui.domain.views import EnvironmentStatus, ServiceStatus
from compartment_tui.present.status import status_notes
from compartment_tui.present.tables import health_cell, status_table
from compartment_tui.present.tone import Tone

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LIVE = Deployment(
    id="dep_0000000001",
    run="run_1",
    service="web",
    created=NOW,
    trigger=Trigger.DEPLOY,
    spec="",
    status=Status.SUCCEEDED,
    stage=Stage.ACTIVE,
    activated=NOW,
)
FAILED = replace(
    LIVE,
    id="dep_0000000002",
    status=Status.FAILED,
    stage=Stage.CHECKING_READINESS,
    activated=None,
    failure="never ready\x1b[2J",
)
WELL = ServiceStatus(
    service="web",
    kind=Kind.WEB,
    active=LIVE,
    latest=LIVE,
    instance=None,
    health=Health.HEALTHY,
    reason="running",
    url="http://shop.localhost:8080",
)


def status(service: ServiceStatus = WELL, environment: str = "production") -> EnvironmentStatus:
    return EnvironmentStatus(key=EnvironmentKey("shop", environment), services=(service,))


def notes(found: EnvironmentStatus) -> list[str]:
    return ["".join(cell.text for cell in line) for line in status_notes(found)]


def test_all_well_needs_no_words() -> None:
    assert notes(status()) == []


@pytest.mark.parametrize(
    ("service", "word", "tone"),
    [
        (WELL, "✓ healthy", Tone.GOOD),
        (replace(WELL, health=Health.PENDING), "! pending", Tone.WARN),
        (replace(WELL, health=Health.UNHEALTHY), "✗ unhealthy", Tone.BAD),
        (replace(WELL, active=None, latest=None), "○ not deployed", Tone.QUIET),
        (replace(WELL, active=None, latest=FAILED), "✗ never live", Tone.BAD),
    ],
)
def test_health_is_a_symbol_a_word_and_a_tone(
    service: ServiceStatus, word: str, tone: Tone
) -> None:
    cell = health_cell(service)
    assert (cell.text, cell.tone) == (word, tone)


def test_ill_health_has_its_reason() -> None:
    ill = replace(WELL, health=Health.UNHEALTHY, reason="restarts all the time")
    assert notes(status(ill)) == ["✗ web is unhealthy: restarts all the time"]


def test_a_failed_latest_explains_itself() -> None:
    found = notes(status(replace(WELL, latest=FAILED), "pr 7"))
    assert found == [
        "✗ web 0000000002 failed while checking readiness: never ready",
        "  compartment-tui deployment logs 0000000002 --env 'pr 7'",
    ]


def test_a_build_that_failed_has_no_logs() -> None:
    never_built = replace(FAILED, stage=Stage.BUILDING)
    assert len(notes(status(replace(WELL, latest=never_built)))) == 1


def test_what_the_environment_has_to_say_comes_first() -> None:
    journal = Journal(
        run="run_9", trigger=Trigger.DEPLOY, started=NOW, entries=(), before=RouteTable()
    )
    drifted = replace(
        WELL,
        drift=NameChanges(added=("NEW",), changed=("LEVEL",), removed=("OLD",)),
        declared=False,
    )
    found = replace(status(drifted, "staging"), holder="bob@desk", journal=journal, rebuilt=True)
    assert notes(found) == [
        "! bob@desk is changing it now",
        "✗ a deploy neither finished nor reverted: compartment-tui resume --env staging",
        "! the record was lost and made again: failed runs and the audit are not in it",
        "! web: variables in the file are not what runs: + NEW  ~ LEVEL  - OLD",
        "! web is no longer in the project file",
        "  compartment-tui remove --env staging -s web takes it away",
    ]
    document = status_document(found)
    assert (document["needsAttention"], document["unfinishedRunId"]) == (True, "run_9")


def test_a_stale_copy_says_so() -> None:
    found = replace(status(), stale=NOW)
    assert "the Docker engine does not answer" in notes(found)[0]
    assert status_document(found)["staleSince"] == "2026-01-01T12:00:00.000Z"


def test_a_row_has_a_cell_for_each_column() -> None:
    table = status_table(status(), NOW)
    assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("production", ""),
        ("staging", " --env staging"),
        ("pr 7", " --env 'pr 7'"),
        ("it's", " --env 'it'\"'\"'s'"),
        ("a\x1b[2J'b\\", " --env $'a\\x1b[2J\\'b\\\\'"),
    ],
)
def test_commands_to_copy_are_quoted(name: str, option: str) -> None:
    assert option_for(name) == option
