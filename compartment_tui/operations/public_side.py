"""What the file wants of an environment's public side, as far as the edge can do it."""

from dataclasses import replace

from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.public_side import CertificateSource, WantedPublicSide
from compartment_tui.ports import World
from compartment_tui.rollout.infrastructure import edge_orders


def wanted_public(world: World, config: ProjectConfig, key: EnvironmentKey) -> WantedPublicSide:
    """What the file wants; no certificates of an authority that the edge does not ask."""
    wanted = config.wanted_public(key.environment)
    if not wanted.authority.ordered or edge_orders(world, config):
        return wanted
    return replace(wanted, authority=CertificateSource.NONE)
