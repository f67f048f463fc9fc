"""What nobody foresaw, kept in a list."""


class MemoryErrorLog:
    """`ErrorLog` that remembers the errors themselves."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def write(self, error: BaseException) -> str:
        self.errors.append(error)
        return ""
