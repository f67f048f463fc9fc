"""Questions that are asked before their answers are wanted."""

import pytest

from compartment_tui import background
from compartment_tui.background import EarlyQuestion


def test_an_answer_is_given_once() -> None:
    asked: list[int] = []

    def ask() -> int:
        asked.append(len(asked))
        return len(asked)

    question = EarlyQuestion(ask)
    question.begin()
    question.begin()
    assert (question.answer(), question.answer(), len(asked)) == (1, 2, 2)


def test_what_asking_raises_comes_with_the_answer() -> None:
    question = EarlyQuestion(lambda: int("none"))
    question.begin()
    with pytest.raises(ValueError, match="none"):
        question.answer()


def test_an_answer_that_waited_too_long_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    question = EarlyQuestion(object)
    question.begin()
    assert question._begun is not None
    early = question._begun[1].answer()
    monkeypatch.setattr(background, "FRESH_SECONDS", 0.0)
    assert question.answer() is not early
