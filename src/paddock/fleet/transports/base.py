"""What carries messages between the fleet and one runner."""

from typing import Protocol


class Receiver(Protocol):
    """What a transport hands over. It is called on the event loop, in order."""

    def data_received(self, data: bytes) -> None:
        """Take bytes of the runner's stream of frames, cut anywhere."""

    def log_received(self, line: str) -> None:
        """Take a line of the runner's log: a level and a message, or whatever native code prints."""

    def pause_writing(self) -> None:
        """Learn that the runner has yet to read what was sent; more would take memory here."""

    def resume_writing(self) -> None:
        """Learn that the runner has read what was sent."""

    def connection_lost(self, reason: str) -> None:
        """Learn that the runner is gone, and how it ended. Called once, last."""


class Transport(Protocol):
    """A way to reach one runner."""

    @property
    def label(self) -> str:
        """What the log calls the runner, such as `runner 4711`."""

    async def open(self, receiver: Receiver) -> None:
        """Start the runner or connect to it, and hand over to `receiver` whatever comes from then on.

        Raises:
            OSError: if that cannot be done.
        """

    def send(self, frame: bytes) -> None:
        """Send a frame. What is sent to a runner that is gone is dropped."""

    def abort(self) -> None:
        """End the runner at once, whatever it does. `connection_lost` is called when it is gone."""

    async def close(self) -> None:
        """Wait until the runner, which was told to leave, is gone; end it by force if it takes too long."""
