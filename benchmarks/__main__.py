"""Measure here and now, the product and its peers in turns."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from benchmarks import (
    calls,
    commands,
    environments,
    https,
    inner,
    link,
    routers,
    routes,
    swarm,
    switches,
    terminal,
    terminal_engine,
    variables,
)
from benchmarks.figures import Comparison
from benchmarks.ground import Ground, build_words, docker, docker_environment, prepared
from benchmarks.product import Product
from benchmarks.report import Report, busy
from benchmarks.shell import Broken, output

PARTS = (
    "switches",
    "routes",
    "inner",
    "https",
    "environments",
    "routers",
    "commands",
    "link",
    "swarm",
    "calls",
    "terminal",
    "variables",
)


def main() -> int:
    """0 when everything was measured, whatever the figures say."""
    given = _arguments()
    signal.signal(signal.SIGTERM, _leave)
    if given.only == ["terminal"] and not terminal_engine.there():
        return _without_engine(given)
    try:
        with prepared() as ground:
            report = _measure(ground, given)
    except (Broken, TimeoutError) as problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 1
    print(report.text())
    for path in given.out:
        text = report.json() if path.suffix == ".json" else report.text()
        path.write_text(text, encoding="utf-8")
    return 0


def _without_engine(given: argparse.Namespace) -> int:
    """The terminal alone can be measured without Docker, but for what is about containers."""
    table = terminal.measure(given.rounds, _tell, old=given.old)
    text = "\n\n".join(part for part in (table, busy()) if part)
    print(text)
    for path in given.out:
        path.write_text(f"{text}\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("-n", "--rounds", type=_rounds, default=10, help="default: 10")
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="one part; repeat it for more"
    )
    parser.add_argument(
        "--without-compose", action="store_true", help="leave docker-compose out, do not install it"
    )
    parser.add_argument(
        "--old",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long the application is open before its memory is taken (default: 60)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="also write the result there: JSON when it ends in .json, else Markdown; repeatable",
    )
    return parser.parse_args()


def _rounds(text: str) -> int:
    rounds = int(text)
    if rounds < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return rounds


def _measure(ground: Ground, given: argparse.Namespace) -> Report:
    parts = given.only or PARTS
    comparisons: list[Comparison] = []
    remarks = [remark for remark in (busy(),) if remark]
    rounds = None
    if "switches" in parts:
        with_compose = not given.without_compose
        rounds = switches.measure(ground, given.rounds, _tell, compose=with_compose)
        comparisons += [*rounds.comparisons(), *rounds.commands()]
        if not rounds.composed:
            remarks.append("docker-compose is absent: not installed here, or left out.")
    else:
        Product(ground=ground).run("deploy")
    if "routes" in parts:
        found, slowest = routes.measure(ground, 2 * given.rounds, _tell)
        comparisons += found
        remarks.append(slowest)
    if "inner" in parts:
        comparisons += inner.measure(ground, given.rounds, _tell)
    for name, part, turns in (
        ("https", https.measure, given.rounds),
        ("environments", environments.measure, 2 * given.rounds),
        ("routers", routers.measure, 2 * given.rounds),
    ):
        if name in parts:
            found, remark = part(ground, turns, _tell)
            comparisons += found
            remarks.append(remark)
    if "commands" in parts:
        comparisons += commands.measure(ground, 2 * given.rounds, _tell)
    for name, elsewhere in (("link", link.measure), ("swarm", swarm.measure)):
        if name in parts:
            found, left_out = elsewhere(ground, given.rounds, _tell)
            comparisons += found
            remarks += [left_out] if left_out else []
    if "variables" in parts:
        comparisons += variables.measure(2 * given.rounds, _tell)
    asked = calls.measure(ground, _tell) if "calls" in parts else []
    if "terminal" in parts:
        remarks.append(terminal.measure(given.rounds, _tell, old=given.old))
        remarks.append(terminal_engine.measure(ground, given.rounds, _tell))
    return Report(
        comparisons=comparisons,
        asked=asked,
        milestones=rounds.milestones() if rounds else (),
        silences=rounds.silences() if rounds else (),
        remarks=remarks,
        engine=_engine(),
    )


def _engine() -> str:
    version = output(
        docker(), "version", "--format", "{{.Server.Version}}", env=docker_environment()
    )
    return f"Docker {version}, built with `{' '.join(build_words())}`"


def _tell(line: str) -> None:
    print(f"benchmarks: {line}", file=sys.stderr, flush=True)


def _leave(number: int, _: FrameType | None) -> None:
    # An exception, so that what was made on the engine is removed.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
