"""Export: the language model and the encoder as two GGUF files, as llama.cpp expects those of LLaVA."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer  # type: ignore[import-untyped]

import gguf
from gguf import GGMLQuantizationType as Type
from training.export import FILE_TYPES, add_shape, add_tensors, add_tokenizer, finish, numbers
from training.vision.batches import DEVIATION, MEAN
from training.vision.model import Encoder, Seer
from training.vision.names import NAME, SIGHT, TEXT

TEMPLATE = Path(__file__).parent / "chat_template.jinja"


def export(model: Seer, tokenizer: Tokenizer, folder: Path, weights: Type = Type.Q8_0) -> tuple[Path, Path]:
    """Write both files into a folder and return their paths; the encoder stays in 32 bits."""
    _export_text(model, tokenizer, folder / TEXT, weights)
    _export_encoder(model.encoder, folder / SIGHT)
    return folder / TEXT, folder / SIGHT


def _export_text(model: Seer, tokenizer: Tokenizer, path: Path, weights: Type) -> None:
    writer = gguf.GGUFWriter(str(path.with_suffix(".new")), "llama")
    writer.add_type("model")
    writer.add_name(NAME)
    writer.add_basename(NAME)
    writer.add_size_label(f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.1f}M")
    writer.add_author("The Paddock authors")
    writer.add_license("mit")
    writer.add_description("A very small model that names the colour and the shape of a drawn figure.")
    writer.add_tags(["image-text-to-text"])
    writer.add_languages(["en"])
    writer.add_file_type(FILE_TYPES[weights])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_shape(writer, model.text)
    add_tokenizer(writer, tokenizer, TEMPLATE)
    add_tensors(writer, model.text, weights)
    finish(writer, path)


def _export_encoder(encoder: Encoder, path: Path) -> None:
    sight = encoder.sight
    writer = gguf.GGUFWriter(str(path.with_suffix(".new")), "clip")
    writer.add_type("mmproj")
    writer.add_name(NAME)
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    writer.add_uint32("clip.vision.image_size", sight.size)
    writer.add_uint32("clip.vision.patch_size", sight.patch)
    writer.add_uint32("clip.vision.embedding_length", sight.dim)
    writer.add_uint32("clip.vision.feed_forward_length", sight.hidden)
    writer.add_uint32("clip.vision.projection_dim", encoder.finish.out_features)
    # llama.cpp leaves out the last layer of LLaVA's encoder: the file has one more, which is never computed.
    writer.add_uint32("clip.vision.block_count", sight.layers + 1)
    writer.add_uint32("clip.vision.attention.head_count", sight.heads)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", sight.epsilon)
    writer.add_array("clip.vision.image_mean", list(MEAN))
    writer.add_array("clip.vision.image_std", list(DEVIATION))
    last = f"blk.{sight.layers - 1}."
    for name, weight in encoder.named_parameters():
        if name.startswith("name."):  # for training only
            continue
        values = numbers(weight)
        if name.startswith(last):
            writer.add_tensor(f"v.blk.{sight.layers}.{name.removeprefix(last)}", np.zeros_like(values))
        writer.add_tensor(_llama_cpp_name(name), values)
    finish(writer, path)


def _llama_cpp_name(name: str) -> str:
    if name == "position_embd":
        return "v.position_embd.weight"
    part, _, rest = name.partition(".")
    return {"project": "mm.0.", "finish": "mm.2."}.get(part, f"v.{part}.") + rest
