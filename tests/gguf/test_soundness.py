from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.gguf import DamagedModel, GgufArray, GgufHeader, GgufTensor, read_header
from paddock.gguf.soundness import check_model
from paddock.gguf.vocabulary import check_vocabulary
from tests.engine.gguf_compat.text_cases import CASES
from tests.models import embedders, kinds
from tests.models.llama import tiny_file, tiny_llama

SOUND: dict[str, Any] = {
    "block_count": 8,
    "context_length": 4096,
    "embedding_length": 64,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
    "attention.layer_norm_rms_epsilon": 1e-5,
    "rope.dimension_count": 16,
}
EXPERTS = {"expert_count": 8, "expert_used_count": 2}
GEMMA4 = {
    "attention.key_length": 32,
    "attention.value_length": 32,
    "attention.key_length_swa": 16,
    "rope.dimension_count": 32,
    "rope.dimension_count_swa": 16,
    "attention.shared_kv_layers": 2,
    "attention.sliding_window_pattern": (True, True, False, True, True, False, True, False),
}
DELTA_NET = {"ssm.inner_size": 64, "ssm.state_size": 16, "ssm.time_step_rank": 4, "full_attention_interval": 4}
LATENT = {
    "attention.key_length": 48,
    "attention.value_length": 32,
    "attention.key_length_mla": 24,
    "attention.kv_lora_rank": 32,
    "attention.head_count_kv": 1,
}
DAMAGED: list[tuple[str, dict[str, Any], str]] = [
    ("llama", {"block_count": 0}, "llama.block_count is 0, and can be from 1 to 512"),
    ("llama", {"block_count": 513}, "llama.block_count is 513"),
    ("qwen35", {"nextn_predict_layers": 9}, "qwen35.nextn_predict_layers is 9, of 8 layers"),
    ("llama", {"context_length": 1}, "llama.context_length is 1, and must be at least 2"),
    ("llama", {"expert_count": 8}, "llama.expert_used_count is 0, of 8 experts"),
    ("llama", {"expert_used_count": 2}, "llama.expert_used_count is 2, of 0 experts"),
    ("qwen3moe", {"expert_count": 2000, "expert_used_count": 2}, "qwen3moe.expert_count is 2000"),
    ("qwen3moe", {**EXPERTS, "expert_used_count": (2, 2, 9)}, "qwen3moe.expert_used_count is 9, of 8 experts"),
    ("deepseek2", {**EXPERTS, "expert_group_count": 3, "expert_group_used_count": 1}, "expert_group_count is 3"),
    ("deepseek2", {**EXPERTS, "expert_group_count": 4, "expert_group_used_count": 4}, "and 4 are used"),
    ("deepseek2", {**EXPERTS, "expert_group_count": 8}, "expert_group_count is 8, of 8 experts"),
    ("llama", {"rope.scaling.type": "bogus"}, 'llama.rope.scaling.type is "bogus"'),
    ("llama", {"rope.scaling.type": ""}, 'llama.rope.scaling.type is ""'),
    ("llama", {"attention.layer_norm_rms_epsilon": -1.0}, "layer_norm_rms_epsilon is -1.0, and must be 0 or more"),
    ("bert", {"attention.layer_norm_epsilon": float("nan")}, "layer_norm_epsilon is nan"),
    ("gemma4", {**GEMMA4, "rope.dimension_count": 0}, "gemma4.rope.dimension_count is 0"),
    ("gemma4", {**GEMMA4, "rope.dimension_count_swa": 0}, "gemma4.rope.dimension_count_swa is 0"),
    ("gemma4", {**GEMMA4, "rope.dimension_count_swa": None}, "dimension_count_swa is 32, and a head has 16 dimensions"),
    ("gemma3", {"rope.dimension_count": 3}, "gemma3.rope.dimension_count is 3, and must be an even number"),
    ("lfm2", {"rope.dimension_count": 18}, "lfm2.rope.dimension_count is 18, and a head has 16 dimensions"),
    ("qwen3", {"rope.dimension_count": 8}, "qwen3.rope.dimension_count is 8, and must be the length of a head, 16"),
    ("gpt-oss", {"attention.value_length": 32}, "a head's keys have a length of 16, its values of 32"),
    ("jamba", {"attention.key_length": 32}, "jamba.attention.key_length is 32, and must be 16"),
    ("gemma3", {"attention.sliding_window": 1 << 31}, "gemma3.attention.sliding_window is 2147483648"),
    ("gemma3", {"attention.sliding_window": 8, "attention.sliding_window_pattern": 1}, "sliding_window_pattern is 1"),
    ("gemma4", {**GEMMA4, "attention.shared_kv_layers": 7}, "shared_kv_layers is 7, of 8 layers"),
    ("gemma4", {**GEMMA4, "attention.shared_kv_layers": 1}, "would use the cache of another kind"),
    ("qwen3moe", {**EXPERTS, "expert_gating_func": 5}, "expert_gating_func is 5, and can be up to 4"),
    ("deepseek2", {**LATENT, "attention.key_length": 47}, "deepseek2.attention.key_length must be 48"),
    ("deepseek2", {**LATENT, "rope.dimension_count": None}, "key_length_mla is 24, of which 48 rotate"),
    ("deepseek2", {**LATENT, "attention.key_length_mla": 16}, "key_length_mla is 16, of which 16 rotate"),
    ("deepseek2", {**LATENT, "attention.head_count_kv": 4}, "head_count_kv must be 1"),
    ("deepseek2-ocr", {"attention.head_count_kv": 2}, "head_count_kv is 2, and must be 4"),
    ("deepseek2-ocr", {"attention.head_count_kv": 4, "attention.key_length": 32}, "must have a length of 16"),
    ("deepseek2-ocr", {"attention.head_count_kv": 4, "rope.freq_base": 5.0}, "freq_base is 5.0, and must be 10000"),
    ("olmo2", {"attention.head_count": 0}, "olmo2.attention.head_count is 0 or missing"),
    ("olmo2", {"attention.head_count": None}, "olmo2.attention.head_count is 0 or missing"),
    ("qwen35", {**DELTA_NET, "full_attention_interval": 0}, "qwen35.full_attention_interval is 0"),
    ("qwen35", {**DELTA_NET, "ssm.inner_size": 128}, "is 128, and must be that of 4 heads of length 16"),
    ("qwen3vl", {"rope.dimension_sections": (0, 0, 0, 0)}, "must have a dimension for some axis"),
    ("qwen2vl", {"rope.dimension_sections": (6, 6, 6, 0)}, "is [6, 6, 6, 0], and a head has 16 dimensions"),
    ("qwen2vl", {"rope.dimension_sections": (4, -4, 4, 0)}, "is [4, -4, 4, 0], and a head has 16 dimensions"),
    ("gemma-embedding", {"dense_2_feat_in": 32}, "dense_2_feat_in is 32, and must be gemma-embedding.embedding_length"),
    ("gemma-embedding", {"dense_3_feat_out": 128}, "gemma-embedding.dense_3_feat_out is 128"),
    ("jamba", {"ssm.inner_size": 64}, "jamba.ssm.inner_size is 64, and must be twice jamba.embedding_length, 64"),
]


def header(architecture: str, keys: dict[str, Any], **others: Any) -> GgufHeader:
    """Return the header of a model with these keys of its architecture; None leaves out one that is sound."""
    metadata: dict[str, Any] = {"general.architecture": architecture}
    for name, value in {**SOUND, **keys}.items():
        if isinstance(value, tuple):
            metadata[f"{architecture}.{name}"] = GgufArray(len(value), "uint32", value)
        elif value is not None:
            metadata[f"{architecture}.{name}"] = value
    metadata |= {key.replace("__", "."): value for key, value in others.items()}
    return GgufHeader(3, metadata, [], 32, 0, 0)


@pytest.mark.parametrize(("architecture", "keys", "reason"), DAMAGED, ids=[f"{a} {r}" for a, _, r in DAMAGED])
def test_what_llama_cpp_would_crash_over_is_refused(architecture: str, keys: dict[str, Any], reason: str) -> None:
    with pytest.raises(DamagedModel) as error:
        check_model(header(architecture, keys))
    assert str(error.value).startswith("the model's file is damaged: ")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("name", "kind", "refused"),
    [
        ("blk.0.attn_k.weight", "I32", True),
        ("blk.0.attn_norm.weight", "F64", True),
        ("blk.0.attn_k.weight", "Q4_K", False),
        ("blk.0.attn_k.weight", "BF16", False),
        ("d2t", "I64", False),
        ("blk.0.ffn_gate_tid2eid.weight", "I32", False),
    ],
)
def test_weights_have_a_type_that_something_is_computed_with(name: str, kind: str, refused: bool) -> None:
    tensor = GgufTensor(name, kind, (256, 256), 0, 1 << 16)
    model = replace(header("llama", {}), tensors=[tensor])
    with pytest.raises(DamagedModel, match=kind) if refused else nullcontext():
        check_model(model)


@pytest.mark.parametrize(
    ("architecture", "queries", "refused"),
    [
        ("phi3", (), True),
        ("phi3", ("blk.1.attn_qkv.weight",), True),
        ("phi3", ("blk.0.attn_qkv.weight",), False),
        ("llama", ("blk.0.attn_q.weight",), False),
        ("deepseek2", ("blk.0.attn_q_a.weight", "blk.0.attn_q_b.weight"), False),
        ("deci", (), False),
    ],
)
def test_attention_has_weights_that_make_queries(architecture: str, queries: tuple[str, ...], refused: bool) -> None:
    names = ("blk.0.attn_norm.weight", "blk.0.attn_output.weight", *queries)
    tensors = [GgufTensor(name, "F16", (32, 32), 0, 2048) for name in names]
    keys = LATENT if architecture == "deepseek2" else {}
    model = replace(header(architecture, keys), tensors=tensors)
    with pytest.raises(DamagedModel, match="queries") if refused else nullcontext():
        check_model(model)


@pytest.mark.parametrize(
    ("architecture", "keys"),
    [
        ("llama", {}),
        ("llama", {"context_length": 0}),
        ("llama", dict.fromkeys(SOUND)),
        ("qwen3moe", EXPERTS),
        ("deepseek2", {**EXPERTS, "expert_group_count": 4, "expert_group_used_count": 2}),
        ("hunyuan-dense", {"expert_count": 1, "expert_used_count": 1}),
        ("bert", {"rope.dimension_count": 0}),
        ("qwen35", DELTA_NET),
        ("deepseek2", LATENT),
        ("deepseek2", {"attention.key_length": 24, "attention.value_length": 16}),
        ("deepseek2-ocr", {"attention.head_count_kv": 4, "rope.freq_base": 10_000.0}),
        ("qwen3moe", {**EXPERTS, "expert_gating_func": 4}),
        ("qwen2vl", {"rope.dimension_sections": (2, 3, 3, 0)}),
        ("glm4", {"rope.dimension_sections": (0, 0, 0, 0)}),
        ("gemma4", GEMMA4),
        ("gemma3", {"attention.sliding_window": 0xFFFFFFFF}),
        ("lfm2", {"attention.head_count_kv": (0, 2, 0, 2)}),
        ("mamba", {"attention.head_count": 0, "feed_forward_length": 0}),
        ("llama", {"block_count": "8", "rope.scaling.type": 7}),
        ("clip", {"block_count": 0}),
    ],
)
def test_what_it_runs_or_refuses_by_itself_is_not(architecture: str, keys: dict[str, Any]) -> None:
    check_model(header(architecture, keys))


@pytest.mark.parametrize(("model", "refused"), [("none", True), ("no_vocab", True), ("gpt2", False), ("llama", False)])
def test_a_model_without_a_vocabulary_is_refused(model: str, refused: bool) -> None:
    without = header("llama", {}, tokenizer__ggml__model=model)
    if refused:
        with pytest.raises(DamagedModel, match="it has no vocabulary"):
            check_model(without)
    else:
        check_model(without)


@pytest.mark.parametrize("keys", [{}, {"tokenizer__ggml__bos_token_id": 300}, {"tokenizer__ggml__bos_token_id": -1}])
def test_a_tokenizer_that_begins_texts_with_a_token_needs_it(keys: dict[str, Any]) -> None:
    tokens = GgufArray(300, "string", None)
    found = header("gemma4", {}, tokenizer__ggml__model="gemma4", tokenizer__ggml__tokens=tokens, **keys)
    with pytest.raises(DamagedModel, match="the token that begins a text"):
        check_model(found)


def writers() -> dict[str, Any]:
    own = {name: case.write_own for name, case in CASES.items()}
    return {"llama": tiny_llama, **kinds.KINDS, "lfm2": kinds.hybrid_convolution, "bert": embedders.tiny_bert,
            "t5": embedders.tiny_t5_encoder, "qwen3": embedders.tiny_qwen3, **own}  # fmt: skip


@pytest.mark.model
@pytest.mark.parametrize("name", writers())
def test_models_that_run_are_sound(tmp_path: Path, name: str) -> None:
    path = writers()[name](tmp_path / "model.gguf")
    found = read_header(path)
    check_model(found)
    check_vocabulary(found, path)


@pytest.mark.model
@pytest.mark.parametrize("name", CASES)
def test_files_of_ollamas_library_are_sound(tmp_path: Path, name: str) -> None:
    for path in CASES[name].write(tmp_path):
        found = read_header(path)
        check_model(found)
        check_vocabulary(found, path)


def test_the_packaged_model_is_sound(packaged: Path) -> None:
    check_model(read_header(packaged))
    check_vocabulary(read_header(packaged), packaged)


def test_a_projector_has_no_layers_to_check(tmp_path: Path) -> None:
    check_model(read_header(tiny_file(tmp_path / "clip.gguf", "clip", {"clip.block_count": 0})))
