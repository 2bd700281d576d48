"""Errors of the command line. `main` prints `Error: <message>` and exits with `exit_code`."""


class CommandError(Exception):
    """The command failed; the message is for the person who typed it."""

    exit_code = 1


class UsageError(CommandError):
    """The arguments do not fit the command."""


class NotConnected(CommandError):
    """No server answers at the configured address."""


class ServerError(CommandError):
    """The server answered with an error.

    `status` is the HTTP status, or 200 if the error came inside a stream.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
