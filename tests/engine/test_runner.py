import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from paddock import ipc
from tests.blobs import BLOBS, file_ref
from tests.conftest import QUESTION, SKY, Continuation
from tests.engine.runners import GREEDY, RunnerUnderTest, load
from tests.models.kinds import full_attention
from tests.models.llama import tiny_file

Continued = Callable[[str], Continuation]


@pytest.fixture(scope="module")
def runner(packaged: Path) -> Iterator[RunnerUnderTest]:
    with RunnerUnderTest(load(packaged, context_length=2048, pool_tokens=8192)) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


@pytest.fixture(scope="module")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full_attention(tmp_path_factory.mktemp("endless") / "endless.gguf")


@pytest.fixture(scope="module")
def endless(endless_model: Path) -> Iterator[RunnerUnderTest]:
    """A runner of a model that never ends a reply."""
    with RunnerUnderTest(load(endless_model, context_length=2048, pool_tokens=8192)) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


def ask(number: int, prompt: str = QUESTION, **fields: object) -> ipc.Generate:
    return ipc.Generate(id=number, prompt=prompt, **{"sampling": GREEDY, "num_predict": 60, **fields})  # type: ignore[arg-type]


def finished(end: ipc.Finished | ipc.Failed) -> ipc.Finished:
    assert isinstance(end, ipc.Finished), end
    return end


def test_a_real_model_replies_what_llama_cpp_alone_replies(runner: RunnerUnderTest, continued: Continued) -> None:
    text, end = runner.complete(ask(1))[1]
    expected = continued(QUESTION)
    assert expected.ended
    assert text == expected.text
    assert finished(end).reason == "stop"
    # The token that ends the reply counts.
    assert (finished(end).prompt_tokens, finished(end).reply_tokens) == (
        expected.prompt_tokens,
        len(expected.tokens) + 1,
    )
    assert finished(end).prompt_duration > 0 < finished(end).reply_duration


def test_several_sequences_run_side_by_side_and_each_replies_what_it_replies_alone(
    runner: RunnerUnderTest, continued: Continued
) -> None:
    questions = (SKY, "What is the capital of France?", "Hello!", "Which model are you?")
    prompts = {n: QUESTION.replace(SKY, question) for n, question in enumerate(questions)}
    together = runner.complete(*[ask(n, p) for n, p in prompts.items()])
    for n, p in prompts.items():
        assert runner.complete(ask(n, p))[n][0] == together[n][0] == continued(p).text


def test_more_requests_than_sequences_wait_their_turn(runner: RunnerUnderTest, continued: Continued) -> None:
    replies = runner.complete(*[ask(n) for n in range(20)])
    assert {text for text, _ in replies.values()} == {continued(QUESTION).text}


def test_a_stop_string_ends_the_reply_and_is_not_shown(runner: RunnerUnderTest, continued: Continued) -> None:
    tokens = continued(QUESTION).tokens
    text, end = runner.complete(ask(1, stop=(tokens[4] + tokens[5],)))[1]
    assert text == "".join(tokens[:4])
    assert (finished(end).reason, finished(end).reply_tokens) == ("stop", 6)


def test_the_same_seed_gives_the_same_reply_and_another_seed_another(endless: RunnerUnderTest) -> None:
    def tell(seed: int) -> str:
        return endless.complete(ask(1, sampling=ipc.Sampling(seed=seed)))[1][0]

    assert tell(42) == tell(42)
    assert len({tell(-1) for _ in range(3)}) == 3


def test_every_kind_of_sampling_ends_with_a_reason(runner: RunnerUnderTest) -> None:
    kinds = [
        ipc.Sampling(mirostat=1),
        ipc.Sampling(mirostat=2, mirostat_tau=1.0),
        ipc.Sampling(typical_p=0.5, min_p=0.1),
        ipc.Sampling(top_k=0, top_p=1.0),
        ipc.Sampling(top_n_sigma=1.0),
        ipc.Sampling(top_n_sigma=1e-30, top_k=0, top_p=1.0),
        ipc.Sampling(top_n_sigma=1e30, temperature=1e30),
        ipc.Sampling(top_k=-1, top_p=5.0, temperature=-1.0),
        ipc.Sampling(repeat_penalty=1.5, repeat_last_n=-1),
        ipc.Sampling(repeat_penalty=1.5, repeat_last_n=0),
        ipc.Sampling(presence_penalty=1.0, frequency_penalty=1.0, repeat_last_n=10**6),
        ipc.Sampling(seed=2**40),
        ipc.Sampling(seed=-7, temperature=100.0),
    ]
    replies = runner.complete(*[ask(n, sampling=s, num_predict=20) for n, s in enumerate(kinds)])
    assert all(finished(end).reason in ("stop", "length") for _, end in replies.values())


def test_few_sigmas_leave_the_likeliest_token_however_high_the_temperature(endless: RunnerUnderTest) -> None:
    def tell(**sampling: Any) -> str:
        return endless.complete(ask(1, sampling=ipc.Sampling(seed=3, **sampling)))[1][0]

    hot = {"temperature": 50.0, "top_k": 0, "top_p": 1.0}
    assert tell(**hot, top_n_sigma=0.01) == tell(temperature=0.0)
    assert tell(**hot) == tell(**hot, top_n_sigma=1000.0) != tell(temperature=0.0)


def test_logprobs_come_with_the_likeliest_beside_them(runner: RunnerUnderTest, continued: Continued) -> None:
    likeliest = continued(QUESTION).tokens[0]
    runner.send(ask(1, num_predict=2, logprobs=True, top_logprobs=3))
    step = runner.expect(ipc.Step)
    (entry,) = step.chunks[0].logprobs or ()
    assert (entry.token, entry.bytes) == (likeliest, likeliest.encode())
    assert (entry.top[0].token, entry.top[0].logprob) == (likeliest, entry.logprob)
    assert -0.5 < entry.logprob <= 0
    assert entry.top[0].logprob >= entry.top[1].logprob >= entry.top[2].logprob
    while not step.finished:
        step = runner.expect(ipc.Step)


def test_a_context_that_is_full_shifts_and_goes_on(endless: RunnerUnderTest) -> None:
    _, end = endless.complete(ask(1, num_ctx=64, num_predict=200))[1]
    assert (finished(end).reply_tokens, finished(end).reason) == (200, "length")


def test_without_shifting_a_full_context_ends_the_reply(endless: RunnerUnderTest) -> None:
    _, end = endless.complete(ask(1, num_ctx=64, num_predict=200, shift=False))[1]
    assert finished(end).reason == "length"
    assert finished(end).prompt_tokens + finished(end).reply_tokens == 64


def test_a_prompt_that_is_too_long_is_cut_to_its_newest_half(endless: RunnerUnderTest) -> None:
    _, end = endless.complete(ask(1, "once upon a time " * 1000, num_predict=3))[1]
    assert 1024 <= finished(end).prompt_tokens <= 1027


def test_a_prompt_that_is_too_long_is_refused_if_it_may_not_be_cut(runner: RunnerUnderTest) -> None:
    _, end = runner.complete(ask(1, "once upon a time " * 1000, truncate=False))[1]
    assert isinstance(end, ipc.Failed)
    assert end.kind == "too_long"
    assert "exceeds the available context size (2048 tokens)" in end.message


@pytest.mark.parametrize("num_ctx", [4, 5, 7, 16])
def test_the_smallest_contexts_work(endless: RunnerUnderTest, num_ctx: int) -> None:
    _, end = endless.complete(ask(1, num_ctx=num_ctx, num_predict=20))[1]
    assert finished(end).reply_tokens == 20


@pytest.mark.parametrize("prompt", ["\0", "é" * 50, "</s><s>", "🦊🦊", " "])
def test_strange_prompts_are_answered(runner: RunnerUnderTest, prompt: str) -> None:
    _, end = runner.complete(ask(1, prompt, num_predict=5))[1]
    assert isinstance(end, ipc.Finished)


def test_tokens_that_are_none_of_this_model_are_left_out_of_a_context(runner: RunnerUnderTest) -> None:
    _, end = runner.complete(ask(1, context=(403, 10**6, -5), num_predict=3))[1]
    assert isinstance(end, ipc.Finished)


def test_a_cancelled_request_says_nothing_more(endless: RunnerUnderTest) -> None:
    whole, _ = endless.complete(ask(6))[6]
    endless.send(ask(7, num_predict=10**6))
    endless.expect(ipc.Step)
    endless.send(ipc.Cancel(7))
    endless.send(ipc.Tokenize(8, "Once"))
    endless.expect(ipc.Tokens)
    text, _ = endless.complete(ask(9))[9]
    assert text == whole
    while True:
        statistics = endless.expect(ipc.Statistics)
        if not statistics.running:
            break
    assert statistics.cached > 0


def test_log_lines_carry_their_level(packaged: Path) -> None:
    with RunnerUnderTest(load(packaged)) as under_test:
        under_test.expect(ipc.Loaded)
        under_test.send(ipc.Shutdown())
        under_test.process.wait(5)
        assert under_test.process.returncode == 0
        assert under_test.process.stderr is not None
        assert b"INFO " in under_test.process.stderr.read()


@pytest.mark.parametrize("how", ["truncated", "text", "empty", "absent", "folder"])
def test_what_is_not_a_model_is_refused_in_one_line(packaged: Path, tmp_path: Path, how: str) -> None:
    file = tmp_path / "model.gguf"
    if how == "truncated":
        file.write_bytes(packaged.read_bytes()[:-1000])
    elif how == "text":
        file.write_text("this is no model " * 100)
    elif how == "empty":
        file.touch()
    elif how == "folder":
        file.mkdir()
    with RunnerUnderTest(load(file)) as under_test:
        failed = under_test.expect(ipc.LoadFailed)
        assert failed.message
        assert "\n" not in failed.message
        assert str(BLOBS) not in failed.message
        assert under_test.process.wait(5) == 1


def test_why_a_projector_cannot_be_loaded_names_no_folder_and_is_not_long(packaged: Path, tmp_path: Path) -> None:
    keys: dict[str, str | int | float | bool] = {
        "clip.has_vision_encoder": True,
        "clip.projector_type": "x" * 3000,
        "clip.vision.projection_dim": 4,
    }
    for metadata, reason in ((keys, "…"), ({**keys, "clip.projector_type": "mlp"}, "sha256-")):
        projector = tiny_file(tmp_path / f"{len(reason)}.gguf", "clip", metadata)
        with RunnerUnderTest(load(packaged, projector=projector)) as under_test:
            message = under_test.expect(ipc.LoadFailed).message
        assert reason in message, message
        assert str(BLOBS) not in message
        assert len(message) <= 401


def test_a_runner_ends_at_once_when_its_input_does(endless_model: Path) -> None:
    with RunnerUnderTest(load(endless_model)) as under_test:
        under_test.expect(ipc.Loaded)
        under_test.send(ask(1, num_predict=10**6))
        under_test.expect(ipc.Step)
        assert under_test.process.stdin is not None
        under_test.process.stdin.close()
        assert under_test.process.wait(2) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_runner_does_not_outlive_a_parent_that_is_killed(packaged: Path) -> None:
    script = f"""
import subprocess, sys, time
from paddock import ipc
command = [sys.executable, "-m", "paddock.engine", {str(BLOBS)!r}]
runner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
model = ipc.FileRef({file_ref(packaged).digest!r})
runner.stdin.write(ipc.encode(ipc.LoadModel(model=model, context_length=512, pool_tokens=512)))
runner.stdin.flush()
runner.stdout.read(4)
print(runner.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        runner = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        deadline = time.monotonic() + 2
        while runner.is_running() and runner.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.02)
        assert time.monotonic() < deadline


def test_a_runner_ignores_the_terminals_interrupt(packaged: Path, continued: Continued) -> None:
    with RunnerUnderTest(load(packaged)) as under_test:
        under_test.expect(ipc.Loaded)
        under_test.process.send_signal(signal.SIGINT)
        assert under_test.complete(ask(1, num_predict=3))[1][0] == "".join(continued(QUESTION).tokens[:3])


def scheduled(task: Path) -> tuple[int, int]:
    """Return the nanoseconds that a thread has run, and in how many slices of time."""
    nanoseconds, _, slices = (task / "schedstat").read_text().split()
    return int(nanoseconds), int(slices)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs the scheduler's statistics of Linux")
def test_an_idle_runner_uses_no_processor_time(endless: RunnerUnderTest) -> None:
    endless.complete(ask(1, num_predict=5))
    endless.send(ipc.Tokenize(2, "Once"))
    endless.expect(ipc.Tokens)
    time.sleep(0.2)
    tasks = list(Path(f"/proc/{endless.process.pid}/task").iterdir())
    before = [scheduled(task) for task in tasks]
    time.sleep(0.5)
    assert [scheduled(task) for task in tasks] == before
