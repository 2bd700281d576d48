"""How a request's tokens become text, and why its reply ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.engine.generation.request import REPLY_CONTEXTS, Generation, context_for
from paddock.engine.scheduler.sequence import PromptTooLong
from paddock.ipc import Chunk, Generate, Sampling
from tests.models.llama import tiny_llama

PROMPT = [5, 6, 7]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(tiny_llama(Path(tmp_path_factory.mktemp("request")) / "model.gguf")))
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def context(model: LlamaModel) -> Iterator[Context]:
    """A context that has logits in row 2."""
    made, batch = Context(model, ContextOptions(256, 32)), Batch(32)
    for position, token in enumerate(PROMPT):
        batch.add(token, position, 0, position == 2)
    made.decode(batch)
    yield made
    batch.close()
    made.close()


@pytest.fixture(scope="module")
def word(model: LlamaModel) -> int:
    """A token whose text is ASCII."""
    return next(t for t in range(model.vocabulary_size) if len(model.piece(t)) > 2 and model.piece(t).isascii())


def a_generation(model: LlamaModel, **fields: object) -> Generation:
    sampling = fields.pop("sampling", Sampling(temperature=0))
    return Generation(Generate(id=7, prompt="", sampling=sampling, **fields), PROMPT, model, 128, 128)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("num_ctx", "limit", "length"), [(0, 4096, 2048), (100, 4096, 100), (0, 1000, 1000), (8000, 4096, 4096)]
)
def test_a_request_uses_the_context_that_it_asks_for_up_to_the_limit(num_ctx: int, limit: int, length: int) -> None:
    assert context_for(Generate(id=1, prompt="", num_ctx=num_ctx), 2048, limit) == length


def test_each_token_brings_its_text_and_the_last_one_the_reason(model: LlamaModel, context: Context, word: int) -> None:
    generation = a_generation(model, num_predict=2)
    text = model.piece(word).decode()
    for reason in (None, "length"):
        generation.sample(context, 2)
        assert generation.process_token(word, context, 2) == (Chunk(7, text), reason)
    generation.close()


def test_without_a_limit_a_reply_ends_after_ten_contexts(model: LlamaModel, context: Context, word: int) -> None:
    generation = a_generation(model)
    reasons = []
    for _ in range(REPLY_CONTEXTS * 128):
        generation.sample(context, 2)
        reasons.append(generation.process_token(word, context, 2)[1])
    assert reasons[-1] == "length" and not any(reasons[:-1])
    generation.close()


def test_the_token_that_ends_a_reply_has_no_text_but_brings_what_was_held_back(
    model: LlamaModel, context: Context, word: int
) -> None:
    text = model.piece(word).decode()
    generation = a_generation(model, stop=(text + "never",))
    assert generation.process_token(word, context, 2) == (None, None)
    assert generation.process_token(model.eos, context, 2) == (Chunk(7, text), "stop")
    generation.close()


def test_a_stop_string_ends_the_reply_before_it(model: LlamaModel, context: Context, word: int) -> None:
    text = model.piece(word).decode()
    generation = a_generation(model, stop=(text[1:],))
    assert generation.process_token(word, context, 2) == (Chunk(7, text[0]), "stop")
    generation.close()


def test_special_tokens_are_text_only_if_the_request_says_so(model: LlamaModel, context: Context) -> None:
    for special in (False, True):
        generation = a_generation(model, special_tokens=special)
        chunk, _ = generation.process_token(model.bos, context, 2)
        assert (chunk is not None) == special
        generation.close()


def test_log_probabilities_come_with_each_token_even_without_text(
    model: LlamaModel, context: Context, word: int
) -> None:
    text = model.piece(word).decode()
    generation = a_generation(model, logprobs=True, top_logprobs=3, stop=(text + "never",))
    chunk, _ = generation.process_token(word, context, 2)
    assert chunk is not None and chunk.text == "" and chunk.logprobs is not None
    (logprob,) = chunk.logprobs
    assert logprob.token == text and len(logprob.top) == 3
    assert logprob.top[0].logprob >= logprob.logprob
    generation.close()


def test_the_end_counts_tokens_and_measures_from_the_start_of_the_prefill(
    model: LlamaModel, context: Context, word: int
) -> None:
    generation = a_generation(model)
    generation.mark_prefill_started()
    for _ in range(3):
        generation.sample(context, 2)
    end = generation.finish("stop")
    assert (end.id, end.reason, end.prompt_tokens, end.cached_tokens, end.reply_tokens) == (7, "stop", 3, 0, 3)
    assert end.prompt_duration > 0 and end.reply_duration > 0
    generation.close()


def test_a_reply_that_never_started_has_no_durations(model: LlamaModel) -> None:
    generation = a_generation(model)
    end = generation.finish("stop")
    assert (end.prompt_duration, end.reply_duration, end.reply_tokens) == (0, 0, 0)
    generation.close()


def test_a_prompt_that_may_not_be_truncated_is_refused(model: LlamaModel) -> None:
    request = Generate(id=1, prompt="", truncate=False)
    with pytest.raises(PromptTooLong):
        Generation(request, [5] * 128, model, 128, 128)


def test_penalties_count_the_end_of_the_prompt(model: LlamaModel, context: Context) -> None:
    """The likeliest next token is penalized as soon as it stands in the prompt."""
    free = a_generation(model)
    likeliest = free.sample(context, 2)
    free.close()
    sampling = Sampling(temperature=0, repeat_penalty=100.0, presence_penalty=100.0, repeat_last_n=64)
    request = Generate(id=1, prompt="", sampling=sampling)
    penalized = Generation(request, [*PROMPT, likeliest], model, 128, 128)
    assert penalized.sample(context, 2) != likeliest
    penalized.close()
