from pathlib import Path

import pytest

from compartment_tui.adapters.toml.init import init_project
from compartment_tui.adapters.toml.project import TomlProject
from compartment_tui.domain.config import Kind
from compartment_tui.domain.errors import UsageProblem


def dockerfile(root: Path, path: str, text: str = "FROM busybox:1\n") -> None:
    (root / path).mkdir(parents=True, exist_ok=True)
    (root / path / "Dockerfile").write_text(text, encoding="utf-8")


def test_one_service_for_every_dockerfile(tmp_path: Path) -> None:
    dockerfile(tmp_path, ".", "FROM busybox:1\nEXPOSE 8080/tcp 9090\n")
    dockerfile(tmp_path, "services/api", "FROM a AS b\nEXPOSE 1\nFROM b\nexpose 53/udp 4000\n")
    dockerfile(tmp_path, "services/mail-worker")
    dockerfile(tmp_path, "services/Front End")
    found = init_project(tmp_path, "shop")
    assert found.name == "shop"
    assert found.services == (
        ("web", "."),
        ("front-end", "services/Front End"),
        ("api", "services/api"),
        ("mail-worker", "services/mail-worker"),
    )
    services = TomlProject.find(tmp_path).config().services
    assert [(one.name, one.path, one.kind, one.port) for one in services] == [
        ("web", ".", Kind.WEB, 8080),
        ("front-end", "services/Front End", Kind.WEB, None),
        ("api", "services/api", Kind.API, 4000),
        ("mail-worker", "services/mail-worker", Kind.WORKER, None),
    ]
    assert [note.partition(":")[0] for note in found.notes] == ["front-end"]


def test_places_that_are_nobodys_service(tmp_path: Path) -> None:
    for path in ("node_modules/x", ".hidden", ".git", "mine", "a/b/c/d", "vendor"):
        dockerfile(tmp_path, path)
    (tmp_path / "mine" / "pyvenv.cfg").write_text("", encoding="utf-8")
    dockerfile(tmp_path, "a/b/c")
    assert init_project(tmp_path, "shop").services == (("c", "a/b/c"),)


def test_equal_names_get_numbers(tmp_path: Path) -> None:
    for path in (".", "old/web", "new/web"):
        dockerfile(tmp_path, path)
    names = [name for name, _ in init_project(tmp_path, "shop").services]
    assert names == ["web", "web-2", "web-3"]
    assert len(TomlProject.find(tmp_path).config().services) == 3


def test_nothing_found_is_said_and_the_file_is_still_valid(tmp_path: Path) -> None:
    found = init_project(tmp_path, "shop")
    assert found.services == ()
    assert "no Dockerfile" in found.notes[0]
    assert TomlProject.find(tmp_path).config().services == ()
    text = found.file.read_text(encoding="utf-8")
    uncommented = "\n".join(
        line[2:] if line.startswith(("# [", "# path", "# port", "# read")) else line
        for line in text.splitlines()
    )
    found.file.write_text(uncommented, encoding="utf-8")
    assert TomlProject.find(tmp_path).config().services[0].port == 8080


@pytest.mark.parametrize(
    ("directory", "name"),
    [("My Shop", "my-shop"), ("99 bottles", "bottles"), ("über", "ber"), ("42", "project")],
)
def test_the_directory_names_the_project(tmp_path: Path, directory: str, name: str) -> None:
    (tmp_path / directory).mkdir()
    assert init_project(tmp_path / directory, None).name == name


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "compartment.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageProblem, match="already"):
        init_project(tmp_path, "shop")
    assert (tmp_path / "compartment.toml").read_text(encoding="utf-8") == "mine"


def test_a_name_that_is_none_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem):
        init_project(tmp_path, "My Shop")
    assert not (tmp_path / "compartment.toml").exists()


def test_the_files_lines_are_short(tmp_path: Path) -> None:
    dockerfile(tmp_path, "services/api")
    text = init_project(tmp_path, "shop").file.read_text(encoding="utf-8")
    assert max(len(line) for line in text.splitlines()) <= 100
