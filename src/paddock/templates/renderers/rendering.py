"""From a request to a prompt, by the renderer's name."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from paddock.templates.errors import TemplateFailed
from paddock.templates.message import Message
from paddock.templates.renderers.catalog import renderer
from paddock.templates.renderers.conversation import tools_of, turns_of


def render(
    name: str,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]] = (),
    think: bool | str | None = None,
    *,
    today: datetime.date | None = None,
) -> str:
    """Return the prompt that the renderer writes for a chat, with what opens the model's turn.

    `think` is the request's: on or off, how hard (`low`, `medium`, `high`, `max`), or not said. `today` is the date
    that some formats tell the model, by default the present one.

    Example:
        >>> render("qwen3-coder", [Message("user", "Hi")])
        '<|im_start|>user\\nHi<|im_end|>\\n<|im_start|>assistant\\n'

    Raises:
        UnknownRenderer: if there is no renderer of this name.
        TemplateRefused: if the format does not allow such a conversation.
        TemplateFailed: if a value cannot be written.
    """
    # Jinja costs 20 ms to import; a server that has no such model does without it.
    from paddock.templates.renderers.environment import template

    chosen = renderer(name)
    try:
        turns = turns_of(messages, places_images=chosen.places_images)
        opens_with_system = bool(turns) and turns[0].role == "system"
        return template(f"{chosen.template}.jinja").render(
            bos=chosen.bos,
            messages=turns,
            system=turns[0].content if opens_with_system else None,
            after_system=turns[1:] if opens_with_system else turns,
            tools=tools_of(tools),
            think=think,
            thinking=chosen.thinks if think is None else bool(think),
            today=today or datetime.date.today(),
            **chosen.options,
        )
    except RecursionError:
        raise TemplateFailed(f"renderer {name}: the request is nested too deeply") from None
