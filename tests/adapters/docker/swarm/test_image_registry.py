"""Images that the nodes of a Swarm pull: pushed once, by their digest, with whose credentials."""

import base64
import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.errors import Missing
from compartment_tui.adapters.docker.api.registry_credentials import HEADER, credentials_header
from compartment_tui.adapters.docker.api.resource_names import SwarmNames
from compartment_tui.adapters.docker.api.sdk import AuthConfig
from compartment_tui.adapters.docker.resources import images, registry_carriage
from compartment_tui.adapters.docker.swarm import image_spread, services
from compartment_tui.adapters.docker.swarm import nodes as nodes_module
from compartment_tui.adapters.docker.swarm.engine import SwarmEngine
from compartment_tui.adapters.docker.swarm.home import Home
from compartment_tui.adapters.docker.swarm.image_registry import ImageRegistry
from compartment_tui.adapters.docker.swarm.image_spread import label_of
from compartment_tui.adapters.docker.swarm.nodes import Nodes
from compartment_tui.adapters.memory.clock import ManualCancel
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.errors import EngineUnreachable, ImageUnavailable
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.planning.plan import ContainerSpec, ImageSource, Plan
from compartment_tui.domain.variable import Secret
from tests.adapters.docker.swarm.fakes import Json, Managers
from tests.adapters.docker.swarm.test_home import facts, node
from tests.adapters.docker.test_image_carriage import PLAN

LAYOUT = SwarmNames(namespace="compartment")
START = datetime(2026, 11, 1, tzinfo=UTC)
REGISTRY = "registry.example.com/team"
DIGEST = f"{REGISTRY}/web@sha256:{'d' * 64}"
IMAGE = f"sha256:{'a' * 64}"
BUILT = replace(PLAN, source=ImageSource.BUILD, image=None)
AWAY = ImageUnavailable("it is away", hint="check it")


class HomeEngine(Managers):
    """The engine of the home, and one image there."""

    def __init__(self, *digests: str) -> None:
        super().__init__(lambda *_: [], facts())
        self.digests = list(digests)

    def inspect_image(self, _image: str) -> Json:
        return {"Id": IMAGE, "RepoDigests": self.digests, "RepoTags": ["compartment/shop/web:1"]}


def registry_at(home: HomeEngine, name: str = REGISTRY) -> ImageRegistry:
    return ImageRegistry(home.client, name)


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was pushed; the engine knows its digest afterwards."""
    done: list[str] = []

    def push_image(
        client: Client, image: str, _plan: Plan, _registry: str, _cancel: object, *, keep: bool
    ) -> Generator[Carriage, None, str]:
        assert keep
        yield from (Carriage(done=one, total=10) for one in (1, 2, 4, 5, 10))
        cast(HomeEngine, client).digests.append(DIGEST)
        done.append(image)
        return DIGEST

    monkeypatch.setattr(registry_carriage, "push_image", push_image)
    return done


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be pushed."""

    def push_image(*_: object, **__: object) -> Generator[Carriage, None, str]:
        yield Carriage(done=0, total=10)
        raise AWAY

    monkeypatch.setattr(registry_carriage, "push_image", push_image)


def push(registry: ImageRegistry, plan: Plan = BUILT) -> list[str]:
    return list(registry.push(IMAGE, plan, ManualCancel()))


def test_what_was_built_is_pushed_and_found_by_its_digest(pushed: list[str]) -> None:
    registry = registry_at(HomeEngine("elsewhere.example.com/web@sha256:1"))
    assert registry.reference(IMAGE) is None
    lines = push(registry)
    assert pushed == [IMAGE]
    assert lines[-1] == f"the nodes pull {DIGEST}"
    assert len(lines) == 4, "how far it is, a few times"
    assert registry.reference(IMAGE) == DIGEST


def test_what_was_pulled_from_there_is_not_pushed(pushed: list[str]) -> None:
    plan = replace(BUILT, source=ImageSource.PULL)
    assert push(registry_at(HomeEngine(DIGEST)), plan) == []
    assert pushed == []
    assert push(registry_at(HomeEngine("busybox@sha256:1")), plan)
    assert pushed == [IMAGE]


@pytest.mark.usefixtures("away")
def test_a_registry_that_is_away_is_told_and_what_it_never_had_is_refused() -> None:
    with pytest.raises(ImageUnavailable) as refused:
        push(registry_at(HomeEngine()))
    assert refused.value.message == AWAY.message
    assert refused.value.hint.startswith("check it; without `registry` images are carried")
    (line,) = push(registry_at(HomeEngine(DIGEST)))
    assert line == f"{DIGEST} was pushed before, and is not asked for now: it is away"


def test_names_of_the_usual_registry_are_as_the_engine_shows_them() -> None:
    found = registry_at(HomeEngine("team/web@sha256:1"), "docker.io/team").reference(IMAGE)
    assert found == "team/web@sha256:1"
    assert images.familiar("index.example.com/team") == "index.example.com/team"


class Session:
    """As much of the SDK's as knows credentials."""

    def __init__(self, **auths: Json) -> None:
        self.credentials = self._auth_configs = AuthConfig({"auths": auths})
        self.credstore_env = None


def test_the_credentials_of_the_registry_are_handed_over_and_no_others() -> None:
    known = {"registry.example.com": {"username": "robot", "password": "secret"}}
    session: Any = Session(**known)
    header = credentials_header(session, DIGEST)
    said = json.loads(base64.urlsafe_b64decode(header[HEADER]))
    assert (said["username"], said["password"]) == ("robot", "secret")
    assert credentials_header(session, "elsewhere.example.com/web@sha256:1") == {}


def birth(**more: Any) -> ContainerSpec:  # noqa: ANN401
    plan = replace(BUILT, **more)
    return ContainerSpec(plan=plan, image=Image(id=IMAGE), created=START)


def test_a_service_is_made_with_the_digest_and_may_run_anywhere(pushed: list[str]) -> None:
    engine = SwarmEngine(HomeEngine(DIGEST).client, LAYOUT, REGISTRY)
    assert engine._image_and_place(birth()) == (DIGEST, [])
    assert pushed == []
    before_there_was_one = SwarmEngine(HomeEngine().client, LAYOUT, REGISTRY)
    list(before_there_was_one.spread_image(IMAGE, BUILT, ManualCancel()))
    assert before_there_was_one._image_and_place(birth()) == (DIGEST, [])
    assert pushed == [IMAGE]


def test_what_has_volumes_stays_at_home_and_is_not_pushed(pushed: list[str]) -> None:
    engine = SwarmEngine(HomeEngine().client, LAYOUT, REGISTRY)
    kept = birth(spec=replace(BUILT.spec, volumes=(("data", "/data"),)))
    assert engine._image_and_place(kept) == (IMAGE, ["node.id==id1"])
    assert list(engine.spread_image(IMAGE, kept.plan, ManualCancel())) == []
    assert pushed == []


def test_credentials_go_beside_the_service_and_are_not_in_it() -> None:
    managers = Managers(lambda *_: {"ID": "s1"})
    spec = services.spec_of_service(birth(), "net", None, [], image=DIGEST, newer=False)
    services.create(managers.client, spec, {HEADER: "c2VjcmV0"})
    assert managers.headers == [{HEADER: "c2VjcmV0"}]
    assert spec["TaskTemplate"]["ContainerSpec"]["Image"] == DIGEST
    assert services.image_of({"Spec": spec}) == DIGEST
    assert "c2VjcmV0" not in json.dumps(spec)


class Node(Managers):
    """The engine of a node that has pulled an image, and may have a person's name for it."""

    def __init__(self, tags: list[str], digests: list[str], marks: Mapping[str, str]) -> None:
        super().__init__(lambda *_: [])
        self.found = {
            "Id": IMAGE,
            "RepoTags": tags,
            "RepoDigests": digests,
            "Config": {"Labels": dict(marks)},
        }
        self.removed: list[str] = []

    def inspect_image(self, _image: str) -> Json:
        return self.found

    def list_containers(self, **_: object) -> list[Json]:
        return []

    def remove_image(self, image: str) -> None:
        self.removed.append(image)


OURS = {"compartment.project": "shop"}
HOME_TAGS = ["compartment/shop/web:1", f"{REGISTRY}/web:{'a' * 12}"]


@pytest.mark.parametrize(
    ("tags", "digests", "marks", "removed"),
    [
        ([], [DIGEST], OURS, [DIGEST]),
        ([], [DIGEST], {}, [DIGEST]),
        ([], ["busybox@sha256:1"], {}, []),
        ([], [], OURS, [IMAGE]),
        (HOME_TAGS, [DIGEST], OURS, HOME_TAGS),
        (HOME_TAGS[:1], [DIGEST], OURS, [*HOME_TAGS[:1], DIGEST]),
        ([f"{REGISTRY}/web:latest"], [DIGEST], OURS, []),
    ],
    ids=["pulled", "not ours", "foreign", "nameless", "pushed", "pulled at home", "a person's"],
)
def test_every_name_that_comes_from_us_is_taken_off(
    tags: list[str], digests: list[str], marks: Mapping[str, str], removed: list[str]
) -> None:
    engine = Node(tags, digests, marks)
    images.remove_image(engine.client, IMAGE, REGISTRY)
    assert engine.removed == removed


def test_a_node_that_was_silent_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(self: Client, _method: str, path: str, *_: object) -> None:
        asked.append(f"{self.address.url}{path}")
        raise TimeoutError("timed out")

    monkeypatch.setattr(Client, "ask", ask)
    managers = Managers(lambda *_: None, facts(), "ssh://ada@n1")
    nodes = Nodes(managers.client, Home(managers.client, LAYOUT))
    for _ in range(3):
        with pytest.raises(EngineUnreachable, match="of the node n2 cannot be reached"):
            nodes.client_of(node())
    assert asked == ["ssh://ada@10.0.0.2/version"]
    monkeypatch.setattr(nodes_module, "AWAY_SECONDS", 0)
    with pytest.raises(EngineUnreachable):
        nodes.client_of(node())
    assert len(asked) == 2


def test_an_image_that_is_gone_has_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    home = HomeEngine()

    def gone(_image: str) -> Json:
        raise Missing("no such image")

    monkeypatch.setattr(home, "inspect_image", gone)
    assert registry_at(home).reference(IMAGE) is None


class Machine(Node):
    """A machine of a Swarm: its engine has an image, which tasks may use that end one by one."""

    def __init__(self, *states: str, role: str = "task") -> None:
        super().__init__(["compartment/shop/web:1"], [], OURS)
        self.states = list(states)
        self.role = role
        self.there = True

    def inspect_image(self, image: str) -> Json:
        if not self.there:
            raise Missing("no such image")
        return super().inspect_image(image)

    def list_containers(self, **_: object) -> list[Json]:
        state = self.states.pop(0) if len(self.states) > 1 else "".join(self.states)
        marks = {labels.ROLE: self.role}
        return [{"ImageID": IMAGE, "State": state, "Labels": marks}] if state else []

    def remove_image(self, image: str) -> None:
        super().remove_image(image)
        self.there = False


class Machines(Nodes):
    """A home and a worker, both of which say that they have the image."""

    def __init__(self, home: Machine, worker: Machine | None) -> None:
        super().__init__(home.client, Home(home.client, LAYOUT))
        self._engines = {"n1": home, "n2": worker}

    def all(self) -> tuple[nodes_module.SwarmNode, ...]:
        return tuple(node(name, **{label_of(IMAGE): "here"}) for name in self._engines)

    def is_home(self, node: nodes_module.SwarmNode) -> bool:
        return node.name == "n1"

    def client_of(self, node: nodes_module.SwarmNode) -> Client:
        engine = self._engines[node.name]
        if engine is None:
            raise EngineUnreachable("it is away")
        return engine.client


@pytest.mark.parametrize(
    ("worker", "gone"),
    [
        (Machine(""), [True, True]),
        (Machine("exited", "exited", ""), [True, True]),
        (Machine("running"), [False, False]),
        (Machine("created", "created", "", role="state"), [False, False]),
        (None, [True, False]),
    ],
    ids=["free", "about to leave", "in use", "kept by another", "away"],
)
def test_an_image_goes_from_the_home_last(
    monkeypatch: pytest.MonkeyPatch, worker: Machine | None, gone: list[bool]
) -> None:
    """What is still used on a machine stays at home, where the next one to clean up finds it."""
    monkeypatch.setattr(image_spread, "PAUSE_SECONDS", 0)
    unmarked: list[str] = []

    def mark(_self: object, node: nodes_module.SwarmNode, _image: str, *, here: bool) -> None:
        assert not here
        unmarked.append(node.name)

    monkeypatch.setattr(image_spread.ImageSpread, "_mark", mark)
    home = Machine("")
    image_spread.ImageSpread(home.client, Machines(home, worker)).remove(IMAGE, "")
    assert [not home.there, worker is not None and not worker.there] == gone
    assert sorted(unmarked) == [name for name, was in zip(("n1", "n2"), gone, strict=True) if was]


NASTY = '{{ env }} {{{{.Node.ID}} }}{ {{- "x" -}}'


def test_no_text_of_a_person_is_a_template_of_the_swarm() -> None:
    """It would be expanded: another value, another path, or no service at all."""
    spec = replace(BUILT.spec, volumes=(("data", "/data/{{.Node.ID}}"),))
    key = EnvironmentKey("shop", "{{ review }}")
    values = {"NASTY": Secret(NASTY), "PLAIN": Secret("a { b }} c")}
    made = birth(key=key, values=values, spec=spec)
    container = services.spec_of_service(made, "net", None, [], image=IMAGE, newer=False)[
        "TaskTemplate"
    ]["ContainerSpec"]
    (value,) = [one for one in container["Env"] if one.startswith("NASTY=")]
    opened = '{{"{{"}}'
    assert value == f"NASTY={NASTY}".replace("{{", opened)
    assert value.replace(opened, "").count("{{") == 0
    assert "PLAIN=a { b }} c" in container["Env"]
    (mount,) = container["Mounts"]
    assert mount["Target"] == f"/data/{opened}.Node.ID}}}}"
    marks = mount["VolumeOptions"]["Labels"]
    assert marks[labels.ENVIRONMENT] == f"{opened} review }}}}"
