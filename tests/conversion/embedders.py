"""Tiny checkpoints of embedders and rerankers, with their tokenizers and sentence-transformers' files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conversion.checkpoints import DATA, byte_tokenizer, weights, write_safetensors

FOLDER = DATA / "embedders"
"""`<case>.npz` holds the configuration, the shapes of the tensors, and what transformers makes of `TEXTS`."""

TEXTS = [
    "the tea is hot",
    "Rain is expected in the north; the south stays dry.",
    "Ｆｕｌｌ　ｗｉｄｔｈ and ﬁne\tligatures",
    "Die Straße ist gesperrt, bitte fahren Sie über Köln.",
    "Où est la bibliothèque ?",
    "Hôm nay trời đẹp quá",
    "Кошка спит на подоконнике.",
    "Η γάτα κοιμάται",
    "오늘 날씨가 좋습니다",
    "今日はいい天気ですね。",
    "我喜欢喝茶。",
    "बिल्ली सो रही है",
    "বিড়াল ঘুমাচ্ছে",
    "القطة نائمة على الكرسي",
    "החתול ישן",
    "แมวกำลังนอนหลับ",
    "பூனை தூங்குகிறது",
    "😀 2 + 2 = 4",
]
QUESTION = "where is the cat?"
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 1026,
}
_GROUPED = {"num_key_value_heads": 2, "head_dim": 16}
_ROBERTA = {**SMALL, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "type_vocab_size": 1}
_END, _TURN = "<|endoftext|>", "<|im_end|>"
DENSE = {"2_Dense": (48, 32), "3_Dense": (32, 48)}
"""Folder of a dense layer → its matrix's shape."""


@dataclass(frozen=True)
class Embedder:
    """One kind of model."""

    architecture: str
    config: Mapping[str, Any]
    """Its configuration, without the number of tokens."""
    tokenizer: dict[str, Any]
    """Its `tokenizer.json`."""
    pooling: str = "mean"
    """`mean`, `cls`, `lasttoken`, or `rank`: scores of `QUESTION` with each text."""
    dense: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Its `tokenizer_config.json`."""

    @property
    def size(self) -> int:
        """Tokens."""
        last: int = max(token["id"] for token in self.tokenizer["added_tokens"])
        return max(len(self.tokenizer["model"]["vocab"]), last + 1)


def unigram_tokenizer() -> dict[str, Any]:
    """Return the recorded `tokenizer.json` of an XLM-RoBERTa."""
    found: dict[str, Any] = json.loads((DATA / "unigrams.json").read_text("utf-8"))
    return found


def with_marks(special: Sequence[str], single: Sequence[str], pair: Sequence[str] = ()) -> dict[str, Any]:
    """Return a byte-level tokenizer with more `special` tokens and these around a text; A and B are the texts."""
    tokenizer = byte_tokenizer(200)
    vocab = tokenizer["model"]["vocab"]
    for letter in byte_letters():
        vocab.setdefault(letter, len(vocab))
    first = len(vocab)
    tokenizer["added_tokens"] += [{"id": first + i, "content": t, "special": True} for i, t in enumerate(special)]
    numbers = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    for token in tokenizer["added_tokens"]:
        token.update(single_word=False, lstrip=False, rstrip=False, normalized=False)

    def parts(names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"Sequence" if name in "AB" else "SpecialToken": {"id": name, "type_id": 0}} for name in names]

    used = {name for name in (*single, *pair) if name not in "AB"}
    template = {
        "type": "TemplateProcessing",
        "single": parts(single),
        "pair": parts(pair or (*single, "B")),
        "special_tokens": {name: {"id": name, "ids": [numbers[name]], "tokens": [name]} for name in sorted(used)},
    }
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return tokenizer | {
        "pre_tokenizer": {**byte_level, "use_regex": True},
        "post_processor": {"type": "Sequence", "processors": [byte_level, template]},
    }


def byte_letters() -> list[str]:
    """Return the letters with which byte-level tokenizers write the 256 bytes."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(number) for number in [*shown, *range(0x100, 0x100 + 256 - len(shown))]]


def embedders() -> dict[str, Embedder]:
    """Return all kinds by the names of their recorded cases."""
    unigrams = unigram_tokenizer()
    gemma = {**SMALL, **_GROUPED, "query_pre_attn_scalar": 16, "num_hidden_layers": 7, "sliding_window": 16}
    return {
        "xlm-roberta": Embedder("XLMRobertaModel", _ROBERTA, unigrams),
        "xlm-roberta-cls": Embedder("XLMRobertaForMaskedLM", _ROBERTA, unigrams, "cls"),
        "xlm-roberta-ranks": Embedder(
            "XLMRobertaForSequenceClassification", {**_ROBERTA, "num_labels": 1}, unigrams, "rank"
        ),
        "roberta": Embedder(
            "RobertaModel",
            {**_ROBERTA, "bos_token_id": 1, "pad_token_id": 0},
            with_marks((), ("<s>", "A", "</s>")),
        ),
        "qwen3-embedding": Embedder(
            "Qwen3ForCausalLM",
            {**SMALL, **_GROUPED, "tie_word_embeddings": True},
            with_marks((_END, _TURN), ("A", _END)),
            "lasttoken",
            settings={"eos_token": _TURN, "pad_token": _END, "chat_template": "{{ tools }}{{ messages }}"},
        ),
        "qwen3-bare": Embedder(
            "Qwen3Model", {**SMALL, **_GROUPED}, with_marks((_END, _TURN), ("A", _END)), "lasttoken"
        ),
        "embedding-gemma": Embedder(
            "Gemma3TextModel",
            {**gemma, "use_bidirectional_attention": True},
            with_marks(("<bos>", "<eos>"), ("<bos>", "A", "<eos>")),
            dense=DENSE,
        ),
    }


def write_embedder(
    folder: Path, case: Embedder, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]
) -> Path:
    """Write a whole checkpoint into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = weights(shapes, norms_plus_one=case.architecture.startswith("Gemma"))
    write_safetensors(folder / "model.safetensors", tensors)
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer.json", case.tokenizer)
    write_json(folder / "tokenizer_config.json", case.settings)
    if case.pooling == "rank":
        return folder
    steps = ["Transformer", "Pooling", *["Dense"] * len(case.dense), "Normalize"]
    paths = ["", *(f"{number}_{step}" for number, step in enumerate(steps[1:], 1))]
    types = [{"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{step}"}
             for number, (step, path) in enumerate(zip(steps, paths, strict=True))]  # fmt: skip
    write_json(folder / "modules.json", types)
    mode = {"mean": "mean_tokens", "cls": "cls_token", "lasttoken": "lasttoken"}[case.pooling]
    modes = ("cls_token", "mean_tokens", "max_tokens", "lasttoken")
    write_json(folder / "1_Pooling" / "config.json", {f"pooling_mode_{name}": name == mode for name in modes})
    for name, values in dense_weights(case).items():
        described = {"in_features": values.shape[1], "out_features": values.shape[0], "bias": False,
                     "activation_function": "torch.nn.modules.linear.Identity"}  # fmt: skip
        write_json(folder / name / "config.json", described)
        write_safetensors(folder / name / "model.safetensors", {"linear.weight": values})
    return folder


def dense_weights(case: Embedder) -> dict[str, Any]:
    """Return the matrices of its dense layers by their folders."""
    found = weights({f"{name}.weight": shape for name, shape in case.dense.items()})
    return {name.removesuffix(".weight"): values for name, values in found.items()}


def write_json(path: Path, value: Any) -> None:
    """Write a file, in a folder that is made if need be."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))
