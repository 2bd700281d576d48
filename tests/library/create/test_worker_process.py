import errno
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from paddock.library.create.worker_process import WorkerCrashed, WorkerFailed, run_worker
from paddock.progress import Progress

pytestmark = pytest.mark.model


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that can be run as `work`; what it does is to be written into the file."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "work.py"


def ignore(message: Progress | None) -> None:
    pass


def test_messages_come_in_their_order_and_other_lines_are_left_out(module: Path) -> None:
    module.write_text('import sys\nprint(\'{"total": 1}\\nhello\\n[]\\n{"a": 1}\\n{"total":\', sys.argv[1] + \'}\')')
    seen: list[Progress | None] = []
    run_worker("work", ["2"], seen.append)
    assert [message for message in seen if message is not None] == [Progress(total=1), Progress(total=2)]


def test_an_error_is_raised_with_its_text(module: Path) -> None:
    module.write_text('print(\'{"error": "no such thing"}\'); raise SystemExit(1)')
    with pytest.raises(WorkerFailed, match=r"^no such thing$"):
        run_worker("work", [], ignore)
    module.write_text(f'print(\'{{"error": "full", "errno": {errno.ENOSPC}}}\'); raise SystemExit(1)')
    with pytest.raises(OSError, match="full") as error:
        run_worker("work", [], ignore)
    assert error.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('what went wrong')", "work ended with exit status 1: what went wrong"),
        ("import os; os.abort()", "work ended with signal 6: a file that it worked on is damaged"),
        ("import os; os.kill(os.getpid(), 9)", "work ended with signal 9: there may be too little memory"),
        ("raise KeyError('x')", "work ended with exit status 1: KeyError: 'x'"),
    ],
)
def test_an_end_without_a_word_is_told_with_the_last_line(module: Path, code: str, message: str) -> None:
    module.write_text(code)
    with pytest.raises(WorkerCrashed, match=message):
        run_worker("work", [], ignore)


def test_what_native_code_says_before_it_dies_is_for_the_log(module: Path, caplog: pytest.LogCaptureFixture) -> None:
    module.write_text("import os; os.write(2, b'/tmp/build/ggml.c:12: GGML_ASSERT(a == b) failed\\n'); os.abort()")
    with pytest.raises(WorkerCrashed) as error:
        run_worker("work", [], ignore)
    assert "GGML" not in str(error.value)
    assert "ggml.c:12: GGML_ASSERT(a == b) failed" in caplog.text


def test_a_silent_child_is_asked_about_and_killed_when_nobody_waits(module: Path) -> None:
    module.write_text("import time; time.sleep(60)")
    started = time.monotonic()
    before = psutil.Process().children()

    def give_up(message: Progress | None) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        run_worker("work", [], give_up)
    assert time.monotonic() - started < 10
    assert psutil.Process().children() == before


@pytest.mark.skipif(sys.platform == "win32", reason="other signals there")
def test_a_child_ends_when_this_process_has_gone(module: Path, tmp_path: Path) -> None:
    """Killed, so that it cannot clean up: the child sees the end of its input."""
    import subprocess

    module.write_text(
        "import os, threading, time\nfrom paddock.engine.quantize import _end_with_input\n"
        "threading.Thread(target=_end_with_input, daemon=True).start()\n"
        'print(\'{"status": "%d"}\' % os.getpid(), flush=True)\ntime.sleep(60)\n'
    )
    parent = (
        "from paddock.library.create.worker_process import run_worker\n"
        "run_worker('work', [], lambda m: m and print(m.status, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
        process.wait()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_giving_up_a_child_that_goes_on_talking_leaves_no_thread_with_an_error(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.write_text("while True: print('{\"a\": 1}', flush=True)")
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    before = threading.active_count()

    def give_up(message: Progress | None) -> None:
        raise InterruptedError

    for _ in range(10):
        with pytest.raises(InterruptedError):
            run_worker("work", [], give_up)
    assert failed == []
    assert threading.active_count() == before
