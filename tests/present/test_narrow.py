"""Which services fit a few typed words."""

import pytest

from compartment_tui.domain.config import Kind
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.views import EnvironmentStatus, ServiceStatus
from compartment_tui.tui.main.service_filter import narrowed
from compartment_tui.tui.state.app_state import Board


def service(name: str, kind: Kind, health: Health) -> ServiceStatus:
    return ServiceStatus(
        service=name,
        kind=kind,
        active=None,
        latest=None,
        instance=None,
        health=health,
        reason="",
        url=None,
    )


BOARD = Board(environment="production").with_status(
    EnvironmentStatus(
        key=EnvironmentKey("shop", "production"),
        services=(
            service("web", Kind.WEB, Health.HEALTHY),
            service("api", Kind.API, Health.UNHEALTHY),
            service("worker", Kind.WORKER, Health.HEALTHY),
        ),
    )
)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", ["web", "api", "worker"]),
        ("  ", ["web", "api", "worker"]),
        ("w", ["web", "worker"]),
        ("WKR", ["worker"]),
        ("rw", []),
        ("!w", ["api"]),
        ("!", ["web", "api", "worker"]),
        ("status:unh", ["api"]),
        ("!status:unhealthy", ["web", "worker"]),
        ("w !kind:worker", ["web"]),
        ("nothing:here", []),
        ("commit:a", []),
    ],
)
def test_words_narrow_down(wanted: str, names: list[str]) -> None:
    status = narrowed(BOARD, wanted).status
    assert status is not None
    assert [row.service for row in status.services] == names


def test_a_board_without_a_status_stays() -> None:
    assert narrowed(Board(), "web") == Board()
