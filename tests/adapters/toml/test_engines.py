"""`[engines]`: what it means, and what does not go together is told where it stands."""

import pytest

from compartment_tui.domain.config import BuildPlace, EngineSpec
from tests.adapters.toml.test_project import HEAD, problem, read

PROD = '[engines.prod]\naddress = "ssh://deploy@prod.example.com"\n'


def test_engines_reach_the_domain() -> None:
    config = read(
        HEAD
        + PROD
        + 'registry = "registry.example.com/shop"\nbuild_on = "local"\n'
        + '[engines.lab]\ncontext = "lab"\n'
        + '[environments.production]\nengine = "prod"\n[environments.staging]\n'
    )
    prod = EngineSpec(
        name="prod",
        address="ssh://deploy@prod.example.com",
        registry="registry.example.com/shop",
        build_on=BuildPlace.LOCAL,
    )
    assert config.engines == (prod, EngineSpec(name="lab", context="lab"))
    assert config.engine("prod") == prod
    assert [config.engine_of(name) for name in ("production", "staging", "pr-1")] == [
        "prod",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[engines.prod]\n", "[engines.prod] needs `address` or `context`", "ssh://"),
        (PROD + 'context = "prod"\n', "has both `address` and `context`", ""),
        (
            PROD + '[environments.production]\nengine = "prud"\n',
            "names no engine of this file; did you mean `prod`?",
            "engines: prod",
        ),
        ('[environments.a]\nengine = "prod"\n', "names no engine of this file", "[engines.NAME]"),
        (
            PROD + '[engines.live]\naddress = "ssh://deploy@prod.example.com:22/"\n',
            "engines.live.address is that of engines.prod, too",
            "keep one",
        ),
        (
            '[engines.a]\ncontext = "x"\n[engines.b]\ncontext = "x"\n',
            "engines.b.context is that of engines.a, too",
            "keep one",
        ),
        (
            '[engines.prod]\naddress = "ssh://-oProxyCommand=x"\n',
            "engines.prod.address must be an address such as",
            "",
        ),
        ('[engines.default]\ncontext = "x"\n', "is what the docker command's own engine", ""),
    ],
)
def test_what_does_not_go_together_is_told(text: str, message: str, hint: str) -> None:
    found = problem(HEAD + text)
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    "address",
    [
        "ssh://-oProxyCommand=touch",
        "ssh://-lroot@host",
        "ssh://host/-H",
        "ssh://host/a;touch x",
        "ssh://host/$(id)",
        "ssh://host/a b",
        "ssh://ho`id`st",
        "ssh://host\\nother",
        "ssh://user:password@host",
        "ssh://host:99999999",
        "ssh://",
        "host",
        "http://host:1",
        "fd://",
    ],
)
def test_an_address_is_nothing_but_an_address(address: str) -> None:
    found = problem(f'{HEAD}[engines.prod]\naddress = "{address}"\n')
    assert "engines.prod.address must be an address such as" in found.message
