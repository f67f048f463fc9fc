from pathlib import Path

import pytest

from compartment_tui.adapters.project_file.init import init_project
from compartment_tui.adapters.project_file.project import TomlProject
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
        ("api", "services/api", Kind.API, 1),
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


def written(root: Path, path: str, text: str = "FROM busybox:1\n") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def placed(root: Path) -> dict[str, tuple[str, str]]:
    """By service: its path and its Dockerfile, as the file that was written says."""
    init_project(root, "shop")
    services = TomlProject.find(root).config().services
    return {one.name: (one.path or "", one.build.dockerfile) for one in services}


def test_every_name_of_a_dockerfile_is_found(tmp_path: Path) -> None:
    for path in ("Dockerfile.web", "worker.Dockerfile", "api/Containerfile", "docs/dockerfile"):
        written(tmp_path, path)
    written(tmp_path, "Dockerfile.web.dockerignore", "x\n")
    written(tmp_path, "Dockerfile.bak")
    assert placed(tmp_path) == {
        "web": (".", "Dockerfile.web"),
        "worker": (".", "worker.Dockerfile"),
        "api": ("api", "Containerfile"),
        "docs": ("docs", "dockerfile"),
    }


def test_variants_beside_it_are_named_and_not_taken(tmp_path: Path) -> None:
    for path in ("Dockerfile", "Dockerfile.dev", "Dockerfile.worker", "api/Dockerfile.dev"):
        written(tmp_path, path)
    written(tmp_path, "api/Dockerfile.prod")
    found = init_project(tmp_path, "shop")
    assert [name for name, _ in found.services] == ["web", "worker", "api"]
    assert found.dockerfiles == {"worker": "Dockerfile.worker", "api": "Dockerfile.prod"}
    notes = [note for note in found.notes if "not taken" in note]
    assert notes == [
        "Dockerfile.dev was seen and not taken: it stands beside Dockerfile",
        "api/Dockerfile.dev was seen and not taken: it stands beside Dockerfile.prod",
    ]


def test_what_lies_aside_is_named_and_what_is_others_is_not_looked_into(tmp_path: Path) -> None:
    written(tmp_path, ".gitignore", "# mine\n/generated/\n*.log\n")
    aside = ("examples/x", "test/app", "tests", "testdata/y", "fixtures", "src/fixtures")
    for folder in (*aside, "node_modules/x", "vendor/y", ".cache", "generated", "app"):
        written(tmp_path, f"{folder}/Dockerfile")
    found = init_project(tmp_path, "shop")
    assert found.services == (("app", "app"),)
    notes = [note.partition(" was")[0] for note in found.notes if "not taken" in note]
    assert sorted(notes) == sorted(f"{folder}/Dockerfile" for folder in aside)


def test_what_leads_away_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    written(tmp_path, "outside/Dockerfile")
    written(root, "app/Dockerfile")
    for name, target in (("away", "../../outside/Dockerfile"), ("nowhere", "nothing")):
        (root / name).mkdir()
        (root / name / "Dockerfile").symlink_to(target)
    (root / "loop").symlink_to(root)
    (root / "folder" / "Dockerfile").mkdir(parents=True)
    found = init_project(root, None)
    assert found.services == (("app", "app"),)
    assert [note for note in found.notes if "not taken" in note] == [
        "away/Dockerfile was seen and not taken: it leads out of the repository",
        "nowhere/Dockerfile was seen and not taken: it is no file",
    ]


MONOREPO = ("packages/shared/index.js", "package.json", "apps/web/src/main.js", "apps/web/conf")


@pytest.mark.parametrize(
    ("copied", "path"),
    [
        ("COPY packages/shared ./shared", "."),
        ("copy --chown=1:1 packages/shared ./shared", "."),
        ('COPY ["packages/shared", "apps/web", "./"]', "."),
        ("ADD package*.json apps/web/src /app/", "."),
        ("COPY \\\n  # why\n  packages/shared \\\n  ./shared", "."),
        ("COPY /packages/shared .", "."),
        ("COPY ../../packages/shared .", "."),
        ("RUN --mount=type=bind,source=packages/shared,target=/s make", "."),
        ("FROM busybox AS a\nCOPY packages/shared .\nFROM busybox\nCOPY --from=a /x /x", "."),
        ("COPY . .", "apps/web"),
        ("COPY src .", "apps/web"),
        ("COPY src conf package.json ./", "apps/web"),
        ("COPY --from=builder /packages/shared /x", "apps/web"),
        ("COPY dist /app", "apps/web"),
        ("ADD https://example.com/packages/shared /x", "apps/web"),
        ("COPY ${DIR}/shared /x", "apps/web"),
        ("RUN <<EOF\nCOPY packages/shared .\nEOF", "apps/web"),
        ("COPY <<EOF /x\nCOPY packages/shared .\nEOF", "apps/web"),
        ("# COPY packages/shared .", "apps/web"),
        ("COPY [broken, json .", "apps/web"),
    ],
)
def test_the_context_is_where_its_sources_are(tmp_path: Path, copied: str, path: str) -> None:
    for file in MONOREPO:
        written(tmp_path, file)
    written(tmp_path, "apps/web/Dockerfile", f"FROM busybox:1\n{copied}\nEXPOSE 8080\n")
    dockerfile = "apps/web/Dockerfile" if path == "." else "Dockerfile"
    assert placed(tmp_path) == {"web": (path, dockerfile)}


def test_a_name_that_needs_quotes_is_written_with_them(tmp_path: Path) -> None:
    written(tmp_path, 'a "b"\\\n\tc/Dockerfile')
    assert placed(tmp_path) == {"a-b-c": ('a "b"\\\n\tc', "Dockerfile")}
