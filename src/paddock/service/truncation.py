"""Fit a chat into the context: whole messages are dropped, the oldest first."""

from collections.abc import Awaitable, Callable, Sequence

from paddock.templates import Message

Render = Callable[[Sequence[Message]], Awaitable[str]]
CountTokens = Callable[[str], Awaitable[int]]
MediaTokens = Callable[[Sequence[Message]], int]

MAX_ADDED_TOKENS = 4
"""Tokens that a tokenizer may add to a text: one at its beginning and end each, and a space before its first word."""


def surely_fits(prompt: str, limit: int) -> bool:
    """Return whether a prompt is so short that its tokens, each of at least one byte, need not be counted."""
    return len(prompt.encode()) + MAX_ADDED_TOKENS <= limit


async def fitting_prompt(
    messages: Sequence[Message],
    prompt: str,
    render: Render,
    count: CountTokens,
    limit: int,
    media: MediaTokens | None = None,
) -> tuple[str, Sequence[Message]]:
    """Return the prompt of as many of the newest messages as fit into `limit` tokens, and those messages.

    System messages stay, wherever they stand, and so does the last message, even if it alone is too long: the engine
    cuts inside it then. The search assumes that fewer messages make no longer prompt, so it tries few prompts.

    Args:
        messages: the conversation.
        prompt: the prompt of the whole conversation.
        render: makes a prompt of messages.
        count: counts the tokens of a prompt's text.
        limit: tokens that the prompt may have.
        media: counts the tokens of the images and audio of messages; None if there are none.
    """
    if await _fits(prompt, messages, count, limit, media) or len(messages) < 2:
        return prompt, messages
    low, high = 1, len(messages) - 1
    found = _newest(messages, high)
    prompt = await render(found)
    while low < high:
        middle = (low + high) // 2
        kept = _newest(messages, middle)
        shorter = await render(kept)
        if await _fits(shorter, kept, count, limit, media):
            prompt, found, high = shorter, kept, middle
        else:
            low = middle + 1
    return prompt, found


async def _fits(
    prompt: str, messages: Sequence[Message], count: CountTokens, limit: int, media: MediaTokens | None
) -> bool:
    room = limit - media(messages) if media is not None else limit
    return surely_fits(prompt, room) or await count(prompt) <= room


def _newest(messages: Sequence[Message], start: int) -> Sequence[Message]:
    """Return the messages from index `start` on, behind the earlier system messages."""
    return [*(m for m in messages[:start] if m.role == "system"), *messages[start:]]
