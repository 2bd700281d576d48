"""A chat that does not fit the context loses whole messages, the oldest first."""

from collections.abc import Awaitable, Callable, Sequence

from paddock.templates import Message

Render = Callable[[Sequence[Message]], Awaitable[str]]
Count = Callable[[str], Awaitable[int]]

MediaTokens = Callable[[Sequence[Message]], int]


async def fitting_prompt(
    messages: Sequence[Message], render: Render, count: Count, limit: int, media: MediaTokens = lambda _: 0
) -> tuple[str, Sequence[Message]]:
    """Return the prompt of as many of the newest messages as fit into `limit` tokens, and those messages.

    `count` counts the tokens of a prompt's text, `media` those of the pictures and recordings of some messages.
    System messages stay, wherever they stand, and so does the last message, even if it alone is too long: the engine
    cuts inside it then. Fewer messages are taken to make no longer a prompt, so few prompts have to be tried.
    """

    async def attempt(start: int) -> tuple[tuple[str, Sequence[Message]], bool]:
        kept = [*(m for m in messages[:start] if m.role == "system"), *messages[start:]]
        prompt = await render(kept)
        room = limit - media(kept)
        # A token is at least a byte, and one more may come in front.
        fits = len(prompt.encode()) < room or await count(prompt) <= room
        return (prompt, kept), fits

    found, fits = await attempt(0)
    if fits or len(messages) < 2:
        return found
    low, high = 1, len(messages) - 1
    found, _ = await attempt(high)
    while low < high:
        middle = (low + high) // 2
        shorter, fits = await attempt(middle)
        if fits:
            found, high = shorter, middle
        else:
            low = middle + 1
    return found
