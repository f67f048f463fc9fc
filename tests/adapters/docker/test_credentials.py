"""A credential helper that does not work: a build and a pull go on without, and say so."""

import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker import auth

import compartment_tui.adapters.docker.api.sdk  # noqa: F401 - how it reads configurations
from compartment_tui.adapters.docker.api.registry_credentials import without_broken_store

HELPERS = {
    "missing": None,
    "failing": "#!/bin/sh\necho broken >&2; exit 1\n",
    "no JSON": "#!/bin/sh\necho hello\n",
    "another shape": "#!/bin/sh\necho '[]'\n",
    "not to be run": "no program at all",
}
IMAGES = (None, "busybox:1", "registry.example.com/shop/web:1")


def session(configuration: dict[str, Any]) -> Any:  # noqa: ANN401 - stands in for the SDK's client
    return SimpleNamespace(credentials=auth.load_config(config_dict=configuration))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("reference", IMAGES)
@pytest.mark.parametrize("helper", HELPERS)
def test_it_goes_on_without_credentials(
    helper: str, reference: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = HELPERS[helper]
    if content is not None:
        program = tmp_path / "docker-credential-desktop"
        program.write_text(content, encoding="utf-8")
        program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    own = {"https://other.example.com": {"auth": "dTpw"}}
    asked = session({"auths": own, "credsStore": "desktop"})
    note = without_broken_store(asked, reference)
    assert note is not None
    assert "without credentials" in note
    assert "\n" not in note
    # What stands in the configuration itself is still used, and the helper is not asked again.
    assert asked.credentials.resolve_authconfig("other.example.com")["password"] == "p"
    assert not asked.credentials.is_empty
    assert without_broken_store(asked, reference) is None


def test_a_helper_of_one_registry_is_not_asked_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    configuration = {"credHelpers": {"registry.example.com": "nosuch"}}
    assert without_broken_store(session(dict(configuration)), "busybox:1") is None
    assert without_broken_store(session(dict(configuration)), "registry.example.com/x") is not None


def test_without_a_helper_nothing_is_said() -> None:
    known: tuple[dict[str, Any], ...] = ({}, {"x.example": {"auth": "dTpw"}})
    for auths in known:
        for reference in IMAGES:
            assert without_broken_store(session({"auths": auths}), reference) is None


@pytest.mark.parametrize(
    "broken",
    [{"auths": {"x": {"auth": "\u00e9"}}}, {"auths": {"x": 5}}, {"auths": 5}, {"credsStore": 5}],
)
def test_a_broken_configuration_is_none(broken: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(broken), encoding="utf-8")
    found = auth.load_config(config_path=str(tmp_path / "config.json"))
    without_broken_store(cast(Any, SimpleNamespace(credentials=found)), "busybox:1")
