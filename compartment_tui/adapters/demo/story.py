"""What happened to the shop of the demonstration in the last two weeks."""

import hashlib
from datetime import timedelta

from compartment_tui.adapters.demo.past_runs import PastAct
from compartment_tui.adapters.demo.shop import BROKEN_WORDS
from compartment_tui.domain.deployment import Provenance, Trigger

SPAN = timedelta(days=13)
"""How long the story is."""
SUBJECTS = (
    ("Import the shop from the old monolith", "Mina Okafor"),
    ("Serve product images with long cache times", "Jonas Weber"),
    ("Let the worker retry failed mails", "Mina Okafor"),
    ("Search by synonyms", "Priya Nair"),
    ("Show delivery dates in the cart", "Jonas Weber"),
    ("Store amounts as integer cents", "Mina Okafor"),
    ("Paint the checkout faster", "Jonas Weber"),
    ("Round VAT per line, as the law wants", "Priya Nair"),
    ("Round VAT on refunds the same way", "Priya Nair"),
    ("Document the refund API", "Mina Okafor"),
    ("Index product reviews", "Priya Nair"),
    ("Redesign the checkout in three steps", "Jonas Weber"),
    ("Keep the cart when a session expires", "Jonas Weber"),
    ("Send receipts as PDF", "Mina Okafor"),
)
LATER = (
    ("Show stock per size", "Jonas Weber"),
    ("Cache the category tree", "Priya Nair"),
    ("Log the order id with every charge", "Mina Okafor"),
    ("Say why a coupon is refused", "Jonas Weber"),
)
"""What the colleagues do while somebody looks on, again and again."""
DIRTY_FILES = ("services/web/templates/cart.html", "services/web/static/cart.css")

MINA, JONAS, PRIYA, CI = "mina@atelier", "jonas@thinkpad", "priya@studio", "ci@runner-2"
LEDGER = "billing was not ready within 6 s: 503"


def commit(subject: str, number: int = 0) -> str:
    """The commit of a subject."""
    return hashlib.sha256(f"{subject} {number}".encode()).hexdigest()[:40]


def provenance(number: int, *, branch: str = "main", dirty: bool = False) -> Provenance:
    """The working tree as it was at one of the commits."""
    subject, author = SUBJECTS[number]
    return Provenance(commit=commit(subject), branch=branch, dirty=dirty, author=author)


HEAD = provenance(len(SUBJECTS) - 1, dirty=True)


def _ago(days: float = 0, *, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


def _production(ago: timedelta, actor: str, number: int, *services: str) -> PastAct:
    return PastAct(
        ago=ago,
        environment="production",
        actor=actor,
        provenance=provenance(number),
        services=services,
        took=timedelta(seconds=11 + 4 * (len(services) or 6)),
    )


STORY = (
    _production(_ago(12, hours=4), MINA, 0),
    _production(_ago(10, hours=2), JONAS, 1, "web", "docs"),
    _production(_ago(8, hours=5), MINA, 2, "worker"),
    _production(_ago(7, hours=1), PRIYA, 3, "search", "web"),
    _production(_ago(6, hours=4), CI, 4, "web", "api"),
    PastAct(
        ago=_ago(5, hours=3),
        environment="production",
        actor=MINA,
        provenance=provenance(4),
        services=("api",),
        trigger=Trigger.REDEPLOY,
        took=timedelta(seconds=6),
    ),
    PastAct(
        ago=_ago(4, hours=2),
        environment="staging",
        actor=CI,
        provenance=provenance(5),
        took=timedelta(seconds=38),
    ),
    _production(_ago(3, hours=2), CI, 7, "web", "api", "billing"),
    PastAct(
        ago=_ago(3, hours=1, minutes=30),
        environment="production",
        actor=JONAS,
        provenance=provenance(7),
        trigger=Trigger.ROLLBACK,
        took=timedelta(seconds=3),
    ),
    PastAct(
        ago=_ago(2, hours=22),
        environment="production",
        actor=CI,
        provenance=provenance(8),
        services=("web", "api", "billing"),
        took=timedelta(seconds=21),
        fails="billing",
        reason=LEDGER,
        last_words=BROKEN_WORDS,
    ),
    _production(_ago(2, hours=21), PRIYA, 8, "web", "api"),
    _production(_ago(1, hours=3), MINA, 9, "docs"),
    PastAct(
        ago=_ago(1, hours=1),
        environment="staging",
        actor=CI,
        provenance=provenance(10),
        services=("api", "search"),
    ),
    PastAct(
        ago=_ago(hours=6),
        environment="preview-checkout",
        actor=JONAS,
        provenance=provenance(11, branch="checkout-steps"),
        services=("web", "api"),
    ),
    _production(_ago(hours=3), PRIYA, 10, "search"),
    PastAct(
        ago=_ago(hours=2),
        environment="staging",
        actor=JONAS,
        provenance=provenance(12),
        services=("web",),
    ),
    PastAct(
        ago=_ago(minutes=50),
        environment="preview-checkout",
        actor=JONAS,
        provenance=provenance(12, branch="checkout-steps", dirty=True),
        services=("web",),
    ),
)
"""Oldest first."""
