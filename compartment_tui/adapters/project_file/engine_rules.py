"""What no single value can tell of `[engines]`, and of the environments that name them."""

from collections.abc import Iterator, Mapping
from typing import Any

from compartment_tui.adapters.project_file.read_tables import Problem, dotted, walk_names
from compartment_tui.domain.suggestion import nearest

Tables = Mapping[str, Any]
PLACES = ("address", "context")


def engine_rules(tables: Tables) -> Iterator[Problem]:
    """Each is in one place and by one name, and environments name those there are."""
    engines = tables.get("engines", {})
    seen: dict[tuple[str, str], str] = {}
    for name, engine in walk_names(tables, "engines"):
        at = ("engines", name)
        places = [key for key in PLACES if key in engine]
        if not places:
            hint = "`address` is an ssh:// address, `context` one of the docker command's contexts"
            message = f"[{dotted(at)}] needs `address` or `context`"
            yield Problem(path=at, message=message, hint=hint)
        elif len(places) > 1:
            message = f"[{dotted(at)}] has both `address` and `context`; keep one"
            yield Problem(path=(*at, "context"), message=message)
        for key in places:
            first = seen.setdefault((key, _same(engine[key])), name)
            if first != name:
                message = f"{dotted((*at, key))} is that of {dotted(('engines', first))}, too"
                hint = "keep one of the two, and name it in both environments"
                yield Problem(path=(*at, key), message=message, hint=hint)
    for name, environment in walk_names(tables, "environments"):
        chosen = environment.get("engine")
        if chosen is not None and chosen not in engines:
            here = ("environments", name, "engine")
            message = f"{dotted(here)} names no engine of this file{nearest(chosen, engines)}"
            yield Problem(path=here, message=message, hint=_known(engines))


def _same(address: str) -> str:
    """What two ways of writing one address have in common."""
    return address.rstrip("/").removesuffix(":22") if address.startswith("ssh://") else address


def _known(engines: Tables) -> str:
    if engines:
        return f"engines: {', '.join(engines)}"
    return 'an engine is a table: [engines.NAME] and, below it, address = "ssh://USER@HOST"'
