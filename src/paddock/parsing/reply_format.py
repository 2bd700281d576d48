"""The format in which a model replies."""

from dataclasses import dataclass

from paddock.ipc import ThinkingTags
from paddock.parsing.calls.forced_calls import CallFormat
from paddock.parsing.reply import Think
from paddock.parsing.stream import Grammar

USUAL_THINKING_TAGS = ThinkingTags("<think>", "</think>")


@dataclass(frozen=True, kw_only=True)
class ReplyFormat:
    """The format of one model's replies. It depends on the model only, so it is worked out once."""

    grammar: Grammar | None = None
    """How a reply is parsed; None if every reply is nothing but content."""
    call_format: CallFormat | None = None
    """How a call is written that the model is forced to make; None if it cannot be forced."""
    thinking_tags: ThinkingTags = USUAL_THINKING_TAGS
    """The tags around thinking; without a closing one, the thinking of a reply cannot be told from its answer."""
    thinking_tags_before_call: ThinkingTags | None = None
    """The tags around thinking that a call follows, if the calls stand in messages of their own."""
    thinks_unasked: bool = False
    """Whether the model thinks even if the request does not ask for it."""
    is_always_parsed: bool = False
    """Whether replies are parsed even if the request has no tools and asks for no thinking."""

    def tags_around_thinking(self, think: Think, prompt: str, *, before_call: bool = False) -> ThinkingTags | None:
        """Return the tags around the thinking of a reply to `prompt`; None if the reply has no thinking.

        With `before_call`, the second tag includes the header of the message with the call.
        """
        if not think and not self.thinks_unasked:
            return None
        tags = (self.thinking_tags_before_call if before_call else None) or self.thinking_tags
        if not tags.closing:
            return None
        return tags._replace(opening="") if prompt.rstrip().endswith(tags.opening) else tags


CONTENT_ONLY = ReplyFormat()
"""The format of a model without any template: replies are content."""
