"""What the file wants of an environment's public side, as far as the edge can do it."""

from dataclasses import replace

from compartment_tui.domain.config import CertificateSpec, ProjectConfig
from compartment_tui.domain.errors import SensitiveUnreadable
from compartment_tui.domain.names import EnvironmentKey, show
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.planning.required_variables import reason, remedy
from compartment_tui.domain.public_side import CertificateSource, WantedPublicSide
from compartment_tui.domain.variable import Secret
from compartment_tui.ports import EdgeInfo, World
from compartment_tui.rollout.infrastructure import edge_orders


def wanted_public(
    world: World,
    config: ProjectConfig,
    key: EnvironmentKey,
    certificates: tuple[OwnCertificate, ...],
    *,
    edge: EdgeInfo | None,
) -> WantedPublicSide:
    """What the file wants; no certificates of an authority that the edge does not ask.

    `certificates` are the project's own, as they were read.
    """
    names = tuple(name for one in certificates for name in one.names)
    wanted = config.wanted_public(key.environment, names)
    if edge is not None and not edge.https:
        # An earlier version made it, which is told: until it is made anew all is as it was.
        wanted = replace(wanted, https_port=0)
    if not wanted.authority.ordered or edge_orders(world, config, edge):
        return wanted
    return replace(wanted, authority=CertificateSource.NONE)


def own_certificates(
    world: World, config: ProjectConfig, key: EnvironmentKey
) -> tuple[OwnCertificate, ...]:
    """The project's own certificates, each checked with its key.

    Raises CertificateInvalid, MissingVariables, SensitiveUnreadable, UsageProblem (a file).
    """
    return tuple(
        world.certificates.read(spec, _secret(world, config, key, spec))
        for spec in config.certificates
    )


def _secret(
    world: World, config: ProjectConfig, key: EnvironmentKey, spec: CertificateSpec
) -> Secret | None:
    """The value of the variable that is its key, if it has one."""
    variable = config.environment(key.environment).variables.get(spec.variable)
    if variable is not None and variable.value is None and variable.sealed is not None:
        identity = world.secrets.identity()
        raise SensitiveUnreadable(
            f"{spec.variable}, the key of the certificate {show(spec.cert)}, cannot be read:"
            f" {reason(identity)}",
            hint=remedy(identity),
        )
    return variable.value if variable is not None else None
