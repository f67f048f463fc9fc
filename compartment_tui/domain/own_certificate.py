"""A certificate that a project brings along, once it was read and found good."""

from dataclasses import dataclass
from datetime import datetime

from compartment_tui.domain.variable import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """One of `[[edge.certificates]]`, as the edge is given it."""

    names: tuple[str, ...]
    """The hosts it is for; one may begin with `*.`."""
    until: datetime
    pem: str
    """The certificate, and those that sign for it behind, written anew from what was read."""
    key: Secret
    """Its private key, as PEM, written anew as well."""
