"""Engines are opened when they are first asked, once each, and anew when the file changes them."""

from dataclasses import replace

import pytest

from compartment_tui.bootstrap import Engines
from compartment_tui.domain.config import EngineSpec
from compartment_tui.domain.errors import EngineUnreachable
from compartment_tui.ports import EnginePorts
from tests.rollout.shop import open_shop

PROD = EngineSpec(name="prod", address="ssh://prod.example.com")


class Door:
    """Notes which engines were connected to."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.broken = False

    def __call__(self, spec: EngineSpec | None) -> EnginePorts:
        if self.broken:
            raise EngineUnreachable("the docker context cannot be read")
        self.opened.append(spec.address if spec else "")
        return open_shop().world.open_engine(None)


def test_nothing_is_opened_before_it_is_asked_and_then_once() -> None:
    door = Door()
    engines = Engines(door)
    usual, prod = engines.open(None), engines.open(PROD)
    assert door.opened == []
    prod.engine.address()
    prod.records.environments("shop")
    assert engines.open(PROD) is prod
    assert door.opened == [PROD.address]
    usual.engine.address()
    assert door.opened == [PROD.address, ""]


def test_one_that_the_file_has_elsewhere_now_is_another() -> None:
    door = Door()
    engines = Engines(door)
    engines.open(PROD).engine.address()
    moved = replace(PROD, address="ssh://new.example.com")
    engines.open(moved).engine.address()
    assert door.opened == [PROD.address, moved.address]


def test_one_whose_place_cannot_be_told_is_tried_again() -> None:
    door = Door()
    ports = Engines(door).open(PROD)
    door.broken = True
    with pytest.raises(EngineUnreachable):
        ports.engine.address()
    door.broken = False
    assert ports.engine.address() == "memory://"
