"""CPU and memory in words and small pictures."""

from collections.abc import Sequence

from compartment_tui.domain.deployment import Sample
from compartment_tui.present.text import size
from compartment_tui.tui.kit.sparkline import graph

CALM_CPU = 0.25
"""Less than a quarter of a core never fills the picture: small noise stays small."""


def cpu_words(sample: Sample) -> str:
    """`12%`; of one core, so two busy ones are `200%`."""
    share = sample.cpu * 100
    return f"{share:.1f}%" if share < 9.95 else f"{share:.0f}%"


def memory_words(sample: Sample) -> str:
    """`48M`, `1.2G`: as short as a cell needs."""
    amount = sample.memory / 1024**2
    if amount < 1000:
        return f"{amount:.0f}M" if amount >= 1 else f"{sample.memory / 1024:.0f}K"
    return f"{amount / 1024:.1f}G"


def memory_of_limit(sample: Sample) -> str:
    """`48.0 MiB of 512.0 MiB`, without the limit when nobody set one."""
    used = size(sample.memory)
    return used if sample.limit is None else f"{used} of {size(sample.limit)}"


def cpu_graph(samples: Sequence[Sample], columns: int, rows: int = 1) -> tuple[str, ...]:
    """The newest samples of CPU, so wide and so high."""
    values = [sample.cpu for sample in samples]
    return graph(values, columns, rows, max([CALM_CPU, *values]))


def memory_graph(samples: Sequence[Sample], columns: int, rows: int = 1) -> tuple[str, ...]:
    """The newest samples of memory; a full picture is the limit, or a third more than the most."""
    values = [float(sample.memory) for sample in samples]
    limit = samples[-1].limit if samples else None
    return graph(values, columns, rows, float(limit or max(values, default=0.0) * 4 / 3))
