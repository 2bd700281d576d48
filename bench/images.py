"""Images: the time to the first token for a new and for a known image, and the gaps of a stream meanwhile.

A small Llama with a CLIP of half the depth of LLaVA's in front of it, both with random weights: encoding an image
takes about as long as its prompt, as it does with large ones.
"""

import base64
import http.client
import io
import json
import threading
import time
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import PIL.Image

import gguf
from bench.models import CACHE, Shape, generated_vocabulary, write
from bench.report import WORDS, Row, at_most
from bench.server import Server, models_folder, running
from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library

TEXT = Shape(512, 8, 1536, 8, 4)
WIDTH, FEED_FORWARD, LAYERS, HEADS = 512, 2048, 12, 8
SIZE, PATCH = 224, 14
IMAGE_SIZE = 1200, 900
"""Pixels of the images that are sent: clients shrink photographs to about this."""
QUESTION_WORDS = 20
ROUNDS = 7
STREAM_TOKENS = 400


def measure() -> list[Row]:
    """Measure, and return the rows of this scenario."""
    with models_folder() as models:
        _create(models)
        with running(models) as server:
            _first_token(server, 0, 0)
            new, known = [], []
            for number in range(1, ROUNDS + 1):
                new.append(_first_token(server, number, 0))
                known.append(median(_first_token(server, number, question) for question in (1, 2, 3)))
            alone, beside = _gaps(server, None), _gaps(server, ROUNDS + 1)
    note = f"{(SIZE // PATCH) ** 2} tokens an image"
    ratio = median(k / n for k, n in zip(known, new, strict=True))
    return [
        Row("time to first token, a new image", f"{1000 * median(new):.0f} ms", note=note),
        Row("time to first token, another question about it", f"{1000 * median(known):.0f} ms"),
        at_most("the same, over that of a new image", ratio, 0.3, "", "wall clock, over HTTP"),
        Row("99th percentile of gaps in a stream, alone", f"{1000 * alone:.1f} ms"),
        Row("the same while images are encoded", f"{1000 * beside:.1f} ms", note=f"{beside / alone:.1f}x"),
    ]


def _first_token(server: Server, image: int, question: int) -> float:
    body = _body(image, question, num_predict=1, stream=False)
    start = time.perf_counter()
    server.request("POST", "/api/generate", body)
    return time.perf_counter() - start


def _gaps(server: Server, first_image: int | None) -> float:
    """Return the 99th percentile of the seconds between two chunks of a stream, with new images meanwhile if asked."""
    done = threading.Event()

    def ask() -> None:
        number = first_image or 0
        while not done.is_set():
            server.request("POST", "/api/generate", _body(number, 0, num_predict=1, stream=False))
            number += 1

    beside = threading.Thread(target=ask)
    if first_image is not None:
        beside.start()
    try:
        times = _stream_times(server)
    finally:
        done.set()
        if first_image is not None:
            beside.join()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return quantiles(gaps, n=100)[98]


def _stream_times(server: Server) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.request("POST", "/api/generate", _body(None, 9, num_predict=STREAM_TOKENS, stream=True))
    response = connection.getresponse()
    times = []
    while response.readline():
        times.append(time.perf_counter())
    connection.close()
    if len(times) <= STREAM_TOKENS // 2:
        raise RuntimeError(f"the reply ended after {len(times)} pieces")
    return times


def _body(image: int | None, question: int, *, num_predict: int, stream: bool) -> bytes:
    words = " ".join(np.random.default_rng(question).choice(WORDS, QUESTION_WORDS))
    fields: dict[str, Any] = {
        "model": "seer",
        "prompt": f"[img-0] {words}" if image is not None else words,
        "raw": True,
        "stream": stream,
        "options": {"num_predict": num_predict, "temperature": 0},
    }
    if image is not None:
        noise = np.random.default_rng(image).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        file = io.BytesIO()
        PIL.Image.fromarray(noise).resize(IMAGE_SIZE).save(file, "JPEG")
        fields["images"] = [base64.b64encode(file.getvalue()).decode()]
    return json.dumps(fields).encode()


def _create(models: Path) -> None:
    text, projector = CACHE / "synthetic-seer.gguf", CACHE / "synthetic-projector.gguf"
    if not text.exists():
        write(text, TEXT, *generated_vocabulary(32_000))
    if not projector.exists():
        _write_projector(projector)
    library = Library(models)
    files = {path.name: library.blobs.put(path.read_bytes())[0] for path in (text, projector)}
    create(library, ModelName.parse("seer"), ModelSpec(files=files), lambda _: None)


def _write_projector(path: Path) -> None:
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "clip")
    writer.add_type("mmproj")
    writer.add_file_type(1)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    for key, value in (
        ("image_size", SIZE),
        ("patch_size", PATCH),
        ("embedding_length", WIDTH),
        ("feed_forward_length", FEED_FORWARD),
        ("projection_dim", TEXT.width),
        ("block_count", LAYERS),
        ("attention.head_count", HEADS),
    ):
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    random = np.random.default_rng(20260801)

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape, np.float32) * 0.03).astype(np.float16))

    def linear(name: str, rows: int, columns: int) -> None:
        tensor(f"{name}.weight", rows, columns)
        writer.add_tensor(f"{name}.bias", np.zeros(rows, np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(WIDTH, np.float32))

    tensor("v.patch_embd.weight", WIDTH, 3, PATCH, PATCH)
    writer.add_tensor("v.position_embd.weight", random.standard_normal(((SIZE // PATCH) ** 2, WIDTH), np.float32))
    norm("v.pre_ln")
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            linear(f"v.blk.{layer}.{part}", WIDTH, WIDTH)
        norm(f"v.blk.{layer}.ln1")
        norm(f"v.blk.{layer}.ln2")
        linear(f"v.blk.{layer}.ffn_up", FEED_FORWARD, WIDTH)
        linear(f"v.blk.{layer}.ffn_down", WIDTH, FEED_FORWARD)
    linear("mm.0", TEXT.width, WIDTH)
    linear("mm.2", TEXT.width, TEXT.width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)
