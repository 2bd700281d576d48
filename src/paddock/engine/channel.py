"""The runner's ends of its two pipes: commands come in on one, events go out on the other."""

import logging
import os
import sys
import threading

from paddock.engine.inbox import Inbox
from paddock.ipc import BrokenStream, Event, Frames, decode_command, encode

READ_BYTES = 1 << 16

log = logging.getLogger("paddock.engine")


class Channel:
    """Speaks over the standard input and output that this process was started with.

    A thread reads commands and posts them to the inbox. When the other side is gone, in whatever way, that thread ends
    the process at once: nobody is left to work for, even if a native call is still running.

    Args:
        start: whether that thread starts now. A process that is to confine itself before it has threads reads its first
            command with `receive`, and calls `start` afterwards.
    """

    def __init__(self, inbox: Inbox, *, start: bool = True) -> None:
        self._input, self._output = _take_standard_streams()
        self._inbox = inbox
        self._frames = Frames()
        if start:
            self.start()

    def start(self) -> None:
        """Start the thread that reads commands."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def receive(self) -> None:
        """Wait for bytes and post the commands that they complete; end the process if the other side is gone."""
        try:
            data = os.read(self._input, READ_BYTES)
            for body in self._frames.feed(data):
                self._inbox.post(decode_command(body))
            if data:
                return
        except (OSError, BrokenStream) as error:
            log.error("the channel to the server broke: %s", error)
        except Exception:  # such as no memory for a frame: a runner that reads no commands must not stay
            log.exception("the commands of the server cannot be read")
        os._exit(0)

    def send(self, event: Event) -> None:
        """Write one event; block while the pipe is full."""
        data = encode(event)
        written = os.write(self._output, data)
        while written < len(data):
            written += os.write(self._output, memoryview(data)[written:])

    def _read(self) -> None:
        while True:
            self.receive()


def _take_standard_streams() -> tuple[int, int]:
    """Return copies of the pipes, so that the library's prints go to standard error and it reads nothing."""
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
