"""Images on the machines of a Swarm: pulled by its registry, and carried over a real ssh."""

import json
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.engines import OwnEngine
from tests.e2e.far import SshOnWire, ssh_on_wire
from tests.e2e.image_registry import PASSWORD, WireRegistry, registry_on_wire
from tests.e2e.shop import Shop, _git, eventually
from tests.e2e.swarm import LABEL, NAMES, SUBNET, Swarm, own_swarm

pytestmark = pytest.mark.docker

FILE = """\
[project]
name = "{project}"

[services.web]
path = "."
port = 8080
replicas = 3
readiness = {{ type = "http", path = "/version.txt", interval = "100ms" }}
settle = "100ms"
drain_timeout = "1s"
stop_grace = "0s"

[environments.production]
engine = "prod"

[environments.staging]
engine = "far"

[engines.prod]
address = "{home}"
swarm = true
registry = "{registry}/team"

[engines.far]
address = "ssh://root@{subnet}.1"
swarm = true

[retention]
keep = 1

[edge]
http_port = 8080
https_port = 0
"""
DOCKERFILE = """\
FROM busybox:1
COPY version.txt /srv/
EXPOSE 8080
CMD ["httpd", "-f", "-p", "8080", "-h", "/srv"]
"""
PORT_OF_SECOND = 2222
CLIENT = f"Host second.example\nHostName {SUBNET}.2\nPort {PORT_OF_SECOND}\n"


@pytest.fixture(scope="module")
def swarm() -> Iterator[Swarm]:
    """The workers have no image at all. A label says how the second is reached by ssh."""
    plain = f"--insecure-registry={SUBNET}.0/24"
    with own_swarm(("busybox:1", "traefik:v3.7"), (), plain) as made:
        for name in NAMES:
            made.home.docker("node", "update", f"--label-rm={LABEL}", name)
        label = "compartment.ssh=root@second.example"
        made.home.docker("node", "update", f"--label-add={label}", NAMES[1])
        yield made


@pytest.fixture(scope="module")
def registry(swarm: Swarm) -> Iterator[WireRegistry]:
    with registry_on_wire(swarm) as made:
        yield made


@pytest.fixture(scope="module")
def ssh(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshOnWire]:
    machines = {f"{SUBNET}.{n}": one for n, one in enumerate(swarm.engines, start=1)}
    ports = dict.fromkeys(machines, 22) | {f"{SUBNET}.2": PORT_OF_SECOND}
    with ssh_on_wire(tmp_path_factory.mktemp("ssh"), machines, ports, CLIENT) as servers:
        yield servers


@pytest.fixture(scope="module")
def shop(
    swarm: Swarm, registry: WireRegistry, ssh: SshOnWire, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Production's machines pull, staging's are brought what they need. Both have one home."""
    directory, login = (tmp_path_factory.mktemp(name) for name in ("shop", "login"))
    name = f"s{secrets.token_hex(3)}"
    text = FILE.format(project=name, home=swarm.home.host, registry=registry.name, subnet=SUBNET)
    (directory / "compartment.toml").write_text(text, encoding="utf-8")
    (directory / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    registry.log_in(login)
    with closing(swarm.home.client()) as client:
        made = Shop(
            directory=directory,
            project=name,
            namespace=name,
            port=8080,
            client=client,
            inside=swarm.inside,
            connect=swarm.home.connect,
            variables={
                **ssh.variables,
                "DOCKER_HOST": swarm.home.host,
                "DOCKER_CONFIG": str(login),
            },
        )
        new_version(made)
        _git(directory, "init", "--quiet")
        yield made


def new_version(shop: Shop) -> str:
    version = str(shop.versions.get("web", 0) + 1)
    shop.versions["web"] = int(version)
    (shop.directory / "version.txt").write_text(f"{version}\n", encoding="utf-8")
    return version


def live(shop: Shop, environment: str = "production") -> str:
    status, body = shop.get(path="/version.txt", environment=environment)
    assert status == 200
    return body


def service(shop: Shop, environment: str = "production") -> dict[str, Any]:
    """The Swarm's service of what is live."""
    name = shop.active(environment)["web"].replace("_", "-").lower()
    found: dict[str, Any] = shop.client.ask("GET", f"/services/{name}")
    return found


def made_from(shop: Shop, environment: str = "production") -> str:
    """What the tasks of what is live are made from."""
    return str(service(shop, environment)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])


def tasks(shop: Shop, environment: str = "production") -> dict[str, str]:
    """The machines of tasks that run and are to, by the tasks' ids."""
    query = {"filters": json.dumps({"service": [service(shop, environment)["ID"]]})}
    nodes = {one["ID"]: one["Description"]["Hostname"] for one in shop.client.ask("GET", "/nodes")}
    return {
        one["ID"]: nodes[one["NodeID"]]
        for one in shop.client.ask("GET", "/tasks", query)
        if one["Status"]["State"] == one["DesiredState"] == "running"
    }


def image_id(shop: Shop, environment: str = "production") -> str:
    (active,) = shop.status(environment)["activeDeployments"]
    return str(active["imageId"])


def names_at(engine: OwnEngine, image: str) -> tuple[list[str], list[str]]:
    """The names and the digests that an engine has an image by."""
    found = json.loads(engine.docker("image", "inspect", image))[0]
    return found["RepoTags"], found["RepoDigests"]


def has(engine: OwnEngine, image: str) -> bool:
    return image in engine.docker("images", "--all", "--quiet", "--no-trunc").split()


def in_the_record(shop: Shop) -> str:
    """All that lies in the volumes of records and routes."""
    said = ("sh", "-c", "cat $(find /state /routes -type f)")
    mounts = (f"--volume={shop.namespace}-{one}:/{one}:ro" for one in ("state", "routes"))
    host = ("docker", "--host", shop.variables["DOCKER_HOST"])
    done = subprocess.run(
        [*host, "run", "--rm", *mounts, "busybox:1", *said], capture_output=True, check=True
    )
    return done.stdout.decode(errors="replace")


def image_labels(shop: Shop) -> list[str]:
    """The labels by which nodes say what was brought to them."""
    nodes = shop.client.ask("GET", "/nodes")
    found = (name for one in nodes for name in one["Spec"]["Labels"] or {})
    return [name for name in found if name.startswith("compartment.image.")]


def test_the_nodes_pull_what_the_home_pushed(
    shop: Shop, swarm: Swarm, registry: WireRegistry
) -> None:
    planned = shop.good("deploy", "--plan")
    assert f"pull it from {registry.name}/team, by its digest" in planned.out
    document = shop.good("deploy", "--plan", "--output", "json").json()
    assert document["deployments"][0]["imageToNodes"] == {
        "by": "registry",
        "registry": f"{registry.name}/team",
    }
    said = shop.good("deploy", "--verbose")
    assert f"the nodes pull {registry.name}/team/web@sha256:" in said.text
    assert live(shop) == "1"
    assert set(tasks(shop).values()) == set(NAMES)
    reference = made_from(shop)
    assert reference.startswith(f"{registry.name}/team/web@sha256:")
    for worker in swarm.engines[1:]:
        assert names_at(worker, image_id(shop)) == ([], [reference])
    assert not image_labels(shop)
    everything = (
        said.text
        + planned.text
        + json.dumps(service(shop))
        + swarm.home.docker("image", "inspect", image_id(shop))
    )
    for words in (("status",), ("deployment", "list"), ("inspect", "-s", "web")):
        everything += shop.good(*words, "--output", "json").out
    everything += in_the_record(shop)
    assert PASSWORD not in everything
    assert registry.auth not in everything


def test_a_machine_that_comes_up_later_pulls_by_itself(
    shop: Shop, swarm: Swarm, registry: WireRegistry
) -> None:
    home, _, late = swarm.engines
    home.docker("node", "update", "--availability=drain", NAMES[2])
    new_version(shop)
    shop.good("deploy")
    assert set(tasks(shop).values()) == set(NAMES[:2])
    assert not has(late, image_id(shop))
    before = len(tasks(shop))
    home.docker("node", "update", "--availability=active", NAMES[2])
    registry.stop()
    try:
        refused = shop.good("scale", "web=5", code=5).text
    finally:
        registry.start()
    assert "of web cannot be started on n3: No such image: " in refused
    # As many as before, on the same machines: which of them go on, the Swarm chooses.
    assert len(tasks(shop)) == before
    assert set(tasks(shop).values()) == set(NAMES[:2])
    registry.await_it()
    shop.good("scale", "web=5")
    assert eventually(lambda: set(tasks(shop).values()) == set(NAMES))
    assert has(late, image_id(shop))
    shop.good("scale", "web=3")


def test_without_the_registry_all_goes_on_but_a_new_image(
    shop: Shop, swarm: Swarm, registry: WireRegistry
) -> None:
    reference, version = made_from(shop), live(shop)
    registry.stop()
    try:
        shop.good("rollback")
        assert live(shop) == "1"
        first = image_id(shop)
        assert (
            "was pushed before, and is not asked for now" in shop.good("deploy", "--verbose").text
        )
        assert (live(shop), made_from(shop)) == (version, reference)
        shop.good("redeploy")
        assert (live(shop), made_from(shop)) == (version, reference)
        assert not [one for one in swarm.engines if has(one, first)], "nothing leads there now"
        swarm.home.docker("node", "update", "--availability=drain", NAMES[2])
        assert eventually(lambda: len(tasks(shop)) == 3 and NAMES[2] not in tasks(shop).values())
        swarm.home.docker("node", "update", "--availability=active", NAMES[2])
        new_version(shop)
        refused = shop.good("deploy", code=5)
        assert "the image of web cannot be pushed" in refused.text
        assert f"{registry.name}/team" in refused.text
        assert "without `registry` images are carried to each node" in refused.text
        assert (live(shop), made_from(shop)) == (version, reference)
    finally:
        registry.start()
    registry.await_it()
    shop.good("deploy")
    assert live(shop) == "3"


def test_images_go_to_the_machines_over_ssh(shop: Shop, swarm: Swarm) -> None:
    version = new_version(shop)
    planned = shop.good("deploy", "-e", "staging", "--plan").out
    assert "are brought it, each over its own connection" in planned
    said = shop.good("deploy", "-e", "staging", "--verbose").text
    for name in NAMES[1:]:
        assert f"{name}: image sent, " in said
    assert live(shop, "staging") == version
    image = image_id(shop, "staging")
    assert made_from(shop, "staging") == image
    assert len(image_labels(shop)) == len(NAMES)
    for worker in swarm.engines[1:]:
        tags, _ = names_at(worker, image)
        assert tags == [f"compartment/{shop.project}/web:{image[7:19]}"]
    assert set(tasks(shop, "staging").values()) == set(NAMES)


def test_a_replica_on_another_machine_is_reached_over_ssh(shop: Shop) -> None:
    for number, machine in replicas(shop).items():
        if machine == NAMES[0]:
            continue
        words = ("-e", "staging", "-s", "web", "--replica", str(number))
        script = f"echo I am on {machine} >/proc/1/fd/1; hostname"
        assert shop.good("exec", *words, "--", "sh", "-c", script).out.strip()
        assert f"I am on {machine}" in shop.good("logs", *words).out


def test_a_machine_whose_ssh_is_silent_is_named_and_hangs_nothing(
    shop: Shop, swarm: Swarm, ssh: SshOnWire
) -> None:
    third = next(number for number, machine in replicas(shop).items() if machine == NAMES[2])
    words = ("-e", "staging", "-s", "web", "--replica", str(third))
    ssh.end_logins()
    ssh.servers[2].send_signal(signal.SIGSTOP)
    try:
        version = new_version(shop)
        refused = shop.good("exec", *words, "--", "true", code=4)
        assert f"the engine of the node {NAMES[2]} cannot be reached" in refused.err
        assert "docker node update --label-add compartment.ssh=USER@HOST n3" in refused.err
        assert f"I am on {NAMES[2]}" in shop.good("logs", *words).out
        said = shop.good("deploy", "-e", "staging", "--verbose").text
        assert f"{NAMES[2]}: not reached, nothing of this will run there" in said
        assert live(shop, "staging") == version
        assert set(tasks(shop, "staging").values()) == set(NAMES[:2])
        assert not has(swarm.engines[2], image_id(shop, "staging"))
    finally:
        ssh.servers[2].send_signal(signal.SIGCONT)


def test_what_no_rollback_leads_to_goes_from_the_machines(shop: Shop, swarm: Swarm) -> None:
    listed = shop.good("deployment", "list", "-e", "staging", "--output", "json").json()
    images = {one["imageId"] for one in listed["deployments"]}
    kept, (oldest,) = image_id(shop, "staging"), images - {image_id(shop, "staging")}
    new_version(shop)
    shop.good("deploy", "-e", "staging")
    for engine in swarm.engines:
        assert not has(engine, oldest)
        assert has(engine, image_id(shop, "staging"))
    assert [has(engine, kept) for engine in swarm.engines] == [True, True, False]


def replicas(shop: Shop) -> dict[int, str]:
    """On which machine each replica of staging's is."""
    listed = shop.good("node", "list", "--engine", "far", "--output", "json").json()["nodes"]
    return {
        one["replica"]: node["name"]
        for node in listed
        for one in node["replicas"]
        if one["environment"] == "staging"
    }
