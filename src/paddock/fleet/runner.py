"""What the fleet and the service know of a runner, wherever it runs."""

from collections.abc import Sequence
from typing import Protocol

from paddock.fleet.reply import Reply, Vectors
from paddock.ipc import Embed, Generate, Loaded, Statistics


class Runner(Protocol):
    """A loaded model that computes requests."""

    name: str
    """The name of the model, for the log."""
    loaded: Loaded
    """How the model was loaded."""
    statistics: Statistics
    """The last report of the runner."""

    def generate(self, request: Generate) -> Reply:
        """Send a request (its id is replaced) and return its reply, which is still to come.

        Raises:
            RunnerCrashed: if the runner has gone.
        """

    async def tokenize(self, text: str, *, context: tuple[int, ...] = (), add_special: bool = True) -> Sequence[int]:
        """Return the tokens of the text of the tokens `context` and `text` after it.

        Raises:
            RunnerCrashed: if the runner has gone or goes.
        """

    async def measure(self, images: tuple[bytes, ...]) -> Sequence[int]:
        """Return the number of tokens that each image or audio file takes in a prompt.

        Raises:
            RequestFailed: if a file is neither image nor audio.
            RunnerCrashed: if the runner has gone or goes.
        """

    async def embed(self, request: Embed) -> Vectors:
        """Send a request (its id is replaced) and return its vectors when all have come.

        Raises:
            RequestFailed: if a text cannot be embedded.
            RunnerCrashed: if the runner has gone or goes.
        """

    async def wait_closed(self) -> str:
        """Wait until the runner is gone, for whatever reason, and return the reason."""

    async def close(self) -> None:
        """Unload the model and wait until its memory is free."""
