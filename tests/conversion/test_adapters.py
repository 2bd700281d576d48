import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.conversion.adapters import convert_adapter
from paddock.conversion.base_model import BaseModel
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.importing import import_language_model
from paddock.gguf import read_header
from paddock.library.create.adapter import check_adapter
from tests.conversion.checkpoints import (
    DATA,
    Array,
    difference,
    weights,
    write_checkpoint,
    write_safetensors,
    write_tokenizer,
)
from tests.conversion.logits import logits

ALPHA, RANK = 16, 4
CASES = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3")
CONFIG = {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "target_modules": ["q_proj"]}


class Model:
    """A checkpoint of one architecture, its weights in transformers' layout, and the same as GGUF."""

    def __init__(self, folder: Path, case: str) -> None:
        described = json.loads(str(np.load(DATA / f"{case}.npz")["described"]))
        self.config: dict[str, Any] = described["config"]
        self.folder = folder / case
        write_checkpoint(self.folder, self.config, described["shapes"])
        norms_plus_one = self.config["architectures"][0].startswith("Gemma")
        self.weights = weights(described["shapes"], norms_plus_one=norms_plus_one)
        self.gguf = _imported(self.folder, folder / f"{case}.gguf")

    @property
    def matrices(self) -> list[str]:
        """The modules that adapters usually change."""
        return sorted(n.removesuffix(".weight") for n in self.weights if n.endswith(("proj.weight", "lm_head.weight")))

    @property
    def base(self) -> BaseModel:
        head = read_header(self.gguf)
        heads = head.number("attention.head_count")
        return BaseModel(head.architecture, head.number("block_count"), heads, head.number("attention.head_count_kv"))

    def merged(self, changes: Mapping[str, Array]) -> Path:
        """Import the checkpoint with its weights changed."""
        folder = self.folder.with_name(f"{self.folder.name}-merged")
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(self.config))
        tensors = {
            name: (values + changes.get(name.removesuffix(".weight"), 0)).astype(np.float32)
            for name, values in self.weights.items()
        }
        write_safetensors(folder / "model.safetensors", tensors)
        write_tokenizer(folder, embeds=False)
        return _imported(folder, folder.with_suffix(".gguf"))


def _imported(folder: Path, target: Path) -> Path:
    with target.open("wb") as file:
        import_language_model(Checkpoint.of_folder(folder), file, "f32")
    return target


def halves(model: Model, modules: list[str], ranks: Mapping[str, int] | None = None) -> dict[str, tuple[Array, Array]]:
    """Random A and B for each module, large enough to matter."""
    rng = np.random.default_rng(3)
    found = {}
    for module in modules:
        rows, columns = model.weights[f"{module}.weight"].shape
        rank = (ranks or {}).get(module, RANK)
        a = rng.standard_normal((rank, columns)) / np.sqrt(columns)
        b = rng.standard_normal((rows, rank)) * 0.1
        found[module] = a.astype(np.float32), b.astype(np.float32)
    return found


def saved(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Array]) -> Checkpoint:
    """Save an adapter as PEFT does."""
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    write_safetensors(folder / "adapter_model.safetensors", tensors)
    return Checkpoint.of_folder(folder)


def named(changes: Mapping[str, tuple[Array, Array]]) -> dict[str, Array]:
    return {
        f"base_model.model.{module}.lora_{half}.weight": values
        for module, pair in changes.items()
        for half, values in zip("AB", pair, strict=True)
    }


def converted(checkpoint: Checkpoint, base: BaseModel, target: Path) -> Path:
    with target.open("wb") as file:
        convert_adapter(checkpoint, base, file)
    return target


@pytest.mark.parametrize("case", CASES)
def test_an_adapter_does_what_merging_it_into_the_weights_does(tmp_path: Path, case: str) -> None:
    model = Model(tmp_path, case)
    changes = halves(model, model.matrices)
    adapter = converted(saved(tmp_path / "peft", CONFIG, named(changes)), model.base, tmp_path / "a.gguf")
    check_adapter("a.gguf", read_header(adapter), read_header(model.gguf))
    merged = logits(model.merged({module: ALPHA / RANK * b @ a for module, (a, b) in changes.items()}))
    plain, adapted = logits(model.gguf), logits(model.gguf, [adapter])
    assert difference(plain, merged) > 0.05
    assert difference(adapted, merged) < 1e-3


def test_ranks_and_alphas_of_single_modules_count(tmp_path: Path) -> None:
    model = Model(tmp_path, "llama")
    modules = [m for m in model.matrices if ".0." in m]
    other = next(m for m in modules if m.endswith("down_proj"))
    louder = next(m for m in modules if m.endswith("k_proj"))
    changes = halves(model, modules, {other: 2})
    config = CONFIG | {
        "use_rslora": True,
        "rank_pattern": {"mlp.down_proj": 2},
        "alpha_pattern": {r"^model.layers.0.self_attn.k_proj$": 64, "0.self_attn.v_proj": 0},
    }
    adapter = converted(saved(tmp_path / "peft", config, named(changes)), model.base, tmp_path / "a.gguf")

    def scale(module: str) -> float:
        alpha = 64 if module == louder else 0 if module.endswith("v_proj") else ALPHA
        return float(alpha / np.sqrt(2 if module == other else RANK))

    merged = logits(model.merged({module: scale(module) * b @ a for module, (a, b) in changes.items()}))
    assert difference(logits(model.gguf), merged) > 0.05
    assert difference(logits(model.gguf, [adapter]), merged) < 1e-3


def test_embeddings_of_tokens_can_be_changed(tmp_path: Path) -> None:
    model = Model(tmp_path, "llama")
    vocabulary, width = model.weights["model.embed_tokens.weight"].shape
    rng = np.random.default_rng(5)
    a = rng.standard_normal((RANK, vocabulary)).astype(np.float32)
    b = (rng.standard_normal((width, RANK)) * 0.2).astype(np.float32)
    name = "base_model.model.model.embed_tokens.lora_embedding_"
    adapter = converted(
        saved(tmp_path / "peft", CONFIG, {f"{name}A": a, f"{name}B": b}), model.base, tmp_path / "a.gguf"
    )
    check_adapter("a.gguf", read_header(adapter), read_header(model.gguf))
    merged = logits(model.merged({"model.embed_tokens": ALPHA / RANK * (b @ a).T}))
    assert difference(logits(model.gguf), merged) > 0.05
    assert difference(logits(model.gguf, [adapter]), merged) < 1e-3


def test_two_adapters_in_half_precision_add_up(tmp_path: Path) -> None:
    model = Model(tmp_path, "qwen2")
    total: dict[str, Array] = {}
    adapters = []
    for number, ending in enumerate(("q_proj", "down_proj")):
        changes = {
            module: (a.astype(np.float16), b.astype(np.float16))
            for module, (a, b) in halves(model, [m for m in model.matrices if m.endswith(ending)]).items()
        }
        total |= {module: ALPHA / RANK * b.astype(float) @ a for module, (a, b) in changes.items()}
        checkpoint = saved(tmp_path / f"peft{number}", CONFIG, named(changes))
        adapters.append(converted(checkpoint, model.base, tmp_path / f"{number}.gguf"))
    merged = logits(model.merged(total))
    assert difference(logits(model.gguf, adapters), merged) < 1e-3
    assert difference(logits(model.gguf, adapters[:1]), merged) > 0.01


NAME = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
GOOD = {f"{NAME}A.weight": np.ones((RANK, 64), np.float32), f"{NAME}B.weight": np.ones((64, RANK), np.float32)}
A_LONE_HALF = {f"{NAME}A.weight": GOOD[f"{NAME}A.weight"]}
BASE = BaseModel("llama", 2, 4, 2)


@pytest.mark.parametrize(
    ("config", "tensors", "base", "message"),
    [
        ({"peft_type": "IA3"}, GOOD, BASE, "only adapters with the peft_type LORA"),
        ({}, GOOD, BASE, "only adapters with the peft_type LORA"),
        (CONFIG | {"use_dora": True}, GOOD, BASE, "DoRA cannot be converted"),
        (CONFIG | {"bias": "all"}, GOOD, BASE, "an adapter with biases"),
        (CONFIG | {"lora_alpha": "many"}, GOOD, BASE, "lora_alpha must be a number"),
        (CONFIG | {"alpha_pattern": {"(a+)+b": 1}}, GOOD, BASE, "too complicated"),
        (CONFIG | {"alpha_pattern": [1]}, GOOD, BASE, "alpha_pattern must be an object"),
        (CONFIG, {}, BASE, "the adapter is empty"),
        (CONFIG, A_LONE_HALF, BASE, "half of what it changes"),
        (CONFIG, GOOD | {f"{NAME}B.weight": np.ones((64, 3), np.float32)}, BASE, "different ranks"),
        (CONFIG, {"model.norm.weight": np.ones(64, np.float32)}, BASE, '"model.norm.weight" is no part of a LoRA'),
        (CONFIG, {k.replace("q_proj", "nonsense"): v for k, v in GOOD.items()}, BASE, 'nonsense" is no matrix of a'),
        (CONFIG, {k.replace("layers.0", "layers.7"): v for k, v in GOOD.items()}, BASE, "is no matrix of a llama"),
        (CONFIG, GOOD, BaseModel("rwkv6", 2, 4, 2), 'adapters for "rwkv6" models cannot be converted'),
        (CONFIG, GOOD, BaseModel("llama", 2, 5, 5), "does not have 5 heads"),
        (CONFIG, {k: v.astype(np.int64) for k, v in GOOD.items()}, BASE, "no matrix of floating-point numbers"),
    ],
)
def test_what_cannot_be_converted_is_named(
    tmp_path: Path, config: dict[str, Any], tensors: dict[str, Array], base: BaseModel, message: str
) -> None:
    checkpoint = saved(tmp_path / "peft", config, tensors)
    with pytest.raises(ConversionError, match=message.replace("(", r"\(")):
        converted(checkpoint, base, tmp_path / "a.gguf")
