"""Out of the application for a moment: into a browser, or into a shell on this terminal."""

import sys

from textual.app import SuspendNotSupported

from compartment_tui.browser import has_browser
from compartment_tui.domain.errors import CompartmentError
from compartment_tui.present.text import clean, show, show_name
from compartment_tui.tui import messages as news
from compartment_tui.tui.base import BoardApp, Part
from compartment_tui.tui.state.command_log import LoggedCommand, looked, open_command, shell_command


class ExternalPrograms(Part):
    """Comes back whatever happened there, and says what it was as a command."""

    def __init__(self, app: BoardApp) -> None:
        super().__init__(app)
        self.looks: list[LoggedCommand] = []
        self.uses_mouse = True

    def looked(self, command: str) -> None:
        """Note something that changed nothing."""
        self.looks.append(looked(self.world.clock.now(), command))

    def open_address(self, url: str) -> None:
        """In a browser with a window; where there is none, the address is said and copied."""
        self.looked(open_command(self.board))
        if has_browser():
            self.app.open_url(url)
            self.notify(show(url), title="Opened in the browser", markup=False)
        else:
            self.notify(show(url), title="No browser here", timeout=15, markup=False)
            self.post_message(news.CopyWanted(url, "address"))

    def open_shell(self, message: news.ShellWanted) -> None:
        """A shell on this terminal; the application is back when it ends."""
        if self.board.read_only:
            self.notify("read-only: no shell here", severity="warning")
            return
        self.looked(shell_command(message.environment, message.service, message.replica))
        try:
            with self.app.suspend():
                error = self._shell(message)
        except SuspendNotSupported:
            error = CompartmentError("this terminal cannot be handed to a shell")
        if not self.uses_mouse:
            self.apply_mouse()
        if error is not None:
            self.trouble(error, title="No shell")

    def _shell(self, message: news.ShellWanted) -> CompartmentError | None:
        """Never raises: an exception would keep the terminal from being taken back."""
        if sys.__stdout__ is not None:
            number = f"/{message.replica}" if message.replica else ""
            where = f"{show(message.service)}{number} in {show_name(message.environment)}"
            sys.__stdout__.write(f"A shell in {where}. `exit` or ctrl+d leads back.\n")
            sys.__stdout__.flush()
        try:
            code = self.feeds.shell(
                message.environment, message.service, message.deployment, message.replica
            )
        except CompartmentError as error:
            return error
        except Exception as error:
            return CompartmentError(f"{type(error).__name__}: {error}")
        if code in (126, 127):
            return CompartmentError("the container has no `sh`")
        return None

    def trouble(self, error: CompartmentError, *, title: str) -> None:
        """An error as a toast, with the way on."""
        hint = f"\n{clean(error.hint)}" if error.hint else ""
        words = f"{clean(error.message)}{hint}"
        self.notify(words, title=title, severity="error", timeout=12, markup=False)

    def apply_mouse(self) -> None:
        """Take the mouse, or leave it to the terminal, as is wanted now."""
        # The toolkit has no public switch for a running application.
        name = "_enable_mouse_support" if self.uses_mouse else "_disable_mouse_support"
        switch = getattr(self.app._driver, name, None)
        if switch is not None:
            switch()
