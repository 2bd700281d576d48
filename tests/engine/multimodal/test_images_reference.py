"""The embeddings of an image, and the logits after it, equal those of the same network written in numpy."""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

import gguf
from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import Projector
from paddock.engine.multimodal.image import decode
from tests.engine.multimodal.test_encoder import Bench, Pair
from tests.models import kinds, projectors
from tests.models.projectors import DEVIATION, EPSILON, MEAN, PATCH, SIZE, VISION_HEADS

Array = npt.NDArray[np.float64]


def tensors(path: Path) -> dict[str, Array]:
    return {t.name: np.array(t.data, np.float64) for t in gguf.GGUFReader(path).tensors}


def linear(w: dict[str, Array], name: str, x: Array) -> Array:
    product: Array = x @ w[f"{name}.weight"].T
    return product + w[f"{name}.bias"] if f"{name}.bias" in w else product


def layer_norm(w: dict[str, Array], name: str, x: Array) -> Array:
    even: Array = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
    return even * w[f"{name}.weight"] + w[f"{name}.bias"]


def gelu(x: Array) -> Array:
    bend: Array = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + bend)


def softmax(x: Array) -> Array:
    powers: Array = np.exp(x - x.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def heads(x: Array, count: int) -> Array:
    """(tokens, width) to (heads, tokens, width of a head)."""
    return x.reshape(len(x), count, -1).transpose(1, 0, 2)


def encode(w: dict[str, Array], pixels: npt.NDArray[np.uint8], layers: int) -> Array:
    """CLIP as LLaVA uses it, then the projector; the last layer is left out."""
    side = SIZE // PATCH
    x = (pixels / 255 - MEAN) / DEVIATION
    patches = x.reshape(side, PATCH, side, PATCH, 3).transpose(0, 2, 4, 1, 3).reshape(side * side, -1)
    x = patches @ w["v.patch_embd.weight"].reshape(-1, patches.shape[1]).T + w["v.position_embd.weight"]
    x = layer_norm(w, "v.pre_ln", x)
    for i in range(layers - 1):
        name = f"v.blk.{i}"
        h = layer_norm(w, f"{name}.ln1", x)
        q, k, v = (heads(linear(w, f"{name}.attn_{part}", h), VISION_HEADS) for part in "qkv")
        seen = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])) @ v
        x = x + linear(w, f"{name}.attn_out", seen.transpose(1, 0, 2).reshape(len(x), -1))
        h = layer_norm(w, f"{name}.ln2", x)
        x = x + linear(w, f"{name}.ffn_down", gelu(linear(w, f"{name}.ffn_up", h)))
    return linear(w, "mm.2", gelu(linear(w, "mm.0", x)))


def rms_norm(x: Array, weight: Array) -> Array:
    even: Array = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    return even * weight


def rotate(x: Array) -> Array:
    """Turn pairs of neighbours by angles that grow with the position: (heads, tokens, width of a head)."""
    _, tokens, size = x.shape
    angles = np.outer(np.arange(tokens), 10000.0 ** (-np.arange(0, size, 2) / size))
    even, odd = x[..., ::2], x[..., 1::2]
    rotated = even * np.cos(angles) - odd * np.sin(angles), even * np.sin(angles) + odd * np.cos(angles)
    return np.stack(rotated, -1).reshape(x.shape)


def last_logits(w: dict[str, Array], x: Array, layers: int) -> Array:
    """A Llama's logits after the embeddings `x`."""
    mask = np.triu(np.full((len(x), len(x)), -np.inf), 1)
    groups = kinds.HEADS // kinds.KV_HEADS
    for i in range(layers):
        name = f"blk.{i}"
        h = rms_norm(x, w[f"{name}.attn_norm.weight"])
        q = rotate(heads(linear(w, f"{name}.attn_q", h), kinds.HEADS))
        k = rotate(heads(linear(w, f"{name}.attn_k", h), kinds.KV_HEADS)).repeat(groups, 0)
        v = heads(linear(w, f"{name}.attn_v", h), kinds.KV_HEADS).repeat(groups, 0)
        seen = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1]) + mask) @ v
        x = x + linear(w, f"{name}.attn_output", seen.transpose(1, 0, 2).reshape(len(x), -1))
        h = rms_norm(x, w[f"{name}.ffn_norm.weight"])
        gate = linear(w, f"{name}.ffn_gate", h)
        x = x + linear(w, f"{name}.ffn_down", gate / (1 + np.exp(-gate)) * linear(w, f"{name}.ffn_up", h))
    return w["output.weight"] @ rms_norm(x[-1], w["output_norm.weight"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    model = LlamaModel(str(kinds.full_attention(folder / "model.gguf")))
    yield Pair("llava", model, projectors.llava(folder / "projector.gguf"))
    model.close()


@pytest.fixture(scope="module")
def pixels() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def test_the_embeddings_are_those_of_the_network(pair: Pair, pixels: npt.NDArray[np.uint8]) -> None:
    expected = encode(tensors(pair.projector), pixels, 3)
    projector = Projector(str(pair.projector), pair.model)
    prepared = projector.prepare_image(SIZE, SIZE, pixels.tobytes())
    (chunk,) = prepared.chunks
    assert (chunk.num_embeddings, chunk.num_positions, chunk.non_causal, chunk.positions) == (
        len(expected),
        len(expected),
        False,
        (),
    )
    found = np.frombuffer(projector.encode(prepared, 0), np.float32).reshape(expected.shape)
    prepared.close()
    projector.close()
    assert np.abs(found - expected).max() < 1e-2 * np.abs(expected).max()


def test_the_logits_after_text_and_an_image_and_text_are_those_of_the_network(
    pair: Pair, pixels: npt.NDArray[np.uint8]
) -> None:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    assert decode(file.getvalue()).data == pixels.tobytes()
    with Bench(pair) as bench:
        noted = bench.answer("the boy [img-0] and a dog", file.getvalue(), reply=1)
    weights = tensors(bench_path(pair))
    (placeholder,) = noted.sequence.placeholders
    tokens = noted.sequence.tokens[: noted.sequence.prompt_length]
    embedded = np.zeros((len(tokens), kinds.WIDTH))
    for index, token in enumerate(tokens):
        if token >= 0:
            embedded[index] = weights["token_embd.weight"][token]
    embedded[placeholder.start : placeholder.end] = encode(tensors(pair.projector), pixels, 3)
    expected = last_logits(weights, embedded, 3)
    found = noted.rows[len(tokens) - 1]
    assert np.abs(found - expected).max() < 1e-2 * np.ptp(expected)
    assert found.argmax() == expected.argmax()


def bench_path(pair: Pair) -> Path:
    return pair.projector.with_name("model.gguf")
