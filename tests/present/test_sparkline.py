import pytest

from compartment_tui.domain.deployment import Sample
from compartment_tui.tui.kit.sparkline import graph
from compartment_tui.tui.kit.usage import cpu_graph, cpu_words, memory_graph, memory_words
from tests.present.boards import NOW


def sparkline(values: list[float], columns: int, top: float) -> str:
    (only,) = graph(values, columns, 1, top)
    return only


def sample(cpu: float = 0.0, memory: int = 0, limit: int | None = None) -> Sample:
    return Sample(at=NOW, cpu=cpu, memory=memory, limit=limit)


def test_the_newest_values_are_drawn_from_the_left() -> None:
    assert sparkline([0, 0.5, 1], 5, 1) == "▁▄█  "
    assert sparkline([1, 1, 0, 0.5, 1], 3, 1) == "▁▄█"


def test_a_taller_picture_is_the_same_in_finer_steps() -> None:
    assert graph([0.25, 0.75, 1], 3, 2, 1) == (" ▄█", "▄██")


@pytest.mark.parametrize("top", [0.0, -1.0])
def test_no_top_is_a_flat_line(top: float) -> None:
    assert sparkline([1, 2], 2, top) == "▁▁"


def test_nothing_is_blank() -> None:
    assert sparkline([], 3, 1) == "   "
    assert graph([1], 0, 2, 1) == ("", "")


@pytest.mark.parametrize(
    ("cpu", "words"), [(0.0, "0.0%"), (0.0994, "9.9%"), (0.12, "12%"), (2.0, "200%")]
)
def test_cpu_is_of_one_core(cpu: float, words: str) -> None:
    assert cpu_words(sample(cpu)) == words


@pytest.mark.parametrize(
    ("memory", "words"),
    [(2**10, "1K"), (48 * 2**20, "48M"), (999 * 2**20, "999M"), (1200 * 2**20, "1.2G")],
)
def test_memory_takes_at_most_five_columns(memory: int, words: str) -> None:
    assert memory_words(sample(memory=memory)) == words


def test_small_noise_stays_small() -> None:
    assert cpu_graph([sample(0.002), sample(0.004)], 2) == ("▁▁",)


def test_memory_is_drawn_against_its_limit() -> None:
    assert memory_graph([sample(memory=50, limit=100)], 1) == ("▄",)
    assert memory_graph([sample(memory=75)], 1) == ("▆",)
