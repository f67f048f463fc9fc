"""What `docker save` hands out, as several versions of the engine lay it out."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compartment_tui.adapters.docker.resources.image_file import ArchivePart, ImageFile
from compartment_tui.domain.errors import DiskFull, EngineProblem

LAYERS = (b"lowest", b"", b"highest")
CONFIG = json.dumps({"rootfs": {"type": "layers", "diff_ids": ["a", "b", "c"]}}).encode()
ID = f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"
Files = dict[str, bytes | str]
"""By name: the content, or where a link leads."""


def archive(files: Files) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as writer:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                writer.addfile(member)
                continue
            member.size = len(content)
            writer.addfile(member, io.BytesIO(content))
    return made.getvalue()


def manifest(config: str, *layers: str) -> bytes:
    return json.dumps([{"Config": config, "RepoTags": None, "Layers": layers}]).encode()


def legacy() -> Files:
    """As engines before 25: equal layers are links."""
    return {
        "one/layer.tar": LAYERS[0],
        "two/layer.tar": LAYERS[1],
        "three/layer.tar": "../four/layer.tar",
        "four/layer.tar": LAYERS[2],
        "config.json": CONFIG,
        "manifest.json": manifest(
            "config.json", "one/layer.tar", "two/layer.tar", "three/layer.tar"
        ),
    }


def blobs() -> Files:
    """As engines from 25 on: everything by its digest, the manifest somewhere in between."""
    names = [f"blobs/sha256/{hashlib.sha256(layer).hexdigest()}" for layer in LAYERS]
    return {
        "oci-layout": b"{}",
        "manifest.json": manifest("blobs/sha256/c0", *names),
        "blobs/sha256/c0": CONFIG,
        "index.json": b"{}",
        **dict(zip(names, LAYERS, strict=True)),
    }


def read(files: Files, image: str = ID) -> ImageFile:
    file = ImageFile(image)
    file.write(archive(files))
    file.end()
    return file


def bytes_of(parts: tuple[ArchivePart, ...]) -> bytes:
    pieces = b"".join(piece for part in parts for piece in part.pieces())
    assert len(pieces) == sum(part.size for part in parts)
    return pieces


def contents(parts: tuple[ArchivePart, ...]) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bytes_of(parts))) as reader:
        found = {member.name: reader.extractfile(member) for member in reader}
        return {name: file.read() for name, file in found.items() if file is not None}


@pytest.mark.parametrize("layout", [legacy, blobs])
def test_either_layout_is_sent_in_one_form(layout: Callable[[], Files]) -> None:
    file = read(layout())
    assert not file.by_digest
    sent = contents(file.parts())
    (described,) = json.loads(sent["manifest.json"])
    assert sent[described["Config"]] == CONFIG
    assert tuple(sent[name] for name in described["Layers"]) == LAYERS
    file.close()


def test_layers_that_are_there_are_left_out_and_the_rest_is_named_alike() -> None:
    file = read(legacy())
    assert sorted(contents(file.parts(2))) == ["config.json", "layer-2", "manifest.json"]
    assert sorted(contents(file.parts(3))) == ["config.json", "manifest.json"]
    file.close()


def test_the_engine_names_the_first_that_it_lacks() -> None:
    file = read(legacy())
    said = "open /var/lib/docker/tmp/docker-import-17/layer-2: no such file or directory"
    assert file.first_named(said) == 2
    assert file.first_named("layer-99") == 3
    assert file.first_named("something else went wrong") == 0
    file.close()


def test_an_image_that_is_named_by_its_manifest_is_known_and_handed_on_as_it_is() -> None:
    file = read(blobs(), image=f"sha256:{'1' * 64}")
    assert file.by_digest
    assert bytes_of(file.as_saved()) == archive(blobs())
    file.close()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.json": b"[]"},
        {"manifest.json": b"{"},
        {"manifest.json": manifest("config.json"), "config.json": CONFIG},
        {**legacy(), "manifest.json": manifest("config.json", "one", "two", "three")},
        {**legacy(), "four/layer.tar": "../../../etc/passwd"},
        {**legacy(), "config.json": b"[]"},
    ],
)
def test_what_is_no_image_is_refused_in_words(files: Files) -> None:
    file = ImageFile(ID)
    file.write(archive(files))
    with pytest.raises(EngineProblem, match="handed out as the image"):
        file.end()
    file.close()


def test_half_an_archive_is_none() -> None:
    file = ImageFile(ID)
    file.write(archive(legacy())[:700])
    with pytest.raises(EngineProblem, match="handed out as the image"):
        file.end()
    file.close()


def test_nobody_else_finds_the_file_while_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    file = read(legacy())
    assert list(tmp_path.iterdir()) == []
    file.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is full")
def test_no_room_here_is_told_as_that() -> None:
    file = ImageFile(ID)
    with Path("/dev/full").open("r+b") as full:
        os.dup2(full.fileno(), file._file.fileno())
        with pytest.raises(DiskFull, match="while it is carried") as refused:
            file.write(b"x" * (1024 * 1024))
    assert "TMPDIR" in refused.value.hint
    file.close()
