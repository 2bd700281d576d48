"""Commands on their way to a runner, which wait here while it does not read."""

from collections.abc import Callable
from dataclasses import dataclass

from paddock.fleet.errors import RunnerBusy
from paddock.ipc import Cancel, Command, encode


@dataclass(frozen=True)
class OutboxConfig:
    """The outbox's own numbers."""

    max_bytes: int = 256 << 20
    """Bytes of requests that wait for a runner which does not read, such as one that was stopped. A request that is
    larger by itself waits if no other does."""


class Outbox:
    """Sends commands in order, as fast as the runner reads, and forgets those of requests that are given up.

    Args:
        send: hands a frame to the transport.
        config: its numbers.
    """

    def __init__(self, send: Callable[[bytes], None], config: OutboxConfig = OutboxConfig()) -> None:
        self._send = send
        self._config = config
        self._paused = False
        self._waiting: dict[int, bytes] = {}
        """Frames of requests by their ids, oldest first."""
        self._cancelled: list[int] = []
        """Requests that the runner has and must drop."""
        self.waiting_bytes = 0

    def send(self, command: Command) -> None:
        """Send a command that is no request and need not wait."""
        self._send(encode(command))

    def request(self, number: int, command: Command) -> None:
        """Send the request with the id `number`, as soon as the runner reads.

        Raises:
            RunnerBusy: if too much is waiting.
        """
        frame = encode(command)
        if not self._paused:
            self._send(frame)
            return
        if self._waiting and self.waiting_bytes + len(frame) > self._config.max_bytes:
            raise RunnerBusy
        self._waiting[number] = frame
        self.waiting_bytes += len(frame)

    def cancel(self, number: int) -> None:
        """Have the runner drop a request; one that waits is not sent at all."""
        frame = self._waiting.pop(number, None)
        if frame is not None:
            self.waiting_bytes -= len(frame)
        elif self._paused:
            self._cancelled.append(number)
        else:
            self._send(encode(Cancel(number)))

    def pause(self) -> None:
        """Keep what comes, because the runner has yet to read what was sent."""
        self._paused = True

    def resume(self) -> None:
        """Send what waits, until `pause` is called again."""
        self._paused = False
        while self._cancelled and not self._paused:
            self._send(encode(Cancel(self._cancelled.pop())))
        while self._waiting and not self._paused:
            number = next(iter(self._waiting))
            frame = self._waiting.pop(number)
            self.waiting_bytes -= len(frame)
            self._send(frame)

    def clear(self) -> None:
        """Forget everything, because the runner is gone."""
        self._waiting.clear()
        self._cancelled.clear()
        self.waiting_bytes = 0
