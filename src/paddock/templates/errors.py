"""What can be wrong with a prompt template."""

from paddock.errors import ErrorKind, PaddockError


class TemplateError(PaddockError, ValueError):
    """A prompt template cannot be used; the message is one line that a client may see."""

    kind = ErrorKind.INVALID


class TemplateSyntax(TemplateError):
    """The template does not parse. Worded as Go's `text/template` does: `template: :1: unclosed action`."""


class TemplateFailed(TemplateError):
    """The template parses, but rendering it failed or would have taken too much."""


class TemplateRefused(TemplateFailed):
    """The template itself raises an exception about the conversation it was given."""
