import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.fuzz.forked import Zygote

from paddock import ipc
from tests.blobs import BLOBS, file_ref
from tests.models.llama import tiny_llama

RUNNER = "paddock.engine.__main__"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    one = Zygote()
    yield one
    one.close()


def test_a_forked_runner_loads_and_computes_as_one_that_is_started(zygote: Zygote, tmp_path: Path) -> None:
    file = file_ref(tiny_llama(tmp_path / "tiny.gguf"))
    for _ in range(2):
        with zygote.fork(RUNNER, str(BLOBS)) as runner:
            runner.send(ipc.LoadModel(model=file, context_length=128, pool_tokens=256, max_sequences=1, threads=1))
            assert isinstance(runner.receive(), ipc.Loaded)
            runner.send(ipc.Generate(id=1, prompt="Once", num_predict=3))
            while not (isinstance(step := runner.receive(), ipc.Step) and step.finished):
                assert not isinstance(step, ipc.Step) or not step.failed
            runner.send(ipc.Shutdown())
        assert runner.status == 0


def test_how_a_forked_process_ended_is_known(zygote: Zygote, tmp_path: Path) -> None:
    with zygote.fork(RUNNER, str(tmp_path)) as runner:
        runner.send(ipc.LoadModel(model=ipc.FileRef("sha256:" + "0" * 64)))
        assert isinstance(runner.receive(), ipc.LoadFailed)
        assert runner.read() == b""
    assert runner.status == 1
    with zygote.fork(RUNNER, str(tmp_path)) as runner:
        zygote._kill(runner.pid)
        assert runner.read() == b""
    assert runner.status == -signal.SIGKILL
