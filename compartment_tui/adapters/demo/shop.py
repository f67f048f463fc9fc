"""The shop of the demonstration: its project file, and how its services behave."""

from collections.abc import Mapping
from datetime import timedelta

from compartment_tui.adapters.demo.lines import failing_search, speaks
from compartment_tui.adapters.memory.behaviour import Behaviour
from compartment_tui.domain.config import (
    Build,
    EnvironmentConfig,
    Kind,
    Limits,
    ProjectConfig,
    Readiness,
    ReadinessKind,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.deployment import Health
from compartment_tui.domain.variable import Secret, Sensitivity, Variable

MIB = 1024 * 1024


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def _http(path: str = "/healthz", *, timeout: float = 30) -> Readiness:
    return Readiness(kind=ReadinessKind.HTTP, path=path, timeout=_seconds(timeout))


SERVICES = (
    ServiceSpec(
        name="web",
        kind=Kind.WEB,
        path="services/web",
        build=Build(target="final"),
        port=8080,
        readiness=_http(),
        limits=Limits(cpus=1.0, memory=256 * MIB),
    ),
    ServiceSpec(
        name="api",
        kind=Kind.API,
        path="services/api",
        port=8000,
        release=Release(command=("./migrate", "up")),
        readiness=_http("/v1/healthz"),
        requires=("DATABASE_URL",),
        limits=Limits(memory=384 * MIB),
    ),
    ServiceSpec(name="docs", kind=Kind.STATIC, path="docs", port=8080),
    ServiceSpec(name="worker", kind=Kind.WORKER, path="services/worker"),
    ServiceSpec(
        name="search",
        kind=Kind.API,
        path="services/search",
        port=9200,
        readiness=_http("/ready"),
        limits=Limits(cpus=2.0, memory=512 * MIB),
    ),
    ServiceSpec(
        name="billing",
        kind=Kind.API,
        path="services/billing",
        port=8000,
        readiness=_http(timeout=6),
        requires=("DATABASE_URL", "STRIPE_KEY"),
    ),
)

BUILD = (
    "#1 [internal] load build definition from Dockerfile",
    "#2 [internal] load metadata for docker.io/library/python:3.13-slim",
    "#3 [internal] load build context: 214.31kB",
    "#4 [build 1/4] FROM docker.io/library/python:3.13-slim: CACHED",
    "#5 [build 2/4] COPY requirements.lock .: CACHED",
    "#6 [build 3/4] RUN pip install --require-hashes -r requirements.lock",
    "#6 1.204 Collecting 38 packages",
    "#6 2.871 Successfully installed 38 packages",
    "#7 [build 4/4] COPY . /srv",
    "#8 exporting layers",
    "#8 writing image: done",
)
COPIED = ("copying docs: 61 files, 1.8 MiB", "image is ready")


def _served(service: str, *, cpu: float, memory: int, says: tuple[str, ...]) -> Behaviour:
    return Behaviour(
        build_says=COPIED if service == "docs" else BUILD,
        build_line_takes=_seconds(0.25),
        says=says,
        ready_after=_seconds(1.6),
        refusal="connection refused",
        stop_takes=_seconds(0.4),
        connections=0 if service == "worker" else 2,
        drain_takes=_seconds(1.2),
        release_says=("3 migrations are applied", "applying 0042_refund_reasons", "done"),
        release_line_takes=_seconds(0.5),
        cpu=cpu,
        memory=memory * MIB,
        check=Health.HEALTHY if service == "search" else None,
        check_output="3 of 3 shards answer" if service == "search" else "",
        chatter=speaks(service),
    )


BEHAVIOURS: Mapping[str, Behaviour] = {
    "web": _served("web", cpu=0.14, memory=118, says=("listening on 0.0.0.0:8080",)),
    "api": _served("api", cpu=0.23, memory=164, says=("INFO  4 workers are listening on :8000",)),
    "docs": _served("docs", cpu=0.002, memory=3, says=("serving /srv on :8080",)),
    "worker": _served("worker", cpu=0.05, memory=72, says=("INFO  waiting for mails",)),
    "search": _served(
        "search", cpu=0.42, memory=371, says=("INFO  opened the index: 3 shards, 48211 products",)
    ),
    "billing": _served("billing", cpu=0.03, memory=66, says=("INFO  ledger is open",)),
}
"""A service of the shop that does well."""

UNWELL = Behaviour(
    says=BEHAVIOURS["search"].says,
    check=Health.UNHEALTHY,
    check_output="2 of 3 shards answer",
    answers=503,
    cpu=0.71,
    memory=402 * MIB,
    ready_after=_seconds(1.6),
    chatter=failing_search,
)
"""Search in production, since its newest version."""

BROKEN_WORDS = (
    "INFO  connecting to the ledger at ledger.internal:5432",
    'ERROR password authentication failed for user "billing"',
    "INFO  not ready: the ledger is closed",
)
BROKEN = Behaviour(
    build_says=BUILD,
    build_line_takes=_seconds(0.25),
    says=BROKEN_WORDS,
    ready_after=None,
    refusal="503",
    stop_takes=_seconds(0.4),
    chatter=None,
)
"""Every new version of billing, so that a person can see how a deploy fails."""


def _plain(**values: str) -> dict[str, Variable]:
    return {key: Variable(key=key, value=Secret(value)) for key, value in values.items()}


def _sensitive(**values: str) -> dict[str, Variable]:
    return {
        key: Variable(key=key, value=Secret(value), sensitivity=Sensitivity.SENSITIVE)
        for key, value in values.items()
    }


def _environment(
    name: str,
    services: Mapping[str, Mapping[str, Variable]],
    *,
    level: str,
    protected: bool = False,
) -> EnvironmentConfig:
    return EnvironmentConfig(
        name=name,
        protected=protected,
        variables={
            **_plain(LOG_LEVEL=level, CURRENCY="EUR", ANALYTICS_ID=""),
            **_sensitive(
                DATABASE_URL=f"postgres://shop:{name}-made-up@db.internal/shop",
                STRIPE_KEY=f"sk_{name}_made_up",
            ),
        },
        services=services,
    )


PRODUCTION = _environment(
    "production",
    {
        "web": _plain(LOG_LEVEL="warning", PUBLIC_URL="https://shop.example", CHECKOUT="classic"),
        "api": _plain(
            CORS_ORIGINS="https://shop.example\nhttps://admin.shop.example\n", WORKERS="4"
        ),
        "worker": _plain(MAIL_FROM="Shop <hello@shop.example>", BATCH="30"),
        "search": _plain(INDEX_SHARDS="3"),
    },
    level="info",
    protected=True,
)
STAGING_BEFORE = _environment(
    "staging",
    {
        "web": _plain(CHECKOUT="classic", CART_COOKIE="shop_cart"),
        "search": _plain(INDEX_SHARDS="1"),
    },
    level="debug",
)
STAGING = _environment(
    "staging",
    {"web": _plain(CHECKOUT="steps", CART_TTL="14d"), "search": _plain(INDEX_SHARDS="1")},
    level="debug",
)
"""Edited since it was deployed: one value changed, one new, one removed."""
PREVIEW = _environment("preview-checkout", {"web": _plain(CHECKOUT="steps")}, level="debug")


def shop(staging: EnvironmentConfig = STAGING) -> ProjectConfig:
    """The project file of the shop."""
    return ProjectConfig(
        name="shop", services=SERVICES, environments=(PRODUCTION, staging, PREVIEW), keep=5
    )
