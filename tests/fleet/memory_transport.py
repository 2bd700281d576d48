"""A transport to a runner that is a script in the same process: no pipes, no model."""

import asyncio
from collections.abc import Callable

from paddock.fleet.client import RunnerClient
from paddock.fleet.transports import Receiver
from paddock.ipc import Command, Event, FileRef, Frames, Loaded, LoadModel, Shutdown, decode_command, encode

LOAD = LoadModel(model=FileRef(f"sha256:{'a' * 64}"))
LOADED = Loaded(
    context_length=128, pool_tokens=512, max_sequences=2, threads=1, flash_attention=False, description="scripted"
)


def load_at_once(runner: "MemoryTransport", command: Command) -> None:
    """Load whatever model, and answer nothing else."""
    if isinstance(command, LoadModel):
        runner.send_event(LOADED)


class MemoryTransport:
    """Hands commands to a script, and the script's events to the client, as bytes.

    Args:
        script: what the runner does with a command.
    """

    def __init__(self, script: Callable[["MemoryTransport", Command], object] = load_at_once) -> None:
        self.commands: list[Command] = []
        """The commands that the client has sent after `LoadModel`."""
        self.aborted = False
        self.gone = False
        self._script = script
        self._frames = Frames()
        self.receiver: Receiver

    @property
    def label(self) -> str:
        return "runner in memory"

    async def open(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def send(self, frame: bytes) -> None:
        if self.gone:
            return
        for body in self._frames.feed(frame):
            command = decode_command(body)
            if not isinstance(command, LoadModel):
                self.commands.append(command)
            self._script(self, command)

    def abort(self) -> None:
        self.aborted = True
        self.lose("signal 9")

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.lose("exit status 0")

    def send_event(self, event: Event) -> None:
        """Let the runner send an event."""
        self.receiver.data_received(encode(event))

    def lose(self, reason: str) -> None:
        """Let the runner be gone."""
        if not self.gone:
            self.gone = True
            self.receiver.connection_lost(reason)

    @property
    def was_told_to_leave(self) -> bool:
        return Shutdown() in self.commands


async def connected() -> tuple[RunnerClient, MemoryTransport]:
    """A client whose scripted runner has loaded its model."""
    transport = MemoryTransport()
    client = RunnerClient("m", transport)
    await client.load(LOAD, 5)
    return client, transport
