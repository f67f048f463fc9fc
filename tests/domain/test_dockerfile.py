"""What is read of a Dockerfile without building it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.domain.dockerfile import Instruction, exposed, instructions, own_ports


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("FROM x\nEXPOSE 3000\nEXPOSE 2000-2003\n", (3000, 2000, 2001, 2002, 2003)),
        ("FROM x\nEXPOSE 9090 8080 53/udp\n", (9090, 8080)),
        ("from x\nexpose 53/udp 8080/TCP\n", (8080,)),
        ("ARG P=4000\nFROM x\nARG P\nEXPOSE $P\n", (4000,)),
        ("FROM x\nENV P=4000\nEXPOSE ${P} 60\n", (4000, 60)),
        ("FROM x\nENV P 4000\nEXPOSE ${P:-1}\n", (4000,)),
        ("FROM x\nEXPOSE ${P:-5000}\n", (5000,)),
        ("FROM x\nEXPOSE $UNKNOWN 80\n", (80,)),
        ("FROM x\n# EXPOSE 1\nEXPOSE 80 \\\n  # in between\n  81\n", (80, 81)),
        ("# escape=`\nFROM x\nEXPOSE 80 `\n 81\n", (80, 81)),
        ("FROM x AS build\nEXPOSE 1\nFROM y\nEXPOSE 2\n", (2,)),
        ("FROM x AS base\nENV P=7\nEXPOSE 1\nFROM base\nEXPOSE $P\n", (1, 7)),
        ("FROM x\nRUN cat <<EOF\nEXPOSE 1\nEOF\nEXPOSE 2\n", (2,)),
        ("FROM x\n", ()),
        ("", ()),
        ("EXPOSE 1", ()),
    ],
)
def test_ports_are_in_the_order_they_are_written_in(text: str, ports: tuple[int, ...]) -> None:
    assert own_ports(text, {}) == ports


def test_arguments_and_the_target_count() -> None:
    text = "FROM x AS one\nARG P=1\nEXPOSE $P\nFROM y AS two\nEXPOSE 2\n"
    assert own_ports(text, {"P": "9"}, "one") == (9,)
    assert own_ports(text, {}, "TWO") == (2,)
    assert own_ports(text, {}, "0") == (1,)
    assert own_ports(text, {}, "gone") == ()


def test_instructions_know_their_line() -> None:
    found = list(instructions("# c\nFROM x\n\nCOPY a \\\n b /c\n"))
    assert found == [Instruction("FROM", "x", 2), Instruction("COPY", "a  b /c", 4)]


@pytest.mark.parametrize("words", ["0", "70000", "a-b", "2-", "-3", "3-1", "99999999999999999999"])
def test_what_is_no_port_is_left_out(words: str) -> None:
    assert all(0 < port <= 65535 for port in exposed(words))


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    list(instructions(text))
    own_ports(text, {})
    own_ports(f"FROM x\nEXPOSE {text}", {"a": "1"}, "x")
