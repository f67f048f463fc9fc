"""The proposal of a request, and what came of one that tells no events."""

from typing import TypeAlias

from compartment_tui.domain.detail_views import (
    Adoption,
    Deletion,
    DomainsChecked,
    MaintenanceChange,
)
from compartment_tui.domain.planning.lifecycle import LifecyclePlan
from compartment_tui.domain.planning.plan import Run
from compartment_tui.domain.planning.retention import Pruning

Proposed: TypeAlias = Run | LifecyclePlan | Pruning | Deletion | MaintenanceChange | Adoption | None
"""What a request would do: None where only doing it tells."""
Done: TypeAlias = Pruning | Deletion | DomainsChecked | MaintenanceChange | Adoption
"""What a request did that tells no events."""
