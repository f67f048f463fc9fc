"""The engine's promises beyond the contract suite, on a real Docker engine."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import takewhile

import pytest

from compartment_tui.adapters.docker.api import helper_shell, labels
from compartment_tui.adapters.docker.api.resource_names import ResourceNames
from compartment_tui.adapters.docker.resources.containers import (
    KILLED,
    birth_config,
    inspect,
    make,
    rows,
)
from compartment_tui.domain.config import Kind, Limits, NetworkSettings, Release
from compartment_tui.domain.deployment import Image, Instance, InstanceState
from compartment_tui.domain.errors import (
    Cancelled,
    CandidateExited,
    ImageUnavailable,
    InstanceGone,
    Refused,
    ReleaseFailed,
)
from compartment_tui.domain.names import (
    EnvironmentKey,
    active_name,
    alias,
    container_name,
    stepping_aside_name,
)
from compartment_tui.rollout.drain import LOOK_UP_PATIENCE
from tests.adapters.docker.ground import NETWORKS, Ground

pytestmark = pytest.mark.docker
SECOND = timedelta(seconds=1)
SERVE = ("httpd", "-f", "-p", "8080", "-h", "/etc")


@dataclass
class Asked:
    """How often a person asked to stop."""

    requests: int = 0


CALLER = """
import http.client
while True:
    call = http.client.HTTPConnection("api", 8080, timeout=2)
    call.request("GET", "/hostname")
    print(call.getresponse().status)
    call.close()
"""


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_what_is_fixed_at_birth_is_read_back(ground: Ground) -> None:
    birth = ground.birth()
    made = ground.engine.create(birth)
    plan = birth.plan
    assert made.state is InstanceState.CREATED
    assert made.name == container_name("web", plan.deployment, ground.key)
    assert made.address is None
    listed = ground.engine.instances(ground.key)
    assert listed == ground.engine.instances(project=ground.key.project)
    for one in (made, *listed, ground.engine.instance(plan.deployment)):
        assert one is not None
        assert (one.key, one.service, one.port) == (ground.key, "web", 8080)
        assert (one.deployment, one.run, one.spec) == (plan.deployment, plan.run, plan.spec.text())
        assert (one.provenance, one.fingerprints) == (plan.provenance, plan.fingerprints)
        assert (one.image, one.created) == (birth.image.id, birth.created)


def test_create_is_idempotent_even_after_the_container_was_renamed(ground: Ground) -> None:
    birth = ground.birth()
    first = ground.engine.create(birth)
    ground.engine.name_active(ground.key, {"web": birth.plan.deployment})
    again = ground.engine.create(birth)
    assert again.container == first.container
    assert again.name == active_name("web", ground.key)


def test_the_engine_is_told_everything_a_container_needs(ground: Ground) -> None:
    birth = ground.birth(
        values={"GREETING": "hello = world"},
        limits=Limits(cpus=0.5, memory=64 * 1024 * 1024),
        volumes=(("data", "/data"),),
        stop_grace=timedelta(milliseconds=2500),
    )
    made = ground.engine.create(birth)
    told = ground.client.api.inspect_container(made.container)
    host, config = told["HostConfig"], told["Config"]
    assert host["RestartPolicy"]["Name"] == "no"
    assert (host["NanoCpus"], host["Memory"]) == (500_000_000, 64 * 1024 * 1024)
    assert host["LogConfig"] == {
        "Type": "json-file",
        "Config": {"max-size": "10m", "max-file": "3"},
    }
    assert host["DnsSearch"] == [f"a.{ground.key.text}", f"b.{ground.key.text}"]
    assert host["DnsOptions"] == ["ndots:1"]
    assert not host["PortBindings"]
    assert config["StopTimeout"] == 3
    assert {"GREETING=hello = world", "PORT=8080"} <= set(config["Env"])
    assert f"COMPARTMENT_ENVIRONMENT={ground.key.environment}" in config["Env"]
    assert ground.engine.volumes(ground.key) == (labels.volume_name(ground.key, "web", "data"),)
    (endpoint,) = told["NetworkSettings"]["Networks"].values()
    assert alias(birth.plan.deployment) in endpoint["Aliases"]


def test_a_missing_image_is_said(ground: Ground) -> None:
    gone = replace(ground.birth(), image=Image(id="sha256:" + "0" * 64))
    with pytest.raises(ImageUnavailable):
        ground.engine.create(gone)


def test_start_tells_the_address_and_may_be_repeated(ground: Ground) -> None:
    birth = ground.birth()
    ground.engine.create(birth)
    found = []
    for _ in range(2):
        ground.engine.start(birth.plan.deployment)
        found.append(ground.engine.instance(birth.plan.deployment))
    started, again = found
    assert started is not None
    assert again is not None
    assert started.running
    assert started.address is not None
    assert started.started is not None
    assert again.started == started.started


def test_a_command_that_does_not_exist_fails_with_the_engines_reason(ground: Ground) -> None:
    birth = ground.birth("web", "no-such-program")
    ground.engine.create(birth)
    with pytest.raises(CandidateExited, match=r"no-such-program.*executable file not found"):
        ground.engine.start(birth.plan.deployment)


def test_a_network_that_is_gone_is_named_as_the_reason(ground: Ground) -> None:
    birth = ground.birth()
    ground.engine.create(birth)
    ground.client.api.remove_network(ResourceNames().network(ground.key))
    with pytest.raises(CandidateExited, match="network"):
        ground.engine.start(birth.plan.deployment)


def test_an_exit_is_seen_with_its_code_and_last_words(ground: Ground) -> None:
    birth = ground.birth("web", "sh", "-c", "echo out; echo err >&2; exit 3")
    deployment = ground.started(birth)

    def ended() -> bool:
        one = ground.engine.instance(deployment)
        return one is not None and one.state is InstanceState.EXITED

    assert eventually(ended)
    one = ground.engine.instance(deployment)
    assert one is not None
    assert (one.exit_code, one.out_of_memory) == (3, False)
    assert one.finished is not None
    assert sorted(ground.engine.tail(deployment, 5)) == ["err", "out"]
    (listed,) = ground.engine.instances(ground.key)
    assert listed.exit_code == 3


def test_running_out_of_memory_is_seen(ground: Ground) -> None:
    """An engine that hears of the end first does not know it: on a busy machine not every time."""
    assert any(_runs_out_of_memory(ground) for _ in range(8))


def _runs_out_of_memory(ground: Ground) -> bool:
    hog = ("sh", "-c", "x=a; while :; do x=$x$x; done")
    birth = ground.birth("web", *hog, limits=Limits(memory=16 * 1024 * 1024))
    deployment = ground.started(birth)

    def ended() -> Instance | None:
        one = ground.engine.instance(deployment)
        return one if one is not None and one.exit_code is not None else None

    assert eventually(lambda: ended() is not None, seconds=60)
    one = ended()
    assert one is not None
    assert one.exit_code == KILLED
    return one.out_of_memory


def test_retiring_takes_the_policy_first_and_keeps_the_container(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    ground.engine.keep_running(deployment)
    one = ground.engine.instance(deployment)
    assert one is not None
    assert policy(ground, one.container) == "always"
    ground.engine.retire(deployment, 5 * SECOND)
    kept = ground.engine.instance(deployment)
    assert kept is not None
    assert (kept.state, kept.exit_code) == (InstanceState.EXITED, 0)
    assert policy(ground, kept.container) == "no"
    ground.engine.retire(deployment, 5 * SECOND)


def policy(ground: Ground, container: str) -> str:
    found: str = ground.client.api.inspect_container(container)["HostConfig"]["RestartPolicy"][
        "Name"
    ]
    return found


def test_one_that_ignores_sigterm_is_killed_after_the_grace(ground: Ground) -> None:
    deployment = ground.started(
        ground.birth("web", "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
    )
    begun = time.monotonic()
    ground.engine.retire(deployment, SECOND)
    assert time.monotonic() - begun > 0.9
    one = ground.engine.instance(deployment)
    assert one is not None
    assert one.exit_code == 137


def test_one_that_dies_all_the_time_can_be_retired_at_any_moment(ground: Ground) -> None:
    # Over and over: the engine refuses to change the policy of one that ends just then.
    for number in range(6):
        deployment = ground.started(ground.birth(f"s{number}", "sh", "-c", "usleep 30000; exit 3"))
        ground.engine.keep_running(deployment)
        time.sleep(number * 0.03)
        ground.engine.retire(deployment, SECOND)
        one = ground.engine.instance(deployment)
        assert one is not None
        assert one.state is InstanceState.EXITED
        assert policy(ground, one.container) == "no"


def test_what_is_gone_is_gone_quietly_or_said(ground: Ground) -> None:
    nobody = ground.birth().plan.deployment
    ground.engine.retire(nobody, SECOND)
    ground.engine.remove(nobody)
    assert ground.engine.instance(nobody) is None
    assert ground.engine.tail(nobody, 5) == ()
    for ask in (
        lambda: ground.engine.start(nobody),
        lambda: ground.engine.keep_running(nobody),
        lambda: ground.engine.logs(nobody, follow=False, tail=None, since=None),
        lambda: ground.engine.count_connections(nobody, 80).now(),
        lambda: ground.engine.execute(nobody, ("true",), terminal=False),
    ):
        with pytest.raises(InstanceGone):
            ask()


def test_remove_takes_a_running_one_and_its_anonymous_volumes(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    ground.engine.remove(deployment)
    assert ground.engine.instances(ground.key) == ()


def test_a_switch_of_names_moves_them_and_repeats_without_effect(ground: Ground) -> None:
    old, new = ground.birth(), ground.birth()
    first, second = ground.started(old), ground.started(new)
    for active in (first, second, second, first):
        ground.engine.name_active(ground.key, {"web": active})
        ground.engine.end_stepping_aside(ground.key, ["web"])
        names = {one.deployment: one.name for one in ground.engine.instances(ground.key)}
        other = second if active == first else first
        assert names == {
            active: active_name("web", ground.key),
            other: container_name("web", other, ground.key),
        }


def test_services_reach_the_active_one_by_name_through_every_switch(ground: Ground) -> None:
    old = ground.birth("api", *SERVE)
    new = ground.birth("api", *SERVE)
    first, second = ground.started(old), ground.started(new)
    ground.engine.name_active(ground.key, {"api": first})
    python = ground.engine.image("python:3.11-slim")
    assert python is not None
    caller = replace(ground.birth("web", "python3", "-u", "-c", CALLER), image=python)
    calling = ground.started(caller)
    assert eventually(lambda: len(ground.engine.tail(calling, 50)) >= 20)
    for _ in range(5):
        for active in (second, first):
            ground.engine.name_active(ground.key, {"api": active})
            time.sleep(LOOK_UP_PATIENCE.total_seconds())
            ground.engine.end_stepping_aside(ground.key, ["api"])
            time.sleep(0.1)
    answers = ground.engine.tail(calling, 5000)
    assert len(answers) > 50
    assert set(answers) == {"200"}


def test_names_left_by_a_crash_are_put_right(ground: Ground) -> None:
    first, second = (ground.started(ground.birth()) for _ in range(2))
    ground.engine.name_active(ground.key, {"web": first})
    one = ground.engine.instance(first)
    assert one is not None
    ground.client.api.rename(one.container, stepping_aside_name("web", ground.key))
    ground.engine.name_active(ground.key, {"web": second})
    ground.engine.end_stepping_aside(ground.key, ["web"])
    names = {one.deployment: one.name for one in ground.engine.instances(ground.key)}
    assert names[second] == active_name("web", ground.key)
    assert names[first] == container_name("web", first, ground.key)


def test_a_network_is_made_once_and_found_by_its_environment(ground: Ground) -> None:
    ground.engine.make_network(ground.key, NETWORKS)
    assert ground.key in ground.engine.networks()
    with ground.client.translate():
        found = ground.client.api.networks(filters=labels.filters(labels.Role.NETWORK, ground.key))
    assert len(found) == 1


def test_a_pool_that_is_used_up_is_refused(ground: Ground) -> None:
    (used,) = ground.client.api.networks(names=[ResourceNames().network(ground.key)])
    pool = used["IPAM"]["Config"][0]["Subnet"]
    other = EnvironmentKey(ground.key.project, "other")
    with pytest.raises(Refused, match="no free /26"):
        ground.engine.make_network(other, NetworkSettings(pool=pool, size=26))


def test_an_environment_goes_with_its_network_though_others_are_on_it(ground: Ground) -> None:
    ground.started(ground.birth(volumes=(("data", "/data"),)))
    other = EnvironmentKey(ground.key.project, "other")
    ground.engine.make_network(other, NETWORKS)
    guest = ground.started(ground.birth("guest", key=other))
    one = ground.engine.instance(guest)
    assert one is not None
    ground.client.api.connect_container_to_network(
        one.container, ResourceNames().network(ground.key)
    )
    ground.engine.remove_environment(ground.key, volumes=False)
    assert ground.engine.instances(ground.key) == ()
    assert ground.key not in ground.engine.networks()
    assert len(ground.engine.volumes(ground.key)) == 1
    ground.engine.remove_environment(ground.key, volumes=True)
    assert ground.engine.volumes(ground.key) == ()
    still = ground.engine.instance(guest)
    assert still is not None
    assert still.running
    ground.engine.remove_environment(other, volumes=True)


def test_what_a_killed_run_did_not_come_to_start_is_removed(ground: Ground) -> None:
    deployment = ground.started(ground.birth())
    counted = ground.engine.count_connections(deployment, 80)
    assert counted.now() == ()
    other = EnvironmentKey(ground.key.project, "other")
    made = {
        key: helper_shell.create(
            ground.client,
            labels=labels.of_environment(labels.Role.DRAIN, key),
            name=None,
            network_mode="none",
            mounts=None,
        )
        for key in (ground.key, other)
    }
    try:
        assert leftovers(ground, labels.Role.DRAIN) == 2
        ground.engine.remove_helpers(ground.key)
        assert leftovers(ground, labels.Role.DRAIN) == 1
        assert counted.now() == ()  # whoever counts goes on
        listed = ground.client.list_containers(all=True, filters={"id": [made[other]]})
        assert [one["Id"] for one in listed] == [made[other]]
    finally:
        counted.close()
        ground.engine.remove_helpers(other)
    ground.client.await_removals()
    assert leftovers(ground, labels.Role.DRAIN) == 0


def releasing(*command: str, timeout: timedelta = 30 * SECOND) -> Release:
    return Release(command=command, timeout=timeout)


def leftovers(ground: Ground, role: labels.Role) -> int:
    return len(rows(ground.client, labels.filters(role, ground.key)))


def test_a_release_command_runs_with_the_values_and_is_removed(ground: Ground) -> None:
    script = "echo $GREETING; echo again >&2; cat /etc/resolv.conf | grep -o search.*"
    birth = ground.birth(values={"GREETING": "hi"}, release=releasing("sh", "-c", script))
    lines = list(ground.engine.run_release(birth, Asked()))
    assert sorted(lines)[:2] == ["again", "hi"]
    assert f"search a.{ground.key.text} b.{ground.key.text}" in lines
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_a_release_command_that_fails_says_how(ground: Ground) -> None:
    birth = ground.birth(release=releasing("sh", "-c", "echo no such table; printf orders; exit 4"))
    with pytest.raises(ReleaseFailed, match="exit code 4") as caught:
        list(ground.engine.run_release(birth, Asked()))
    assert caught.value.tail == ("no such table", "orders")
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_a_release_command_that_cannot_be_started_says_why(ground: Ground) -> None:
    birth = ground.birth(release=releasing("no-such-program"))
    with pytest.raises(ReleaseFailed, match="no-such-program"):
        list(ground.engine.run_release(birth, Asked()))
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_a_release_command_has_a_time_limit(ground: Ground) -> None:
    birth = ground.birth(release=releasing("sleep", "60", timeout=SECOND))
    with pytest.raises(ReleaseFailed, match="did not end within 1 s"):
        list(ground.engine.run_release(birth, Asked()))
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_a_release_command_can_be_cancelled(ground: Ground) -> None:
    birth = ground.birth(release=releasing("sh", "-c", "echo begun; sleep 60"))
    asked = Asked()
    lines = ground.engine.run_release(birth, asked)
    assert next(lines) == "begun"
    asked.requests = 1
    with pytest.raises(Cancelled):
        next(lines)
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_what_a_killed_run_left_is_in_nobodys_way(ground: Ground) -> None:
    birth = ground.birth(release=releasing("sh", "-c", "echo begun; sleep 60"))
    left = ground.engine.run_release(birth, Asked())
    assert next(left) == "begun"
    quick = ground.birth(release=releasing("true"))
    again = replace(birth, plan=replace(birth.plan, spec=quick.plan.spec))
    assert list(ground.engine.run_release(again, Asked())) == []
    assert leftovers(ground, labels.Role.RELEASE) == 0


def test_logs_tell_the_streams_apart_and_join_long_lines(ground: Ground) -> None:
    script = (
        "echo out; echo err >&2; printf '\\377\\376 bytes\\n';"
        " head -c 40000 /dev/zero | tr '\\0' x; echo; printf unended"
    )
    deployment = ground.started(ground.birth("web", "sh", "-c", script))
    # When the container ends while it is followed, some engines leave away what has no end of line.
    followed = list(ground.engine.logs(deployment, follow=True, tail=None, since=None))
    wanted = ["out", "�� bytes", "x" * 40000, "unended"]
    assert [one.message for one in followed if one.stream == "stdout"][:3] == wanted[:3]
    assert eventually(lambda: len(ground.engine.tail(deployment, 9)) == 5)
    lines = list(ground.engine.logs(deployment, follow=False, tail=None, since=None))
    assert ("stderr", "err") in [(line.stream, line.message) for line in lines]
    assert [line.message for line in lines if line.stream == "stdout"] == wanted
    assert all(line.deployment == deployment and line.service == "web" for line in lines)
    assert all(abs(datetime.now(UTC) - line.at) < 60 * SECOND for line in lines)


def test_logs_can_be_cut_by_count_and_by_time(ground: Ground) -> None:
    script = "echo one; echo two; sleep 1.2; echo three; sleep 600"
    deployment = ground.started(ground.birth("web", "sh", "-c", script))
    assert eventually(lambda: len(ground.engine.tail(deployment, 9)) == 3)
    lines = list(ground.engine.logs(deployment, follow=False, tail=None, since=None))
    assert [line.message for line in lines] == ["one", "two", "three"]
    newest = ground.engine.logs(deployment, follow=False, tail=2, since=None)
    assert [line.message for line in newest] == ["two", "three"]
    late = ground.engine.logs(
        deployment, follow=False, tail=None, since=lines[1].at + timedelta(milliseconds=500)
    )
    assert [line.message for line in late] == ["three"]


def test_a_followed_log_can_be_closed_by_another_thread(ground: Ground) -> None:
    deployment = ground.started(ground.birth("web", "sh", "-c", "echo one; sleep 600"))
    feed = ground.engine.logs(deployment, follow=True, tail=None, since=None)
    assert next(feed).message == "one"
    threading.Timer(0.3, feed.close).start()
    begun = time.monotonic()
    assert list(feed) == []
    assert time.monotonic() - begun < 60
    feed.close()


def test_a_feed_that_nobody_reads_can_be_closed(ground: Ground) -> None:
    feed = ground.engine.events(ground.key.project)
    feed.close()
    assert list(feed) == []


def test_events_tell_of_the_project_and_of_nobody_else(ground: Ground) -> None:
    feed = ground.engine.events(ground.key.project)
    stranger = EnvironmentKey(f"t-{secrets.token_hex(4)}", "production")
    ground.engine.make_network(stranger, NETWORKS)
    ground.engine.create(ground.birth("stranger", key=stranger))
    ground.engine.remove_environment(stranger, volumes=True)
    deployment = ground.started(ground.birth())
    ground.engine.name_active(ground.key, {"web": deployment})
    ground.engine.remove(deployment)
    threading.Timer(5, feed.close).start()
    ended = (deployment, "destroy")
    seen = list(takewhile(lambda event: (event.deployment, event.action) != ended, feed))
    feed.close()
    # The edge belongs to everyone, and what the test before has left may still be on its way out.
    assert {event.key for event in seen} <= {None, ground.key}
    ours = [event for event in seen if event.deployment == deployment]
    assert [event.action for event in ours] == ["create", "start", "rename", "die"]
    assert {(one.key, one.service, one.deployment) for one in ours} == {
        (ground.key, "web", deployment)
    }


def test_health_checks_of_the_image_are_told(ground: Ground) -> None:
    birth = ground.birth()
    check = {"Test": ["CMD-SHELL", "echo all well"], "Interval": 200_000_000}
    name = container_name("web", birth.plan.deployment, ground.key)
    make(
        ground.client,
        birth.plan.service,
        birth_config(birth, ResourceNames().network(birth.plan.key)) | {"Healthcheck": check},
        name,
    )
    ground.engine.start(birth.plan.deployment)

    def healthy() -> bool:
        (one,) = ground.engine.instances(project=ground.key.project)
        return one.checked == "healthy"

    assert eventually(healthy)
    one = inspect(ground.client, name)
    assert one is not None
    assert (one.checked, one.check_output) == ("healthy", "all well")


def test_connections_are_counted_in_the_deployments_own_network(ground: Ground) -> None:
    server = ground.started(ground.birth("api", *SERVE))
    one = ground.engine.instance(server)
    assert one is not None
    client_script = f"sleep 600 | nc {one.address} 8080"
    count = ground.engine.count_connections(server, 8080)
    try:
        assert count.now() == ()
        callers = [
            ground.started(ground.birth(f"caller{number}", "sh", "-c", client_script))
            for number in range(2)
        ]
        assert eventually(lambda: len(count.now()) == 2)
        callers_known = ground.engine.callers(ground.key)
        named = sorted(callers_known[address].name for address in count.now())
        assert named == ["caller0", "caller1"]
        assert leftovers(ground, labels.Role.DRAIN) == 1
        ground.engine.remove(callers[0])
        assert eventually(lambda: len(count.now()) == 1)
        ground.engine.remove(server)
        with pytest.raises(InstanceGone):
            count.now()
    finally:
        count.close()
    ground.client.await_removals()
    assert leftovers(ground, labels.Role.DRAIN) == 0


def test_a_count_that_is_given_up_before_it_began_leaves_nothing(ground: Ground) -> None:
    server = ground.started(ground.birth("api", *SERVE))
    count = ground.engine.count_connections(server, 8080)
    count.close()
    count.close()
    ground.client.await_removals()
    assert leftovers(ground, labels.Role.DRAIN) == 0


def test_only_images_we_built_are_removed(ground: Ground) -> None:
    ground.engine.remove_image(ground.image.id)
    assert ground.engine.image(ground.image.id) == ground.image
    ground.engine.remove_image("sha256:" + "0" * 64)


def test_an_image_we_built_goes_when_nothing_uses_it(ground: Ground) -> None:
    tag = f"compartment/{ground.key.project}/web"
    dockerfile = f"FROM busybox:1\nLABEL compartment.project={ground.key.project}\n"
    list(ground.client.api.build(fileobj=BytesIO(dockerfile.encode()), tag=f"{tag}:1", rm=True))
    built = ground.engine.image(f"{tag}:1")
    assert built is not None
    birth = ground.birth()
    ground.engine.create(replace(birth, image=built))
    ground.engine.remove_image(built.id)
    assert ground.engine.image(built.id) is not None
    ground.engine.remove(birth.plan.deployment)
    ground.engine.remove_image(built.id)
    assert ground.engine.image(built.id) is None


def test_the_engine_tells_about_itself(ground: Ground) -> None:
    info = ground.engine.info()
    assert tuple(map(int, info.api.split("."))) >= (1, 41)
    assert info.version
    assert "://" in info.address


def test_a_worker_has_no_port(ground: Ground) -> None:
    birth = ground.birth(kind=Kind.WORKER)
    without = replace(birth, plan=replace(birth.plan, port=None))
    assert ground.engine.create(without).port is None
