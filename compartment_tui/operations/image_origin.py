"""Engines that images are carried from: where another environment is, or where they are built."""

from collections.abc import Iterator
from contextlib import contextmanager

from compartment_tui.domain.carriage import ImageOrigin, NodeCarriage, engine_words
from compartment_tui.domain.config import BuildPlace, ProjectConfig
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.ports import World


def build_place(world: World, config: ProjectConfig) -> ImageOrigin | None:
    """Where images for this engine are built; None: on itself. Raises EngineUnreachable."""
    spec = config.engine(world.engine_name)
    if spec is None or spec.build_on is BuildPlace.ENGINE:
        return None
    address = world.at("").engine.address()
    return ImageOrigin(engine="", address=address, registry=spec.registry)


def node_carriage(world: World, config: ProjectConfig) -> NodeCarriage | None:
    """How images get to the other machines of this engine's Swarm; None where it is no Swarm's."""
    spec = config.engine(world.engine_name)
    if spec is None or not spec.swarm:
        return None
    return NodeCarriage(registry=spec.registry)


def image_at(there: World, registry: str, image: str) -> ImageOrigin | None:
    """That an image can be carried from there; None where that engine has it no longer."""
    size = there.engine.image_size(image)
    if size is None:
        return None
    return ImageOrigin(
        engine=there.engine_name,
        address=there.engine.address(),
        size=size,
        registry=registry,
    )


def registry_of(world: World, config: ProjectConfig) -> str:
    """The registry by which images come to this engine; empty where the file names none."""
    spec = config.engine(world.engine_name)
    return spec.registry if spec is not None else ""


@contextmanager
def origin_named(there: World, key: EnvironmentKey) -> Iterator[None]:
    """Say which engine is away when it is that of the environment whose images are wanted."""
    try:
        yield
    except EngineUnreachable as error:
        where, name = show(key.environment), show(engine_words(there.engine_name))
        raise EngineUnreachable(
            f"the images of {where} are on the engine {name}, which is away: {error.message}",
            hint=f"{error.hint}; or `compartment-tui deploy` builds them anew",
        ) from error
