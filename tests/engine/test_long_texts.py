from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock import ipc
from paddock.engine.binding import LlamaModel
from paddock.engine.long_texts import LONG_TEXT
from tests.engine.runners import GREEDY, RunnerUnderTest, load
from tests.models.kinds import full_attention

LONG = "a day " * 400_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return full_attention(tmp_path_factory.mktemp("gguf") / "endless.gguf")


@pytest.fixture
def runner(file: Path) -> Iterator[RunnerUnderTest]:
    with RunnerUnderTest(load(file)) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


def stream(runner: RunnerUnderTest) -> None:
    """Start a reply that does not end, and wait until it has begun."""
    runner.send(ipc.Generate(id=1, prompt="Once", num_predict=10**6, sampling=GREEDY))
    while not (isinstance(event := runner.receive(), ipc.Step) and event.chunks):
        pass


def test_replies_go_on_while_a_long_prompt_is_tokenized(runner: RunnerUnderTest) -> None:
    stream(runner)
    runner.send(ipc.Generate(id=2, prompt=LONG, num_predict=1, sampling=GREEDY))
    steps = 0
    while not (isinstance(event := runner.receive(), ipc.Step) and any(end.id == 2 for end in event.finished)):
        assert not isinstance(event, ipc.Step) or not event.failed
        steps += isinstance(event, ipc.Step) and any(chunk.id == 1 for chunk in event.chunks)
    assert steps > 10


def test_a_long_text_has_the_tokens_that_it_has_at_once(runner: RunnerUnderTest, file: Path) -> None:
    stream(runner)
    text = LONG[: 2 * LONG_TEXT]
    runner.send(ipc.Tokenize(id=3, text=text))
    while not isinstance(event := runner.receive(), ipc.Tokens):
        pass
    model = LlamaModel(str(file))
    assert list(event.tokens) == model.tokenize(text)
    model.close()


def test_a_long_prompt_that_nobody_waits_for_is_forgotten(runner: RunnerUnderTest) -> None:
    runner.send(ipc.Generate(id=4, prompt=LONG, num_predict=1))
    runner.send(ipc.Cancel(id=4))
    runner.send(ipc.Generate(id=5, prompt=LONG[:LONG_TEXT], num_predict=1, sampling=GREEDY))
    ended = []
    while 5 not in ended:
        event = runner.receive()
        ended += [end.id for end in event.finished] if isinstance(event, ipc.Step) else []
    assert ended == [5]


def test_a_long_exchange_before_a_prompt_is_read_beside_the_replies(runner: RunnerUnderTest) -> None:
    stream(runner)
    runner.send(ipc.Generate(id=6, prompt="x", context=(300,) * 50_000, num_predict=1, sampling=GREEDY))
    while not (isinstance(event := runner.receive(), ipc.Step) and any(end.id == 6 for end in event.finished)):
        pass
