"""The embeddings of audio equal those of the same network written in numpy, from the samples on."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import Projector
from tests.audio import noise
from tests.engine.multimodal.test_images_reference import Array, heads, layer_norm, linear, softmax, tensors
from tests.models import kinds, projectors
from tests.models.projectors import AUDIO_HEADS, AUDIO_LAYERS, CELLS_OF_A_PIECE, MEL_BINS, RATE, STACKED

WINDOW, HOP = 400, 160
FRAMES = 3000
"""Of a piece."""


def mel_of(hertz: Array) -> Array:
    """Slaney's scale: straight up to 1 kHz, logarithmic from there on."""
    return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(np.maximum(hertz, 1) / 1000) / np.log(6.4))


def mel_filters() -> Array:
    """Triangles of area 1, evenly spread over that scale: (bins, frequencies)."""
    fine = np.linspace(0, RATE / 2, 1 << 20)
    corners = np.interp(np.linspace(0, mel_of(np.array(RATE / 2)), MEL_BINS + 2), mel_of(fine), fine)
    left, centre, right = (corners[i : i + MEL_BINS, None] for i in range(3))
    hertz = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rising, falling = (hertz - left) / (centre - left), (right - hertz) / (right - centre)
    return np.maximum(np.minimum(rising, falling), 0) * 2 / (right - left)


def spectrum(samples: Array) -> list[Array]:
    """Whisper's logarithmic spectrum in pieces of half a minute: (bins, frames)."""
    padded = np.concatenate([samples[WINDOW // 2 : 0 : -1], samples, np.zeros(30 * RATE + WINDOW // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    mel = np.log10(np.maximum(mel_filters() @ power.T, 2.0**-24))
    mel = (np.maximum(mel, mel.max() - 8) + 4) / 4
    return [mel[:, i : i + FRAMES] for i in range(0, mel.shape[1] - FRAMES + 1, FRAMES)]


PLACES = np.linspace(-6, 6, 20_001)
ERROR_FUNCTION = np.array([math.erf(place) for place in PLACES])


def gelu(x: Array) -> Array:
    result: Array = 0.5 * x * (1 + np.interp(x / math.sqrt(2), PLACES, ERROR_FUNCTION))
    return result


def convolve(w: dict[str, Array], name: str, x: Array, stride: int) -> Array:
    """A convolution over three neighbours: (channels, frames) to (width, frames / stride)."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (1, 1))), 3, axis=1)[:, ::stride]
    product: Array = np.einsum("oik,itk->ot", w[f"{name}.weight"], windows)
    return product + w[f"{name}.bias"]


def rms_norm(x: Array, weight: Array) -> Array:
    even: Array = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    return even * weight


def encode(w: dict[str, Array], mel: Array) -> Array:
    """Whisper's encoder, then Ultravox's projector: (embeddings, width)."""
    x = gelu(convolve(w, "a.conv1d.1", mel, 1))
    x = gelu(convolve(w, "a.conv1d.2", x, 2)).T + w["a.position_embd.weight"]
    for i in range(AUDIO_LAYERS):
        name = f"a.blk.{i}"
        h = layer_norm(w, f"{name}.ln1", x)
        q, k, v = (heads(linear(w, f"{name}.attn_{part}", h), AUDIO_HEADS) for part in "qkv")
        seen = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])) @ v
        x = x + linear(w, f"{name}.attn_out", seen.transpose(1, 0, 2).reshape(len(x), -1))
        h = layer_norm(w, f"{name}.ln2", x)
        x = x + linear(w, f"{name}.ffn_down", gelu(linear(w, f"{name}.ffn_up", h)))
    x = layer_norm(w, "a.post_ln", x).reshape(len(x) // STACKED, -1)
    x = linear(w, "mm.a.mlp.1", rms_norm(x, w["mm.a.norm_pre.weight"]))
    value, gate = np.split(x, 2, axis=1)
    x = value * gate / (1 + np.exp(-gate))
    return linear(w, "mm.a.mlp.2", rms_norm(x, w["mm.a.norm_mid.weight"]))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    return kinds.full_attention(folder / "model.gguf"), projectors.ultravox(folder / "projector.gguf")


@pytest.fixture(scope="module")
def projector(files: tuple[Path, Path]) -> Iterator[Projector]:
    model = LlamaModel(str(files[0]))
    projector = Projector(str(files[1]), model)
    yield projector
    projector.close()
    model.close()


def test_a_projector_knows_what_it_takes(projector: Projector) -> None:
    assert (projector.has_vision, projector.has_audio, projector.sample_rate) == (False, True, RATE)


@pytest.mark.parametrize("seconds", [0.7, 41.3])
def test_the_embeddings_are_those_of_the_network(
    projector: Projector, files: tuple[Path, Path], seconds: float
) -> None:
    samples = noise(1, seconds)[:, 0]
    weights = tensors(files[1])
    pieces = spectrum(samples.astype(np.float64))
    prepared = projector.prepare_audio(samples)
    assert [chunk.num_embeddings for chunk in prepared.chunks] == [CELLS_OF_A_PIECE] * len(pieces)
    for number, mel in enumerate(pieces):
        expected = encode(weights, mel)
        found = np.frombuffer(projector.encode(prepared, number), np.float32).reshape(expected.shape)
        assert np.abs(found - expected).max() < 1e-2 * np.abs(expected).max()
    prepared.close()
