"""Record what transformers computes with tiny checkpoints, for `tests/conversion`.

`python -m tools.record_checkpoints [CASE …]` needs torch, transformers and sentencepiece, which the tests do without.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tests.conversion.checkpoints import DATA, TOKENS, weights

SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_BERT = {key: value for key, value in SMALL.items() if key != "num_key_value_heads"}
_ROBERTA = {"bos_token_id": 0, "pad_token_id": 1, "max_position_embeddings": 130, "type_vocab_size": 1}
_LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
           "original_max_position_embeddings": 32}  # fmt: skip
_YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}
_LONG = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.1, 1.3, 1.6],
    "long_factor": [1.5, 2.0, 3.0, 4.0],
}
_GEMMA = {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 16, "num_hidden_layers": 7}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaForCausalLM", {"rope_parameters": {"rope_theta": 50000.0, "rope_type": "default"}}),
    "llama-tied": ("LlamaForCausalLM", {"tie_word_embeddings": True, "attention_bias": True, "num_key_value_heads": 4}),
    "llama3": ("LlamaForCausalLM", {"rope_parameters": _LLAMA3}),
    "llama-linear": (
        "LlamaForCausalLM",
        {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}},
    ),
    "mistral": ("MistralForCausalLM", {"head_dim": 16, "sliding_window": None}),
    "mixtral": ("MixtralForCausalLM", {"num_local_experts": 4, "num_experts_per_tok": 2, "num_key_value_heads": 4}),
    "qwen2": ("Qwen2ForCausalLM", {}),
    "qwen2-yarn": ("Qwen2ForCausalLM", {"rope_parameters": _YARN}),
    "qwen3": ("Qwen3ForCausalLM", {"head_dim": 16}),
    "qwen2-moe": (
        "Qwen2MoeForCausalLM",
        {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
         "shared_expert_intermediate_size": 24},
    ),
    "qwen3-moe": (
        "Qwen3MoeForCausalLM",
        {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "head_dim": 16,
         "norm_topk_prob": True},
    ),
    "gemma": ("GemmaForCausalLM", {"head_dim": 16}),
    "gemma2": ("Gemma2ForCausalLM", {**_GEMMA, "attn_implementation": "eager"}),
    "gemma3": ("Gemma3ForCausalLM", _GEMMA),
    "phi3": ("Phi3ForCausalLM", {"sliding_window": None}),
    "phi3-long": ("Phi3ForCausalLM", {"rope_parameters": _LONG, "original_max_position_embeddings": 16}),
    "phi3-short": (
        "Phi3ForCausalLM",
        {"rope_parameters": _LONG, "original_max_position_embeddings": 512, "max_position_embeddings": 1024},
    ),
    "bert": ("BertModel", {}),
    "nomic-bert": ("NomicBertModel", {}),
    "xlm-roberta": ("XLMRobertaModel", _ROBERTA),
    "gemma-embedding": ("Gemma3TextModel", {**_GEMMA, "use_bidirectional_attention": True}),
}  # fmt: skip
"""By case: the architecture, and what its configuration changes in the small one."""


def model_of(case: str) -> tuple[Any, dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return transformers' model of a case with our weights, its configuration, and its tensors' shapes as saved."""
    architecture, changes = CASES[case]
    small = _BERT if "Bert" in architecture or "Roberta" in architecture else SMALL
    return model_with(architecture, {**small, **changes})


def model_with(
    architecture: str, settings: Mapping[str, Any]
) -> tuple[Any, dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return transformers' model of an architecture and configuration, and its tensors' shapes as saved."""
    import tempfile

    import torch
    import transformers
    from safetensors import safe_open
    from safetensors.numpy import save_file

    kind = getattr(transformers, architecture)
    with tempfile.TemporaryDirectory() as folder:
        kind(kind.config_class(**settings)).save_pretrained(folder)
        config = json.loads((Path(folder) / "config.json").read_text())
        file = Path(folder) / "model.safetensors"
        with safe_open(file, "np") as saved:
            shapes = {name: tuple(saved.get_slice(name).get_shape()) for name in saved.keys()}  # noqa: SIM118
        save_file(weights(shapes, norms_plus_one=architecture.startswith("Gemma")), file, {"format": "pt"})
        model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval(), config, shapes


def expected(case: str) -> tuple["np.ndarray[Any, Any]", Mapping[str, Any], Mapping[str, tuple[int, ...]]]:
    """Return what transformers computes for each of `TOKENS`, the configuration, and the tensors' shapes."""
    import torch

    model, config, shapes = model_of(case)
    with torch.no_grad():
        result = model(torch.tensor([TOKENS]))
    values = result.logits if "logits" in result else result.last_hidden_state
    return values[0].float().numpy(), config, shapes


def record_sentence_pieces() -> None:
    """Train a SentencePiece model on the tests' sentences, and record how it splits their texts."""
    import sentencepiece
    from tests.conversion.tokenizers.test_reading import CORPUS, TEXTS

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_prefix=str(DATA / "sentence_pieces"),
        vocab_size=1150,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=0.98,
        user_defined_symbols=["<|im_start|>"],
        control_symbols=["<mask>"],
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    (DATA / "sentence_pieces.vocab").unlink()
    original = sentencepiece.SentencePieceProcessor(model_file=str(DATA / "sentence_pieces.model"))
    plain = {text: original.encode(text) for text in TEXTS if text.strip() and "<" not in text}
    (DATA / "sentence_pieces.json").write_text(json.dumps(plain, separators=(",", ":"), ensure_ascii=False))


def record_unigrams() -> None:
    """Train a unigram model on the tests' sentences; record it, transformers' tokenizer of it, and its splits."""
    import tempfile

    import sentencepiece
    import transformers
    from tests.conversion.tokenizers.test_reading import CORPUS, TEXTS

    changes = {letter: chr(letter - 0xFEE0) for letter in range(0xFF01, 0xFF5F)}
    changes |= dict.fromkeys((9, 10, 13, 160, 12288), " ") | {0xFB01: "fi", 0x200B: "", 0xFEFF: ""}
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        rules.write_text(
            "".join(f"{ord_:X}\t{' '.join(f'{ord(c):X}' for c in new)}\n" for ord_, new in changes.items())
        )
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS),
            model_prefix=str(Path(folder) / "model"),
            vocab_size=900,
            model_type="unigram",
            character_coverage=0.98,
            normalization_rule_tsv=str(rules),
            minloglevel=2,
        )
        (DATA / "unigrams.model").write_bytes((Path(folder) / "model.model").read_bytes())
        (Path(folder) / "sentencepiece.bpe.model").write_bytes((DATA / "unigrams.model").read_bytes())
        (Path(folder) / "config.json").write_text('{"model_type": "xlm-roberta"}')
        transformers.XLMRobertaTokenizer.from_pretrained(folder).save_pretrained(folder)
        tokenizer = json.loads((Path(folder) / "tokenizer.json").read_text())
    (DATA / "unigrams.json").write_text(json.dumps(tokenizer, separators=(",", ":"), ensure_ascii=False))
    original = sentencepiece.SentencePieceProcessor(model_file=str(DATA / "unigrams.model"))
    plain = {text: original.encode(text) for text in TEXTS[::2] if "<" not in text}
    (DATA / "unigrams_cut.json").write_text(json.dumps(plain, separators=(",", ":"), ensure_ascii=False))


def record_embedder(name: str) -> None:
    """Record the embeddings of the tests' texts from transformers, pooling and dense layers."""
    import torch
    from tests.conversion.embedders import FOLDER, QUESTION, TEXTS, dense_weights, embedders
    from tokenizers import Tokenizer

    case = embedders()[name]
    tokenizer = Tokenizer.from_str(json.dumps(case.tokenizer))
    model, config, shapes = model_with(case.architecture, {**case.config, "vocab_size": case.size})
    ranks = case.pooling == "rank"
    vectors = []
    for text in TEXTS:
        tokens = tokenizer.encode(QUESTION, text).ids if ranks else tokenizer.encode(text).ids
        with torch.no_grad():
            result = model(torch.tensor([tokens]), output_hidden_states=True)
        if ranks:
            vectors.append(result.logits[0].sigmoid().numpy())
            continue
        states = result.hidden_states[-1][0].numpy()
        vector = {"mean": states.mean(0), "cls": states[0], "lasttoken": states[-1]}[case.pooling]
        for matrix in dense_weights(case).values():
            vector = matrix @ vector
        vectors.append(vector / np.linalg.norm(vector))
    FOLDER.mkdir(exist_ok=True)
    described = json.dumps({"config": config, "shapes": shapes})
    np.savez_compressed(FOLDER / f"{name}.npz", expected=np.stack(vectors), described=np.array(described))
    print(name, np.shape(vectors), np.ptp(vectors))


def main(cases: list[str]) -> None:
    """Record the cases, by default all and the tokenizers."""
    from tests.conversion.embedders import embedders

    DATA.mkdir(exist_ok=True)
    for name, record in (("sentence_pieces", record_sentence_pieces), ("unigrams", record_unigrams)):
        if not cases or name in cases:
            record()
    for name in embedders():
        if not cases or f"embedders/{name}" in cases:
            record_embedder(name)
    for case in CASES if not cases else [case for case in cases if case in CASES]:
        values, config, shapes = expected(case)
        described = json.dumps({"config": config, "shapes": shapes})
        np.savez_compressed(DATA / f"{case}.npz", expected=values, described=np.array(described))
        print(case, values.shape, f"{values.min():.2f} to {values.max():.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
