"""`serve`: runs the server in this process."""

from contextlib import suppress

from paddock.cli.errors import CommandError
from paddock.settings import Settings


def serve(settings: Settings) -> None:
    """Run the server until a signal ends it.

    Raises:
        CommandError: if the server cannot start.
    """
    from paddock.server.run import CannotServe
    from paddock.server.run import serve as run_server

    try:
        with suppress(KeyboardInterrupt):  # Ctrl-C is the usual way to end a server, and no failure
            run_server(settings)
    except CannotServe as error:
        raise CommandError(str(error)) from None
