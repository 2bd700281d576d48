"""A model with everything that requests need to know of it, computed once for all requests."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from paddock.fleet import RunnerSpec
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, TEXT_ONLY_ARCHITECTURES
from paddock.library.options import InvalidOption, read_options
from paddock.library.store.model import Model
from paddock.options import Options
from paddock.service.capabilities import holds_encoder, projector_file
from paddock.service.errors import NotSupported
from paddock.service.models import ModelProperties
from paddock.service.parsers import reply_format
from paddock.service.runner_spec import default_runner_spec
from paddock.service.template_facts import NO_FACTS
from paddock.templates import Message, TemplateSyntax
from paddock.workers.messages import TemplateFacts, TemplateSource

if TYPE_CHECKING:
    from paddock.parsing.reply_format import ReplyFormat


@dataclass(frozen=True, eq=False)
class ResolvedModel:
    """One version of a model. Its properties are computed on first use, and kept as long as the version is in use."""

    model: Model
    properties: ModelProperties
    capabilities: tuple[str, ...]
    facts: TemplateFacts
    """What its template tells."""

    @cached_property
    def options(self) -> Options:
        """The options that are stored with the model.

        Raises:
            InvalidOption: if one has a value of another type.
        """
        options = read_options(self.model.parameters)
        if isinstance(options, InvalidOption):
            raise InvalidOption(f"{options}, in the parameters of the model '{self.model.name.short}'")
        return options

    @cached_property
    def template(self) -> TemplateSource:
        """What renders the model's prompts; the texts of special tokens are left empty in it.

        Raises:
            UnknownRenderer: if it names a renderer that does not exist.
        """
        return template_source(self.model)

    @cached_property
    def reply_format(self) -> "ReplyFormat":
        """How the model replies.

        Raises:
            UnknownRenderer, TemplateSyntax: if it names a renderer, or has a template, that cannot be used.
        """
        self.check_template()
        return reply_format(self.model, NO_FACTS if self.template.renderer else self.facts)

    def check_template(self) -> None:
        """Check that the model's prompts can be rendered, as far as that is known: a chat template is tried then.

        Raises:
            UnknownRenderer, TemplateSyntax: as `reply_format`.
        """
        if self.template.template is not None and self.facts.problem:
            raise TemplateSyntax(self.facts.problem)

    @property
    def supports_suffix(self) -> bool:
        """Whether the model can fill in between a prompt and a suffix."""
        return self.facts.has_suffix and not self.model.config.renderer

    @cached_property
    def history(self) -> tuple[Message, ...]:
        """The messages that every conversation with the model begins with."""
        return tuple(Message(message["role"], message["content"]) for message in self.model.messages)

    @cached_property
    def projector(self) -> Path | None:
        """The file that turns images and audio into embeddings; None if there is none."""
        return projector_file(self.model)

    @cached_property
    def spec(self) -> RunnerSpec:
        """The runner that the model needs, with default options.

        Raises:
            NotSupported: if its file is of a form that cannot be run.
            DamagedModel: if it describes a model that nothing can run.
        """
        from paddock.gguf.soundness import check_model

        gguf = self.model.gguf
        check_model(gguf)
        if holds_encoder(gguf) and gguf.architecture not in ENCODER_ARCHITECTURES | TEXT_ONLY_ARCHITECTURES:
            raise NotSupported(
                f"{self.model.name.full} has its vision or audio encoder inside its GGUF file, which cannot be run for "
                f"{gguf.architecture} yet; a variant whose projector is a file of its own can"
            )
        return default_runner_spec(self.model, self.properties)


def template_source(model: Model, bos: str = "", eos: str = "") -> TemplateSource:
    """Return what renders a model's prompts: its renderer, else its own template, else its chat template.

    Args:
        model: the model.
        bos: the text of the token that begins a sequence, for chat templates.
        eos: the text of the token that ends one.

    Raises:
        UnknownRenderer: if it names a renderer that does not exist.
    """
    renderer = model.config.renderer
    if renderer:
        from paddock.templates.renderers import UnknownRenderer, renderer_names

        if renderer not in renderer_names():
            raise UnknownRenderer(f'unknown renderer "{renderer}"')
        return TemplateSource(renderer=renderer)
    if model.template is not None:
        return TemplateSource(model.template)
    text = model.gguf.metadata.get("tokenizer.chat_template")
    return TemplateSource(None, text, bos, eos) if isinstance(text, str) and text else TemplateSource()
