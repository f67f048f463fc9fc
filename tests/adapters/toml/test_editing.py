"""Edits of a project file: what is not edited stays byte for byte, whatever it looks like."""

from pathlib import Path

import pytest

from compartment_tui.adapters.memory.secrets import MemorySecrets
from compartment_tui.adapters.project_file.edit.edit_file import edited_text
from compartment_tui.adapters.project_file.parse import parse_config
from compartment_tui.domain.config import ProjectConfig
from compartment_tui.domain.variable import Secret
from compartment_tui.domain.variables.edits import (
    Edit,
    RemoveEnvironment,
    RemoveVariable,
    SetVariable,
    edited,
)

HEAD = '[project]\nname = "shop"\n\n[services]\nweb = "web"\napi = "api"\n'
NOWHERE = Path("/nowhere")


def put(
    key: str, value: str, *, env: str = "production", service: str | None = None
) -> SetVariable:
    return SetVariable(environment=env, service=service, key=key, value=Secret(value))


def take(key: str, *, env: str = "production", service: str | None = None) -> RemoveVariable:
    return RemoveVariable(environment=env, service=service, key=key)


def made(text: str, *edits: Edit) -> str:
    """The text after plain edits, which means what the domain says it should."""
    after, _ = edited_text(text, edits, MemorySecrets(), root=NOWHERE, name="compartment.toml")
    before = parse_config(text, root=NOWHERE)
    assert meaning(parse_config(after, root=NOWHERE)) == meaning(edited(before, edits))
    return after


def meaning(config: ProjectConfig) -> object:
    """Without the tables that are there and say nothing."""
    return {
        where.name: (
            where.protected,
            dict(where.variables),
            {name: dict(own) for name, own in where.services.items() if own},
            dict(where.public),
            where.access,
        )
        for where in config.environments
        if where.protected
        or where.variables
        or any(where.services.values())
        or where.public
        or where.access.guarded
    }


PLACES: dict[str, tuple[str, list[Edit], str]] = {
    "a new environment goes to the end": (
        HEAD,
        [put("A", "1")],
        HEAD + '\n[environments.production.variables]\nA = "1"\n',
    ),
    "a new environment goes behind the others, before what follows": (
        HEAD + '\n[environments.x.variables]\nA = "1" # one\n# about A\n\n# the edge\n[edge]\n',
        [put("A", "1")],
        HEAD + '\n[environments.x.variables]\nA = "1" # one\n# about A\n'
        '\n[environments.production.variables]\nA = "1"\n\n# the edge\n[edge]\n',
    ),
    "without environments it goes behind the services": (
        HEAD + "\n[edge]\nhttp_port = 81\n",
        [put("A", "1")],
        HEAD + '\n[environments.production.variables]\nA = "1"\n\n[edge]\nhttp_port = 81\n',
    ),
    "where a table is commented out the real one goes behind it": (
        HEAD + "\n# Variables:\n# [environments.x.variables]\n\n[edge]\n",
        [put("A", "1")],
        HEAD + "\n# Variables:\n# [environments.x.variables]\n"
        '\n[environments.production.variables]\nA = "1"\n\n[edge]\n',
    ),
    "a heading stays with what it heads": (
        HEAD + "\n# --- the machine ---\n\n[edge]\n",
        [put("A", "1")],
        HEAD
        + '\n[environments.production.variables]\nA = "1"\n\n# --- the machine ---\n\n[edge]\n',
    ),
    "variables go under what says that it is protected": (
        HEAD + "[environments.production]\nprotected = true\n[environments.b]\n",
        [put("A", "1")],
        HEAD + "[environments.production]\nprotected = true\n"
        '\n[environments.production.variables]\nA = "1"\n\n[environments.b]\n',
    ),
    "a service's own go behind everything of the environment": (
        HEAD + '[environments.production.variables]\nA = "1"\n\n[environments.b]\n',
        [put("A", "2", service="web"), put("B", "3", service="api")],
        HEAD + '[environments.production.variables]\nA = "1"\n'
        '\n[environments.production.services.web.variables]\nA = "2"\n'
        '\n[environments.production.services.api.variables]\nB = "3"\n\n[environments.b]\n',
    ),
    "a new key goes behind the last one, indented as it is": (
        HEAD + '[environments.production.variables]\n  A="1"  # one\n\n# next\n[edge]\n',
        [put("B", "2"), put("C", "3")],
        HEAD + '[environments.production.variables]\n  A="1"  # one\n  B = "2"\n  C = "3"\n'
        "\n# next\n[edge]\n",
    ),
    "only the value is replaced": (
        HEAD + "[environments.production.variables]\nA  =  'x' # one\nB = '''\ntwo'''\n",
        [put("A", "2"), put("B", "3")],
        HEAD + '[environments.production.variables]\nA  =  "2" # one\nB = "3"\n',
    ),
    "a removed key takes its line": (
        HEAD
        + '[environments.production.variables]\nA = "1" # one\n# two\nB = """\n\n"""\nC = "3"\n',
        [take("A"), take("B")],
        HEAD + '[environments.production.variables]\n# two\nC = "3"\n',
    ),
    "dotted keys stay dotted": (
        HEAD + '[environments.production]\nvariables.A = "1"\nservices.web.variables.B = "2"\n',
        [put("C", "3"), put("D", "4", service="web"), take("A")],
        HEAD + '[environments.production]\nvariables.C = "3"\nservices.web.variables.B = "2"\n'
        'services.web.variables.D = "4"\n',
    ),
    "braces stay braces": (
        HEAD + '[environments]\nproduction.variables = { A = "1",B="2" } # x\nb={protected=true}\n',
        [put("C", "3"), take("B"), put("X", "9", env="b")],
        HEAD + '[environments]\nproduction.variables = { A = "1", C = "3" } # x\n'
        'b={protected=true, variables.X = "9"}\n',
    ),
    "empty braces are filled, full ones emptied": (
        HEAD + '[environments]\nproduction.variables = {}\nb.variables={ A="1", B="2" }\n',
        [put("C", "3"), take("A", env="b"), take("B", env="b")],
        HEAD + '[environments]\nproduction.variables = { C = "3" }\nb.variables={  }\n',
    ),
    "the first of braces goes with the comma behind it": (
        HEAD + '[environments]\nproduction.variables = { A = "1", B = "2",C="3" }\n',
        [take("A"), take("C"), put("B", "x")],
        HEAD + '[environments]\nproduction.variables = { B = "x" }\n',
    ),
    "an environment in dots can have tables beside it": (
        HEAD + "[environments]\nproduction.protected = true\nb.protected = true\n",
        [put("A", "1")],
        HEAD + "[environments]\nproduction.protected = true\nb.protected = true\n"
        '\n[environments.production.variables]\nA = "1"\n',
    ),
    "a name in quotes keeps the quotes it has": (
        HEAD + "[environments.'pré prod']\nprotected = true\n",
        [put("A", "1", env="pre\u0301 prod")],
        HEAD + "[environments.'pré prod']\nprotected = true\n"
        "\n[environments.'pré prod'.variables]\nA = \"1\"\n",
    ),
    "one that is written in another normal form keeps it": (
        HEAD + "[environments.'pre\u0301']\nprotected = true\n",
        [put("A", "1", env="pré")],
        HEAD + "[environments.'pre\u0301']\nprotected = true\n"
        "\n[environments.'pre\u0301'.variables]\nA = \"1\"\n",
    ),
    "one that needs quotes gets them": (
        HEAD,
        [put("A", "1", env='a "b" 😀.c')],
        HEAD + '\n[environments."a \\"b\\" 😀.c".variables]\nA = "1"\n',
    ),
    "without a line break at the end there is none afterwards": (
        HEAD + '[environments.production.variables]\nA = "1"',
        [put("B", "2"), put("C", "3", service="web")],
        HEAD + '[environments.production.variables]\nA = "1"\nB = "2"'
        '\n\n[environments.production.services.web.variables]\nC = "3"',
    ),
    "tables out of order": (
        '[environments.production.services.web.variables]\nA = "1"\n\n' + HEAD + "\n[edge]\n",
        [put("B", "2"), put("C", "3", service="web")],
        '[environments.production.services.web.variables]\nA = "1"\nC = "3"\n'
        '\n[environments.production.variables]\nB = "2"\n\n' + HEAD + "\n[edge]\n",
    ),
    "what has that value already is not touched": (
        HEAD + "[environments.production.variables]\nA = '''1''' # one\n",
        [put("A", "1"), take("B")],
        HEAD + "[environments.production.variables]\nA = '''1''' # one\n",
    ),
    "a value of several lines has several": (
        HEAD + '[environments.production.variables]\nA = "1"\n',
        [put("A", 'one "1"\n\ttwo\\\n')],
        HEAD + '[environments.production.variables]\nA = """\none \\"1\\"\n\\ttwo\\\\\n"""\n',
    ),
    "an environment goes with its tables, remarks above others stay": (
        HEAD + "\n[environments.b]\nprotected = true\n# inside\n\n"
        '[environments.b.variables]\nA = "1"\n\n[environments.production]\n\n# edge\n[edge]\n',
        [RemoveEnvironment(environment="b")],
        HEAD + "\n# inside\n\n[environments.production]\n\n# edge\n[edge]\n",
    ),
    "an environment in braces or dots": (
        HEAD + '[environments]\nb = { protected = true }\nc.variables.A = "1"\nd.protected=true\n',
        [RemoveEnvironment(environment="b"), RemoveEnvironment(environment="c")],
        HEAD + "[environments]\nd.protected=true\n",
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_an_edit_is_made_where_a_person_would(case: str) -> None:
    before, edits, after = PLACES[case]
    assert made(before, *edits) == after


@pytest.mark.parametrize("case", PLACES)
def test_line_endings_stay_as_they_are(case: str) -> None:
    before, edits, after = PLACES[case]
    assert made(before.replace("\n", "\r\n"), *edits) == after.replace("\n", "\r\n")


@pytest.mark.parametrize("case", PLACES)
def test_a_mark_at_the_beginning_stays(case: str) -> None:
    before, edits, after = PLACES[case]
    assert made("\ufeff" + before, *edits) == "\ufeff" + after
