"""A model with everything that requests need to know of it, computed once for all requests."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from paddock.fleet import RunnerSpec
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, TEXT_ONLY_ARCHITECTURES
from paddock.gguf.soundness import check_model
from paddock.library.options import InvalidOption, read_options
from paddock.library.store.model import Model
from paddock.options import Options
from paddock.parsing import ReplyFormat
from paddock.service.capabilities import holds_encoder, projector_file
from paddock.service.errors import NotSupported
from paddock.service.models import ModelProperties
from paddock.service.parsers import reply_format
from paddock.service.runner_spec import default_runner_spec
from paddock.templates import Message, PromptTemplate


@dataclass(frozen=True, eq=False)
class ResolvedModel:
    """One version of a model. Its properties are computed on first use, and kept as long as the version is in use."""

    model: Model
    properties: ModelProperties
    capabilities: tuple[str, ...]

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
    def prompt_template(self) -> PromptTemplate:
        """How the model takes its prompts; special tokens are left empty in it.

        Raises:
            TemplateSyntax, UnknownRenderer: if it names a template or a renderer that cannot be used.
        """
        return prompt_template(self.model)

    @cached_property
    def reply_format(self) -> ReplyFormat:
        """How the model replies.

        Raises:
            TemplateSyntax, UnknownRenderer: as `prompt_template`.
        """
        return reply_format(self.model, self.prompt_template)

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
        gguf = self.model.gguf
        check_model(gguf)
        if holds_encoder(gguf) and gguf.architecture not in ENCODER_ARCHITECTURES | TEXT_ONLY_ARCHITECTURES:
            raise NotSupported(
                f"{self.model.name.full} has its vision or audio encoder inside its GGUF file, which cannot be run for "
                f"{gguf.architecture} yet; a variant whose projector is a file of its own can"
            )
        return default_runner_spec(self.model, self.properties)


def prompt_template(model: Model, *, template: str = "", bos: str = "", eos: str = "") -> PromptTemplate:
    """Return how a model takes its prompts.

    Args:
        model: the model.
        template: a template in Go's language to use instead of the model's own.
        bos: the text of the token that begins a sequence, for chat templates.
        eos: the text of the token that ends one.

    Raises:
        TemplateSyntax, UnknownRenderer: if the template or the renderer cannot be used.
    """
    chat_template = model.gguf.metadata.get("tokenizer.chat_template")
    text = chat_template if isinstance(chat_template, str) else None
    renderer = "" if template else model.config.renderer
    return PromptTemplate.from_model(template or model.template, text, bos, eos, renderer)
