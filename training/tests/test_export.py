"""The exported file computes in llama.cpp what the model computes in PyTorch, and its template writes what we train."""

# ruff: noqa: D103

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")
gguf = pytest.importorskip("gguf")
jinja2 = pytest.importorskip("jinja2")
llama_cpp = pytest.importorskip("llama_cpp")
np = pytest.importorskip("numpy")

from tokenizers import Tokenizer  # type: ignore[import-untyped]  # noqa: E402

from training.chat_format import prompt  # noqa: E402
from training.corpus.registry import SKILLS, draw  # noqa: E402
from training.evaluate import GgufGenerator, TorchGenerator, evaluate, reaches_all, table  # noqa: E402
from training.example import Call, Conversation, JsonValue, Tool, Turn  # noqa: E402
from training.export import TEMPLATE, export, quantized  # noqa: E402
from training.model import Model, Shape  # noqa: E402
from training.tokenizer import encode, sample, train  # noqa: E402

PROMPTS = [
    "<|user|>Hello, who are you?<|end|><|assistant|>",
    "<|system|>Be short.<|end|><|user|>What is the capital of France?<|end|><|think|><|assistant|>",
    "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n<|fim_middle|>",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train(sample(3000))


@pytest.fixture(scope="module")
def model(tokenizer: Tokenizer) -> Model:
    torch.manual_seed(3)
    shape = Shape(tokenizer.get_vocab_size(), dim=128, layers=3, heads=4, kv_heads=2, hidden=96)
    model = Model(shape).eval()
    for weight in model.parameters():
        weight.data *= 4 if weight.dim() == 2 else 1.25
    return model


def llama(path: Path) -> Any:
    exact = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32}
    threads = {"n_threads": 1, "n_threads_batch": 1}
    return llama_cpp.Llama(str(path), n_ctx=512, logits_all=True, verbose=False, **exact, **threads)


def greedy(model: Model, ids: list[int], count: int) -> list[int]:
    with torch.inference_mode():
        for _ in range(count):
            ids = [*ids, int(model(torch.tensor([ids]))[0, -1].argmax())]
    return ids[-count:]


def test_logits_and_text_agree(model: Model, tokenizer: Tokenizer, tmp_path: Path) -> None:
    export(model, tokenizer, tmp_path / "tiny.gguf", gguf.GGMLQuantizationType.F32)
    other = llama(tmp_path / "tiny.gguf")
    for text in PROMPTS:
        ids = other.tokenize(text.encode(), add_bos=True, special=True)
        assert ids == encode(tokenizer, text)
        other.reset()
        other.eval(ids)
        with torch.inference_mode():
            expected = model(torch.tensor([ids]))[0].numpy()
        assert np.abs(other.scores[: len(ids)] - expected).max() < 1e-3
        said = [token for token, _ in zip(other.generate(ids, temp=0.0), range(24), strict=False)]
        assert said == greedy(model, ids, 24)


def test_cached_and_padded_generation_agrees(model: Model, tokenizer: Tokenizer, tmp_path: Path) -> None:
    export(model, tokenizer, tmp_path / "tiny.gguf", gguf.GGMLQuantizationType.F32)
    assert TorchGenerator(model, tokenizer).replies(PROMPTS) == GgufGenerator(tmp_path / "tiny.gguf").replies(PROMPTS)


def test_q8_file_is_small_and_close(model: Model, tokenizer: Tokenizer, tmp_path: Path) -> None:
    export(model, tokenizer, tmp_path / "tiny.gguf")
    size = sum(weight.numel() for weight in model.parameters())
    assert (tmp_path / "tiny.gguf").stat().st_size < 1.1 * size + 200_000
    rounded = Model(model.shape).eval()
    rounded.load_state_dict(model.state_dict())
    quantized(rounded)
    other = llama(tmp_path / "tiny.gguf")
    ids = encode(tokenizer, PROMPTS[0])
    other.eval(ids)
    with torch.inference_mode():
        expected = rounded(torch.tensor([ids]))[0].numpy()
    # llama.cpp rounds the activations to 8 bits, too.
    assert np.abs(other.scores[: len(ids)] - expected).max() < 0.1 * np.abs(expected).max()


def test_metadata(model: Model, tokenizer: Tokenizer, tmp_path: Path) -> None:
    export(model, tokenizer, tmp_path / "tiny.gguf")
    fields = {name: field.contents() for name, field in gguf.GGUFReader(tmp_path / "tiny.gguf").fields.items()}
    expected = {
        "general.architecture": "llama",
        "general.name": "tiny",
        "general.license": "mit",
        "general.file_type": 7,
        "llama.context_length": 2048,
        "llama.attention.head_count_kv": 2,
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.eot_token_id": 1,
        "tokenizer.ggml.fim_pre_token_id": 7,
        "tokenizer.ggml.fim_suf_token_id": 8,
        "tokenizer.ggml.fim_mid_token_id": 9,
        "tokenizer.ggml.add_bos_token": True,
    }
    assert {name: fields.get(name) for name in expected} == expected


def test_evaluation_counts(tokenizer: Tokenizer) -> None:
    class Silent:
        def replies(self, prompts: Sequence[str]) -> list[str]:
            return ["" for _ in prompts]

    results = evaluate(Silent(), ["copying"])
    assert not reaches_all(results)
    assert [line.split()[:3] for line in table(results)][1] == ["copying", str(len(results["copying"])), "0.0"]


def render(conversation: Conversation, think: bool) -> str:
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    text: str = environment.from_string(TEMPLATE.read_text()).render(
        messages=messages(conversation),
        tools=[described(tool) for tool in conversation.tools],
        enable_thinking=think,
        add_generation_prompt=True,
    )
    return text


def messages(conversation: Conversation) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": conversation.system}] if conversation.system else []
    return system + [
        {"role": turn.role, "content": turn.content}
        | ({"tool_calls": [called(call) for call in turn.calls]} if turn.calls else {})
        for turn in conversation.turns
    ]


def called(call: Call) -> dict[str, JsonValue]:
    return {"type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def described(tool: Tool) -> dict[str, Any]:
    properties = {name: {"type": kind, "description": "what it is"} for name, kind in tool.parameters}
    parameters = {"type": "object", "properties": properties, "required": []}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def test_template_writes_what_training_reads() -> None:
    rng = Random(5)
    conversations = [example for _ in range(800) if isinstance(example := draw(rng), Conversation)]
    conversations += [c.prompt for skill in SKILLS for c in skill.held_out() if isinstance(c.prompt, Conversation)]
    arguments: dict[str, JsonValue] = {"a": [1, 2.5, True, None, {"b": "<x> & 'y' \"é\"\n"}], "c": {}, "d": []}
    turns = (
        Turn("user", "Do it."),
        Turn("assistant", "Well.", calls=(Call("f", arguments), Call("g", {}))),
        Turn("tool", "1"),
        Turn("tool", " 2\n"),
    )
    conversations.append(Conversation(turns, tools=(Tool("f", "Does.", ()), Tool("g", "", (("x", "integer"),)))))
    conversations.append(Conversation(turns[:1], system=" As it is \n"))
    for conversation in conversations:
        for think in (False, True):
            assert render(conversation, think) == prompt(conversation, think)
