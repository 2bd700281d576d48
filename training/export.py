"""Export: a trained model as a GGUF file."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer  # type: ignore[import-untyped]
from torch import Tensor

import gguf
from gguf import GGMLQuantizationType as Type
from training.chat_format import BOS, CONTROL, END, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, MARKUP
from training.model import Model
from training.tokenizer import PRE_TOKENIZER, merges_of

TEMPLATE = Path(__file__).parent / "chat_template.jinja"

FILE_TYPES = {
    Type.F32: gguf.LlamaFileType.ALL_F32,
    Type.F16: gguf.LlamaFileType.MOSTLY_F16,
    Type.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
}


def export(model: Model, tokenizer: Tokenizer, path: Path, weights: Type = Type.Q8_0) -> None:
    """Write a GGUF file: matrices as `weights`, everything else in 32 bits."""
    writer = gguf.GGUFWriter(str(path.with_suffix(".new")), "llama")
    _describe(writer, model, weights)
    add_shape(writer, model)
    add_tokenizer(writer, tokenizer)
    add_tensors(writer, model, weights)
    finish(writer, path)


def add_tensors(writer: gguf.GGUFWriter, model: Model, weights: Type) -> None:
    """Add all tensors of a model: matrices as `weights`, everything else in 32 bits."""
    for name, weight in model.named_parameters():
        values = numbers(weight)
        if values.ndim == 2:
            writer.add_tensor(name, gguf.quantize(values, weights), raw_dtype=weights)
        else:
            writer.add_tensor(name, values)


def finish(writer: gguf.GGUFWriter, path: Path) -> None:
    """Write what was added, and let the file take its name once it is whole."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".new").replace(path)


def quantized(model: Model, weights: Type = Type.Q8_0) -> None:
    """Round the matrices of a model, in place, to what a file with such weights holds."""
    for weight in model.parameters():
        if weight.dim() == 2:
            values = gguf.dequantize(gguf.quantize(numbers(weight), weights), weights)
            weight.data.copy_(weight.new_tensor(values))


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer, template: Path = TEMPLATE) -> None:
    """Add the vocabulary, its special tokens and the chat template, a file in Jinja."""
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types([_token_type(token) for token in tokens])
    writer.add_token_merges([f"{first} {second}" for first, second in merges_of(tokenizer)])
    writer.add_bos_token_id(tokenizer.token_to_id(BOS))
    writer.add_eos_token_id(tokenizer.token_to_id(END))
    writer.add_eot_token_id(tokenizer.token_to_id(END))
    writer.add_pad_token_id(tokenizer.token_to_id(END))
    for key, token in (("fim_pre", FIM_PREFIX), ("fim_suf", FIM_SUFFIX), ("fim_mid", FIM_MIDDLE)):
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", tokenizer.token_to_id(token))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(template.read_text().rstrip("\n"))


def _describe(writer: gguf.GGUFWriter, model: Model, weights: Type) -> None:
    size = sum(weight.numel() for weight in model.parameters())
    writer.add_type("model")
    writer.add_name("tiny")
    writer.add_basename("tiny")
    writer.add_size_label(f"{size / 1e6:.1f}M")
    writer.add_author("The Paddock authors")
    writer.add_license("mit")
    writer.add_description("A very small model for chat, tools and code, trained from scratch.")
    writer.add_tags(["text-generation", "chat", "tools", "fill-in-the-middle"])
    writer.add_languages(["en"])
    writer.add_file_type(FILE_TYPES[weights])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def add_shape(writer: gguf.GGUFWriter, model: Model) -> None:
    """Add the sizes of a model."""
    shape = model.shape
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)


def numbers(weight: Tensor) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Return a weight's values, in 32 bits."""
    return np.ascontiguousarray(weight.detach().float().numpy())


def _token_type(token: str) -> int:
    if token in CONTROL:
        return int(gguf.TokenType.CONTROL)
    return int(gguf.TokenType.USER_DEFINED if token in MARKUP else gguf.TokenType.NORMAL)
