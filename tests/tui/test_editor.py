"""The variable editor by keys: what is typed, previewed, staged, written, taken back, offered."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from compartment_tui.domain.config import EnvironmentConfig, ProjectConfig
from compartment_tui.domain.errors import CompartmentError, EngineUnreachable, ProjectFileInvalid
from compartment_tui.domain.requests import Deploy, Redeploy
from compartment_tui.domain.variable import Secret, Sensitivity, Variable
from compartment_tui.domain.variables.edits import SetVariable
from compartment_tui.operations import requests
from compartment_tui.tui.kit.choose import ChooseScreen
from compartment_tui.tui.kit.confirm import AskScreen
from compartment_tui.tui.kit.value_field import TYPED, ValueField
from compartment_tui.tui.main.main_screen import MainScreen
from compartment_tui.tui.runs.plan_screen import PlanScreen
from compartment_tui.tui.runs.run_screen import RunScreen
from compartment_tui.tui.variables.compare_screen import ComparedRows, VariableCompare
from compartment_tui.tui.variables.editor_rows import EditorRows
from compartment_tui.tui.variables.editor_screen import VariablesScreen
from compartment_tui.tui.variables.form_screen import VariableForm
from compartment_tui.tui.variables.import_screen import VariableImport
from compartment_tui.tui.variables.write_screen import WriteScreen
from tests.rollout.shop import shop_config
from tests.tui.acting_world import Stage, open_held, protected, stage
from tests.tui.pictures import Breakable, opened_application

Act = Callable[[Stage], Awaitable[None]]
CANARY = "sk_canary_6b1f"


def plain(**values: str) -> dict[str, Variable]:
    return {key: Variable(key=key, value=Secret(value)) for key, value in values.items()}


def config(**own: dict[str, Variable]) -> ProjectConfig:
    """Everyone has LOG_LEVEL and a sensitive TOKEN; web has a LOG_LEVEL of its own."""
    token = Variable(key="TOKEN", value=Secret(CANARY), sensitivity=Sensitivity.SENSITIVE)
    production = EnvironmentConfig(
        name="production",
        variables={**plain(LOG_LEVEL="info", REGION="eu"), "TOKEN": token},
        services=own or {"web": plain(LOG_LEVEL="warning")},
    )
    staging = EnvironmentConfig(name="staging", variables=plain(LOG_LEVEL="debug", BETA="on"))
    return replace(shop_config(), environments=(production, staging), recipients=("age1made-up",))


def play(
    act: Act,
    *,
    shop: ProjectConfig | None = None,
    deployed: bool = True,
    read_only: bool = False,
    size: tuple[int, int] = (120, 36),
) -> None:
    async def run() -> None:
        opened, clock = open_held(shop or config())
        if deployed:
            list(requests.execute(opened.world, Deploy(environment="production")))
        async with stage(opened, clock, read_only=read_only, size=size) as one:
            await open_editor(one)
            await act(one)

    asyncio.run(run())


async def open_editor(one: Stage) -> None:
    """At everyone's scope."""
    await one.press("v")
    await one.screen(VariablesScreen)
    await one.until(lambda: screen(one).editor.before is not None, "the file")
    while screen(one).editor.service is not None:
        await one.press("left_square_bracket")
    await one.press("g")


def screen(one: Stage) -> VariablesScreen:
    found = one.app.editor.open_screen
    assert found is not None
    return found


def cursor(one: Stage) -> str | None:
    return screen(one).query_one(EditorRows).cursor


async def point(one: Stage, key: str) -> None:
    screen(one).query_one(EditorRows).choose(key)
    await one.pilot.pause()


async def edit(one: Stage, key: str, value: str) -> None:
    """Give a key of the scope looked at a value, by typing."""
    await point(one, key)
    await one.press("e")
    await one.screen(VariableForm)
    await one.press("ctrl+u")
    await paste(one, value)
    await one.press("enter")
    await one.screen(VariablesScreen)


async def paste(one: Stage, value: str) -> None:
    """As a terminal sends it: carriage returns for line breaks."""
    one.app.screen.query_one(ValueField).post_message(events.Paste(value.replace("\n", "\r")))
    await one.pilot.pause()


async def write(one: Stage) -> None:
    await one.press("W")
    await one.screen(WriteScreen)
    await one.press("y")


def written(one: Stage, key: str, service: str | None = None, env: str = "production") -> Variable:
    table = one.opened.project.current.environment(env)
    return (table.variables if service is None else table.services[service])[key]


# --- looking --------------------------------------------------------------------------------------


def test_it_opens_at_the_service_that_is_selected_and_leads_back() -> None:
    async def act(one: Stage) -> None:
        await one.press("escape")
        await one.screen(MainScreen)
        await one.press("g", "v")
        await one.screen(VariablesScreen)
        assert screen(one).editor.service == "web"
        await one.reads("LOG_LEVEL", "warning", "SHADOWS")
        await one.press("escape")
        await one.screen(MainScreen)

    play(act)


async def preview_follows_the_cursor(one: Stage) -> None:
    await one.reads("LOG_LEVEL  what each service gets")
    lines = one.text().splitlines()
    web = next(line for line in reversed(lines) if line.split()[:1] == ["web"])
    assert web.split()[:4] == ["web", "warning", "service", "info"]
    api = next(line for line in reversed(lines) if line.split()[:1] == ["api"])
    assert api.split()[:3] == ["api", "info", "environment"]
    await one.press("j")
    await one.reads("REGION  what each service gets")


async def scopes_are_gone_through_in_a_circle(one: Stage) -> None:
    seen = []
    for _ in range(4):
        await one.press("right_square_bracket")
        seen.append(screen(one).editor.service)
    assert seen == ["web", "api", "worker", None]
    await one.press("left")
    assert screen(one).editor.service == "worker"


async def filter_narrows_and_escape_shows_all_again(one: Stage) -> None:
    await one.press("slash", *"lev", "enter")
    assert [row.key for row in screen(one).query_one(EditorRows).rows] == ["LOG_LEVEL"]
    await one.press("escape")
    assert len(screen(one).query_one(EditorRows).rows) == 3
    await one.press("slash", *"zz", "enter")
    await one.reads("no key has that in its name")


async def key_can_be_copied(one: Stage) -> None:
    await point(one, "REGION")
    await one.press("y")
    await one.reads("Copied the name")


def test_looking_around() -> None:
    async def act(one: Stage) -> None:
        await preview_follows_the_cursor(one)
        await scopes_are_gone_through_in_a_circle(one)
        await one.press("right")
        assert screen(one).editor.service is None
        await key_can_be_copied(one)
        await filter_narrows_and_escape_shows_all_again(one)

    play(act)


def test_read_only_looks_only() -> None:
    async def act(one: Stage) -> None:
        await one.press("e", "enter", "n", "X", "W", "U")
        await one.screen(VariablesScreen)
        assert screen(one).editor.staged == ()
        await one.reads("read-only")
        await one.press("question_mark")
        await one.pilot.pause()
        assert "Write" not in one.text()

    play(act, read_only=True)


def test_without_an_engine_the_file_can_be_edited() -> None:
    async def run() -> None:
        opened, clock = open_held(config())
        list(requests.execute(opened.world, Deploy(environment="production")))
        app, engine, _ = opened_application(opened)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            one = Stage(app=app, pilot=pilot, opened=opened, clock=clock)
            await one.ready()
            broken = Breakable(opened.world.records)
            broken.error = engine.error = EngineUnreachable(
                "Docker does not answer", hint="start it"
            )
            app.bridge.background.world = replace(app.world, records=broken)
            await open_editor(one)
            await one.reads("unknown")
            await edit(one, "LOG_LEVEL", "debug")
            await write(one)
            await one.reads("1 edit written")
            value = written(one, "LOG_LEVEL").value
            assert value is not None
            assert value == Secret("debug")

    asyncio.run(run())


# --- typing ---------------------------------------------------------------------------------------


def test_while_it_is_typed_each_service_says_what_it_would_get() -> None:
    async def act(one: Stage) -> None:
        await point(one, "LOG_LEVEL")
        await one.press("e")
        await one.screen(VariableForm)
        await one.press("ctrl+u", *"debug")
        await one.reads("changes for api and worker", "was info", "as before")
        await one.press("tab", "tab")  # past the buttons
        await one.press("escape")
        await one.screen(VariablesScreen)
        assert screen(one).editor.staged == ()

    play(act)


def test_a_value_for_one_service_shadows_everyones() -> None:
    async def act(one: Stage) -> None:
        await one.press("right_square_bracket", "right_square_bracket")
        assert screen(one).editor.service == "api"
        await edit(one, "REGION", "us")
        assert screen(one).editor.staged == (
            SetVariable(environment="production", service="api", key="REGION", value=Secret("us")),
        )
        await one.reads("changes for api", "was eu", "1 edit staged")

    play(act)


def test_the_scope_can_be_chosen_in_the_form() -> None:
    async def act(one: Stage) -> None:
        await one.press("n")
        await one.screen(VariableForm)
        await one.press(*"FEATURE", "tab", "right", "tab", "tab", *"on", "enter")
        await one.screen(VariablesScreen)
        (edit,) = screen(one).editor.staged
        assert (edit.service, edit.key) == ("web", "FEATURE")

    play(act)


@pytest.mark.parametrize("key", ["spring.datasource.url", "my-key", "2FA", "a[0]"])
def test_a_key_the_engine_takes_is_staged(key: str) -> None:
    async def act(one: Stage) -> None:
        await one.press("n")
        await one.screen(VariableForm)
        one.app.screen.query_one("#key", Input).value = key
        await one.press("enter", *"-1", "enter")
        await one.screen(VariablesScreen)
        (edit,) = screen(one).editor.staged
        assert edit.key == key
        await one.reads(key)

    play(act)


def test_a_key_that_cannot_be_is_refused_with_the_rule() -> None:
    async def act(one: Stage) -> None:
        for key, words in (
            ("NINE LIVES", "is not a variable name"),
            ("COMPARTMENT_X", "is reserved"),
        ):
            await one.press("n")
            await one.screen(VariableForm)
            one.app.screen.query_one("#key", Input).value = key
            await one.press("enter", "x")
            await one.reads(words)
            await one.press("enter")
            await one.screen(VariableForm)
            await one.press("escape")
            await one.screen(VariablesScreen)
        assert screen(one).editor.staged == ()

    play(act, deployed=False)


ODD = {
    "LINES": "two\nlines\n",
    "BLANKS": "  blanks  ",
    "QUOTES": "a=b $HOME \"quoted\" 'too' `and` \\n",
    "EMOJI": "\N{WAVING HAND SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} [/b] \u202e \u2028",
    "LONG": "x" * 100_000,
    "NONE": "",
}


def test_any_text_is_taken_byte_for_byte() -> None:
    async def act(one: Stage) -> None:
        for key, value in ODD.items():
            await one.press("n")
            await one.screen(VariableForm)
            one.app.screen.query_one("#key", Input).value = key
            await one.press("tab", "tab", "tab")
            await paste(one, value)
            await one.press("enter")
            await one.screen(VariablesScreen)
        await write(one)
        await one.until(lambda: not screen(one).editor.staged, "it is written")
        for key, value in ODD.items():
            assert written(one, key).value == Secret(value), key
        await one.screen(VariablesScreen)  # where nothing runs, no redeploy is offered

    play(act, deployed=False)


def test_lines_are_typed_with_ctrl_j() -> None:
    async def act(one: Stage) -> None:
        await one.press("n")
        await one.screen(VariableForm)
        await one.press(*"PEM", "enter", *"one", "ctrl+j", *"two", "up", "end", *"!", "enter")
        await one.screen(VariablesScreen)
        (edit,) = screen(one).editor.staged
        assert isinstance(edit, SetVariable)
        assert edit.value == Secret("one!\ntwo")

    play(act)


# --- secrets --------------------------------------------------------------------------------------


def test_a_sensitive_value_is_typed_hidden_and_is_nowhere() -> None:
    async def act(one: Stage) -> None:
        typed = "hunter2"
        seen = []
        await one.press("n")
        await one.screen(VariableForm)
        await one.press(*"SESSION_KEY", "tab", "tab", "right", "tab")
        for char in typed:
            await one.press(char)
            seen.append(one.text())
        seen += [one.app.export_screenshot(), repr(one.app.screen.query_one(ValueField))]
        await one.press("enter")
        await one.screen(VariablesScreen)
        seen += [one.text(), repr(screen(one).editor)]
        await one.press("W")
        await one.screen(WriteScreen)
        seen += [one.text(), one.app.export_screenshot()]
        await one.press("y")
        await one.reads("1 edit written")
        seen += [one.text(), one.app.export_screenshot(), repr(one.opened.project.current)]
        assert cursor(one) == "SESSION_KEY", "it stays where it was"
        assert not any("hunter2" in text or CANARY in text for text in seen)
        assert seen[1].count(TYPED) == 1
        assert seen[1] == seen[6], "not even how long it is"
        found = written(one, "SESSION_KEY")
        assert found.sensitivity is Sensitivity.SENSITIVE
        assert found.sealed is not None

    play(act)


def test_what_was_typed_hidden_is_gone_when_it_is_to_be_plain() -> None:
    async def act(one: Stage) -> None:
        await point(one, "TOKEN")
        await one.press("e")
        await one.screen(VariableForm)
        assert CANARY not in one.text()
        await one.press(*"hunter2", "shift+tab", "left")
        await one.pilot.pause()
        assert "hunter2" not in one.text()
        assert one.app.screen.query_one(ValueField).empty
        await one.press("escape")

    play(act)


def test_enter_alone_does_not_empty_a_secret() -> None:
    async def act(one: Stage) -> None:
        await point(one, "TOKEN")
        await one.press("e")
        await one.screen(VariableForm)
        await one.press("enter")
        await one.reads("nothing was typed")
        await one.press("escape")
        assert screen(one).editor.staged == ()

    play(act)


# --- staged ---------------------------------------------------------------------------------------


def test_what_is_staged_can_be_taken_back() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await edit(one, "REGION", "us")
        await point(one, "LOG_LEVEL")
        await one.press("U")
        assert [one.key for one in screen(one).editor.staged] == ["REGION"]
        await one.press("U")
        assert screen(one).editor.staged == ()
        await one.reads("nothing staged")
        await edit(one, "REGION", "us")
        await edit(one, "REGION", "eu")
        assert screen(one).editor.staged == (), "the same value again is no edit"

    play(act, deployed=False)


def test_removing_stages_it_and_says_what_each_service_gets_instead() -> None:
    async def act(one: Stage) -> None:
        await one.press("right_square_bracket")
        await point(one, "LOG_LEVEL")
        await one.press("X")
        await one.reads("was warning", "changes for web")
        await point(one, "REGION")
        await one.press("X")
        await one.reads("has no value of its own here")
        await write(one)
        await one.until(lambda: not screen(one).editor.staged, "it is written")
        table = one.opened.project.current.environment("production")
        assert "LOG_LEVEL" not in table.services["web"]

    play(act)


def test_the_diff_names_every_edit_and_whom_it_touches() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await point(one, "REGION")
        await one.press("X")
        await one.press("W")
        await one.screen(WriteScreen)
        await one.reads("~ LOG_LEVEL", "info → debug", "- REGION", "touches web, api and worker")
        await one.press("n")
        await one.screen(VariablesScreen)
        assert len(screen(one).editor.staged) == 2

    play(act)


def test_a_protected_environment_asks_for_its_name() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await one.press("W")
        await one.screen(WriteScreen)
        await one.reads("production is protected: type its name")
        await one.press("y", "enter")
        await one.reads("that is not its name")
        assert one.opened.project.current == shop
        await one.press("backspace", *"production", "enter")
        await one.until(lambda: not screen(one).editor.staged, "it is written")

    shop = protected(config())
    play(act, shop=shop, deployed=False)


def test_staged_edits_outlive_a_change_of_the_file() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        other = config(web=plain(LOG_LEVEL="warning"), api=plain(LOG_LEVEL="error"))
        one.opened.project.write(other)
        await one.until(lambda: "changes for worker" in one.text(), "the preview is judged anew")
        assert len(screen(one).editor.staged) == 1
        await write(one)
        await one.until(lambda: not screen(one).editor.staged, "it is written")
        assert written(one, "LOG_LEVEL").value == Secret("debug")
        assert written(one, "LOG_LEVEL", "api").value == Secret("error")

    play(act)


def test_a_broken_file_is_named_and_loses_nothing() -> None:
    async def run() -> None:
        opened, clock = open_held(config())
        app, _, project = opened_application(opened)
        error = ProjectFileInvalid("compartment.toml:14: port is not a number", hint="mend it")
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            one = Stage(app=app, pilot=pilot, opened=opened, clock=clock)
            await one.ready()
            await open_editor(one)
            await edit(one, "LOG_LEVEL", "debug")
            project.error = error
            await one.press("ctrl+r")
            await one.reads("compartment.toml:14", "1 edit staged")
            await refused(one, project, error)

    asyncio.run(run())


async def refused(one: Stage, project: Breakable, error: CompartmentError) -> None:
    project.error = None
    await one.press("W")
    await one.screen(WriteScreen)
    project.error = error
    await one.press("y")
    await one.reads("Not written", "compartment.toml:14", "stays staged")
    project.error = None
    await one.press("y")
    await one.reads("1 edit written")
    assert written(one, "LOG_LEVEL").value == Secret("debug")


# --- after writing, and leaving -------------------------------------------------------------------


def test_who_runs_without_it_is_offered_a_redeploy() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await write(one)
        await one.reads(
            "Redeploy what was touched?", "api and worker in production run with the old"
        )
        await one.reads("! changed")
        await one.press("y")
        await one.screen(PlanScreen)
        plan = one.app.screen
        assert isinstance(plan, PlanScreen)
        assert plan.request == Redeploy(environment="production", services=("api", "worker"))
        await one.until(lambda: plan.ready is not None, "its plan")
        await one.press("y")
        await one.screen(RunScreen)
        await one.reads("live after")
        await one.press("escape")
        await one.screen(VariablesScreen)
        await point(one, "LOG_LEVEL")
        await one.until(lambda: "changed" not in one.text(), "it runs with that")

    play(act)


@pytest.mark.parametrize("key", ["escape", "q"])
def test_leaving_with_something_staged_asks(key: str) -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await one.press(key)
        await one.screen(AskScreen)
        await one.reads("Leave without writing?", "LOG_LEVEL")
        await one.press("n")
        await one.screen(VariablesScreen)
        assert len(screen(one).editor.staged) == 1
        await one.press(key, "y")
        if key == "escape":
            await one.screen(MainScreen)
        else:
            await one.until(lambda: one.app._exit, "it quits")
        assert one.opened.project.current == config()

    play(act)


def test_another_environment_keeps_what_is_staged() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await one.press("2")
        await one.until(lambda: screen(one).editor.environment == "staging", "staging")
        await edit(one, "BETA", "off")
        await one.press("W")
        await one.reads("in production", "in staging", "on → off")
        await one.press("y")
        await one.until(lambda: not screen(one).editor.staged, "it is written")
        assert written(one, "BETA", env="staging").value == Secret("off")
        assert written(one, "LOG_LEVEL").value == Secret("debug")

    play(act)


# --- from elsewhere -------------------------------------------------------------------------------


def test_beside_another_environment_what_differs_comes_first_and_can_be_copied() -> None:
    async def act(one: Stage) -> None:
        await one.press("c")
        await one.screen(VariableCompare)
        await one.reads("beside", "staging", "differs", "only here", "only in staging")
        assert CANARY not in one.text()
        await one.press("a", "enter")
        await one.screen(VariablesScreen)
        staged = screen(one).editor.staged
        assert {(edit.key, edit.environment) for edit in staged} == {
            ("LOG_LEVEL", "production"),
            ("BETA", "production"),
        }
        await write(one)
        await one.until(lambda: not screen(one).editor.staged, "it is written")
        assert written(one, "LOG_LEVEL").value == Secret("debug")

    play(act)


def test_one_key_is_copied_and_one_that_is_not_there_cannot_be() -> None:
    async def act(one: Stage) -> None:
        await one.press("c")
        await one.screen(VariableCompare)
        rows = one.app.screen.query_one(ComparedRows)
        rows.choose("REGION")
        await one.press("enter")
        await one.reads("nothing to copy from there")
        rows.choose("BETA")
        await one.press("space", "enter")
        await one.screen(VariablesScreen)
        assert [edit.key for edit in screen(one).editor.staged] == ["BETA"]
        await one.press("c", "escape")
        await one.screen(VariablesScreen)

    play(act)


def test_with_several_environments_one_is_chosen() -> None:
    async def act(one: Stage) -> None:
        await one.press("c")
        await one.screen(ChooseScreen)
        await one.press("j", "enter")
        await one.screen(VariableCompare)
        await one.reads("beside", "testing")

    shop = config()
    testing = EnvironmentConfig(name="testing", variables=plain(LOG_LEVEL="trace"))
    play(act, shop=replace(shop, environments=(*shop.environments, testing)), deployed=False)


def test_pasted_lines_are_previewed_and_staged() -> None:
    async def act(one: Stage) -> None:
        await one.press("i")
        await one.screen(VariableImport)
        await one.press("tab")
        await paste(one, 'LOG_LEVEL=debug\nexport NOTE="a b"\n')
        await one.reads("2 changes, touches web, api and worker", "~ LOG_LEVEL", "+ NOTE")
        await one.press("enter")
        await one.screen(VariablesScreen)
        assert {edit.key for edit in screen(one).editor.staged} == {"LOG_LEVEL", "NOTE"}
        await one.reads("2 edits staged")

    play(act)


def test_references_that_stay_are_named_before_they_are_staged() -> None:
    async def act(one: Stage) -> None:
        await one.press("i")
        await one.screen(VariableImport)
        await one.press("tab")
        await paste(one, "app.home=$HOME/x\nPLAIN=1\n")
        await one.reads("references stay as they are written", "app.home", "+ PLAIN")
        await one.press("escape")

    play(act)


def test_carriage_returns_in_a_file_are_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "cr.env"
    file.write_bytes(b"LINES='a\r\nb\rc'\r\n")

    async def act(one: Stage) -> None:
        await one.press("i")
        await one.screen(VariableImport)
        one.app.screen.query_one("#path", Input).value = str(file)
        await one.press("enter")
        await one.reads("+ LINES")
        await one.press("enter")
        await one.screen(VariablesScreen)
        (edit,) = screen(one).editor.staged
        assert isinstance(edit, SetVariable)
        assert edit.value == Secret("a\r\nb\rc")

    play(act)


def test_a_line_that_cannot_be_read_is_named_by_its_number_only() -> None:
    async def act(one: Stage) -> None:
        await one.press("i")
        await one.screen(VariableImport)
        await one.press("tab", "tab", "tab", "right", "shift+tab", "shift+tab")
        await paste(one, f"A=1\nTOKEN {CANARY}\n")
        await one.reads("line 2")
        assert CANARY not in one.text()
        await one.press("enter", "enter")
        await one.screen(VariableImport)
        await one.press("escape")
        assert screen(one).editor.staged == ()

    play(act)


def test_a_file_is_imported_and_can_replace_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    file.write_text("REGION=us\n", encoding="utf-8")

    async def act(one: Stage) -> None:
        await one.press("i")
        await one.screen(VariableImport)
        one.app.screen.query_one("#path", Input).value = str(file.with_name("missing"))
        await one.press("enter")
        await one.reads("cannot be read")
        one.app.screen.query_one("#path", Input).value = str(file)
        await one.press("tab", "tab", "tab", "tab", "right")
        await one.reads("~ REGION", "- LOG_LEVEL", "- TOKEN")
        await one.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "enter")
        await one.screen(VariablesScreen)
        assert len(screen(one).editor.staged) == 3

    play(act)


def test_what_stands_in_empty_fields_is_true_and_looks_like_no_value() -> None:
    async def act(one: Stage) -> None:
        await one.press("n")
        await one.screen(VariableForm)
        await one.reads("the name: letters, digits and _", "type the value: it is shown")
        assert "stays hidden" not in one.text()
        await one.press(*"KEY", "tab", "tab", "right", "tab", "tab")
        await one.reads("type the value: it stays hidden")

    play(act, deployed=False)


def test_the_first_sensitive_value_makes_who_can_read_it() -> None:
    async def act(one: Stage) -> None:
        await one.press("n")
        await one.screen(VariableForm)
        await one.press(*"TOKEN", "tab", "tab", "right", "tab", *CANARY, "enter")
        await one.until(lambda: bool(screen(one).editor.staged), "it is staged")
        await one.press("W")
        await one.screen(WriteScreen)
        await one.press("y")
        await one.reads("names you now: age1memory", "/memory/identity", "keep a copy")
        found = one.opened.project.config()
        assert found.recipients == ("age1memory",)
        assert found.environment("production").variables["TOKEN"].value is None, "it is sealed"

    bare = replace(shop_config(), environments=())
    play(act, shop=bare, deployed=False)


# --- readers, places ------------------------------------------------------------------------------


def test_the_question_names_who_is_new_among_the_readers() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "LOG_LEVEL", "debug")
        await one.press("W")
        await one.screen(WriteScreen)
        assert "new among the recipients" not in one.text()
        await one.press("n")
        await one.screen(VariablesScreen)
        await edit(one, "TOKEN", "hunter2")
        await one.press("W")
        await one.screen(WriteScreen)
        await one.reads("1 person will be able to read it")
        await one.reads("new among the recipients: age1made-up")
        await one.press("y")
        await one.reads("1 person can read it")
        assert one.opened.project.known_recipients() == {"age1made-up"}
        assert written(one, "TOKEN").sealed is not None

    play(act, deployed=False)


def test_a_reader_who_comes_after_the_question_is_refused() -> None:
    async def act(one: Stage) -> None:
        await edit(one, "TOKEN", "hunter2")
        await one.press("W")
        await one.screen(WriteScreen)
        before = replace(one.opened.project.current, recipients=("age1made-up", "age1late"))
        one.opened.project.current = before
        await one.press("y")
        await one.screen(AskScreen)
        await one.reads("age1late", "would read it, and nobody here agreed to that yet")
        assert one.opened.project.current == before

    play(act, deployed=False)


def test_what_becomes_plain_is_said_before_it_is_written() -> None:
    async def act(one: Stage) -> None:
        await point(one, "TOKEN")
        await one.press("e")
        await one.screen(VariableForm)
        await one.press("shift+tab", "left", "tab", *"shown", "enter")
        await one.screen(VariablesScreen)
        await one.press("W")
        await one.screen(WriteScreen)
        await one.reads("no longer sensitive")
        await one.press("n")

    play(act, deployed=False)


def test_a_value_in_the_old_form_is_warned_of() -> None:
    async def run() -> None:
        opened, clock = open_held(config())
        text = opened.secrets.seal_in_old_form(Secret("old"), ("age1memory",))
        current = opened.project.current
        production = current.environment("production")
        token = replace(production.variables["TOKEN"], value=None, sealed=text)
        changed = replace(production, variables={**production.variables, "TOKEN": token})
        environments = (changed, *current.environments[1:])
        opened.project.current = replace(current, environments=environments)
        async with stage(opened, clock) as one:
            await open_editor(one)
            await one.reads("sealed in the old form")

    asyncio.run(run())
