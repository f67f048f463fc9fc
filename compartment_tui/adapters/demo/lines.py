"""What the services of the demonstration write into their logs."""

from collections.abc import Sequence
from datetime import timedelta

from compartment_tui.adapters.memory.behaviour import Chatter, Remark
from compartment_tui.adapters.memory.seeded_random import chance, choose
from compartment_tui.domain.names import DEFAULT_ENVIRONMENT, EnvironmentKey

QUIETER = 4.0
"""How much rarer lines are where nobody shops."""
AT_ONCE = timedelta(milliseconds=1)

VISITORS = ("203.0.113.7", "203.0.113.42", "198.51.100.23", "198.51.100.101", "192.0.2.88")
PAGES = (
    "GET /",
    "GET /products/linen-shirt",
    "GET /products/wool-scarf",
    "GET /search?q=linen",
    "GET /cart",
    "POST /cart",
    "GET /checkout",
    "POST /checkout",
    "GET /account/orders",
    "GET /static/app.css",
)
CALLS = (
    ("GET /v1/products", 9),
    ("GET /v1/products/7041", 4),
    ("GET /v1/stock/7041", 3),
    ("POST /v1/carts", 11),
    ("PUT /v1/carts/c91e", 8),
    ("POST /v1/orders", 37),
    ("GET /v1/customers/me", 5),
)
QUERIES = ("linen shirt", "scarf", "rain jacket", "größe 42", "gift card", "wool socks")
GUIDES = ("/", "/api/refunds", "/api/orders", "/guides/first-order", "/search.json")

API_TRACE = (
    "ERROR order 84213: the stock of product 7041 changed meanwhile, the customer has to retry",
    "Traceback (most recent call last):",
    '  File "/srv/api/orders.py", line 118, in place',
    "    reserve(order.lines)",
    '  File "/srv/api/stock.py", line 64, in reserve',
    "    raise StaleStock(line.product)",
    "api.stock.StaleStock: 7041",
)
MAIL_TRACE = (
    "WARN  mail 5531: 421 4.7.0 try again later",
    "Traceback (most recent call last):",
    '  File "/srv/worker/mail.py", line 40, in deliver',
    "    smtp.sendmail(mail.sender, mail.to, mail.text)",
    "smtplib.SMTPResponseException: (421, b'4.7.0 try again later')",
    "INFO  mail 5531: next attempt in 60 s",
)


def speaks(service: str) -> Chatter | None:
    """How a service of the demonstration writes; None when it has nothing to say."""
    return _VOICES.get(service)


def failing_search(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    """Search, while one of its shards does not answer."""
    if said % 3 == 0:
        line = "WARN  shard 3 of 3: connection refused (10.201.0.9:9300), attempt " + str(said + 41)
        return Remark(after=_pause(key, deployment, said, 3.0), line=line, stream="stderr")
    return _search(key, deployment, said)


def _web(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    page = choose(PAGES, deployment, said, "page")
    status = 303 if page.startswith("POST") else 200
    if chance(deployment, said, "lost") < 0.03:
        page, status = "GET /products/linnen-shirt", 404
    took = 6 + int(40 * chance(deployment, said, "took") ** 3)
    size = 900 + int(chance(deployment, said, "size") * 30_000)
    line = f'{choose(VISITORS, deployment, said)} "{page} HTTP/1.1" {status} {size} {took}ms'
    return Remark(after=_pause(key, deployment, said, 1.1), line=line)


def _api(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    told = _told(API_TRACE, key, deployment, said, every=97, pause=1.6)
    if told is not None:
        return told
    after = _pause(key, deployment, said, 1.6)
    if said % 29 == 17:
        line = f"WARN  slow query orders_by_customer took={1100 + said % 700}ms rows=2301"
        return Remark(after=after, line=line, stream="stderr")
    call, usual = choose(CALLS, deployment, said, "call")
    took = usual + int(usual * 4 * chance(deployment, said, "took") ** 4)
    status = 201 if call.startswith("POST") else 200
    return Remark(after=after, line=f"INFO  {call} {status} took={took}ms")


def _docs(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    page = choose(GUIDES, deployment, said, "page")
    line = f"{choose(VISITORS, deployment, said)} GET {page} 200"
    return Remark(after=_pause(key, deployment, said, 9.0), line=line)


def _worker(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    told = _told(MAIL_TRACE, key, deployment, said, every=41, pause=5.0)
    if told is not None:
        return told
    mails = int(chance(deployment, said, "mails") ** 2 * 30)
    work = (
        f"{mails} mail{'s' * (mails > 1)} sent in {0.2 + mails * 0.07:.1f}s"
        if mails
        else "nothing to do"
    )
    line = f"INFO  round {1180 + said}: {work}"
    return Remark(after=_pause(key, deployment, said, 5.0), line=line)


def _search(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    query = choose(QUERIES, deployment, said, "query")
    hits = int(chance(query) * 80)
    took = 3 + int(25 * chance(deployment, said, "took") ** 3)
    line = f'INFO  query "{query}" hits={hits} took={took}ms'
    return Remark(after=_pause(key, deployment, said, 3.0), line=line)


def _billing(key: EnvironmentKey, deployment: str, said: int) -> Remark:
    amount = f"{9 + chance(deployment, said, 'amount') * 140:.2f}"
    order = 84_100 + said
    line = f"INFO  order {order}: captured {amount} EUR"
    if said % 23 == 11:
        # Colours, as many libraries write them without being asked.
        line = f"\x1b[33mWARN\x1b[0m  order {order}: card declined, the customer was told"
    return Remark(after=_pause(key, deployment, said, 6.0), line=line)


def _told(
    lines: Sequence[str],
    key: EnvironmentKey,
    deployment: str,
    said: int,
    *,
    every: int,
    pause: float,
) -> Remark | None:
    """A story of several lines in a row, now and then; None when it is not its time."""
    at = (said + int(chance(deployment) * every)) % every
    if at >= len(lines):
        return None
    after = AT_ONCE if at else _pause(key, deployment, said, pause)
    return Remark(after=after, line=lines[at], stream="stderr")


def _pause(key: EnvironmentKey, deployment: str, said: int, usual: float) -> timedelta:
    """About `usual` seconds, at times much more or less, as visitors come."""
    busy = 1.0 if key.environment == DEFAULT_ENVIRONMENT else QUIETER
    return timedelta(seconds=busy * usual * (0.15 + 1.7 * chance(deployment, said, "pause")))


_VOICES: dict[str, Chatter] = {
    "web": _web,
    "api": _api,
    "docs": _docs,
    "worker": _worker,
    "search": _search,
    "billing": _billing,
}
