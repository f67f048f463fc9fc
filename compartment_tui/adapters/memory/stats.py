"""What a pretended container uses: made up, but always the same at the same moment."""

import math
from datetime import datetime, timedelta

from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.adapters.memory.seeded_random import chance
from compartment_tui.domain.deployment import Sample

SECOND = timedelta(seconds=1)
BREATH = 47.0
"""Seconds from one busy time to the next."""
FILLING = 600.0
"""Seconds from one garbage collection to the next."""


def until_next_second(now: datetime) -> timedelta:
    """All containers are measured together, so that whoever watches them wakes up once."""
    return SECOND - timedelta(microseconds=now.microsecond)


def sample(
    deployment: str, behaviour: Behaviour, *, at: datetime, limit: int | None = None
) -> Sample:
    """Waves around what its script says, with a little noise, each deployment in its own phase."""
    second = at.timestamp()
    phase = chance(deployment)
    wave = math.sin(2 * math.pi * (second / BREATH + phase))
    noise = chance(deployment, int(second))
    cpu = behaviour.cpu * (0.9 + 0.35 * wave + 0.5 * noise**3)
    filled = (second / FILLING + phase) % 1.0
    memory = round(behaviour.memory * (0.92 + 0.14 * filled + 0.01 * noise))
    return Sample(
        at=at,
        cpu=round(max(cpu, 0.0), 4),
        memory=memory if limit is None else min(memory, limit),
        limit=limit,
    )
