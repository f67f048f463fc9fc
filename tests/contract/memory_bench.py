"""The contract suite's levers on the memory world."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.engine import MemoryEngine
from compartment_tui.adapters.memory.image_carriage import BASE_LAYER
from compartment_tui.adapters.memory.world import MemoryWorld, memory_world, swarm_world
from compartment_tui.domain.config import EdgeSettings
from compartment_tui.domain.deployment import Image
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.ports import Engine, World
from tests.contract.bench import IMAGE, NOWHERE, Bench, contract_config, unique_project

AT_ONCE = timedelta()
BEHAVIOURS = {
    "web": Behaviour(command_exit_code=7),
    "page": Behaviour(),
    "lost": Behaviour(ready_after=None, refusal="404"),
    "closed": Behaviour(ready_after=None, says=("started",), deaf_as_first=True),
    "prompt": Behaviour(says=("started",), deaf_as_first=True),
    "obedient": Behaviour(says=("started",)),
    "stubborn": Behaviour(ready_after=None, refusal="exit code 1"),
    "short": Behaviour(says=("started",), last_words=("bye",), exits_after=AT_ONCE, exit_code=3),
    "unstartable": Behaviour(cannot_start="no-such-program: not found"),
    "migrating": Behaviour(release_says=("migrating", "done")),
    "unmigrated": Behaviour(release_says=("no such table",), release_exit_code=4),
    "busy": Behaviour(cpu=1.0),
    "broken": Behaviour(build_fails="RUN exit 9"),
}


class MemoryBench(Bench):
    def __init__(self, opened: MemoryWorld, key: EnvironmentKey) -> None:
        super().__init__(opened.world, key)
        self._opened = opened
        self._host = opened.host

    def another(self) -> World:
        return self._opened.another(actor="bob@desk").world

    def hold_elsewhere(self, key: EnvironmentKey, actor: str) -> Callable[[], None]:
        other = self._opened.another(actor=actor)
        other.world.locks.environment(key, actor=actor, purpose="contract")
        return lambda: self._host.kill(other.process)

    def image(self) -> Image:
        image = self.world.engine.image(IMAGE)
        assert image is not None
        return image

    def say(self, deployment: str, line: str) -> None:
        self._host.containers[deployment].write(line)

    def given(self, deployment: str) -> dict[str, str]:
        return dict(self._host.containers[deployment].environment)

    def rename(self, deployment: str, name: str) -> None:
        self._host.containers[deployment].name = name

    def copy(self, deployment: str, name: str) -> None:
        self._host.copy(deployment, name)

    def copies_running(self) -> int:
        return sum(one.running for one in self._host.copies)

    def spoil_index(self) -> None:
        self._host.unreadable_index.append("spoiled.toml")

    @contextmanager
    def connection(self, deployment: str) -> Iterator[None]:
        container = self._host.containers[deployment]
        usual = container.behaviour
        container.behaviour = replace(usual, connections=usual.connections + 1)
        container.serve(True)
        yield
        container.behaviour = usual

    def accepts(self, deployment: str) -> bool:
        return self._host.containers[deployment].refuses() is None

    def visit(self, host: str) -> bool:
        return self._host.answer(host) is not None

    @contextmanager
    def visitor(self, host: str) -> Iterator[None]:
        with self.connection(self._host.answer(host) or ""):
            yield

    def call(self, caller: str, service: str) -> str | None:
        return self._host.call(caller, service)

    def kill_edge(self) -> None:
        self._host.kill_edge()

    def empty_routes(self) -> None:
        self._host.empty_routes()

    def spoil_a_document(self) -> None:
        self._host.unreadable.append("spoiled.toml")

    def spoil_record(self, key: EnvironmentKey) -> None:
        self._host.invalid_records.add(key)

    def lose_record(self, key: EnvironmentKey) -> None:
        self._host.records.pop(key)

    def elsewhere(self) -> Engine:
        other = self._opened.host_of("other")
        image = self.image()
        other.images[image.id], other.layers[image.id] = image, self._host.layers[image.id]
        return MemoryEngine(other)

    def registry(self) -> str:
        return "registry.example.com/contract"

    def write_file(self, service: str, text: str) -> None:
        self._host.change(service, text)


@contextmanager
def memory_bench(*, swarm: bool = False) -> Iterator[Bench]:
    """A pretended machine on which IMAGE lies, and no registry answers; or a Swarm's home."""
    project = unique_project()
    open_world = swarm_world if swarm else memory_world
    opened = open_world(contract_config(project, EdgeSettings()))
    for name, behaviour in BEHAVIOURS.items():
        opened.host.behave(name, behaviour)
    image = Image(id="sha256:b0", ports=())
    opened.host.images[image.id], opened.host.layers[image.id] = image, (BASE_LAYER,)
    opened.host.pulled[IMAGE] = image.id
    opened.host.unpublished |= {IMAGE, NOWHERE}
    key = EnvironmentKey(project, "Prüfung 1")
    config = opened.project.config()
    with opened.world.locks.engine(actor=opened.world.actor):
        opened.world.engine.make_network(key, config.networks)
        opened.world.edge.ensure(config.edge)
        opened.world.edge.attach(key)
    yield MemoryBench(opened, key)
