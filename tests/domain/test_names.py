import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compartment_tui.domain.errors import UsageProblem
from compartment_tui.domain.names import (
    LABEL_LIMIT,
    SLUG_LIMIT,
    EnvironmentKey,
    active_name,
    alias,
    container_name,
    deployment_of_alias,
    host,
    host_label,
    new_id,
    parse_environment_name,
    parse_project_name,
    parse_service_name,
    primary_web,
    short_hash,
    show,
    slug,
    stepping_aside_name,
)
from tests.domain.strategies import ENVIRONMENTS, KEYS, PROJECTS, SERVICES

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

PRODUCTION = EnvironmentKey("shop", "production")
STAGING = EnvironmentKey("shop", "staging")


@pytest.mark.parametrize("name", ["a", "shop", "shop-2", "a-", "a" * 63])
def test_project_names(name: str) -> None:
    assert parse_project_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "1a", "-a", "Shop", "a_b", "a.b", "a b", "a\n", "é", "a" * 64]
)
def test_what_is_no_project_name(name: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        parse_project_name(name)
    assert refused.value.hint


@pytest.mark.parametrize("name", ["a", "1", "web_2", "web-", "a" * 63])
def test_service_names(name: str) -> None:
    assert parse_service_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "Web", "a.b", "a\n", "a" * 64])
def test_what_is_no_service_name(name: str) -> None:
    with pytest.raises(UsageProblem):
        parse_service_name(name)


@pytest.mark.parametrize("name", ["a", "Prüfung 1", "../etc", " ", "{{ x }}", "🙂" * 63])
def test_environment_names(name: str) -> None:
    assert parse_environment_name(name) == name


def test_environments_are_compared_in_normal_form_c() -> None:
    assert parse_environment_name("pru\u0308fung") == "pr\u00fcfung"
    assert parse_environment_name("u\u0308" * 63) == "\u00fc" * 63


@pytest.mark.parametrize("name", ["", "x" * 64, "a\0b", "\udcff"])
def test_what_is_no_environment_name(name: str) -> None:
    with pytest.raises(UsageProblem):
        parse_environment_name(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "“plain”"),
        ("a\x1b[31m", "“a\\x1b[31m”"),
        ("a\nb", "“a\\nb”"),
        ("a\\nb", "“a\\\\nb”"),
        (" a ", "“\\x20a\\x20”"),
        ("\x85", "“\\u0085”"),
        ("right\u202eleft", "“right\\u202eleft”"),
        ("pr\u00fcfung", "“prüfung”"),
    ],
)
def test_foreign_names_are_shown_escaped(name: str, shown: str) -> None:
    assert show(name) == shown


@given(st.text())
def test_what_is_shown_is_printable(name: str) -> None:
    assert show(name).isprintable()


@pytest.mark.parametrize("name", ["a", "staging", "preview-1", "2", "a" * SLUG_LIMIT])
def test_a_plain_label_is_its_own_slug(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Staging", "staging-"),
        ("a_b", "a-b-"),
        ("-a", "a-"),
        ("a-", "a-"),
        ("feature/login page", "feature-login-page-"),
        ("🙂", "x-"),
        ("a" * 41, "a" * 33 + "-"),
    ],
)
def test_any_other_name_carries_a_hash(name: str, head: str) -> None:
    assert slug(name) == head + short_hash(name)


@given(ENVIRONMENTS)
@example("..")
@example("\ud800")
def test_a_slug_is_one_dns_label(name: str) -> None:
    assert DNS_LABEL.fullmatch(slug(name))
    assert len(slug(name)) <= SLUG_LIMIT


def test_a_short_hash_is_six_base32_characters() -> None:
    assert short_hash("staging") == short_hash("staging") != short_hash("Staging")
    assert re.fullmatch("[a-z2-7]{6}", short_hash("staging"))


@given(KEYS, KEYS)
@example(EnvironmentKey("a", "b-c"), EnvironmentKey("a-c", "b"))
@example(EnvironmentKey("a", "Staging"), EnvironmentKey("a", "staging"))
@example(EnvironmentKey("a", "x.y"), EnvironmentKey("a", "x-y"))
def test_different_environments_have_different_keys(
    one: EnvironmentKey, other: EnvironmentKey
) -> None:
    assume(one != other)
    assert one.text != other.text
    assert one.identifier != other.identifier


@given(KEYS)
def test_a_key_names_files_networks_and_locks(key: EnvironmentKey) -> None:
    assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", key.text)
    assert re.fullmatch(r"[a-z0-9-]+", key.identifier)


@pytest.mark.parametrize(
    ("key", "service", "primary", "label"),
    [
        (PRODUCTION, "web", True, "shop"),
        (STAGING, "web", True, "shop-staging"),
        (PRODUCTION, "api", False, "api-shop"),
        (STAGING, "api", False, "api-shop-staging"),
        (STAGING, "my_api", False, f"my-api-{short_hash('my_api')}-shop-staging"),
        (EnvironmentKey("shop", "PR 7"), "web", True, f"shop-pr-7-{short_hash('PR 7')}"),
    ],
)
def test_hosts(key: EnvironmentKey, service: str, primary: bool, label: str) -> None:
    assert host_label(key, service, primary=primary) == label
    assert host(key, service, primary=primary, base_domain="dev.test") == f"{label}.dev.test"


@given(KEYS, SERVICES, st.booleans())
def test_the_first_label_of_a_host_is_valid(
    key: EnvironmentKey, service: str, primary: bool
) -> None:
    label = host_label(key, service, primary=primary)
    assert len(label) <= LABEL_LIMIT
    assert DNS_LABEL.fullmatch(label)


@given(PROJECTS, ENVIRONMENTS, ENVIRONMENTS)
def test_environments_of_a_project_never_share_a_host(project: str, one: str, other: str) -> None:
    assume(one != other)
    labels = {
        host_label(EnvironmentKey(project, name), "web", primary=True) for name in (one, other)
    }
    assert len(labels) == 2


# Names made of the project's own are the ones that could be read two ways.
PIECES = st.lists(st.sampled_from(["a", "b", "production"]), min_size=1, max_size=5).map("-".join)
WHERE = st.tuples(PIECES | ENVIRONMENTS, st.none() | PIECES | SERVICES)


@given(PIECES | PROJECTS, WHERE, WHERE)
@example("shop", ("shop", None), ("production", "shop"))
@example("a", ("y", "x-a"), ("a-y", "x"))
@example("a-a", ("a", None), ("production", "a"))
def test_no_two_services_of_a_project_share_a_host(
    project: str, one: tuple[str, str | None], other: tuple[str, str | None]
) -> None:
    """A service that is None is the primary one, whatever its name."""
    assume(one != other)
    labels = {
        host_label(EnvironmentKey(project, environment), service or "web", primary=service is None)
        for environment, service in (one, other)
    }
    assert len(labels) == 2


CONTAINER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
"""What the engine takes for the name of a container, a network or a volume."""


@given(KEYS, KEYS, SERVICES, SERVICES)
@example(EnvironmentKey("a", "b"), EnvironmentKey("a", "B"), "web", "web")
@example(EnvironmentKey("a", "b"), EnvironmentKey("a", "b"), "a", "a_")
def test_no_two_services_share_a_container_name(
    one: EnvironmentKey, other: EnvironmentKey, service: str, another: str
) -> None:
    assume((one, service) != (other, another))
    for named in (active_name, stepping_aside_name):
        names = {named(service, one), named(another, other)}
        assert len(names) == 2
        assert all(CONTAINER.fullmatch(name) for name in names)
    deployment = new_id("dep", AT, bytes(10))
    assert len({container_name(service, deployment, key) for key in (one, other)}) == len(
        {one, other}
    )
    assert CONTAINER.fullmatch(container_name(service, deployment, one))


@given(KEYS)
@example(EnvironmentKey("a", ".."))
@example(EnvironmentKey("a", "a" * 63))
def test_a_key_is_a_file_name_anywhere(key: EnvironmentKey) -> None:
    name = f"{key.text}.toml"
    assert PurePath(name).name == name
    assert len(name.encode()) <= 255
    assert name == name.lower()  # also where file names have no case


@pytest.mark.parametrize(
    ("kinds", "primary"),
    [
        ([("web", "web"), ("shop", "web")], "web"),
        ([("shop", "web"), ("api", "api")], "shop"),
        ([("shop", "web"), ("blog", "web")], None),
        ([("web", "worker"), ("shop", "web")], "shop"),
        ([("api", "api")], None),
        ([], None),
    ],
)
def test_who_owns_the_short_host(kinds: list[tuple[str, str]], primary: str | None) -> None:
    assert primary_web(kinds) == primary


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ENTROPY = st.binary(min_size=10, max_size=10)


def test_an_id_is_a_prefix_and_a_ulid() -> None:
    assert new_id("dep", datetime(1970, 1, 1, tzinfo=UTC), bytes(10)) == "dep_" + "0" * 26
    assert new_id("run", AT, b"\xff" * 10) == "run_01KDYAK348ZZZZZZZZZZZZZZZZ"


@given(MOMENTS, ENTROPY, ENTROPY)
def test_ids_sort_by_age(at: datetime, one: bytes, other: bytes) -> None:
    later = at + timedelta(milliseconds=1)
    assert new_id("dep", at, one) < new_id("dep", later, other)


@given(MOMENTS, ENTROPY)
def test_an_alias_leads_back_to_its_deployment(at: datetime, entropy: bytes) -> None:
    deployment = new_id("dep", at, entropy)
    assert deployment_of_alias(alias(deployment)) == deployment
    assert DNS_LABEL.fullmatch(alias(deployment))


def test_the_names_a_container_bears() -> None:
    deployment = new_id("dep", AT, b"\xff" * 10)
    assert container_name("web", deployment, STAGING) == "web.zzzzzzzzzz.staging.shop"
    assert active_name("web", STAGING) == "web.a.staging.shop"
    assert stepping_aside_name("web", STAGING) == "web.b.staging.shop"
