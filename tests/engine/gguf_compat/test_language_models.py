"""Language models in Ollama's form compute the same as in llama.cpp's, which would refuse or misread them."""

import base64
import io
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gguf
from gguf import GGMLQuantizationType, GGUFReader, quants
from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel, LoadError
from paddock.engine.binding.embedding import EmbeddingContext, Pooling, is_made_to_embed
from paddock.engine.binding.library import lib
from paddock.engine.gguf_compat import translated_model
from paddock.engine.loading import load_model
from paddock.ipc import LoadModel
from tests.blobs import file_ref
from tests.engine.gguf_compat.text_cases import CASES
from tests.models import kinds
from tests.models.ollama_files import Tensors, rewritten
from tests.models.random_architectures import byte_pairs, random_model

TOKENS = [1, 300, 5, 77, 77, 310, 40, 299, 12, 301, 265, 8, 400, 31, 270, 3]
"""More tokens than any window here."""
TEXT = "it's 1231230123 caf\u00e9\n\n  boy"


def load(path: Path) -> LlamaModel:
    return load_model(path, LoadModel(model=file_ref(path), gpu_layers=0))


def computed(model: LlamaModel) -> Any:
    """Return the logits after each of `TOKENS`, or their embedding if the model embeds."""
    embeds = is_made_to_embed(model)
    options = ContextOptions(64, 64, pooling=Pooling.MEAN if embeds else None)
    context = EmbeddingContext(model, options) if embeds else Context(model, options)
    batch = Batch(len(TOKENS))
    try:
        for position, token in enumerate(TOKENS):
            batch.add(token, position, 0, True)
        context.decode(batch)
        if isinstance(context, EmbeddingContext):
            return np.frombuffer(context.of_sequence(0), np.float32)
        return np.stack([context.logits(index) for index in range(batch.size)])
    finally:
        batch.close()
        context.close()


def of(path: Path, opened: Callable[[Path], LlamaModel] = load) -> tuple[Any, dict[str, Any]]:
    """Return what a model computes, and its tokenizer's outputs."""
    model = opened(path)
    try:
        tokens = model.tokenize(TEXT)
        return computed(model), {
            "tokens": tokens,
            "text": model.text(tokens),
            "ends": [token for token in range(model.vocabulary_size) if model.ends_reply(token)],
            "begins": (model.bos, model.adds_bos),
            "width": lib.llama_model_n_embd_inp(model.pointer),
            "trained for": model.train_context,
        }
    finally:
        model.close()


def plainly(path: Path) -> LlamaModel:
    return LlamaModel(str(path), gpu_layers=0)


@pytest.mark.parametrize("name", CASES)
def test_both_forms_compute_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    ours, theirs = case.write(tmp_path)
    expected, facts = of(ours, plainly)
    assert np.isfinite(expected).all() and expected.std() > 0.01
    if case.loads:
        assert np.abs(of(theirs, plainly)[0] - expected).max() > 0.001
    else:
        with pytest.raises(LoadError):
            plainly(theirs)
    found, found_facts = of(theirs)
    np.testing.assert_array_equal(found, expected)
    assert found_facts == facts


@pytest.mark.parametrize("name", CASES)
def test_a_model_in_llama_cpps_form_is_not_translated(name: str, tmp_path: Path) -> None:
    assert translated_model(CASES[name].write_own(tmp_path / "model.gguf")) is None


@pytest.mark.parametrize("kind", [*kinds.KINDS.values(), kinds.hybrid_convolution])
def test_other_models_are_not_translated(kind: Callable[[Path], Path], tmp_path: Path) -> None:
    assert translated_model(kind(tmp_path / "model.gguf")) is None


EXPERTS = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
MXFP4, BF16 = GGMLQuantizationType.MXFP4, GGMLQuantizationType.BF16


def test_interleaved_experts_of_the_first_gpt_oss_files_are_split(tmp_path: Path) -> None:
    case = CASES["gptoss"]
    first, blocks = case.write_own(tmp_path / "first.gguf"), range(int(case.keys.get("block_count", 2)))

    def pack(tensors: Tensors) -> None:
        for name in [f"blk.{block}.{part}" for block in blocks for part in EXPERTS]:
            tensors[f"{name}.weight"] = quants.quantize(tensors[f"{name}.weight"], MXFP4)
            tensors[f"{name}.bias"] = quants.dequantize(quants.quantize(tensors[f"{name}.bias"], BF16), BF16)

    ours = rewritten(tmp_path / "ours.gguf", [first], "gpt-oss", change=pack, packed=lambda _: MXFP4)

    def first_form(tensors: Tensors) -> None:
        for block in (f"blk.{block}." for block in blocks):
            for end in ("weight", "bias"):
                qkv = [tensors.pop(f"{block}attn_{which}.{end}") for which in "qkv"]
                tensors[f"{block}attn_qkv.{end}"] = np.concatenate(qkv)
            gate, up, down = (tensors.pop(f"{block}{part}.weight") for part in EXPERTS)
            turns = np.stack([gate, up], axis=2).reshape(len(gate), -1, gate.shape[-1])
            tensors[f"{block}ffn_gate_up_exps.weight"] = neighbours(turns)
            tensors[f"{block}ffn_down_exps.weight"] = neighbours(down)
            gate, up, down = (tensors.pop(f"{block}{part}.bias") for part in EXPERTS)
            both = np.stack([gate, up], axis=-1).reshape(len(gate), -1)
            tensors[f"{block}ffn_gate_up_exps.bias"] = quants.quantize(both, BF16)
            tensors[f"{block}ffn_down_exps.bias"] = quants.quantize(down, BF16)

    theirs = rewritten(
        tmp_path / "theirs.gguf",
        [ours],
        "gptoss",
        renames=case.renames,
        keys={f"gptoss.{key}" if "." not in key else key: value for key, value in case.said.items()},
        change=first_form,
        packed=lambda name: BF16 if name.endswith(".bias") else MXFP4,
    )
    data = theirs.read_bytes()
    for tensor in GGUFReader(theirs).tensors:
        if tensor.tensor_type == MXFP4:
            described = struct.pack("<I3QI", 3, *tensor.shape, MXFP4)
            data = data.replace(tensor.name.encode() + described, tensor.name.encode() + described[:-4] + b"\4\0\0\0")
    theirs.write_bytes(data)
    with pytest.raises(LoadError):
        plainly(theirs)
    expected, facts = of(ours, plainly)
    found, found_facts = of(theirs)
    np.testing.assert_array_equal(found, expected)
    assert found_facts == facts


def neighbours(packed: Any) -> Any:
    """Lay out blocks of MXFP4 as OpenAI has them: each byte has a number and, in its upper half, the next one."""
    blocks = packed.reshape(-1, 17)
    numbers = np.concatenate([blocks[:, 1:] & 15, blocks[:, 1:] >> 4], axis=1)
    pairs = numbers[:, 0::2] | numbers[:, 1::2] << 4
    return np.concatenate([blocks[:, :1], pairs], axis=1).astype(np.uint8).reshape(packed.shape)


SPECIAL = ("<|end_of_text|>", "<|eot_id|>")


@pytest.mark.parametrize("pre", ["", "default"])
def test_llama_3_without_a_pre_tokenizer_gets_its_own(pre: str, tmp_path: Path) -> None:
    vocabulary = partial(byte_pairs, pre="llama-bpe", special=SPECIAL)
    ours = random_model(tmp_path / "ours.gguf", "llama", vocabulary=vocabulary)
    size = len(GGUFReader(ours).fields["tokenizer.ggml.tokens"].contents())
    keys = {"tokenizer.ggml.pre": pre or None, "tokenizer.ggml.eos_token_id": size - 2}
    theirs = rewritten(tmp_path / "theirs.gguf", [ours], "llama", keys=keys)
    expected, wrong, found = plainly(ours), plainly(theirs), load(theirs)
    try:
        assert wrong.tokenize(TEXT) != expected.tokenize(TEXT) == found.tokenize(TEXT)
        assert (wrong.eos, found.eos) == (size - 2, size - 1)
        assert found.ends_reply(size - 1) and found.ends_reply(size - 2)
    finally:
        for model in (expected, wrong, found):
            model.close()


def test_models_with_llama_3s_end_token_but_another_tokenizer_are_not_translated(tmp_path: Path) -> None:
    path = random_model(tmp_path / "model.gguf", "llama", vocabulary=partial(byte_pairs, pre="qwen2", special=SPECIAL))
    assert translated_model(path) is None
    path = rewritten(tmp_path / "other.gguf", [path], "llama", keys={"tokenizer.ggml.model": "llama"})
    assert translated_model(path) is None


def letters_to_lower() -> bytes:
    """A table of characters, as SentencePiece makes them, that says of each capital letter which small one it is."""
    nodes, small = [0] * 600, b""
    nodes[0] = 256 << 10
    for index, letter in enumerate(range(ord("A"), ord("Z") + 1)):
        nodes[256 ^ letter] = (256 ^ letter ^ (512 + index)) << 10 | 1 << 8 | letter
        nodes[512 + index] = 2 * index
        small += bytes([letter | 32, 0])
    table = struct.pack(f"<{len(nodes)}I", *nodes)
    return struct.pack("<I", len(table)) + table + small


def pieces_of_one_letter(writer: gguf.GGUFWriter) -> int:
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *"abcdefghijklmnopqrstuvwxyz"]
    writer.add_tokenizer_model("t5")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(index) for index in range(len(tokens))])
    writer.add_token_types([3, 3, 3, 2, *[1] * (len(tokens) - 4)])
    writer.add_unk_token_id(3)
    writer.add_precompiled_charsmap(letters_to_lower())
    return len(tokens)


@pytest.mark.parametrize("padding", [True, False])
def test_a_charsmap_written_as_base64_letters_is_decoded(padding: bool, tmp_path: Path) -> None:
    sizes = {"attention.layer_norm_epsilon": 1e-5, "attention.head_count_kv": 4}
    ours = random_model(tmp_path / "ours.gguf", "bert", sizes, vocabulary=types_of_tokens)
    letters = base64.b64encode(letters_to_lower()).decode()
    letters = letters if padding else letters.rstrip("=")
    key = "tokenizer.ggml.precompiled_charsmap"
    theirs = rewritten(tmp_path / "theirs.gguf", [ours], "bert", keys={key: list(letters)})
    assert translated_model(ours) is None
    with pytest.raises(LoadError):
        plainly(theirs)
    expected, found = plainly(ours), load(theirs)
    try:
        assert found.tokenize("BOY boy") == expected.tokenize("BOY boy")
        assert found.text(found.tokenize("BOY", add_special=False)).strip() == "boy"
    finally:
        expected.close()
        found.close()


def types_of_tokens(writer: gguf.GGUFWriter) -> int:
    writer.add_token_type_count(1)
    return pieces_of_one_letter(writer)


@pytest.mark.parametrize("kind", ["", "default"])
def test_an_empty_rope_scaling_type_becomes_none(kind: str, tmp_path: Path) -> None:
    ours = random_model(tmp_path / "ours.gguf", "mistral3")
    keys = {"mistral3.rope.scaling.type": kind, "mistral3.rope.scaling.factor": 0.0}
    theirs = rewritten(tmp_path / "theirs.gguf", [ours], "mistral3", keys=keys)
    np.testing.assert_array_equal(of(theirs)[0], of(ours, plainly)[0])


MALFORMED: dict[str, tuple[str, dict[str, Any], str]] = {
    "sections that are texts": ("qwen25vl", {"qwen25vl.rope.mrope_section": ["a", "b", "c"]}, "shown"),
    "sections that are no numbers": ("qwen35", {"qwen35.rope.dimension_sections": [float("nan")] * 3}, "left"),
    "one number where there should be several": ("qwen35", {"qwen35.attention.head_count_kv": 3}, "left"),
    "numbers that are too large": (
        "glm4moelite",
        {"glm4moelite.attention.kv_lora_rank": 2**32 - 1, "glm4moelite.rope.dimension_count": 8},
        "left",
    ),
    "experts of no size": ("deepseekocr", {}, "left"),
    "a text where there should be a number": ("gemma3", {"gemma3.context_length": "long"}, "left"),
    "a matrix that is a row": ("nemotron_h_moe", {}, "left"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_do_no_harm(name: str, tmp_path: Path) -> None:
    architecture, keys, done = MALFORMED[name]

    def change(tensors: Tensors) -> None:
        if architecture == "deepseekocr":
            tensors["blk.1.ffn_down_exps.weight"] = np.ones((4, 0), np.float32)
        tensors["blk.1.ffn_down_shexp.weight"] = np.ones(3, np.float32)
        tensors["blk.1.ffn_latent_in.weight"] = np.ones(3, np.float32)

    source = random_model(tmp_path / "source.gguf", "llama")
    path = rewritten(tmp_path / "odd.gguf", [source], architecture, keys=keys, change=change)
    view = translated_model(path)
    assert (view is None) == (done == "left")
    if view is not None:
        with view:
            view.copy_to(io.BytesIO())
