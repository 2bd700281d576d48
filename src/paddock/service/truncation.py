"""A chat that does not fit the context loses whole messages, the oldest first."""

from collections.abc import Awaitable, Callable, Sequence

from paddock.prompting import Message

Render = Callable[[Sequence[Message]], Awaitable[str]]
Count = Callable[[str], Awaitable[int]]


async def fitting_prompt(messages: Sequence[Message], render: Render, count: Count, limit: int) -> str:
    """Return the prompt of as many of the newest messages as fit into `limit` tokens.

    System messages stay, wherever they stand, and so does the last message, even if it alone is too long: the engine
    cuts inside it then. Fewer messages are taken to make no longer a prompt, so few prompts have to be tried.
    """

    async def attempt(start: int) -> tuple[str, bool]:
        kept = [m for m in messages[:start] if m.role == "system"]
        prompt = await render([*kept, *messages[start:]])
        # A token is at least a byte, and one more may come in front.
        fits = len(prompt.encode()) < limit or await count(prompt) <= limit
        return prompt, fits

    prompt, fits = await attempt(0)
    if fits or len(messages) < 2:
        return prompt
    low, high = 1, len(messages) - 1
    prompt, _ = await attempt(high)
    while low < high:
        middle = (low + high) // 2
        shorter, fits = await attempt(middle)
        if fits:
            prompt, high = shorter, middle
        else:
            low = middle + 1
    return prompt
