"""Language models as Ollama's library has them, in the words of llama.cpp.

Ollama makes many of its files itself: with an architecture's name, keys or tensors of its own, and with what the model
sees or hears with beside its text. Which files differ in what is known from Ollama's own program, which reads them with
llama.cpp, too (github.com/ollama/ollama, convert and llama/compat).
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from paddock.engine.gguf_compat.changes import MXFP4, Changes
from paddock.engine.gguf_compat.head import INT32, UINT8, Value, array, f32, text, u32
from paddock.gguf.ollama_files import OF_ENCODERS
from paddock.gguf.types import ARRAY, FIRST_MXFP4

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LLAMA_3_END, LLAMA_3_BASE_END = "<|eot_id|>", "<|end_of_text|>"
_BYTE, _NORMAL = 6, 1
"""Types of tokens."""


def _gemma3(file: Changes) -> None:
    if "dense.0.weight" in file.head.tensors:
        return _embedding_gemma(file)
    ours = ("mm.tokens_per_image", "rope.global.freq_base", "rope.local.freq_base")
    keys = file.head.metadata
    if not (
        file.head.has(*OF_ENCODERS)
        or any(file.key(key) in keys for key in ours)
        or any(f"tokenizer.ggml.add_{which}_token" in keys for which in ("padding", "unknown"))
        or file.key("attention.layer_norm_rms_epsilon") not in keys
    ):
        return None
    file.copy("gemma3.rope.global.freq_base", "gemma3.rope.freq_base")
    file.copy("gemma3.rope.local.freq_base", "gemma3.rope.freq_base_swa")
    file.default("gemma3.attention.layer_norm_rms_epsilon", f32(1e-6))
    file.default("gemma3.rope.freq_base", f32(1_000_000))
    file.default("gemma3.rope.freq_base_swa", f32(10_000))
    if file.head.number("gemma3.context_length") >= 131_072:
        # All but the smallest were stretched to eight times what they had seen.
        file.default("gemma3.rope.scaling.type", text("linear"))
        file.default("gemma3.rope.scaling.factor", f32(8))
    if table := file.shape("token_embd.weight"):
        file.first_tokens(table[1])
    return None


def _embedding_gemma(file: Changes) -> None:
    file.keys_of("gemma-embedding", but=("attention.causal", "attention.sliding_window_pattern"))
    file.default("gemma-embedding.rope.freq_base_swa", f32(10_000))
    for old, new in ((0, 2), (1, 3)):
        if shape := file.shape(f"dense.{old}.weight"):
            file.set(f"gemma-embedding.dense_{new}_feat_in", u32(shape[0]))
            file.set(f"gemma-embedding.dense_{new}_feat_out", u32(shape[1]))
        file.rename(f"dense.{old}.weight", f"dense_{new}.weight")
    file.rename("norm.weight", "output_norm.weight")


def _gemma3n(file: Changes) -> None:
    table, layers = file.shape("token_embd.weight"), file.shape("per_layer_token_embd.weight")
    if not table or not layers or table[1] <= layers[1]:
        return
    # The tokens of pictures and sounds have no vectors in the layers, and are not used without an encoder.
    count = layers[1]
    file.first_rows("token_embd.weight", count)
    file.first_tokens(count)
    file.set("tokenizer.ggml.model", text("llama"))
    tokens, kinds = (file.head.metadata.get(f"tokenizer.ggml.{key}") for key in ("tokens", "token_type"))
    if tokens is not None and kinds is not None:
        numbers = [int(kind) for kind in kinds.numbers]
        for index, token in enumerate(tokens.texts()):
            if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
                numbers[index] = _BYTE
            elif token.startswith("<unused"):
                numbers[index] = _NORMAL
        file.set("tokenizer.ggml.token_type", array(INT32, numbers))


def _gemma4(file: Changes) -> None:
    if file.head.text("tokenizer.ggml.model") == "llama":
        file.set("tokenizer.ggml.model", text("gemma4"))
    file.rename_end(".ffn_gate_inp.per_expert_scale", ".ffn_down_exps.scale")


def _gpt_oss(file: Changes) -> None:
    file.keys_of("gpt-oss")
    _gpt_oss_experts(file)
    if shape := file.shape("blk.0.ffn_gate_exps.weight"):
        file.default("gpt-oss.expert_feed_forward_length", u32(shape[1]))
    file.default("gpt-oss.rope.scaling.type", text("yarn"))
    file.set("tokenizer.ggml.pre", text("gpt-4o"))
    file.replace(".attn_out.", ".attn_output.")
    file.rename_end(".attn_sinks", ".attn_sinks.weight")
    file.replace(".ffn_norm.", ".post_attention_norm.")


def _gpt_oss_experts(file: Changes) -> None:
    """In the first files a gate and what it lets through take turns, and blocks of MXFP4 are laid out otherwise."""
    for name, tensor in [*file.head.tensors.items()]:
        old = tensor.kind == FIRST_MXFP4
        kind = MXFP4 if old else tensor.kind
        if ".ffn_gate_up_exps." not in name:
            if old:
                file.head.tensors[name] = file.remade(tensor, _in_halves, kind, tensor.rows)
            continue
        del file.head.tensors[name]
        for index, part in enumerate(("gate", "up")):
            new = name.replace("gate_up", part)
            if name.endswith(".bias"):
                shape = (tensor.shape[0] // 2, *tensor.shape[1:])
                file.put(new, shape, partial(_turns, partial(file.floats, tensor), index), tensor)
            else:
                half = partial(_every_other_row, old, index)
                file.head.tensors[new] = file.remade(tensor, half, kind, tensor.rows // 2)
    file.as_floats(*[name for name in file.head.tensors if name.endswith("_exps.bias")])


def _turns(floats: "Callable[[], npt.NDArray[np.float32]]", index: int) -> "npt.NDArray[np.float32]":
    return floats()[..., index::2].copy()


def _every_other_row(old: bool, index: int, rows: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.uint8]":
    return _in_halves(rows[index::2]) if old else rows[index::2]


def _in_halves(rows: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.uint8]":
    """Put a number of the first half of a block and one of the second into a byte, where there were neighbours."""
    blocks = rows.reshape(-1, 17)
    new = blocks.copy()
    for index in range(8):
        first, second = blocks[:, 1 + index], blocks[:, 9 + index]
        new[:, 1 + 2 * index] = (first & 0x0F) | (second << 4)
        new[:, 2 + 2 * index] = (first >> 4) | (second & 0xF0)
    return new


def _lfm2(file: Changes) -> None:
    if "token_embd_norm.weight" in file.head.tensors or "output_norm.weight" not in file.head.tensors:
        return
    file.rename("output_norm.weight", "token_embd_norm.weight")
    file.set("tokenizer.ggml.pre", text("lfm2"))
    _float_kernels(file, ".shortconv.conv.weight")
    if shape := file.shape("blk.0.ffn_gate.weight"):
        file.set("lfm2.feed_forward_length", u32(shape[1]))


def _mistral3(file: Changes) -> None:
    for old, new in (
        ("rope.scaling.beta_fast", "rope.scaling.yarn_beta_fast"),
        ("rope.scaling.beta_slow", "rope.scaling.yarn_beta_slow"),
        ("rope.scaling.mscale_all_dim", "rope.scaling.yarn_log_multiplier"),
        ("rope.scaling_beta", "attention.temperature_scale"),
    ):
        file.copy(f"mistral3.{old}", f"mistral3.{new}")
    _no_empty_scaling(file)
    if file.head.text("tokenizer.ggml.pre") in ("", "default"):
        file.set("tokenizer.ggml.pre", text("tekken"))


def _no_empty_scaling(file: Changes) -> None:
    """Say that positions are not scaled where a file does not say how: llama.cpp would end the process."""
    key = file.key("rope.scaling.type")
    if key in file.head.metadata and file.head.text(key) in ("", "default"):
        file.set(key, text("none"))


def _qwen25vl(file: Changes) -> None:
    file.keys_of("qwen2vl", but=("vision.",))
    file.sections("qwen2vl.rope.mrope_section", "qwen2vl.rope.dimension_sections")


def _qwen3vl(file: Changes) -> None:
    sections = file.key("rope.dimension_sections")
    if sections in file.head.metadata:
        return
    file.sections(file.key("rope.mrope_section"), sections)
    file.default(sections, array(INT32, [24, 20, 20, 0]))
    indexes = file.head.metadata.get(file.key("vision.deepstack_visual_indexes"))
    file.default(file.key("n_deepstack_layers"), u32(indexes.length if indexes is not None else 0))


def _qwen35(file: Changes) -> None:
    file.highest(file.key("attention.head_count_kv"))
    file.sections(file.key("rope.dimension_sections"), file.key("rope.dimension_sections"))
    file.rename_end(".ssm_dt", ".ssm_dt.bias")
    _float_kernels(file, ".ssm_conv1d.weight")
    file.drop("mtp.")  # guesses of the tokens after the next one, which nobody here asks for


def _qwen3next(file: Changes) -> None:
    if any(name.endswith(".ssm_dt") for name in file.head.tensors):
        file.highest("qwen3next.attention.head_count_kv")
        file.rename_end(".ssm_dt", ".ssm_dt.bias")
        _float_kernels(file, ".ssm_conv1d.weight")


def _float_kernels(file: Changes, end: str) -> None:
    """Make kernels of convolutions 32-bit floats, which is all that llama.cpp computes those with."""
    file.as_floats(*[name for name in file.head.tensors if name.endswith(end)])


def _laguna(file: Changes) -> None:
    file.copy("laguna.rope.swa.dimension_count", "laguna.rope.dimension_count_swa")
    file.copy("laguna.rope.swa.freq_base", "laguna.rope.freq_base_swa")
    file.replace(".attn_g.weight", ".attn_gate.weight")
    _no_empty_scaling(file)


def _glm4moelite(file: Changes) -> None:
    """Its heads are described each by itself; llama.cpp describes what they have in common, as DeepSeek does."""
    head = file.head.number("glm4moelite.attention.key_length")
    file.keys_of("deepseek2")
    together = file.head.number("deepseek2.attention.kv_lora_rank")
    file.set("deepseek2.attention.head_count_kv", u32(1))
    file.set("deepseek2.attention.key_length", u32(together + file.head.number("deepseek2.rope.dimension_count")))
    file.set("deepseek2.attention.value_length", u32(together))
    file.set("deepseek2.attention.key_length_mla", u32(head))
    file.set("deepseek2.attention.value_length_mla", u32(head))
    file.default("deepseek2.expert_group_count", u32(1))
    file.default("deepseek2.expert_group_used_count", u32(1))
    file.set("tokenizer.ggml.pre", text("glm4"))
    ends = file.head.metadata.get("tokenizer.ggml.eos_token_ids")
    for key, end in zip(("eot", "eom"), ends.numbers[1:] if ends is not None else (), strict=False):
        file.default(f"tokenizer.ggml.{key}_token_id", u32(int(end)))


def _glm_ocr(file: Changes) -> None:
    file.keys_of("glm4", but=("vision.",))
    file.sections("glm4.rope.mrope_section", "glm4.rope.dimension_sections")
    if "glm4.rope.dimension_count" not in file.head.metadata:
        file.copy("glm4.attention.key_length", "glm4.rope.dimension_count")
    file.set("tokenizer.ggml.pre", text("chatglm-bpe"))
    file.replace(".attn_out.", ".attn_output.")
    file.replace(".post_attn_norm.", ".post_attention_norm.")
    file.replace(".post_ffn_norm.", ".post_ffw_norm.")
    for layer in range(min(file.head.number("glm4.block_count"), len(file.head.tensors))):
        gate, up = (f"blk.{layer}.ffn_{which}.weight" for which in ("gate", "up"))
        file.join(up, gate, up)


def _deepseek_ocr(file: Changes) -> None:
    file.keys_of("deepseek2-ocr", but=("vision.", "sam."))
    file.default("deepseek2-ocr.attention.layer_norm_rms_epsilon", f32(1e-6))
    if expert := file.shape("blk.1.ffn_down_exps.weight"):
        file.default("deepseek2-ocr.expert_feed_forward_length", u32(expert[0]))
        if shared := file.shape("blk.1.ffn_down_shexp.weight"):
            file.default("deepseek2-ocr.expert_shared_count", u32(shared[0] // expert[0]))


def _nemotron(file: Changes) -> None:
    latent = next((name for name in file.head.tensors if name.endswith(".ffn_latent_in.weight")), "")
    if latent:
        file.default(file.key("moe_latent_size"), u32(file.shape(latent)[1]))
    file.replace(".ffn_latent_in.", ".ffn_latent_down.")
    file.replace(".ffn_latent_out.", ".ffn_latent_up.")
    file.drop("mtp.")


def _nemotron_omni(file: Changes) -> None:
    experts = any(file.head.number(file.key(key)) for key in ("expert_count", "expert_used_count"))
    file.keys_of("nemotron_h_moe" if experts else "nemotron_h", but=("vision.", "audio."))
    if experts:
        _nemotron(file)


def _snowflake(file: Changes) -> None:
    """A table of characters that was written as a list of the letters of its Base64."""
    key = "tokenizer.ggml.precompiled_charsmap"
    letters = "".join(file.head.metadata[key].texts()) if key in file.head.metadata else ""
    if letters:
        try:
            data = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
        except binascii.Error:
            return
        file.set(key, Value(ARRAY, UINT8.to_bytes(4, "little") + len(data).to_bytes(8, "little") + data))


def _llama3(file: Changes) -> None:
    """Early files of Llama 3 do not say how it cuts text, and end where only its base model does."""
    tokens = file.head.metadata.get("tokenizer.ggml.tokens")
    pre, model = (file.head.text(f"tokenizer.ggml.{key}") for key in ("pre", "model"))
    if pre not in ("", "default") or model != "gpt2" or tokens is None:
        return
    ends = {token: number for number, token in enumerate(tokens.texts()) if token in (LLAMA_3_END, LLAMA_3_BASE_END)}
    if LLAMA_3_END not in ends:
        return
    file.set("tokenizer.ggml.pre", text("llama-bpe"))
    for kind in ("eos", "eot"):
        key = f"tokenizer.ggml.{kind}_token_id"
        if key not in file.head.metadata or file.head.number(key) == ends.get(LLAMA_3_BASE_END):
            file.set(key, u32(ends[LLAMA_3_END]))


TEXTS: dict[str, Callable[[Changes], None]] = {
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
    "llama4": lambda file: None,
    "mistral3": _mistral3,
    "nemotron_h_moe": _nemotron,
    "nemotron_h_omni": _nemotron_omni,
    "olmo3": lambda file: file.keys_of("olmo2"),
    "qwen25vl": _qwen25vl,
    "qwen35": _qwen35,
    "qwen35moe": _qwen35,
    "qwen3next": _qwen3next,
    "qwen3vl": _qwen3vl,
    "qwen3vlmoe": _qwen3vl,
}
"""What is done, by the architecture that a file names. All that belongs to encoders is left out besides."""
