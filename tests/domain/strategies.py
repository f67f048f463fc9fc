"""Specifications of every shape, for hypothesis."""

from datetime import timedelta

from hypothesis import strategies as st

from compartment_tui.domain.config import (
    Build,
    Kind,
    Limits,
    Readiness,
    ReadinessKind,
    Release,
    ServiceSpec,
)
from compartment_tui.domain.names import EnvironmentKey, parse_environment_name

CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
PROJECTS = st.from_regex(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", fullmatch=True)
SERVICES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
ENVIRONMENTS = st.text(CHARACTERS, min_size=1, max_size=63).map(parse_environment_name)
KEYS = st.builds(EnvironmentKey, PROJECTS, ENVIRONMENTS)

WORDS = st.tuples(st.text(), st.text())
SPANS = st.integers(0, 10**9).map(lambda ms: timedelta(milliseconds=ms))

READINESS = st.builds(
    Readiness,
    kind=st.sampled_from(ReadinessKind),
    path=st.text(),
    command=WORDS,
    interval=SPANS,
    timeout=SPANS,
    attempt_timeout=SPANS,
)
RELEASE = st.builds(Release, command=WORDS, timeout=SPANS)
LIMITS = st.builds(
    Limits,
    cpus=st.none() | st.floats(0.01, 128),
    memory=st.none() | st.integers(1, 2**45),
)
RUNNING = {
    "name": SERVICES,
    "kind": st.sampled_from(Kind),
    "port": st.none() | st.integers(1, 65535),
    "command": st.none() | WORDS,
    "release": st.none() | RELEASE,
    "readiness": st.none() | READINESS,
    "settle": SPANS,
    "drain_timeout": SPANS,
    "stop_grace": SPANS,
    "requires": WORDS,
    "limits": LIMITS,
    "volumes": st.lists(WORDS, max_size=3).map(tuple),
}
"""What decides how a service runs: everything but where its image comes from."""

SPECS = st.builds(
    ServiceSpec,
    path=st.none() | st.text(),
    image=st.none() | st.text(),
    build=st.builds(Build, dockerfile=st.text(), target=st.none() | st.text()),
    **RUNNING,
)
