"""The variables of the selected service as a table of the screen."""

from compartment_tui.domain.variables.views import VariableState
from compartment_tui.present.text import counted
from compartment_tui.present.tone import Cell, Line, Tone, line
from compartment_tui.present.variables import variables_table
from compartment_tui.tui.kit.grid import Column, Grid, Row, grid
from compartment_tui.tui.state.app_state import Board

_COLUMNS = (
    Column(title="KEY", least=14, most=40),
    Column(title="VALUE", least=16, most=80),
    Column(title="FROM", least=11, rank=1),
    Column(title="RUNS", least=14, rank=0),
    Column(title="SHADOWS", least=8, most=60, rank=2),
)
LONGEST_VALUE = 120


def variables_grid(board: Board, room: int) -> Grid:
    """A row for each key."""
    views = board.variables or ()
    table = variables_table(views, columns=LONGEST_VALUE)
    rows = []
    for view, (key, value, scope, shadows, state) in zip(views, table.rows, strict=True):
        cells = tuple((cell,) for cell in (key, value, scope, state, shadows))
        rows.append(Row(key=view.key, cells=cells))
    return grid(_COLUMNS, rows, room)


def variable_notes(board: Board) -> tuple[Line, ...]:
    """Notes under the table: missing variables, or that there are none."""
    views = board.variables
    if views is None:
        return (line("reading …" if board.service else "no service is selected", Tone.QUIET),)
    if not views:
        return (line("this service has no variables in this environment", Tone.QUIET),)
    differing = (VariableState.CHANGED, VariableState.NEW, VariableState.REMOVED)
    count = sum(view.state in differing for view in views)
    if not count:
        return ()
    words = f"≠ {counted(count, 'variable')} not as it runs: a deploy or redeploy takes the file's"
    return ((), (Cell(words, Tone.WARN),))
