"""Files of a neighbour in the index of records: no list stops, nobody else's name is shown."""

import base64
import io
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.docker.api.resource_names import (
    INDEX,
    RECORDS,
    index_path,
    standing_path,
)
from compartment_tui.adapters.docker.records import DockerRecords, Reader, unpacked
from compartment_tui.adapters.record_file import record_file
from compartment_tui.domain import bounds
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.detail_views import Grade
from compartment_tui.domain.errors import RecordInvalid
from compartment_tui.domain.names import EnvironmentKey, misnamed
from compartment_tui.operations import doctor
from compartment_tui.operations.environments import environments
from compartment_tui.operations.status import status
from tests.contract.docker_bench import DockerBench, docker_bench, docker_machine
from tests.rollout.shop import PRODUCTION, WEB, deploy, open_shop

GOOD = (EnvironmentKey("shop", "production"), EnvironmentKey("shop", "Feature/ü x"))
NEIGHBOUR = EnvironmentKey("bank", "production")
KEYS = st.builds(
    EnvironmentKey,
    st.sampled_from(("shop", "bank", "a-b")),
    st.text(min_size=1, max_size=70).filter(lambda name: not misnamed("shop", name)),
)
PLAIN = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.datetimes() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
TABLES = st.dictionaries(st.sampled_from(("project", "environment", "key", "format")), PLAIN)


def in_toml(document: dict[str, Any]) -> bytes:
    try:
        return tomli_w.dumps(document).encode("utf-8")
    except (UnicodeEncodeError, ValueError):
        return b"\xff"


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good entry with a few bytes of it changed."""
    entry = record_file.dumps_key(draw(KEYS)).encode()
    at = draw(st.integers(0, len(entry)))
    cut = draw(st.integers(0, 8))
    return entry[:at] + draw(st.binary(max_size=8)) + entry[at + cut :]


MONSTERS = (
    b"a = " + b"[" * 100_000,
    b"a = " + b"{b=" * 1_000,
    b".".join([b"a"] * 1_500) + b" = 1",
    b"#" * (bounds.INDEX_ENTRY + 1),
    b"environment = '" + b"x" * 1_000_000 + b"'\nproject = 'shop'",
    b"project = " + b"9" * 4_000,
    b"project = 'shop'\nenvironment = '\xed\xa0\x80'",
    b"project = 'shop'\nenvironment = 0001-01-01T00:00:00+14:00",
    b"\0" * 100,
    b"",
)
ENTRIES = (
    st.binary(max_size=200)
    | TABLES.map(in_toml)
    | KEYS.map(lambda key: record_file.dumps_key(key).encode())
    | mutated()
    | st.sampled_from(MONSTERS)
)
NAMES = st.one_of(
    KEYS.map(lambda key: index_path(key).removeprefix(f"{INDEX}/")),
    st.sampled_from([index_path(key).removeprefix(f"{INDEX}/") for key in (*GOOD, NEIGHBOUR)]).map(
        lambda name: f"below/{name}"
    ),
    st.binary(min_size=1, max_size=30)
    .map(
        lambda name: name.replace(b"/", b"_").replace(b"\0", b"_").decode(errors="surrogateescape")
    )
    .filter(lambda name: name not in (".", "..") and not name.endswith(".part")),
)


def indexed(entries: Mapping[str, bytes | str], where: str = INDEX) -> DockerRecords:
    """Records whose index has these entries; a text is where a link leads."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in entries.items():
            info = tarfile.TarInfo(f"{where.rpartition('/')[2]}/{name}")
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return answering(held.getvalue(), where)


def answering(archive: bytes, where: str = INDEX) -> DockerRecords:
    made = DockerRecords(SimpleNamespace(heed=lambda state: state))  # type: ignore[arg-type]
    reader = Reader(SimpleNamespace(), made._layout)  # type: ignore[arg-type]

    def tree(path: str, *, specials: bool = False) -> dict[str, bytes]:
        found = unpacked(archive, where.rpartition("/")[0], specials=specials)
        return {place: content for place, content in found.items() if place.startswith(path)}

    reader.tree = tree  # type: ignore[method-assign]
    made._reader = reader
    return made


def own(key: EnvironmentKey) -> tuple[str, bytes]:
    return index_path(key).removeprefix(f"{INDEX}/"), record_file.dumps_key(key).encode()


# --- the reader ---


@given(ENTRIES)
def test_no_bytes_are_an_entry_by_accident(content: bytes) -> None:
    with suppress(RecordInvalid, UnicodeDecodeError):
        key = record_file.loads_key(content.decode("utf-8"))
        assert not misnamed(key.project, key.environment)


@given(KEYS)
def test_every_name_that_can_be_comes_back(key: EnvironmentKey) -> None:
    assert record_file.loads_key(record_file.dumps_key(key)) == key
    assert indexed(dict([own(key)])).recorded() == (key,)


@given(st.dictionaries(NAMES, ENTRIES, max_size=6))
def test_no_entry_stops_a_list_hides_another_or_is_silently_left_out(
    odd: dict[str, bytes],
) -> None:
    entries = odd | dict(own(key) for key in GOOD)
    found = indexed(entries)
    assert set(GOOD) <= set(found.recorded())
    assert set(found.environments("shop")) >= set(GOOD)
    for key in found.recorded():
        name, _ = own(key)
        assert record_file.loads_key(entries[name].decode()) == key
    told = {own(key)[0] for key in found.recorded()} | set(found.unreadable())
    assert told == set(entries)
    assert len(found.recorded()) + len(found.unreadable()) == len(entries)


@given(st.binary(min_size=1, max_size=20).map(lambda name: name.decode(errors="surrogateescape")))
def test_doctor_names_an_entry_of_any_name(name: str) -> None:
    opened = open_shop(WEB)
    deploy(opened)
    opened.host.unreadable_index.append(name)
    (found,) = [one for one in doctor.doctor(opened.world) if one.name == "strangers"]
    assert found.grade is Grade.WARN
    found.message.encode("utf-8")
    assert found.message.isprintable()
    assert [one.key for one in environments(opened.world)] == [PRODUCTION]
    assert status(opened.world, environment="production").services


def test_a_second_entry_for_one_environment_is_left_out_and_named() -> None:
    name, entry = own(GOOD[0])
    found = indexed({name: entry, "second.toml": entry, f"below/{name}": entry})
    assert found.recorded() == (GOOD[0],)
    assert found.unreadable() == (f"below/{name}", "second.toml")


def test_an_entry_below_a_directory_takes_nobodys_place() -> None:
    name, entry = own(GOOD[0])
    found = indexed({name: entry, f"below/{name}": b"= = ="})
    assert found.recorded() == (GOOD[0],)


def test_a_link_in_the_index_is_left_out_and_named() -> None:
    name, entry = own(GOOD[0])
    other, _ = own(NEIGHBOUR)
    found = indexed({name: entry, other: "/etc/passwd", "round.toml": "round.toml"})
    assert found.recorded() == (GOOD[0],)
    assert found.unreadable() == (other, "round.toml")


def test_a_hard_link_that_leads_to_no_file_costs_only_itself() -> None:
    name, entry = own(GOOD[0])
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for linked, kind, target in (
            ("round.toml", tarfile.SYMTYPE, "round.toml"),
            ("again.toml", tarfile.LNKTYPE, "index/round.toml"),
            ("away.toml", tarfile.LNKTYPE, "index/nowhere"),
            ("self.toml", tarfile.LNKTYPE, "index/self.toml"),
        ):
            link = tarfile.TarInfo(f"index/{linked}")
            link.type, link.linkname = kind, target
            tar.addfile(link)
        info = tarfile.TarInfo(f"index/{name}")
        info.size = len(entry)
        tar.addfile(info, io.BytesIO(entry))
    found = answering(held.getvalue())
    assert found.recorded() == (GOOD[0],)
    assert found.unreadable() == ("again.toml", "away.toml", "round.toml", "self.toml")


def test_a_record_of_another_environment_is_not_shown_for_this_one() -> None:
    text = record_file.dumps(EnvironmentRecord(key=NEIGHBOUR)).encode()
    path = standing_path(GOOD[0]).removeprefix(f"{RECORDS}/")
    with pytest.raises(RecordInvalid, match="another environment"):
        indexed({f"{path}/record.toml": text}, RECORDS).read(GOOD[0])


def test_a_record_below_a_directory_takes_nobodys_place() -> None:
    right, wrong = EnvironmentRecord(key=GOOD[0]), EnvironmentRecord(key=NEIGHBOUR)
    path = standing_path(GOOD[0]).removeprefix(f"{RECORDS}/")
    found = indexed(
        {
            f"{path}/record.toml": record_file.dumps(right).encode(),
            f"{path}/x/record.toml": record_file.dumps(wrong).encode(),
        },
        RECORDS,
    )
    assert found.read(GOOD[0]) == right


# --- a real engine ---


@pytest.mark.docker
def test_no_file_in_the_index_of_a_real_engine_stops_anything(tmp_path: Path) -> None:
    with docker_machine() as machine, docker_bench(machine, tmp_path) as bench:
        assert isinstance(bench, DockerBench)
        with bench.lock() as lock:
            lock.write_record(EnvironmentRecord(key=bench.key))
        name, entry = own(bench.key)
        nasty = {
            "bytes.toml": b"\xff\0\xfe",
            "deep.toml": MONSTERS[1],
            own(NEIGHBOUR)[0]: entry,
            "second.toml": entry,
            f"below/{name}": b"= = =",
        }
        script = [f"mkdir -p {INDEX}/below && cd {INDEX}"]
        script += [
            f"echo {base64.b64encode(content).decode()} | base64 -d > {file}"
            for file, content in nasty.items()
        ]
        script += ["ln -s round.toml round.toml", "ln round.toml again.toml", "mkfifo pipe.toml"]
        odd = (*nasty, "round.toml", "again.toml", "pipe.toml")
        bench._machine.in_volumes(" && ".join(script))
        try:
            assert bench.world.records.recorded() == (bench.key,)  # type: ignore[attr-defined]
            assert bench.world.records.environments(bench.key.project) == (bench.key,)
            assert set(bench.world.records.read_all(bench.key.project)) == {bench.key}
            assert bench.world.records.unreadable() == tuple(sorted(odd))
        finally:
            bench._machine.in_volumes(f"cd {INDEX} && rm -rf below {' '.join(odd)}")
