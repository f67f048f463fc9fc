"""Whose an environment is: remotes in all their spellings, and which repositories are the same."""

from datetime import UTC, datetime

import pytest

from compartment_tui.domain.errors import OwnedElsewhere
from compartment_tui.domain.names import EnvironmentKey
from compartment_tui.domain.owner import Origin, Owner, refuse_other, remote_name

SHOP = "github.com/acme/shop"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/shop.git", SHOP),
        ("https://github.com/acme/shop", SHOP),
        ("https://github.com/acme/shop/", SHOP),
        ("https://GitHub.com//acme/shop.git/", SHOP),
        ("https://ada:ghp_token@github.com/acme/shop.git", SHOP),
        ("https://ada:p@ss@github.com/acme/shop.git", SHOP),
        ("https://ada:pa/ss@github.com/acme/shop.git", SHOP),
        ("https://github.com:443/acme/shop.git?token=abc#x", SHOP),
        ("http://github.com/acme/shop", SHOP),
        ("git://github.com/acme/shop.git", SHOP),
        ("git@github.com:acme/shop.git", SHOP),
        ("github.com:acme/shop", SHOP),
        ("git@github.com:/acme/shop.git", SHOP),
        ("oauth2:token@github.com:acme/shop.git", SHOP),
        ("ssh://git@github.com/acme/shop.git", SHOP),
        ("ssh://git@github.com:22/acme/shop.git", SHOP),
        ("git+ssh://git@github.com/acme/shop.git", SHOP),
        ("ssh://git@ssh.github.com:443/acme/shop.git", SHOP),
        ("ssh://git@git.example.com:2222/acme/shop.git", "git.example.com/acme/shop"),
        ("[git@git.example.com:2222]:acme/shop.git", "git.example.com/acme/shop"),
        ("https://git.example.com/acme/shop%20two.git", "git.example.com/acme/shop two"),
        ("https://git.example.com/scm/acme/shop.git", "git.example.com/acme/shop"),
        ("ssh://git@git.example.com:7999/acme/shop.git", "git.example.com/acme/shop"),
        ("https://acme@dev.azure.com/acme/p/_git/shop", "dev.azure.com/acme/p/shop"),
        ("git@ssh.dev.azure.com:v3/acme/p/shop", "dev.azure.com/acme/p/shop"),
        ("ssh://git@[::1]:2222/acme/shop", "::1/acme/shop"),
        ("git@host:acme/@scope/shop", "host/acme/@scope/shop"),
        ("codecommit::us-east-1://team@shop", ""),
        ("/srv/git/shop.git", "laptop:/srv/git/shop"),
        ("file:///srv/git/shop.git", "laptop:/srv/git/shop"),
        ("file:///srv/one%20shop/.git/", "laptop:/srv/one shop"),
        ("../shop", "laptop:../shop"),
        ("", ""),
    ],
)
def test_a_remote_is_one_whichever_way_it_is_reached(url: str, name: str) -> None:
    assert remote_name(url, host="laptop") == name


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:hunter2@github.com/acme/shop",
        "https://hunter2@github.com/acme/shop",
        "https://ada:hun/ter2/hunter2@github.com/acme/shop",
        "oauth2:hunter2@github.com:acme/shop",
        "https://github.com/acme/shop?private_token=hunter2",
        "ftp://ada:hunter2@host/shop",
        "transport::https://ada:hunter2@github.com/acme/shop",
        "https://ada:hunter2@",
    ],
)
def test_no_credentials_are_left_in_it(url: str) -> None:
    assert "hunter2" not in remote_name(url, host="laptop")


HERE = Origin(remotes=(SHOP,), first_commit="a" * 40, host="laptop", directory="/home/ada/shop")
CLONE = Origin(remotes=(SHOP,), host="ci-7", directory="/builds/shop")
FORK = Origin(
    remotes=("github.com/bob/shop",), first_commit="a" * 40, host="box", directory="/home/bob/shop"
)
PLAIN = Origin(host="laptop", directory="/home/ada/shop")
LOCAL = Origin(first_commit="c" * 40, host="laptop", directory="/home/ada/shop")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HERE, CLONE),  # a shallow clone does not know its first commit, but its remote
        (HERE, FORK),
        (HERE, Origin(remotes=("github.com/bob/shop", "GitHub.com/Acme/Shop"), host="x")),
        (HERE, Origin(remotes=("laptop:/home/ada/shop",), host="laptop", directory="/tmp/two")),
        (PLAIN, HERE),  # `git init` and a first remote came later
        (LOCAL, Origin(first_commit="d" * 40, host="laptop", directory="/home/ada/shop")),
        (LOCAL, Origin(first_commit="c" * 40, host="box", directory="/home/bob/shop")),
        (HERE, Origin(remotes=("gitlab.com/acme/shop",), first_commit="a" * 40, host="laptop",
                      directory="/home/ada/shop")),
        (
            Origin(remotes=(SHOP,), path="a", host="laptop", directory="/w/a"),
            Origin(remotes=(SHOP,), path="a", host="box", directory="/x/a"),
        ),
    ],
)  # fmt: skip
def test_the_same_repository_is_not_asked(one: Origin, other: Origin) -> None:
    assert one.is_same(other)
    assert other.is_same(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HERE, Origin(remotes=("github.com/bob/toys",), first_commit="b" * 40, host="box")),
        (PLAIN, Origin(host="laptop", directory="/home/ada/other")),
        (PLAIN, Origin(host="box", directory="/home/ada/shop")),
        (CLONE, Origin(remotes=("github.com/bob/shop",), host="ci-8", directory="/builds/shop")),
        # One place that a build machine checks everything out to.
        (CLONE, Origin(remotes=("github.com/bob/shop",), host="ci-7", directory="/builds/shop")),
        (Origin(), Origin(host="box", directory="/x")),
        # Two projects of one repository.
        (
            Origin(remotes=(SHOP,), path="a", first_commit="a", host="laptop", directory="/w/a"),
            Origin(remotes=(SHOP,), path="b", first_commit="a", host="laptop", directory="/w/b"),
        ),
    ],
)
def test_another_repository_is(one: Origin, other: Origin) -> None:
    assert not one.is_same(other)
    assert not other.is_same(one)


def test_it_is_said_who_and_where_and_when_and_what_this_is() -> None:
    key = EnvironmentKey("shop", "production")
    owner = Owner(origin=HERE, actor="ada@laptop", at=datetime(2026, 1, 2, 10, 0, tzinfo=UTC))
    refuse_other(key, None, PLAIN)
    refuse_other(key, owner, FORK)
    with pytest.raises(OwnedElsewhere) as refused:
        refuse_other(key, owner, Origin(host="box", directory="/home/bob/shop"))
    assert refused.value.message == (
        "“production” of shop belongs to github.com/acme/shop (ada@laptop, 2026-01-02 10:00 UTC),"
        " and this is /home/bob/shop on box"
    )
    assert "--take-over" in refused.value.hint


def test_two_projects_of_one_repository_are_told_apart_by_where_they_lie() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    one = Origin(remotes=(SHOP,), path="a", host="laptop", directory="/w/a")
    other = Origin(remotes=(SHOP,), path="b", host="laptop", directory="/w/b")
    with pytest.raises(OwnedElsewhere, match=r"shop \(a\) .* this is github.com/acme/shop \(b\)"):
        refuse_other(EnvironmentKey("shop", "p"), Owner(origin=one, actor="x", at=at), other)
