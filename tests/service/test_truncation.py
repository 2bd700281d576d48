import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from paddock.service.truncation import fitting_prompt
from paddock.templates import Message


def fit(messages: Sequence[Message], limit: int) -> tuple[str, int]:
    """Return the prompt, in which each word is a token, and how many prompts were tried."""
    tried = 0

    async def render(some: Sequence[Message]) -> str:
        nonlocal tried
        tried += 1
        return "".join(f"{m.role[0]}:{m.content} " for m in some)

    async def count(prompt: str) -> int:
        return len(prompt.split())

    def image_tokens(some: Sequence[Message]) -> int:
        return 10 * sum(len(m.images) for m in some)

    async def fitted() -> tuple[str, Sequence[Message]]:
        return await fitting_prompt(messages, await render(messages), render, count, limit, image_tokens)

    prompt, kept = asyncio.run(fitted())
    assert prompt == asyncio.run(render(kept))
    return prompt, tried - 1


def test_a_chat_that_fits_stays_whole() -> None:
    assert fit([Message("system", "s"), Message("user", "a"), Message("assistant", "b")], 3) == ("s:s u:a a:b ", 1)


def test_the_oldest_messages_go_first_and_the_system_message_stays() -> None:
    chat = [Message("system", "s"), *(Message("user", f"long-{i}") for i in range(9))]
    assert fit(chat, 4)[0] == "s:s u:long-6 u:long-7 u:long-8 "


def test_the_last_message_stays_however_long() -> None:
    assert fit([Message("user", "old"), Message("user", "x " * 50)], 10)[0].startswith("u:x")
    assert fit([Message("user", "x " * 50)], 10)[0].startswith("u:x")


def test_images_count_and_are_dropped_with_their_messages() -> None:
    chat = [Message("user", f"turn-{i}", images=[b"image"] * (i % 2)) for i in range(8)]
    assert fit(chat, 23)[0] == "u:turn-5 u:turn-6 u:turn-7 "
    assert fit(chat, 20)[0] == "u:turn-6 u:turn-7 "
    assert fit(chat, 5)[0] == "u:turn-7 "


def test_few_prompts_are_tried_for_a_long_chat() -> None:
    assert fit([Message("user", f"turn-{i}") for i in range(1000)], 20)[1] <= 14


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.integers(1, 5)), min_size=1, max_size=12),
    st.integers(1, 30),
)
def test_what_is_kept_is_the_most_that_fits(sizes: list[tuple[str, int]], limit: int) -> None:
    messages = [Message(role, f"word{i} " * size) for i, (role, size) in enumerate(sizes)]

    def all_of(start: int) -> str:
        kept = [m for m in messages[:start] if m.role == "system"]
        return "".join(f"{m.role[0]}:{m.content} " for m in [*kept, *messages[start:]])

    last = len(messages) - 1
    best = next((i for i in range(last) if len(all_of(i).split()) <= limit), last)
    assert fit(messages, limit)[0] == all_of(best)


def test_tokens_that_the_tokenizer_adds_count_even_if_each_byte_is_a_token() -> None:
    messages = [Message("user", "abcdef"), Message("user", "x")]

    async def render(some: Sequence[Message]) -> str:
        return "".join(message.content for message in some)

    async def count(prompt: str) -> int:
        return len(prompt) + 2

    async def fitted(limit: int) -> Sequence[Message]:
        return (await fitting_prompt(messages, await render(messages), render, count, limit))[1]

    assert asyncio.run(fitted(9)) == messages
    assert asyncio.run(fitted(8)) == messages[1:]
