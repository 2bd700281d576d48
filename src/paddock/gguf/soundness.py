"""Whether llama.cpp can run a model, as far as the header of its file tells.

llama.cpp checks the types of keys and the shapes of tensors, and reports what is wrong. Over other values it ends the
process, at load or in the middle of a reply. Each rule here stands for one of those: for an assertion of llama.cpp
(`load_hparams`, the graphs of the architectures), for an exception that it does not catch, or for a loop without end.
What is absent is left to llama.cpp, which has defaults or refuses it by itself. `vocabulary` has the rules for tokens.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from paddock.gguf.errors import DamagedModel, quoted
from paddock.gguf.header import GgufArray, GgufHeader

MAX_LAYERS = 512
"""LLAMA_MAX_LAYERS."""
MAX_EXPERTS = 1024
"""LLAMA_MAX_EXPERTS."""
MAX_GATING = 4
"""The largest number of a function that weighs experts (LLAMA_EXPERT_GATING_FUNC_TYPE_SQRT_SOFTPLUS)."""
MIN_CONTEXT = 2
"""A prompt has a token, and so has a reply."""
MAX_WINDOW = 1 << 24
"""Tokens of a sliding window; a window for each of 256 sequences must fit into 32 bits."""
NO_WINDOW = 0xFFFFFFFF
"""-1 as an unsigned number."""
ROPE_SCALINGS = frozenset({"none", "linear", "yarn", "longrope"})


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_ROPE = _names(
    "arwkv7 bert bloom clip glm5-next gpt2 gptj jais jamba jina-bert-v2 kimi-k3 kimi-linear mamba mamba2 mpt "
    "nemotron_h nemotron_h_moe refact rwkv6 rwkv6qwen2 rwkv7 t5 t5encoder wavtokenizer-dec"
)
"""Architectures that do not rotate keys by their position."""
WHOLE_HEAD_ROTATES = _names(
    "apertus arcee arctic baichuan chameleon codeshell cogvlm cohere2moe dbrx deci deepseek dots1 dream ernie4_5 "
    "ernie4_5-moe exaone exaone-moe exaone4 falcon granite granite_swa graniteswitch grok grovemoe hunyuan-moe "
    "hunyuan_vl hy_v3 internlm2 jais2 llada llada-moe llama llama4 maincoder mellum minimax-01 minimax-m2 "
    "mistral3 nemotron olmo olmo2 olmoe orion paddleocr pangu-embedded plamo qwen2 qwen2moe qwen2vl qwen3 "
    "qwen3moe qwen3vl qwen3vlmoe rnd1 seed_oss smallthinker smollm3 starcoder2 xverse"
)
"""Architectures that rotate all dimensions of a head."""
EQUAL_HEADS = WHOLE_HEAD_ROTATES | _names(
    "afmoe bailingmoe2 bert bitnet bloom chatglm cohere2 command-r eurobert glm4 glm4moe gpt-oss gpt2 gptneox "
    "granitehybrid jais laguna minimax-m3 modern-bert mpt muse-glimmer nanbeige nemotron_h nemotron_h_moe "
    "neo-bert openelm phi2 phi3 qwen qwen35 qwen35moe qwen3next refact spark2_5 stablelm starcoder t5"
)
"""Architectures whose heads have keys and values of one length."""
EQUAL_PARTS = frozenset({"jamba", "bert"})
"""Architectures whose heads divide the embedding among them."""
TWICE_AS_WIDE = frozenset({"granitehybrid", "jamba"})
"""Hybrids whose state is twice as wide as their embeddings."""
DELTA_NET = frozenset({"qwen35", "qwen35moe", "qwen3next"})
"""Hybrids whose state has keys and values of one length."""
SECTIONED = frozenset({"qwen2vl", "qwen35", "qwen35moe", "qwen3vl", "qwen3vlmoe"})
"""Architectures that rotate by several axes, each a section of a head's dimensions."""
SHARED_CACHES = frozenset({"gemma3n", "gemma4"})
"""Architectures whose last layers use the caches of earlier ones."""
EPSILONS = ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "attention.group_norm_epsilon")

NOT_COMPUTED = frozenset({"I8", "I16", "I32", "I64", "F64"})
"""Types of tensors with which llama.cpp multiplies nothing."""
TABLES_OF_NUMBERS = ("d2t", "tid2eid")
"""Parts of the names of tensors that hold numbers of tokens or experts, and are such integers."""

MODELS_WITHOUT_BOS = frozenset({"gemma4", "t5"})
"""Tokenizers for which llama.cpp has no token that begins a text, unless the file names it."""


def check_model(header: GgufHeader) -> None:
    """Check that llama.cpp will not crash over the numbers and names that describe a model.

    Raises:
        DamagedModel: if it would; the message names the key.
    """
    model = _Model(header)
    if header.architecture == "clip" or model.number("block_count") is None:  # llama.cpp refuses a model without
        return
    for rule in RULES:
        for reason in rule(model):
            raise DamagedModel(reason)


@dataclass(frozen=True)
class _Model:
    """The metadata of a model as the rules ask for it."""

    header: GgufHeader

    def key(self, name: str) -> str:
        """Return the name of a key of the architecture."""
        return f"{self.header.architecture}.{name}"

    def values(self, name: str) -> tuple[object, ...]:
        """Return the value under a key of the architecture: one, or one for each layer; none if it is absent."""
        value = self.header.metadata.get(self.key(name))
        if value is None:
            return ()
        return (value.values or ()) if isinstance(value, GgufArray) else (value,)

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return the integers under a key of the architecture."""
        return tuple(value for value in self.values(name) if isinstance(value, int) and not isinstance(value, bool))

    def number(self, name: str) -> int | None:
        """Return the integer under a key of the architecture, of several the first; None if there is none."""
        return next(iter(self.numbers(name)), None)

    @cached_property
    def head_size(self) -> int | None:
        """Length of a head's keys, unless another is named; None if it is not known."""
        heads, width = self.number("attention.head_count"), self.number("embedding_length")
        return width // heads if heads and width is not None else None

    @cached_property
    def key_length(self) -> int | None:
        stated = self.number("attention.key_length")
        return self.head_size if stated is None else stated

    @cached_property
    def value_length(self) -> int | None:
        stated = self.number("attention.value_length")
        return self.head_size if stated is None else stated

    @property
    def tokenizer(self) -> str:
        return self.header.text("tokenizer.ggml.model")


def _layers(model: _Model) -> Iterator[str]:
    layers = model.number("block_count")
    if layers is None:
        return
    if not 1 <= layers <= MAX_LAYERS:
        yield f"{model.key('block_count')} is {layers}, and can be from 1 to {MAX_LAYERS}"
    predicting = model.number("nextn_predict_layers") or 0
    if not 0 <= predicting <= layers:
        yield f"{model.key('nextn_predict_layers')} is {predicting}, of {layers} layers"


def _context(model: _Model) -> Iterator[str]:
    length = model.number("context_length")
    if length and length < MIN_CONTEXT:
        yield f"{model.key('context_length')} is {length}, and must be at least {MIN_CONTEXT}"


def _experts(model: _Model) -> Iterator[str]:
    count = model.number("expert_count") or 0
    used = max(model.numbers("expert_used_count"), default=0)
    groups, used_groups = model.number("expert_group_count") or 0, model.number("expert_group_used_count") or 0
    if not 0 <= count <= MAX_EXPERTS:
        yield f"{model.key('expert_count')} is {count}, and can be up to {MAX_EXPERTS}"
    gating = model.number("expert_gating_func")
    if gating is not None and not 0 <= gating <= MAX_GATING:
        yield f"{model.key('expert_gating_func')} is {gating}, and can be up to {MAX_GATING}"
    if model.header.architecture.startswith("hunyuan") and count <= 1:
        return
    if not (1 if count else 0) <= used <= count:
        yield f"{model.key('expert_used_count')} is {used}, of {count} experts"
    if groups and groups >= count:
        yield f"{model.key('expert_group_count')} is {groups}, of {count} experts"
    if groups > 1 and (count % groups or not 0 < used_groups < groups):
        yield f"{model.key('expert_group_count')} is {groups}, of {count} experts, and {used_groups} are used"


def _rope_scaling(model: _Model) -> Iterator[str]:
    for name in model.values("rope.scaling.type"):
        if isinstance(name, str) and name not in ROPE_SCALINGS:
            yield f"{model.key('rope.scaling.type')} is {quoted(name)}, which is no way to scale positions"


def _epsilons(model: _Model) -> Iterator[str]:
    for name in EPSILONS:
        for value in model.values(name):
            if isinstance(value, float) and not value >= 0:
                yield f"{model.key(name)} is {value}, and must be 0 or more"


def _rotation(model: _Model) -> Iterator[str]:
    """Rotated dimensions come in pairs, are not more than a head has, and llama.cpp never ends with none."""
    if model.header.architecture in NO_ROPE:
        return
    full = model.number("rope.dimension_count")
    swa = model.number("rope.dimension_count_swa")
    swa_length = model.number("attention.key_length_swa")
    rotated = [("rope.dimension_count", full, model.key_length)]
    if swa is not None or (swa_length is not None and full is not None):
        rotated.append(("rope.dimension_count_swa", full if swa is None else swa, swa_length or model.key_length))
    for name, count, length in rotated:
        if count is None:
            continue
        if count < 2 or count % 2:
            yield f"{model.key(name)} is {count}, and must be an even number above 0"
        if length is not None and count > length:
            yield f"{model.key(name)} is {count}, and a head has {length} dimensions"


def _heads(model: _Model) -> Iterator[str]:
    arch, key, value = model.header.architecture, model.key_length, model.value_length
    if arch in WHOLE_HEAD_ROTATES and not any(model.numbers("attention.head_count")):
        yield f"{model.key('attention.head_count')} is 0 or missing"
    rotated = model.number("rope.dimension_count")
    if key is None or value is None:
        return
    if arch in EQUAL_HEADS and key != value:
        yield f"a head's keys have a length of {key}, its values of {value}, and {quoted(arch)} needs the same"
    if arch in WHOLE_HEAD_ROTATES and rotated is not None and rotated != key:
        yield f"{model.key('rope.dimension_count')} is {rotated}, and must be the length of a head, {key}"
    if arch in EQUAL_PARTS and key != model.head_size:
        yield f"{model.key('attention.key_length')} is {key}, and must be {model.head_size}"


def _window(model: _Model) -> Iterator[str]:
    size = model.number("attention.sliding_window")
    if size is not None and not 0 <= size <= MAX_WINDOW and size != NO_WINDOW:
        yield f"{model.key('attention.sliding_window')} is {size}, and can be up to {MAX_WINDOW}"
    pattern = model.header.metadata.get(model.key("attention.sliding_window_pattern"))
    if size and pattern == 1 and not isinstance(pattern, bool):
        yield f"{model.key('attention.sliding_window_pattern')} is 1: no layer would have the window"


def _shared_caches(model: _Model) -> Iterator[str]:
    """Yield what is wrong with layers that use the cache of an earlier layer of their kind, sliding or not."""
    layers, shared = model.number("block_count"), model.number("attention.shared_kv_layers")
    if model.header.architecture not in SHARED_CACHES or not layers or not shared:
        return
    own = layers - shared
    if own < 2:
        yield f"{model.key('attention.shared_kv_layers')} is {shared}, of {layers} layers, of which two need their own"
        return
    sliding = [bool(value) for value in model.values("attention.sliding_window_pattern")]
    borrowed = (sliding[own - 1 - slides] != slides for slides in sliding[own:layers])
    if len(sliding) >= layers and any(borrowed):
        yield f"{model.key('attention.shared_kv_layers')} is {shared}: a layer would use the cache of another kind"


def _state(model: _Model) -> Iterator[str]:
    inner, width = model.number("ssm.inner_size"), model.number("embedding_length")
    if model.header.architecture in TWICE_AS_WIDE and inner is not None and width is not None and inner != 2 * width:
        yield f"{model.key('ssm.inner_size')} is {inner}, and must be twice {model.key('embedding_length')}, {width}"
    state, heads = model.number("ssm.state_size"), model.number("ssm.time_step_rank")
    if (
        model.header.architecture in DELTA_NET
        and None not in (inner, state, heads)
        and inner != (state or 0) * (heads or 0)
    ):
        yield f"{model.key('ssm.inner_size')} is {inner}, and must be that of {heads} heads of length {state}"
    if model.number("full_attention_interval") == 0:
        yield f"{model.key('full_attention_interval')} is 0, and must be at least 1"


def _sections(model: _Model) -> Iterator[str]:
    """Yield what is wrong with the sections of a head's dimensions that rotate by an axis each."""
    sections = model.numbers("rope.dimension_sections")
    if not sections:
        return
    name, length = model.key("rope.dimension_sections"), model.key_length
    if min(sections) < 0 or (length is not None and sum(sections) > length):
        yield f"{name} is {list(sections[:8])}, and a head has {length} dimensions"
    if model.header.architecture in SECTIONED and not any(sections[:3]):
        yield f"{name} is {list(sections[:8])}, and must have a dimension for some axis"


def _tokenizer(model: _Model) -> Iterator[str]:
    if model.tokenizer in ("none", "no_vocab"):
        yield "it has no vocabulary"
    tokens = model.header.metadata.get("tokenizer.ggml.tokens")
    count = tokens.length if isinstance(tokens, GgufArray) else 0
    begin = model.header.metadata.get("tokenizer.ggml.bos_token_id")
    begins = model.header.metadata.get("tokenizer.ggml.add_bos_token", model.tokenizer == "gemma4")
    if model.tokenizer in MODELS_WITHOUT_BOS and begins is True and not (isinstance(begin, int) and 0 <= begin < count):
        yield "the token that begins a text (tokenizer.ggml.bos_token_id) is not in the vocabulary"


def _weights(model: _Model) -> Iterator[str]:
    for tensor in model.header.tensors:
        if tensor.type in NOT_COMPUTED and not any(part in tensor.name for part in TABLES_OF_NUMBERS):
            yield f"the tensor {quoted(tensor.name)} has the type {tensor.type}, with which nothing is computed"


def _dense(model: _Model) -> Iterator[str]:
    """Layers behind an embedding take it and give one of the same length."""
    width = model.number("embedding_length")
    for name in ("dense_2_feat_in", "dense_3_feat_out"):
        length = model.number(name)
        if model.header.architecture == "gemma-embedding" and length and length != width:
            yield f"{model.key(name)} is {length}, and must be {model.key('embedding_length')}, {width}"


def _latent_attention(model: _Model) -> Iterator[str]:
    """Yield what is wrong where keys and values come from a latent vector, and of DeepSeek's OCR, which has none."""
    arch, key = model.header.architecture, model.key_length
    heads, kv_heads = model.number("attention.head_count"), model.number("attention.head_count_kv")
    if arch == "deepseek2-ocr":
        if key != model.head_size or model.value_length != model.head_size:
            yield f"a head's keys and values must have a length of {model.head_size}"
        if kv_heads is not None and kv_heads != heads:
            yield f"{model.key('attention.head_count_kv')} is {kv_heads}, and must be {heads}"
        base = next(iter(model.values("rope.freq_base")), 10_000.0)
        if isinstance(base, float) and base != 10_000.0:
            yield f"{model.key('rope.freq_base')} is {base}, and must be 10000"
    whole, rotated = model.number("attention.key_length_mla"), model.number("rope.dimension_count")
    rank = model.number("attention.kv_lora_rank")
    if rotated is None:
        rotated = key
    if arch != "deepseek2" or not whole or rotated is None:
        return
    if whole <= rotated:
        yield f"{model.key('attention.key_length_mla')} is {whole}, of which {rotated} rotate"
    if rank is not None and model.number("attention.key_length") != rank + rotated:
        yield f"{model.key('attention.key_length')} must be {rank + rotated}: a latent vector, and what rotates"
    if kv_heads != 1:
        yield f"{model.key('attention.head_count_kv')} must be 1 where keys come from a latent vector"


def _queries(model: _Model) -> Iterator[str]:
    """Attention with an output needs weights that make queries; llama.cpp takes all forms of those for optional."""
    if model.header.architecture == "deci":  # some of its layers have only an output, as a linear layer
        return
    outputs, queries = set(), set()
    for tensor in model.header.tensors:
        layer, _, part = tensor.name.partition(".attn_")
        if part == "output.weight":
            outputs.add(layer)
        elif part.startswith("q"):
            queries.add(layer)
    for layer in sorted(outputs - queries):
        yield f"it has the weights {layer}.attn_output, and none that make the queries of that layer"


RULES: tuple[Callable[[_Model], Iterator[str]], ...] = (
    _layers,
    _context,
    _experts,
    _rope_scaling,
    _epsilons,
    _rotation,
    _heads,
    _window,
    _shared_caches,
    _state,
    _sections,
    _dense,
    _latent_attention,
    _tokenizer,
    _weights,
    _queries,
)
"""Each yields what is wrong, in the order in which it is told."""
