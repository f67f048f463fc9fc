"""Docker's JSON, as a real engine wrote it, in our words."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.api import labels as names
from compartment_tui.adapters.docker.api.convert import (
    event_of,
    instance_of_inspect,
    instance_of_row,
    labels_of,
    moment,
)
from compartment_tui.adapters.docker.api.image_details import (
    image_of,
    ports_as_written,
    ports_of_history,
)
from compartment_tui.adapters.docker.api.socket_table import established, listening
from compartment_tui.domain.config import ServiceSpec
from compartment_tui.domain.deployment import (
    Health,
    HealthCheck,
    Image,
    Instance,
    InstanceState,
    Provenance,
    Trigger,
)
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from tests.domain.nasty import NASTY
from tests.domain.strategies import KEYS, SERVICES

RECORDED = Path(__file__).parent / "recorded"
KEY = EnvironmentKey("t-recorded", "prüfung 1/2")


def recorded(name: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


def listed() -> dict[str, Instance]:
    rows = (instance_of_row(row) for row in recorded("list.json"))
    return {one.service: one for one in rows if one is not None}


def inspected(name: str) -> Instance:
    one = instance_of_inspect(recorded(f"inspect_{name}.json"))
    assert one is not None
    return one


def test_one_that_runs() -> None:
    one = inspected("running")
    assert one.key == KEY
    assert (one.service, one.port, one.name) == (
        "web",
        8080,
        "web.a.pr-fung-1-2-vocuu7.t-recorded",
    )
    assert one.provenance == Provenance(commit="c0ffee", branch="main", dirty=True, author="Ana ✿")
    assert one.fingerprints == {"GREETING": "abc"}
    assert (one.state, one.exit_code) == (InstanceState.RUNNING, None)
    assert (one.checked, one.check_output) == (Health.HEALTHY, "all well")
    assert one.address is not None
    assert one.address.startswith("10.244.")
    assert one.started is not None
    assert timedelta(0) < one.started - one.created < timedelta(seconds=5)
    assert one.finished is None


def test_one_that_ended() -> None:
    one = inspected("exited")
    assert (one.state, one.exit_code, one.out_of_memory) == (InstanceState.EXITED, 3, False)
    assert (one.address, one.checked) == (None, None)
    assert one.started is not None
    assert one.finished is not None
    assert one.started < one.finished


def test_one_that_never_started() -> None:
    one = inspected("created")
    assert (one.state, one.exit_code) == (InstanceState.CREATED, None)
    assert (one.started, one.finished, one.address) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "service"), [("running", "web"), ("exited", "failing"), ("created", "waiting")]
)
def test_the_list_agrees_with_the_inspection_in_all_it_tells(name: str, service: str) -> None:
    short, full = listed()[service], inspected(name)
    untold = {"started", "finished", "restarts", "check_output", "out_of_memory"}
    for field in set(Instance.__slots__) - untold:
        assert getattr(short, field) == getattr(full, field), field


@pytest.mark.parametrize(
    ("status", "exit_code", "checked"),
    [
        ("Exited (137) 3 minutes ago", 137, None),
        ("Exited (-1) 3 minutes ago", -1, None),
        ("Up 5 seconds (health: starting)", None, Health.PENDING),
        ("Up 5 seconds (unhealthy)", None, Health.UNHEALTHY),
        ("Up About a minute (healthy)", None, Health.HEALTHY),
        ("Restarting (1) 2 seconds ago", None, None),
    ],
)
def test_what_the_list_says_in_words(
    status: str, exit_code: int | None, checked: Health | None
) -> None:
    states = {"Up": "running", "Exited": "exited", "Restarting": "restarting"}
    state = states[status.partition(" ")[0]]
    row = recorded("list.json")[0] | {"State": state, "Status": status}
    one = instance_of_row(row)
    assert one is not None
    assert (one.exit_code, one.checked) == (exit_code, checked)


@pytest.mark.parametrize("label", ["project", "environment", "service", "deployment", "created"])
def test_a_container_without_our_labels_is_no_instance(label: str) -> None:
    data = recorded("inspect_running.json")
    del data["Config"]["Labels"][f"compartment.{label}"]
    assert instance_of_inspect(data) is None


@given(KEYS, SERVICES, st.sampled_from([None, (), ("A", "ConnectionStrings:Main")]))
@example(EnvironmentKey("a", NASTY[3]), "a_", None)
def test_names_come_back_from_the_labels(
    key: EnvironmentKey, service: str, sensitive: tuple[str, ...] | None
) -> None:
    plan = Plan(
        key=key,
        run="run_1",
        trigger=Trigger.DEPLOY,
        spec=ServiceSpec(name=service, image="busybox:1"),
        deployment="dep_1",
        port=None,
        source=ImageSource.PULL,
        sensitive=sensitive,
    )
    birth = ContainerSpec(
        plan=plan, image=Image(id="sha256:1"), created=datetime(2026, 1, 1, tzinfo=UTC)
    )
    row = {"Id": "c1", "State": "running", "Labels": json.loads(json.dumps(labels_of(birth)))}
    one = instance_of_row(row)
    assert one is not None
    assert (one.key, one.service, one.sensitive) == (key, service, sensitive)


def test_unusable_label_values_cost_only_themselves() -> None:
    data = recorded("inspect_running.json")
    data["Config"]["Labels"] |= {"compartment.port": "x", "compartment.fingerprints": "[1"}
    data["Config"]["Labels"] |= {"compartment.sensitive": "{}"}
    one = instance_of_inspect(data)
    assert one is not None
    assert (one.port, dict(one.fingerprints), one.sensitive) == (None, {}, None)


def test_an_image() -> None:
    data = recorded("image.json")
    plain = image_of(data)
    assert (plain.ports, plain.checked, plain.volumes, plain.user) == ((80,), False, (), "")
    data["Config"] |= {
        "ExposedPorts": {"9000/tcp": {}, "53/udp": {}, "80/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "true"]},
        "Volumes": {"/data": {}},
        "User": "app",
        "Entrypoint": ["/entry", "--"],
        "StopSignal": "SIGQUIT",
    }
    assert image_of(data) == Image(
        id=data["Id"],
        ports=(80, 9000),
        check=HealthCheck(command=("true",)),
        volumes=("/data",),
        user="app",
        entrypoint=("/entry", "--"),
        stop_signal="SIGQUIT",
    )


@pytest.mark.parametrize(
    ("declared", "shell", "command"),
    [
        ({"Test": ["CMD-SHELL", "curl -f http://x || exit 1"]}, None, ("/bin/sh", "-c")),
        ({"Test": ["CMD-SHELL", "curl -f http://x || exit 1"]}, ["/bin/ash", "-c"], ("/bin/ash",)),
        ({"Test": ["CMD", "check", "--fast"]}, None, ("check", "--fast")),
        ({"Test": ["NONE"]}, None, None),
        ({"Test": []}, None, None),
        ({"Test": ["CMD"]}, None, None),
        (None, None, None),
    ],
)
def test_the_check_of_an_image_is_run_as_the_engine_runs_it(
    declared: object, shell: object, command: tuple[str, ...] | None
) -> None:
    data = recorded("image.json")
    data["Config"] |= {"Healthcheck": declared, "Shell": shell}
    check = image_of(data).check
    assert (check and check.command[: len(command or ())]) == command
    if check and shell:
        assert check.command == ("/bin/ash", "-c", "curl -f http://x || exit 1")


def test_the_times_of_a_check() -> None:
    data = recorded("image.json")
    times = {"Interval": 10**10, "Timeout": 3 * 10**9, "StartPeriod": 60 * 10**9}
    data["Config"]["Healthcheck"] = {"Test": ["CMD", "true"], **times}
    check = image_of(data).check
    assert check is not None
    seconds = [one.total_seconds() for one in (check.interval, check.timeout, check.start_period)]
    assert seconds == [10, 3, 60]
    data["Config"]["Healthcheck"] = {"Test": ["CMD", "true"], "Interval": 0}
    usual = image_of(data).check
    assert usual == HealthCheck(command=("true",))


SOCKETS = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0B00007F:A4F1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   2: 0200C90A:1F90 0300C90A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:0 0
   1: 0000000000000000FFFF00000100007F:2328 00000000000000000000000000000000:0000 0A 00000000:0 0
   2: 00000000000000000000000001000000:2329 00000000000000000000000000000000:0000 0A 00000000:0 0
"""


def test_where_a_container_listens() -> None:
    found = listening(SOCKETS)
    assert [one.words for one in found] == [
        "127.0.0.1:8080",
        "127.0.0.11:42225",
        "[::]:3000",
        "127.0.0.1:9000",
        "[::1]:9001",
    ]
    assert [one.inside_only for one in found] == [True, True, False, True, True]


def test_events_of_the_project_and_of_the_edge() -> None:
    lines = (RECORDED / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [event_of(json.loads(line), "t-recorded") for line in lines]
    told = [(one.action, one.service) for one in events if one is not None]
    assert told == [
        ("create", "web"),
        ("start", "web"),
        ("create", "failing"),
        ("health", "web"),
        ("start", ""),
        ("start", "failing"),
        ("die", "failing"),
        ("create", "waiting"),
        ("rename", "web"),
        ("destroy", "waiting"),
        ("destroy", "failing"),
        ("die", "web"),
        ("destroy", "web"),
    ]
    for one in events:
        if one is not None:
            assert one.key == (KEY if one.service else None)
            assert one.at.year == 2026
    strangers = [event_of(json.loads(line), "another") for line in lines]
    assert [(one.action, one.key) for one in strangers if one is not None] == [("start", None)]


def test_a_lock_that_comes_and_goes_is_told() -> None:
    attributes = {
        names.ROLE: names.Role.LOCK.value,
        names.PROJECT: KEY.project,
        names.ENVIRONMENT: KEY.environment,
    }
    told = {"Action": "destroy", "timeNano": 1, "Actor": {"Attributes": attributes}}
    event = event_of(told, KEY.project)
    assert event is not None
    assert (event.action, event.key, event.service) == ("destroy", KEY, "")
    assert event_of(told, "another") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T06:38:40.629157123Z", datetime(2026, 11, 24, 6, 38, 40, 629157, UTC)),
        ("2026-11-24T08:38:40+02:00", datetime(2026, 11, 24, 6, 38, 40, 0, UTC)),
        ("2026-11-24T06:38:40.5Z", datetime(2026, 11, 24, 6, 38, 40, 500000, UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("2026-11-24T06:38:40", None),
        ("", None),
    ],
)
def test_times(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0200C80A:1F90 0300C80A:D2F4 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0200C80A:1F90 0300C80A:D2F6 06 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 0200C80A:D2F8 0400C80A:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4 1
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000
   1: 0000000000000000FFFF00000200C80A:1F90 0000000000000000FFFF00000300C80A:D2FA 01 00000000
"""


@pytest.mark.parametrize(
    ("port", "addresses"),
    [(8080, ("10.200.0.3", "10.200.0.3")), (80, ()), (0xD2F8, ("10.200.0.4",))],
)
def test_only_established_connections_to_the_port_count(
    port: int, addresses: tuple[str, ...]
) -> None:
    assert established(TABLE, port) == addresses


def test_an_empty_table_has_no_connections() -> None:
    assert established("", 80) == ()


@pytest.mark.parametrize(
    "created",
    [
        ("EXPOSE map[2000/tcp:{} 2001/tcp:{}]", "EXPOSE map[3000/tcp:{} 53/udp:{}]"),
        ("/bin/sh -c #(nop)  EXPOSE 2000-2001", "/bin/sh -c #(nop)  EXPOSE 3000 53/udp"),
        ("EXPOSE [2000-2001/tcp]", "RUN /bin/sh -c echo EXPOSE 1", "EXPOSE [3000/tcp 53/udp]"),
    ],
)
def test_ports_are_in_the_order_of_an_image_s_history(created: tuple[str, ...]) -> None:
    ports = ports_of_history([{"CreatedBy": one} for one in created])
    assert ports == (3000, 2000, 2001)
    image = Image(id="sha256:1", ports=(2000, 2001, 3000, 9000))
    assert ports_as_written(image, ports).ports == (3000, 2000, 2001, 9000)
    assert ports_as_written(image, (9000, 1), ports).ports == (9000, 3000, 2000, 2001)
    assert ports_of_history([{}, {"CreatedBy": None}]) == ()
