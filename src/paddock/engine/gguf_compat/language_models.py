"""Translations of language models: from the form in Ollama's library to the one that llama.cpp reads.

Ollama converts many models itself: with its own architecture names, keys or tensors, and with image and audio encoders
in the same file. The differences are known from Ollama's own program, which also reads these files with llama.cpp
(github.com/ollama/ollama, convert and llama/compat).
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from paddock.engine.gguf_compat.editor import MXFP4, HeaderEditor
from paddock.gguf.encoded import EncodedValue, array, f32, text, u32
from paddock.gguf.ollama_files import ENCODER_PREFIXES
from paddock.gguf.types import ARRAY, FIRST_MXFP4, INT32, UINT8

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LLAMA_3_END_OF_TURN, LLAMA_3_END_OF_TEXT = "<|eot_id|>", "<|end_of_text|>"
_BYTE, _NORMAL = 6, 1
"""Values of `tokenizer.ggml.token_type`."""


def _gemma3(editor: HeaderEditor) -> None:
    if "dense.0.weight" in editor.header.tensors:
        return _embedding_gemma(editor)
    ollama_keys = ("mm.tokens_per_image", "rope.global.freq_base", "rope.local.freq_base")
    keys = editor.header.metadata
    if not (
        editor.header.has(*ENCODER_PREFIXES)
        or any(editor.key(key) in keys for key in ollama_keys)
        or any(f"tokenizer.ggml.add_{which}_token" in keys for which in ("padding", "unknown"))
        or editor.key("attention.layer_norm_rms_epsilon") not in keys
    ):
        return None
    editor.copy("gemma3.rope.global.freq_base", "gemma3.rope.freq_base")
    editor.copy("gemma3.rope.local.freq_base", "gemma3.rope.freq_base_swa")
    editor.default("gemma3.attention.layer_norm_rms_epsilon", f32(1e-6))
    editor.default("gemma3.rope.freq_base", f32(1_000_000))
    editor.default("gemma3.rope.freq_base_swa", f32(10_000))
    if editor.header.number("gemma3.context_length") >= 131_072:
        # All but the smallest have a context eight times as long as in their first training.
        editor.default("gemma3.rope.scaling.type", text("linear"))
        editor.default("gemma3.rope.scaling.factor", f32(8))
    if table := editor.shape("token_embd.weight"):
        editor.truncate_vocabulary(table[1])
    return None


def _embedding_gemma(editor: HeaderEditor) -> None:
    editor.move_keys("gemma-embedding", except_for=("attention.causal", "attention.sliding_window_pattern"))
    editor.default("gemma-embedding.rope.freq_base_swa", f32(10_000))
    for old, new in ((0, 2), (1, 3)):
        if shape := editor.shape(f"dense.{old}.weight"):
            editor.set(f"gemma-embedding.dense_{new}_feat_in", u32(shape[0]))
            editor.set(f"gemma-embedding.dense_{new}_feat_out", u32(shape[1]))
        editor.rename(f"dense.{old}.weight", f"dense_{new}.weight")
    editor.rename("norm.weight", "output_norm.weight")


def _gemma3n(editor: HeaderEditor) -> None:
    table, layers = editor.shape("token_embd.weight"), editor.shape("per_layer_token_embd.weight")
    if not table or not layers or table[1] <= layers[1]:
        return
    # Image and audio tokens have no per-layer embeddings, and are not used without an encoder.
    count = layers[1]
    editor.truncate_rows("token_embd.weight", count)
    editor.truncate_vocabulary(count)
    editor.set("tokenizer.ggml.model", text("llama"))
    tokens, kinds = (editor.header.metadata.get(f"tokenizer.ggml.{key}") for key in ("tokens", "token_type"))
    if tokens is not None and kinds is not None:
        numbers = [int(kind) for kind in kinds.numbers]
        for index, token in enumerate(tokens.texts()):
            if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
                numbers[index] = _BYTE
            elif token.startswith("<unused"):
                numbers[index] = _NORMAL
        editor.set("tokenizer.ggml.token_type", array(INT32, numbers))


def _gemma4(editor: HeaderEditor) -> None:
    if editor.header.text("tokenizer.ggml.model") == "llama":
        editor.set("tokenizer.ggml.model", text("gemma4"))
    editor.replace_suffix(".ffn_gate_inp.per_expert_scale", ".ffn_down_exps.scale")


def _gpt_oss(editor: HeaderEditor) -> None:
    editor.move_keys("gpt-oss")
    _gpt_oss_experts(editor)
    if shape := editor.shape("blk.0.ffn_gate_exps.weight"):
        editor.default("gpt-oss.expert_feed_forward_length", u32(shape[1]))
    editor.default("gpt-oss.rope.scaling.type", text("yarn"))
    editor.set("tokenizer.ggml.pre", text("gpt-4o"))
    editor.replace_in_names(".attn_out.", ".attn_output.")
    editor.replace_suffix(".attn_sinks", ".attn_sinks.weight")
    editor.replace_in_names(".ffn_norm.", ".post_attention_norm.")


def _gpt_oss_experts(editor: HeaderEditor) -> None:
    """Split the interleaved gate and up rows of the first files of gpt-oss, and reorder their MXFP4 blocks."""
    for name, tensor in [*editor.header.tensors.items()]:
        old = tensor.type == FIRST_MXFP4
        kind = MXFP4 if old else tensor.type
        if ".ffn_gate_up_exps." not in name:
            if old:
                editor.header.tensors[name] = editor.convert_rows(tensor, _reordered_mxfp4, kind, tensor.rows)
            continue
        del editor.header.tensors[name]
        for index, part in enumerate(("gate", "up")):
            new = name.replace("gate_up", part)
            if name.endswith(".bias"):
                shape = (tensor.shape[0] // 2, *tensor.shape[1:])
                editor.put_floats(
                    new, shape, partial(_interleaved_part, partial(editor.read_floats, tensor), index), tensor
                )
            else:
                half = partial(_every_other_row, old, index)
                editor.header.tensors[new] = editor.convert_rows(tensor, half, kind, tensor.rows // 2)
    editor.to_float32(*[name for name in editor.header.tensors if name.endswith("_exps.bias")])


def _interleaved_part(floats: "Callable[[], npt.NDArray[np.float32]]", index: int) -> "npt.NDArray[np.float32]":
    return floats()[..., index::2].copy()


def _every_other_row(old: bool, index: int, rows: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.uint8]":
    return _reordered_mxfp4(rows[index::2]) if old else rows[index::2]


def _reordered_mxfp4(rows: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.uint8]":
    """Repack MXFP4 blocks: a byte gets one value of each half of the block, where it had two neighbouring values."""
    blocks = rows.reshape(-1, 17)
    new = blocks.copy()
    for index in range(8):
        first, second = blocks[:, 1 + index], blocks[:, 9 + index]
        new[:, 1 + 2 * index] = (first & 0x0F) | (second << 4)
        new[:, 2 + 2 * index] = (first >> 4) | (second & 0xF0)
    return new


def _lfm2(editor: HeaderEditor) -> None:
    if "token_embd_norm.weight" in editor.header.tensors or "output_norm.weight" not in editor.header.tensors:
        return
    editor.rename("output_norm.weight", "token_embd_norm.weight")
    editor.set("tokenizer.ggml.pre", text("lfm2"))
    _float_kernels(editor, ".shortconv.conv.weight")
    if shape := editor.shape("blk.0.ffn_gate.weight"):
        editor.set("lfm2.feed_forward_length", u32(shape[1]))


def _mistral3(editor: HeaderEditor) -> None:
    for old, new in (
        ("rope.scaling.beta_fast", "rope.scaling.yarn_beta_fast"),
        ("rope.scaling.beta_slow", "rope.scaling.yarn_beta_slow"),
        ("rope.scaling.mscale_all_dim", "rope.scaling.yarn_log_multiplier"),
        ("rope.scaling_beta", "attention.temperature_scale"),
    ):
        editor.copy(f"mistral3.{old}", f"mistral3.{new}")
    _no_empty_scaling(editor)
    if editor.header.text("tokenizer.ggml.pre") in ("", "default"):
        editor.set("tokenizer.ggml.pre", text("tekken"))


def _no_empty_scaling(editor: HeaderEditor) -> None:
    """Set an empty RoPE scaling type to "none": llama.cpp would abort the process on it."""
    key = editor.key("rope.scaling.type")
    if key in editor.header.metadata and editor.header.text(key) in ("", "default"):
        editor.set(key, text("none"))


def _qwen25vl(editor: HeaderEditor) -> None:
    editor.move_keys("qwen2vl", except_for=("vision.",))
    editor.copy_sections("qwen2vl.rope.mrope_section", "qwen2vl.rope.dimension_sections")


def _qwen3vl(editor: HeaderEditor) -> None:
    sections = editor.key("rope.dimension_sections")
    if sections in editor.header.metadata:
        return
    editor.copy_sections(editor.key("rope.mrope_section"), sections)
    editor.default(sections, array(INT32, [24, 20, 20, 0]))
    indexes = editor.header.metadata.get(editor.key("vision.deepstack_visual_indexes"))
    editor.default(editor.key("n_deepstack_layers"), u32(indexes.length if indexes is not None else 0))


def _qwen35(editor: HeaderEditor) -> None:
    editor.replace_by_maximum(editor.key("attention.head_count_kv"))
    editor.copy_sections(editor.key("rope.dimension_sections"), editor.key("rope.dimension_sections"))
    editor.replace_suffix(".ssm_dt", ".ssm_dt.bias")
    _float_kernels(editor, ".ssm_conv1d.weight")
    editor.drop("mtp.")  # layers for multi-token prediction, which the engine does not use


def _qwen3next(editor: HeaderEditor) -> None:
    if any(name.endswith(".ssm_dt") for name in editor.header.tensors):
        editor.replace_by_maximum("qwen3next.attention.head_count_kv")
        editor.replace_suffix(".ssm_dt", ".ssm_dt.bias")
        _float_kernels(editor, ".ssm_conv1d.weight")


def _float_kernels(editor: HeaderEditor, end: str) -> None:
    """Convert convolution kernels to 32-bit floats, the only type that llama.cpp computes them with."""
    editor.to_float32(*[name for name in editor.header.tensors if name.endswith(end)])


def _laguna(editor: HeaderEditor) -> None:
    editor.copy("laguna.rope.swa.dimension_count", "laguna.rope.dimension_count_swa")
    editor.copy("laguna.rope.swa.freq_base", "laguna.rope.freq_base_swa")
    editor.replace_in_names(".attn_g.weight", ".attn_gate.weight")
    _no_empty_scaling(editor)


def _glm4moelite(editor: HeaderEditor) -> None:
    """Translate the sizes of separate attention heads to those of DeepSeek's latent attention (MLA)."""
    head_size = editor.header.number("glm4moelite.attention.key_length")
    editor.move_keys("deepseek2")
    latent_rank = editor.header.number("deepseek2.attention.kv_lora_rank")
    rope_size = editor.header.number("deepseek2.rope.dimension_count")
    editor.set("deepseek2.attention.head_count_kv", u32(1))
    editor.set("deepseek2.attention.key_length", u32(latent_rank + rope_size))
    editor.set("deepseek2.attention.value_length", u32(latent_rank))
    editor.set("deepseek2.attention.key_length_mla", u32(head_size))
    editor.set("deepseek2.attention.value_length_mla", u32(head_size))
    editor.default("deepseek2.expert_group_count", u32(1))
    editor.default("deepseek2.expert_group_used_count", u32(1))
    editor.set("tokenizer.ggml.pre", text("glm4"))
    ends = editor.header.metadata.get("tokenizer.ggml.eos_token_ids")
    for key, end in zip(("eot", "eom"), ends.numbers[1:] if ends is not None else (), strict=False):
        editor.default(f"tokenizer.ggml.{key}_token_id", u32(int(end)))


def _glm_ocr(editor: HeaderEditor) -> None:
    editor.move_keys("glm4", except_for=("vision.",))
    editor.copy_sections("glm4.rope.mrope_section", "glm4.rope.dimension_sections")
    if "glm4.rope.dimension_count" not in editor.header.metadata:
        editor.copy("glm4.attention.key_length", "glm4.rope.dimension_count")
    editor.set("tokenizer.ggml.pre", text("chatglm-bpe"))
    editor.replace_in_names(".attn_out.", ".attn_output.")
    editor.replace_in_names(".post_attn_norm.", ".post_attention_norm.")
    editor.replace_in_names(".post_ffn_norm.", ".post_ffw_norm.")
    for layer in range(min(editor.header.number("glm4.block_count"), len(editor.header.tensors))):
        gate, up = (f"blk.{layer}.ffn_{which}.weight" for which in ("gate", "up"))
        editor.join(up, gate, up)


def _deepseek_ocr(editor: HeaderEditor) -> None:
    editor.move_keys("deepseek2-ocr", except_for=("vision.", "sam."))
    editor.default("deepseek2-ocr.attention.layer_norm_rms_epsilon", f32(1e-6))
    if expert := editor.shape("blk.1.ffn_down_exps.weight"):
        editor.default("deepseek2-ocr.expert_feed_forward_length", u32(expert[0]))
        if shared := editor.shape("blk.1.ffn_down_shexp.weight"):
            editor.default("deepseek2-ocr.expert_shared_count", u32(shared[0] // expert[0]))


def _nemotron(editor: HeaderEditor) -> None:
    latent = next((name for name in editor.header.tensors if name.endswith(".ffn_latent_in.weight")), "")
    if latent:
        editor.default(editor.key("moe_latent_size"), u32(editor.shape(latent)[1]))
    editor.replace_in_names(".ffn_latent_in.", ".ffn_latent_down.")
    editor.replace_in_names(".ffn_latent_out.", ".ffn_latent_up.")
    editor.drop("mtp.")


def _nemotron_omni(editor: HeaderEditor) -> None:
    experts = any(editor.header.number(editor.key(key)) for key in ("expert_count", "expert_used_count"))
    editor.move_keys("nemotron_h_moe" if experts else "nemotron_h", except_for=("vision.", "audio."))
    if experts:
        _nemotron(editor)


def _snowflake(editor: HeaderEditor) -> None:
    """Decode a character map that was written as a list of the letters of its Base64."""
    key = "tokenizer.ggml.precompiled_charsmap"
    letters = "".join(editor.header.metadata[key].texts()) if key in editor.header.metadata else ""
    if letters:
        try:
            data = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        except binascii.Error:
            return
        editor.set(key, EncodedValue(ARRAY, UINT8.to_bytes(4, "little") + len(data).to_bytes(8, "little") + data))


def _llama3(editor: HeaderEditor) -> None:
    """Set the pre-tokenizer and the end of turn, which early files of Llama 3 lack or have from the base model."""
    tokens = editor.header.metadata.get("tokenizer.ggml.tokens")
    pre, model = (editor.header.text(f"tokenizer.ggml.{key}") for key in ("pre", "model"))
    if pre not in ("", "default") or model != "gpt2" or tokens is None:
        return
    ends = {
        token: number
        for number, token in enumerate(tokens.texts())
        if token in (LLAMA_3_END_OF_TURN, LLAMA_3_END_OF_TEXT)
    }
    if LLAMA_3_END_OF_TURN not in ends:
        return
    editor.set("tokenizer.ggml.pre", text("llama-bpe"))
    for kind in ("eos", "eot"):
        key = f"tokenizer.ggml.{kind}_token_id"
        if key not in editor.header.metadata or editor.header.number(key) == ends.get(LLAMA_3_END_OF_TEXT):
            editor.set(key, u32(ends[LLAMA_3_END_OF_TURN]))


LANGUAGE_MODELS: dict[str, Callable[[HeaderEditor], None]] = {
    "bert": _snowflake,
    "deepseekocr": _deepseek_ocr,
    "gemma3": _gemma3,
    "gemma3n": _gemma3n,
    "gemma4": _gemma4,
    "glm4moelite": _glm4moelite,
    "glmocr": _glm_ocr,
    "gptoss": _gpt_oss,
    "laguna": _laguna,
    "lfm2": _lfm2,
    "llama": _llama3,
    "llama4": lambda editor: None,
    "mistral3": _mistral3,
    "nemotron_h_moe": _nemotron,
    "nemotron_h_omni": _nemotron_omni,
    "olmo3": lambda editor: editor.move_keys("olmo2"),
    "qwen25vl": _qwen25vl,
    "qwen35": _qwen35,
    "qwen35moe": _qwen35,
    "qwen3next": _qwen3next,
    "qwen3vl": _qwen3vl,
    "qwen3vlmoe": _qwen3vl,
}
"""Translation by the architecture that a file names. Tensors of encoders are dropped afterwards in any case."""
