from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.conversion.architectures.architecture import Architecture
from paddock.conversion.architectures.bert import ARCHITECTURES as BERTS
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.gemma import GEMMA3
from paddock.conversion.architectures.llama import LLAMA
from paddock.conversion.architectures.tensor_plan import plan_tensors
from paddock.conversion.checkpoint.safetensors import Tensor
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor
from tests.conversion.architectures.test_decoder import VALUES

CONFIG = {**VALUES, "num_hidden_layers": 1, "architectures": ["LlamaForCausalLM"]}
EMBEDDINGS = {"model.embed_tokens.weight": (64, 32), "model.norm.weight": (32,)}


def planned(
    shapes: dict[str, tuple[int, ...]], architecture: Architecture = LLAMA, **config: Any
) -> list[OutputTensor]:
    tensors = {name: Tensor(name, "F32", shape, Path("none"), 0) for name, shape in shapes.items()}
    return plan_tensors(tensors, architecture, Config({**CONFIG, **config}), 128)


def by_name(tensors: list[OutputTensor]) -> dict[str, OutputTensor]:
    return {tensor.name: tensor for tensor in tensors}


def test_tensors_get_llama_cpps_names_in_the_order_of_the_checkpoint() -> None:
    found = planned(EMBEDDINGS | {f"model.layers.0.mlp.{part}_proj.weight": (48, 32) for part in ("up", "gate")})
    assert [tensor.name for tensor in found] == [
        "token_embd.weight",
        "blk.0.ffn_gate.weight",
        "blk.0.ffn_up.weight",
        "output_norm.weight",
    ]


def test_query_and_key_heads_are_permuted_each_with_their_size() -> None:
    attention = {f"model.layers.0.self_attn.{part}_proj.weight": (32, 32) for part in "qv"}
    attention["model.layers.0.self_attn.k_proj.weight"] = (16, 32)
    found = by_name(planned(EMBEDDINGS | attention))
    assert [found[f"blk.0.attn_{part}.weight"].slices[0].permuted_head for part in "qkv"] == [8, 8, 0]


def test_norms_stored_less_one_get_it_back() -> None:
    found = by_name(planned(EMBEDDINGS, GEMMA3))
    assert (found["output_norm.weight"].slices[0].plus, found["token_embd.weight"].slices[0].plus) == (1.0, 0.0)


def test_experts_are_stacked_in_their_order() -> None:
    experts = {f"model.layers.0.mlp.experts.{i}.up_proj.weight": (16, 32) for i in (1, 0, 2)}
    found = by_name(planned(EMBEDDINGS | experts))["blk.0.ffn_up_exps.weight"]
    assert found.shape == (3, 16, 32)
    assert [part.tensor.name.split(".")[5] for part in found.slices] == ["0", "1", "2"]


def test_skipped_tensors_are_not_there() -> None:
    assert len(planned(EMBEDDINGS | {"model.layers.0.self_attn.rotary_emb.inv_freq": (4,)})) == len(EMBEDDINGS)


def test_a_bare_network_has_the_same_names() -> None:
    bare = {name.removeprefix("model."): shape for name, shape in EMBEDDINGS.items()}
    assert by_name(planned(bare)).keys() == by_name(planned(EMBEDDINGS)).keys()


def test_the_heads_of_a_reranker_must_be_there() -> None:
    ranks = BERTS["BertForSequenceClassification"]
    with pytest.raises(ConversionError, match=r"the checkpoint has no cls\.output\.weight"):
        planned({"bert.pooler.dense.weight": (32, 32), "bert.embeddings.word_embeddings.weight": (64, 32)}, ranks)


@pytest.mark.parametrize(
    ("shapes", "config", "message"),
    [
        ({"model.norm.weight": (32,)}, {}, "no embeddings of tokens"),
        (EMBEDDINGS | {"model.magic.weight": (2, 2)}, {}, '"model.magic.weight" does not belong to LlamaForCausalLM'),
        (EMBEDDINGS, {"num_hidden_layers": 9}, "a network of 9 layers, the checkpoint has fewer"),
        (EMBEDDINGS | {"model.layers.0.mlp.experts.1.up_proj.weight": (16, 32)}, {}, "are missing"),
        (EMBEDDINGS | {"model.layers.0.self_attn.q_proj.weight": (30, 32)}, {}, "does not have 4 heads"),
        (EMBEDDINGS | {"embed_tokens.weight": (64, 32)}, {}, "several tensors of the checkpoint are token_embd.weight"),
    ],
)
def test_tensors_that_do_not_fit_are_named(shapes: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        planned(shapes, **config)


def test_computed_tensors_are_added() -> None:
    rope = {"rope_type": "llama3", "original_max_position_embeddings": 64}
    found = by_name(planned(EMBEDDINGS, rope_scaling=rope))["rope_freqs.weight"]
    assert found.values is not None
    assert found.values.dtype == np.float32
