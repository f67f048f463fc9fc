"""The application as a person meets it: a real terminal, real keys, a real engine."""

import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from compartment_tui.adapters.docker.api.client import Client
from tests.e2e.conftest import free_port
from tests.e2e.shop import Shop, make_shop, removed_at_the_end
from tests.e2e.terminals import Terminal

pytestmark = pytest.mark.docker

LEFT = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l")
"""The alternate screen is left, the cursor is shown, the mouse is given back."""
ESC = "\x1b"
CLEAR = "\x15"
"""ctrl+u: what stands in a field goes."""
SIZE = (110, 34)


def test_deploy_break_read_why_go_back_and_quit(client: Client, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", client, port=free_port(), services=("web",))
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": ""}
    with removed_at_the_end(shop):
        with Terminal(shop.program, cwd=shop.directory, env=shop.environ(home), size=SIZE) as one:
            one.until("production", "web")
            deploy(one)
            one.until("is live after", seconds=60)
            assert shop.get() == (200, "1")
            first = shop.active()["web"]

            one.press(ESC)
            one.until("web", "healthy")
            assert shop.change("web") == "2"
            deploy(one)
            one.until("draining", "live after", seconds=60)
            assert shop.get() == (200, "2")
            one.until("is live after", seconds=60)

            one.press(ESC)
            one.until("healthy")
            whole = (shop.directory / "compartment.toml").read_text(encoding="utf-8")
            shop.configure("GREETING = ", 'EXIT_AT_START = "3"\nGREETING = ')
            deploy(one)
            one.until("failed, reverted", "web exits at once: EXIT_AT_START=3", seconds=60)
            one.until("code 3", "still live", "Try again")
            assert shop.get() == (200, "2")
            (shop.directory / "compartment.toml").write_text(whole, encoding="utf-8")

            one.press(ESC)
            one.until("last deploy failed")
            one.press("U")
            one.until("Roll back in production")
            one.press("\r")
            one.until("Roll back  y")
            one.press("y")
            one.until("is live after", seconds=60)
            assert shop.get() == (200, "1")
            assert shop.answered_by("web") == first

            one.press(ESC)
            one.until("web", "healthy")
            edit_at_both_scopes(one)
            written = (shop.directory / "compartment.toml").read_text(encoding="utf-8")
            assert 'GREETING = "Hello, all"' in written
            assert "Welcome to the shop" in greeting(shop), "editing changes nothing that runs"
            redeploy(one)
            assert greeting(shop) == "Hello,\nweb"

            one.press("q")
            one.wait()
            assert one.process.returncode == 0
            assert_restored(one)
        shop.assert_settled()


def test_hold_look_promote_go_back_and_promote_across(client: Client, tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", client, port=free_port(), services=("web",))
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "NO_COLOR": ""}
    with removed_at_the_end(shop):
        shop.good("deploy")
        first = shop.active()["web"]
        with Terminal(shop.program, cwd=shop.directory, env=shop.environ(home), size=SIZE) as one:
            one.until("production", "healthy")
            assert shop.change("web") == "2"
            one.press("H")
            one.until("Deploy and hold  y", "http://c-")
            one.press("y")
            one.until("web waits in production", seconds=60)
            assert shop.get() == (200, "1")
            held = shop.status()["services"][0]["candidate"]
            one.press("o")
            one.until("No browser here", held["previewUrl"])
            assert visit(shop, held["previewUrl"]) == (200, "2")

            one.press(ESC)
            one.until("candidate held", "active", "candidate, held")
            does(one, "P", "Promote")
            assert shop.get() == (200, "2")
            one.press(ESC)
            one.until("healthy")
            one.press("U")
            one.until("Roll back in production")
            does(one, "\r", "Roll back")
            assert shop.answered_by("web") == first

            one.press(ESC)
            one.until("i Overview")
            one.press("2")
            one.until("Nothing is live in staging yet")
            does(one, "D", "Deploy")
            assert shop.get(environment="staging") == (200, "2")
            one.press(ESC)
            one.until("i Overview")
            one.press("1")
            one.until("healthy", f"{shop.project}.localhost")
            one.press("P")
            one.until("Promote to production, from where?", "staging")
            does(one, "\r", "Promote")
            assert shop.get() == (200, "2")

            one.press("q")
            one.wait()
            assert_restored(one)
        shop.assert_settled()
        shop.assert_settled("staging")


def does(one: Terminal, key: str, word: str) -> None:
    """Press it, say yes to its plan, and wait until that is live."""
    one.press(key)
    one.until(f"{word}  y", seconds=30)
    one.press("y")
    one.until("is live after", seconds=60)


def visit(shop: Shop, url: str) -> tuple[int, str]:
    """One request to an address as a browser would make it."""
    connection = HTTPConnection("127.0.0.1", shop.port, timeout=10)
    try:
        connection.request("GET", "/version", headers={"Host": urlsplit(url).netloc})
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()
    finally:
        connection.close()


def deploy(one: Terminal) -> None:
    """By keys, looking at the plan and at the stages on the way."""
    one.press("D")
    one.until("Deploy  y", seconds=30)
    one.press("y")
    one.until("building", "starting", "checking", "switching")


def edit_at_both_scopes(one: Terminal) -> None:
    """Everyone's greeting and web's own, watching what web would get; then the mark of drift."""
    one.press("v")
    one.until("GREETING", "what each service gets", "running")
    one.press("[e")
    one.until("● every service (environment)", "Welcome to the shop")
    one.press(f"{CLEAR}Hello, all")
    one.until("changes for web", "! was Welcome to the shop")
    one.press("\r")
    one.until("1 edit staged")
    one.press("]e")
    one.until("● only web")
    one.press(f"{CLEAR}Hello,\nweb")
    one.until("Hello,\\nweb", "SHADOWS", "Hello, all")
    one.press("\r")
    one.until("2 edits staged")
    one.press("W")
    one.until("for every service", "for web", "touches web")
    one.press("y")
    one.until("Redeploy what was touched?")
    one.press("n")
    one.until("nothing staged", "! changed", "1 variable not as it runs")


def redeploy(one: Terminal) -> None:
    """What was written is live, and the mark is gone."""
    one.press(ESC)
    one.until("healthy")
    one.press("E")
    one.until("Redeploy  y", "GREETING", seconds=30)
    one.press("y")
    one.until("is live after", seconds=60)
    one.press(ESC)
    one.until("healthy")
    one.press("v")
    one.until("what each service gets", "✓ running")
    assert "! changed" not in one.text()


def greeting(shop: Shop) -> str:
    """What a visitor is greeted with."""
    status, body = shop.get("web", "/")
    assert status == 200
    return str(json.loads(body)["greeting"])


def assert_restored(one: Terminal) -> None:
    end = bytes(one.written[-2000:])
    assert [sequence for sequence in LEFT if sequence not in end] == []
    assert end.rindex(b"\x1b[?25h") > end.find(b"\x1b[?25l"), "the cursor is shown at last"
    assert one.settings_now() == one.settings
