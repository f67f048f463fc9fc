"""Images of a Swarm's services: brought to every node, which says by a label what it has."""

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TypeVar

from compartment_tui.adapters.docker.api import labels
from compartment_tui.adapters.docker.api.client import Client
from compartment_tui.adapters.docker.api.labels import PREFIX, Role
from compartment_tui.adapters.docker.resources import image_carriage
from compartment_tui.adapters.docker.resources.containers import rows
from compartment_tui.adapters.docker.resources.images import image as image_on_engine
from compartment_tui.adapters.docker.resources.images import remove_image
from compartment_tui.adapters.docker.swarm.nodes import Nodes, SwarmNode
from compartment_tui.adapters.docker.swarm.patience import Json, update
from compartment_tui.background import Background
from compartment_tui.domain.carriage import Carriage
from compartment_tui.domain.errors import EngineProblem, EngineUnreachable
from compartment_tui.domain.planning.plan import Plan
from compartment_tui.ports import Cancel, ImageArchive

T = TypeVar("T")

IMAGE = PREFIX + "image."
"""Begins the label of a node that has an image."""
HERE = "here"
DIGITS = 20
AT_ONCE = 8
"""How many nodes at most are asked, or sent an image, at the same time."""
LEAVING_SECONDS = 5.0
"""How long a node may take to put away the container of a task that has ended."""
PAUSE_SECONDS = 0.2


def label_of(image: str) -> str:
    """The label of the nodes that have an image."""
    return f"{IMAGE}{image.partition(':')[2][:DIGITS]}"


def constraint_of(image: str) -> str:
    """What a service says that may run only where its image is."""
    return f"node.labels.{label_of(image)}=={HERE}"


class ImageSpread:
    """Brings images from the home to the other nodes, over each one's connection."""

    def __init__(self, client: Client, nodes: Nodes) -> None:
        self._client = client
        self._nodes = nodes

    def spread(self, image: str, plan: Plan, cancel: Cancel) -> Iterator[str]:
        """Have every node have it, as far as they can be reached; what is done, in lines.

        All are asked and sent to side by side. One that lacks it gets nothing of what runs from it.
        Raises Cancelled, DiskFull.
        """
        nodes = [node for node in self._nodes.all() if node.ready and node.active]
        asked = _side_by_side(lambda node: self._lacks(node, image), nodes)
        lacking = [node for node, (lacks, _) in zip(nodes, asked, strict=True) if lacks]
        sent: dict[str, tuple[str, EngineUnreachable | None]] = {}
        if lacking:
            yield f"sending the image to {', '.join(node.name for node in lacking)}"
            archive = _saved(self._client, image, cancel)
            with closing(archive):
                told = _side_by_side(lambda one: self._send(one, archive, plan, cancel), lacking)
            sent = {node.id: answer for node, answer in zip(lacking, told, strict=True)}
        for node, (_, unreached) in zip(nodes, asked, strict=True):
            line, lost = sent.get(node.id, ("", None))
            error = unreached or lost
            if error is not None:
                yield f"{node.name}: not reached, nothing of this will run there"
                yield f"{node.name}: {error.message}"
                continue
            if line:
                yield line
            self._mark(node, image, here=True)

    def _lacks(self, node: SwarmNode, image: str) -> tuple[bool, EngineUnreachable | None]:
        """Whether it has to be sent there; or why nobody can say."""
        try:
            return image_on_engine(self._nodes.client_of(node), image) is None, None
        except EngineUnreachable as error:
            return False, error

    def _send(
        self, node: SwarmNode, archive: ImageArchive, plan: Plan, cancel: Cancel
    ) -> tuple[str, EngineUnreachable | None]:
        """How it was sent, in a line; or why it did not get there."""
        try:
            engine = self._nodes.client_of(node)
            return _told(node, image_carriage.load_image(engine, archive, plan, cancel)), None
        except EngineUnreachable as error:
            return "", error

    def remove(self, image: str, registry: str) -> None:
        """Remove it from all machines, the home last; one that is away keeps it.

        Without a registry only from those that say that they have it. What is still in use
        somewhere stays on the home, too: whoever looks there for what can go finds it again.
        """
        nodes = [one for one in self._nodes.all() if one.ready]
        home = [one for one in nodes if self._nodes.is_home(one)]
        asked = [
            Background(partial(self._has_still, node, image, registry))
            for node in nodes
            if node not in home and (registry or label_of(image) in node.labels)
        ]
        in_use = [one.answer() for one in asked]
        if not any(in_use):
            for node in home:
                self._has_still(node, image, registry)

    def _has_still(self, node: SwarmNode, image: str, registry: str) -> bool:
        """Whether it has it after it was told to remove it; no when it cannot be reached."""
        try:
            stays = not remove_when_free(self._nodes.client_of(node), image, registry)
            if not stays:
                self._mark(node, image, here=False)
        except EngineProblem:
            return False
        return stays

    def _mark(self, node: SwarmNode, image: str, *, here: bool) -> None:
        name = label_of(image)
        if (name in node.labels) is here:
            return

        def change(found: Json) -> Json:
            spec: Json = json.loads(json.dumps(found["Spec"]))
            marks = {key: value for key, value in (spec.get("Labels") or {}).items() if key != name}
            spec["Labels"] = marks | ({name: HERE} if here else {})
            return spec

        update(self._client, f"/nodes/{node.id}", f"label the node {node.name}", change)


def remove_when_free(client: Client, image: str, registry: str) -> bool:
    """Remove an image as soon as tasks that have ended have left it; whether it is gone."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while True:
        remove_image(client, image, registry)
        if image_on_engine(client, image) is None:
            return True
        users = [one for one in rows(client, {}) if one.get("ImageID") == image]
        if not users or not all(map(_is_leaving, users)) or time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)


def _is_leaving(container: Json) -> bool:
    """Whether it is a task's that has ended: the Swarm puts it away soon."""
    is_task = (container.get("Labels") or {}).get(labels.ROLE) == Role.TASK.value
    return is_task and container.get("State") != "running"


def _saved(client: Client, image: str, cancel: Cancel) -> ImageArchive:
    saving = image_carriage.save_image(client, image, cancel)
    with closing(saving):
        while True:
            try:
                next(saving)
            except StopIteration as end:
                archive: ImageArchive = end.value
                return archive


def _told(node: SwarmNode, loading: Generator[Carriage, None, object]) -> str:
    last = ""
    for carriage in loading:
        last = carriage.words
    return f"{node.name}: image sent, {last.partition(' of ')[2] or 'all of it was there'}"


def _side_by_side(do: Callable[[SwarmNode], T], nodes: Iterable[SwarmNode]) -> list[T]:
    """What comes of it for each, in their order. Raises what one raised, when all have ended."""
    from concurrent.futures import ThreadPoolExecutor  # it loads logging

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(do, nodes))
