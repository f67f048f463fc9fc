"""Keys as a person meets them: which mean something now, in words, and whether they change things.

Lower case looks, UPPER CASE changes: every verb that changes something needs shift.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

HINTS = 8
"""As many keys as are read at a glance."""
MOTIONS = frozenset(("G", "N"))
"""Upper case, and yet they only look: the end, and the hit before, as everywhere."""
REACHING_IN = frozenset(("act.shell", "run.shell"))
"""Bindings that change nothing themselves, and yet lead to where everything can be changed."""
LAST = ("app.help", "app.quit")
"""Bindings that stand at the end of the hints, in this order, whatever has the focus."""
HERE, LOOKING, CHANGING, MOVING = "Here", "Look at it", "Change something", "Move"
ORDER = (
    HERE,
    LOOKING,
    CHANGING,
    "Panes",
    "Environments",
    "View",
    "This screen",
    "Everywhere",
    MOVING,
)
"""In which the groups are listed."""
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "act": LOOKING,
        "env": "Environments",
        "pane": "Panes",
        "view": "View",
        "app": "Everywhere",
    }
)
"""By the first part of a binding's id."""
_BY_NUMBER = Binding.Group("Environment by its number")


def environment_bindings(prefix: str) -> list[Binding]:
    """`1` to `9`, each for the environment with that number; their ids begin with the prefix."""
    return [
        Binding(
            str(number),
            f"environment({number})",
            f"Environment {number}",
            show=False,
            id=f"{prefix}.{number}",
            group=_BY_NUMBER,
        )
        for number in range(1, 10)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHint:
    """One thing that can be done now, and the keys that do it."""

    caps: tuple[str, ...]
    """The keys as they are written: `D`, `^r`, `?`."""
    name: str
    """The first key as the toolkit calls it."""
    words: str
    group: str
    changes: bool
    shown: bool
    enabled: bool
    id: str
    action: str
    node: DOMNode
    """Where the action belongs."""
    several: bool
    """Whether it stands for a group of actions; `action` is the first of them."""

    @property
    def cap(self) -> str:
        """The key to be shown where there is room for one."""
        return self.caps[0]


def changes(key: str) -> bool:
    """Whether pressing it changes something, by the rule of the keymap."""
    return len(key) == 1 and key.isupper() and key not in MOTIONS


def _could_change(binding: Binding) -> bool:
    return changes(binding.key) or binding.id in REACHING_IN


def live(app: App[None], screen: Screen[object], *, read_only: bool) -> tuple[KeyHint, ...]:
    """The keys of the screen and of the focused widget, nearest to the focus first.

    Several keys for one thing are one entry. With `read_only` the keys that change are left out.
    """
    found: dict[tuple[int, str], KeyHint] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        if not binding.description or (read_only and _could_change(binding)):
            continue
        key = _key(app, screen, node, binding, enabled=enabled)
        place = (id(node), binding.group.description if binding.group else binding.action)
        known = found.get(place)
        found[place] = key if known is None else _joined(known, key)
    return tuple(found.values())


def grouped(keys: Iterable[KeyHint]) -> tuple[KeyHint, ...]:
    """In the order of their groups."""
    return tuple(sorted(keys, key=lambda key: ORDER.index(key.group)))


def hints(keys: Iterable[KeyHint], columns: int) -> tuple[KeyHint, ...]:
    """The few for one line of that many columns; those that look before those that change."""
    shown = [key for key in keys if key.shown and key.enabled]
    last = sorted((key for key in shown if key.id in LAST), key=lambda key: LAST.index(key.id))
    rest = [key for key in shown if key.id not in LAST]
    looking = [key for key in rest if not key.changes]
    changing = [key for key in rest if key.changes]
    while looking or changing:
        chosen = (*looking, *changing, *last)
        if len(chosen) <= HINTS and width(chosen) <= columns:
            break
        (looking if len(looking) >= len(changing) else changing).pop()
    return (*looking, *changing, *last)


def width(keys: Sequence[KeyHint]) -> int:
    """Columns that these hints take: ` key words ` each, and a rule between the two kinds."""
    kinds = [_kind(key) for key in keys]
    rules = sum(1 for one, two in pairwise(kinds) if one != two)
    return sum(len(key.cap) + len(key.words) + 3 for key in keys) + rules


def ruled(keys: Sequence[KeyHint]) -> tuple[tuple[KeyHint, bool], ...]:
    """Each with whether a rule stands before it: where another kind begins."""
    kinds = [_kind(key) for key in keys]
    before = [*kinds[:1], *kinds[:-1]]
    return tuple(
        zip(keys, (one != two for one, two in zip(kinds, before, strict=True)), strict=True)
    )


def _joined(one: KeyHint, other: KeyHint) -> KeyHint:
    """One thing under one more key; the one that is to be shown speaks for both."""
    first, second = (other, one) if other.shown and not one.shown else (one, other)
    more = tuple(cap for cap in second.caps if cap not in first.caps)
    return replace(first, caps=(*first.caps, *more))


def _kind(key: KeyHint) -> str:
    if key.id in LAST:
        return "last"
    return "changes" if key.changes else "looks"


def _key(
    app: App[None], screen: Screen[object], node: DOMNode, binding: Binding, *, enabled: bool
) -> KeyHint:
    changing = changes(binding.key)
    return KeyHint(
        caps=(_cap(app, binding),),
        name=binding.key,
        words=binding.group.description if binding.group else binding.description,
        group=CHANGING if changing else _group(screen, node, binding),
        changes=changing,
        shown=binding.show,
        enabled=enabled,
        id=binding.id or "",
        action=binding.action,
        node=node,
        several=binding.group is not None,
    )


def _cap(app: App[None], binding: Binding) -> str:
    cap = app.get_key_display(binding)
    return cap.upper() if len(cap) > 1 and cap[0] == "f" and cap[1:].isdigit() else cap


def _group(screen: Screen[object], node: DOMNode, binding: Binding) -> str:
    prefix = (binding.id or "").partition(".")[0]
    if prefix in _GROUPS:
        return _GROUPS[prefix]
    if not prefix and not binding.show:
        return MOVING  # the toolkit's own: cursors, pages, tab
    if node is screen.focused:
        return HERE
    return "Everywhere" if isinstance(node, App) else "This screen"
