from pathlib import Path
from typing import Any

import pytest

from paddock.errors import PaddockError
from paddock.library.names import ModelName
from paddock.options import Options
from paddock.service.models import ModelService
from paddock.service.resolved import ResolvedModel, template_source
from paddock.templates import Message, TemplateSyntax
from paddock.templates.renderers import UnknownRenderer
from paddock.workers.messages import TemplateSource
from tests.models.llama import tiny_llama
from tests.service.making import make


def resolved(models: ModelService, weights: str, **fields: Any) -> ResolvedModel:
    make(models, "x", files={"x.gguf": weights}, **fields)
    model = models.library.open(ModelName.parse("x"))
    return ResolvedModel(model, *models.describe(model))


def test_what_is_stored_with_a_model_is_read_once(models: ModelService, weights: str) -> None:
    model = resolved(
        models,
        weights,
        template="{{ .Prompt }}!",
        parameters={"num_ctx": 64, "stop": ["a", "b"]},
        messages=[{"role": "user", "content": "Hi"}],
    )
    assert model.options == Options(context_length=64, stop=("a", "b"))
    assert model.history == (Message("user", "Hi"),)
    assert model.template == TemplateSource("{{ .Prompt }}!")
    assert model.options is model.options
    assert model.template is model.template
    assert model.reply_format is model.reply_format
    assert model.spec is model.spec


def test_a_stored_option_of_the_wrong_type_is_an_error_of_each_request(models: ModelService, weights: str) -> None:
    model = resolved(models, weights)
    model.model.parameters["top_k"] = "many"
    for _ in range(2):
        with pytest.raises(PaddockError, match='option "top_k" must be of type integer'):
            _ = model.options


def test_the_runner_is_known_by_the_models_files(models: ModelService, weights: str) -> None:
    spec = resolved(models, weights).spec
    assert (spec.name, spec.files.model, spec.files.projector) == ("x:latest", weights, "")


def test_a_renderer_comes_before_a_template(models: ModelService, weights: str) -> None:
    model = resolved(models, weights, template="own {{ .Prompt }}{{ .Suffix }}", renderer="qwen3-coder")
    assert model.template == TemplateSource(renderer="qwen3-coder")
    assert not model.supports_suffix
    assert resolved(models, weights, template="own {{ .Prompt }}{{ .Suffix }}").supports_suffix


def test_a_renderer_that_does_not_exist_is_an_error_of_each_request(models: ModelService, weights: str) -> None:
    model = resolved(models, weights, renderer="gpt-9")
    for _ in range(2):
        with pytest.raises(UnknownRenderer, match='unknown renderer "gpt-9"'):
            _ = model.reply_format


def test_a_template_that_does_not_parse_is_an_error_of_each_request(models: ModelService, weights: str) -> None:
    model = resolved(models, weights, template="{{ if }}{{ .Tools }}{{ end }}")
    assert "tools" not in model.capabilities
    for _ in range(2):
        with pytest.raises(TemplateSyntax, match="template: :1: missing value for command"):
            _ = model.reply_format


def test_chat_templates_get_the_texts_of_special_tokens(models: ModelService, tmp_path: Path) -> None:
    file = tiny_llama(tmp_path / "x.gguf", layers=1, chat_template="{{ bos_token }}{{ messages[0].content }}")
    model = resolved(models, models.library.blobs.put(file.read_bytes())[0]).model
    assert template_source(model, bos="<s>").bos == "<s>"
