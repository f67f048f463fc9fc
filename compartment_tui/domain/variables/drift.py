"""Drift: how the variables of the project file differ from what runs."""

from compartment_tui.domain.config import EnvironmentConfig
from compartment_tui.domain.deployment import Deployment
from compartment_tui.domain.variable import (
    NameChanges,
    compare,
    exposed_keys,
    fingerprints,
    resolve,
    sensitive_keys,
    values,
)


def drift(
    environment: EnvironmentConfig, service: str, active: Deployment, fingerprint_key: bytes
) -> NameChanges:
    """Which variables the file has now and the active deployment has not, or differently."""
    rows = resolve(environment.layers(service))
    unknown = {row.key for row in rows if row.winner.value is None}
    before = {name: mark for name, mark in active.fingerprints.items() if name not in unknown}
    exposed = exposed_keys(active.sensitive, sensitive_keys(rows), (row.key for row in rows))
    return compare(before, fingerprints(values(rows), fingerprint_key), exposed=exposed)
