"""What every `Project` and every `Secrets` promises about edits and sensitive values."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyrage
import pytest

from compartment_tui.adapters.memory.clock import FakeClock
from compartment_tui.adapters.memory.project import MemoryProject
from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.adapters.secrets import AgeSecrets
from compartment_tui.domain.config import ProjectConfig, ServiceSpec
from compartment_tui.domain.deployment import EnvironmentRecord
from compartment_tui.domain.engine import EngineIdentity
from compartment_tui.domain.errors import NotFound, SensitiveUnreadable, UsageProblem
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.seals import MovedValue, SealPlace
from compartment_tui.domain.variable import Secret, Sensitivity
from compartment_tui.domain.variables.edits import (
    Edit,
    Rekey,
    RemoveEnvironment,
    RemoveVariable,
    SetVariable,
)
from compartment_tui.domain.variables.views import Unsealed
from compartment_tui.ports import Project, Secrets

TEXT = '[project]\nname = "shop"\n[services]\nweb = "web"\n'


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A project, the secrets of its owner, and somebody else's."""

    project: Project
    ours: Secrets
    others: Secrets
    as_other: Callable[[], Project]
    """The same project, opened by somebody else."""


def in_memory(_root: Path) -> Repository:
    secrets, others = MemorySecrets(), MemorySecrets("age1other")
    others.share(secrets)
    config = ProjectConfig(name="shop", services=(ServiceSpec(name="web", path="web"),))
    project = MemoryProject(config, FakeClock(), secrets=secrets)

    def as_other() -> Project:
        return MemoryProject(project.current, FakeClock(), secrets=others)

    return Repository(project=project, ours=secrets, others=others, as_other=as_other)


def on_disk(root: Path) -> Repository:
    file = root / "compartment.toml"
    file.write_text(TEXT, encoding="utf-8")
    secrets, others = AgeSecrets({}, root / "ours"), AgeSecrets({}, root / "theirs")
    return Repository(
        project=TomlProject(file, secrets),
        ours=secrets,
        others=others,
        as_other=lambda: TomlProject(file, others),
    )


@pytest.fixture(params=[in_memory, on_disk], ids=["memory", "file"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    made: Repository = request.param(tmp_path)
    return made


@pytest.fixture
def in_old_form() -> Callable[[Secrets, str], str]:
    """Seals for the identity as the earlier version did."""

    def seal(secrets: Secrets, value: str) -> str:
        names = secrets.make_identity().recipients
        if isinstance(secrets, MemorySecrets):
            return secrets.seal_in_old_form(Secret(value), names)
        known = [pyrage.x25519.Recipient.from_str(one) for one in names]
        return pyrage.encrypt(value.encode(), known, armored=True).decode()

    return seal


def put(key: str, value: str, service: str | None = None, *, sensitive: bool = False) -> Edit:
    return SetVariable(
        environment="staging",
        service=service,
        key=key,
        value=Secret(value),
        sensitivity=Sensitivity.SENSITIVE if sensitive else Sensitivity.PLAIN,
    )


def here(key: str) -> SealPlace:
    return SealPlace(project="shop", environment="staging", key=key)


def recipient(secrets: Secrets) -> str:
    return secrets.make_identity().recipients[0]


def sealed(config: ProjectConfig, key: str) -> str:
    found = config.environment("staging").variables[key]
    assert (found.value, found.sensitivity) == (None, Sensitivity.SENSITIVE)
    assert found.sealed is not None
    return found.sealed


def test_what_is_written_is_what_is_read(repository: Repository) -> None:
    project = repository.project
    config = project.edit((put("A", "1"), put("B", ""), put("A", "of web", "web")))
    assert config == project.config()
    found = config.environment("staging")
    assert {key: one.shown() for key, one in found.variables.items()} == {"A": "1", "B": ""}
    assert found.services["web"]["A"].value == Secret("of web")
    project.edit((RemoveVariable(environment="staging", key="A"), put("B", "2")))
    found = project.config().environment("staging")
    assert {key: one.shown() for key, one in found.variables.items()} == {"B": "2"}
    assert found.services["web"]["A"].value == Secret("of web")


def test_what_is_not_there_is_removed_without_a_word(repository: Repository) -> None:
    before = repository.project.config()
    edits = (RemoveVariable(environment="x", key="A"), RemoveEnvironment(environment="y"))
    repository.project.edit(edits)
    left = repository.project.config().environments
    assert all(not one.variables and not one.services for one in left)
    assert before.environments == ()


def test_all_edits_are_made_or_none(repository: Repository) -> None:
    for bad, error in (
        (put("A B", "x"), UsageProblem),
        (put("A", "a\0b"), UsageProblem),
        (put("A", "x", "nobody"), NotFound),
        (put("A", "x", sensitive=True), UsageProblem),
    ):
        with pytest.raises(error):
            repository.project.edit((put("B", "1"), bad))
    assert repository.project.config().environments == ()


def test_an_environment_goes_with_all_it_has(repository: Repository) -> None:
    repository.project.edit((put("A", "1"), put("A", "2", "web")))
    config = repository.project.edit((RemoveEnvironment(environment="staging"),))
    assert [one.name for one in config.environments] == []


def test_sensitive_values_are_read_by_their_recipients_only(repository: Repository) -> None:
    project, ours, others = repository.project, repository.ours, repository.others
    project.edit((Rekey(add=(recipient(ours),)),))
    text = sealed(project.edit((put("A", "s3cret", sensitive=True),)), "A")
    assert "s3cret" not in text
    assert (ours.unseal(text, here("A")).value, others.unseal(text, here("A")).value) == (
        Secret("s3cret"),
        None,
    )
    with pytest.raises(SensitiveUnreadable):
        repository.as_other().edit((Rekey(add=(recipient(others),)),))
    config = project.edit((Rekey(add=(recipient(others),), remove=(recipient(ours),)),))
    assert config.recipients == (recipient(others),)
    text = sealed(config, "A")
    assert (ours.unseal(text, here("A")).value, others.unseal(text, here("A")).value) == (
        None,
        Secret("s3cret"),
    )


def test_edits_beside_a_sensitive_value_need_no_identity(repository: Repository) -> None:
    project = repository.project
    project.edit((Rekey(add=(recipient(repository.ours),)), put("A", "x", sensitive=True)))
    text = sealed(project.config(), "A")
    theirs = repository.as_other()
    config = theirs.edit((put("B", "1"), put("C", "new", sensitive=True)))
    assert sealed(config, "A") == text
    assert repository.others.unseal(sealed(config, "C"), here("C")).value is None
    assert repository.ours.unseal(sealed(config, "C"), here("C")).value == Secret("new")


def test_who_is_no_recipient_is_refused(repository: Repository) -> None:
    for secrets in (repository.ours, repository.others):
        mine = recipient(secrets)
        assert secrets.identity().recipients == (mine,)
        assert secrets.check_recipient(f" {mine} ") == mine
        with pytest.raises(UsageProblem):
            secrets.check_recipient("nonsense")
        with pytest.raises(UsageProblem):
            secrets.seal(Secret("x"), (), here("A"))
        assert secrets.unseal("nonsense", here("A")).value is None


def test_a_sealed_value_opens_in_its_place_alone(repository: Repository) -> None:
    secrets = repository.ours
    mine, place = recipient(secrets), here("A")
    text = secrets.seal(Secret("s3cret"), (mine,), place)
    assert secrets.unseal(text, place) == Unsealed(value=Secret("s3cret"))
    for other in (
        here("B"),
        replace(place, service="web"),
        replace(place, environment="production"),
        replace(place, project="other"),
    ):
        assert secrets.unseal(text, other) == Unsealed(sealed_for=place)
    assert secrets.old_seals() == ()


def test_one_in_the_old_form_opens_anywhere_until_it_is_sealed_again(
    repository: Repository, in_old_form: Callable[[Secrets, str], str]
) -> None:
    secrets = repository.ours
    mine = recipient(secrets)
    text = in_old_form(secrets, "s3cret")
    for place in (here("A"), here("B")):
        assert secrets.unseal(text, place) == Unsealed(value=Secret("s3cret"))
    assert secrets.old_seals() == (here("A"), here("B"))
    secrets.seal(Secret("s3cret"), (mine,), here("A"))
    assert secrets.old_seals() == (here("B"),)


def test_what_was_sealed_for_another_place_is_sealed_again_only_as_agreed(
    repository: Repository,
) -> None:
    project, secrets = repository.project, repository.ours
    project.edit((Rekey(add=(recipient(secrets),)), put("A", "s3cret", sensitive=True)))
    moved = move(repository, "A", "B")
    before = project.config()
    with pytest.raises(SensitiveUnreadable, match="B in “staging” was sealed for A in “staging”"):
        project.edit((Rekey(),))
    other = MovedValue(here=here("B"), sealed_for=here("C"))
    with pytest.raises(SensitiveUnreadable, match="opens nowhere else"):
        project.edit((Rekey(moved=(other,)),))
    assert project.config() == before
    text = sealed(project.edit((Rekey(moved=(moved,)),)), "B")
    assert secrets.unseal(text, here("B")).value == Secret("s3cret")


def move(repository: Repository, old: str, new: str) -> MovedValue:
    """Somebody writes the key of a sensitive value anew, by hand."""
    project = repository.project
    if isinstance(project, MemoryProject):
        (environment,) = project.current.environments
        found = replace(environment.variables[old], key=new)
        changed = replace(environment, variables={new: found})
        project.write(replace(project.current, environments=(changed,)))
    else:
        text = project.file.read_text(encoding="utf-8")
        project.file.write_text(text.replace(f"{old} = {{", f"{new} = {{"), encoding="utf-8")
    return MovedValue(here=here(new), sealed_for=here(old))


def test_a_reader_nobody_agreed_to_is_refused(repository: Repository) -> None:
    project = repository.project
    mine, theirs = recipient(repository.ours), recipient(repository.others)
    project.edit((Rekey(add=(mine, theirs)),), readers={mine, theirs})
    before = project.config()
    for edit in (put("A", "s3cret", sensitive=True), Rekey()):
        with pytest.raises(UsageProblem, match="would read it"):
            project.edit((edit,), readers={mine})
    assert project.config() == before
    project.edit((put("A", "plain"),), readers={mine})
    project.edit((put("B", "s3cret", sensitive=True),), readers={mine, theirs})


def test_whom_was_sealed_for_last_is_remembered(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = repository.project
    assert project.known_recipients() == frozenset()
    project.remember_recipients(("age1a", "age1b"))
    assert project.known_recipients() == {"age1a", "age1b"}
    project.remember_recipients(("age1b",))
    assert project.known_recipients() == {"age1b"}


def test_copies_are_by_engine(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.parent / f"{tmp_path.name}-state"))
    project, key = repository.project, EnvironmentKey("shop", "production")
    # One machine is a copy of the other, engine and all.
    old = EngineIdentity(address="ssh://old", id="1", machine="old")
    new = EngineIdentity(address="ssh://new", id="1", machine="new")
    assert project.copies_elsewhere(key, new) == {}
    there = EnvironmentRecord(key=key, active={"web": "dep_1"})
    project.keep_copy(there, old)
    project.keep_copy(EnvironmentRecord(key=EnvironmentKey("shop", "staging")), old)
    assert project.copies_elsewhere(key, new) == {"ssh://old": there}
    assert project.copies_elsewhere(key, old) == {}
    here = EnvironmentRecord(key=key)
    project.keep_copy(here, new)
    found = [
        copy[0] if copy else None
        for copy in map(partial(project.copy, key), ("ssh://old", "ssh://new"))
    ]
    assert found == [there, here]
