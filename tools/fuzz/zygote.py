"""`python -m tools.fuzz.zygote SOCKET`: a process that has loaded a runner's code, and forks one for each case.

A runner that is started anew needs half a second for its imports. This one is the same program, the same protocol and
the same files, but its imports are done. For each message on the socket, with three descriptors for the standard
streams, it forks a process that runs the module's `main`, and answers with how that ended.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import sys
import traceback

MEMORY = 8 << 30
"""Bytes of data that a forked process may have, so that a case does not take the machine's memory."""
PRELOADED = {
    "paddock.engine.__main__": ("paddock.engine.files", "paddock.engine.runner"),
    "paddock.conversion.workers.checkpoint": (),
}


def main() -> int:
    """Serve until the socket ends."""
    for module, others in PRELOADED.items():
        for name in (module, *others):
            importlib.import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        while True:
            data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 3)
            if not data:
                return 0
            pid = os.fork()
            if not pid:
                connection.close()
                _become(json.loads(data), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            _, status = os.waitpid(pid, 0)
            connection.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _become(order: dict[str, object], descriptors: list[int]) -> None:
    """Run a module's `main` in this process, with these standard streams, and end."""
    status = 1
    with contextlib.suppress(BaseException):
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            status = _run(str(order["module"]), [str(one) for one in order["arguments"]])  # type: ignore[attr-defined]
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
    os._exit(status)


def _run(name: str, arguments: list[str]) -> int:
    module = importlib.import_module(name)
    sys.argv = [name, *arguments]
    if name == "paddock.engine.__main__":
        return int(module.main())
    import msgspec

    return int(module.main(msgspec.json.decode(arguments[0], type=module.CheckpointJob)))


if __name__ == "__main__":
    sys.exit(main())
