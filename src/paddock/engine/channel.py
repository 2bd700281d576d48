"""The runner's ends of its pipes: commands in, events out."""

import logging
import os
import sys
import threading
from collections import deque

from paddock.ipc import BrokenStream, Command, Event, Frames, decode_command, encode

CHUNK = 1 << 16

log = logging.getLogger("paddock.engine")


class Channel:
    """Speaks over the standard input and output that this process was started with.

    A thread reads the commands. When the other side is gone, in whatever way, that thread ends the process at once:
    nobody is left to work for, even if a native call is still running.
    """

    def __init__(self) -> None:
        self._input, self._output = _take_standard_streams()
        self._commands: deque[Command] = deque()
        self._arrived = threading.Event()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def take(self, wait: bool) -> list[Command]:
        """Return the commands that have arrived; if there are none and `wait`, sleep until one does."""
        if not self._commands:
            if not wait:
                return []
            self._arrived.wait()
        self._arrived.clear()
        commands = []
        while self._commands:
            commands.append(self._commands.popleft())
        return commands

    def send(self, event: Event) -> None:
        """Write one event."""
        data = memoryview(encode(event))
        while data:
            data = data[os.write(self._output, data) :]

    def _read(self) -> None:
        frames = Frames()
        try:
            while data := os.read(self._input, CHUNK):
                for body in frames.feed(data):
                    self._commands.append(decode_command(body))
                self._arrived.set()
        except (OSError, BrokenStream) as error:
            log.error("the channel to the server broke: %s", error)
        os._exit(0)


def _take_standard_streams() -> tuple[int, int]:
    """Keep the pipes for ourselves: what the library prints goes to standard error, and it reads nothing."""
    source, target = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (source, target):
            msvcrt.setmode(descriptor, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, target
