"""The runner process: `python -m paddock.engine FOLDER…`, where each FOLDER has blobs that a model may be made of."""

import logging
import os
import signal
import sys
from pathlib import Path

from paddock.engine.channel import Channel
from paddock.engine.inbox import Inbox


def main() -> int:
    """Take over the standard streams, then load and serve; the process has one thread until it has confined itself."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # an abort would start a debugger where there is one
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the server's business
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    inbox = Inbox()
    channel = Channel(inbox, start=False)
    from paddock.engine.files import BlobFolders
    from paddock.engine.runner import serve

    return serve(channel, inbox, BlobFolders([Path(folder) for folder in sys.argv[1:]]))


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)
