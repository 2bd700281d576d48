"""Importing a checkpoint with the server and with `paddock convert`, compared with `cp`, `sha256sum` and `sync`.

The checkpoint is a Llama with random weights in bf16, in several files. The scenario times `/api/create`, from uploaded
blobs to a model that can run, and in turn with it the same bytes read and written by the system's own tools.
"""

import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from statistics import median
from string import ascii_lowercase
from typing import Any

import numpy as np
import psutil

from bench.report import Row, at_most
from bench.server import Server, environment, models_folder, paddock_command, running

SIZE = 500_000_000
SMALL = 50_000_000
SHARDS = 4
ROUNDS = 3
VOCABULARY = 8192
BAR = 3.0
LARGEST_TIMES, MORE = 1.5, 200
"""Bound of memory: a multiple of the largest tensor, and megabytes beyond it."""
SAMPLE_SECONDS = 0.01
TYPES = ("f16", "bf16")
"""Types that the weights are converted to: the default, and the type that the checkpoint has."""


def measure() -> list[Row]:
    """Return the rows of this scenario."""
    return _measure(SIZE, BAR)


def measure_small() -> list[Row]:
    """Return the rows for a tenth of the bytes, where starting a process counts; they have no bar."""
    return _measure(SMALL, None)


def _measure(size: int, bar: float | None) -> list[Row]:
    missing = [command for command in ("cp", "sha256sum", "sync") if not shutil.which(command)]
    if missing:
        return [Row("importing", f"not measured: {', '.join(missing)} missing")]
    tools: list[float] = []
    created: dict[str, list[float]] = {kind: [] for kind in TYPES}
    converted: list[float] = []
    with models_folder() as models:
        folder = models / "checkpoint"
        largest = write_checkpoint(folder, size)
        size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        with running(models) as server, _peak_memory(server.process.pid) as peaks:
            for number in range(ROUNDS):
                # The order alternates: written data keeps the disk busy for a while.
                for what in (TYPES, reversed(TYPES))[number % 2]:
                    created[what].append(_create(server, folder, what))
                    tools.append(_by_tools(folder, models / "copy"))
        for _ in range(ROUNDS):
            converted.append(_convert(models, folder))
    base, memory = median(tools), LARGEST_TIMES * largest / 1e6 + MORE

    def ratio(what: str, times: list[float], bar: float | None = None) -> Row:
        value = median(times) / base
        return (
            at_most(what, value, bar, "x", _spread(times)) if bar else Row(what, f"{value:.3g} x", note=_spread(times))
        )

    importer = max((peak for pid, peak in peaks.items() if pid != server.process.pid), default=0.0)
    return [
        Row(f"cp, sha256sum, sync of {size / 1e6:.0f} MB", f"{base:.2f} s", note=_spread(tools)),
        *(
            ratio(f"create from bf16 as {kind}, over cp, sha256sum, sync", times, bar)
            for kind, times in created.items()
        ),
        ratio("paddock convert to f16, over cp, sha256sum, sync", converted),
        at_most(
            "peak memory of the converting process", importer, memory, "MB", f"largest tensor {largest / 1e6:.0f} MB"
        ),
        Row("peak memory of the server", f"{peaks[server.process.pid]:.0f} MB"),
    ]


def write_checkpoint(folder: Path, size: int) -> int:
    """Write a Llama of about `size` bytes into `folder`; return the bytes of its largest tensor."""
    folder.mkdir()
    width = 1024 if size >= SIZE else 512
    feed_forward, heads = 4 * width, width // 64
    layer = {
        "self_attn.q_proj": (width, width),
        "self_attn.k_proj": (width // 4, width),
        "self_attn.v_proj": (width // 4, width),
        "self_attn.o_proj": (width, width),
        "mlp.gate_proj": (feed_forward, width),
        "mlp.up_proj": (feed_forward, width),
        "mlp.down_proj": (width, feed_forward),
    }
    outer = {"model.embed_tokens": (VOCABULARY, width), "lm_head": (VOCABULARY, width)}
    bytes_of_layer = 2 * sum(rows * columns for rows, columns in layer.values())
    layers = max((size - 2 * 2 * VOCABULARY * width) // bytes_of_layer, 1)
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in outer.items()}
    for number in range(layers):
        shapes |= {f"model.layers.{number}.{name}.weight": shape for name, shape in layer.items()}
        for norm in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"model.layers.{number}.{norm}.weight"] = (width,)
    shapes["model.norm.weight"] = (width,)
    _write_shards(folder, shapes)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": VOCABULARY,
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 4,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()))
    return max(2 * int(np.prod(shape)) for shape in shapes.values())


def _write_shards(folder: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    random, names = np.random.default_rng(20260801), list(shapes)
    index: dict[str, str] = {}
    for shard in range(SHARDS):
        file = f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors"
        mine = names[shard * len(names) // SHARDS : (shard + 1) * len(names) // SHARDS]
        header: dict[str, Any] = {}
        offset = 0
        for name in mine:
            size = 2 * int(np.prod(shapes[name]))
            header[name] = {"dtype": "BF16", "shape": shapes[name], "data_offsets": [offset, offset + size]}
            offset += size
        text = json.dumps(header).encode()
        with (folder / file).open("wb") as output:
            output.write(len(text).to_bytes(8, "little") + text)
            for name in mine:
                values = random.standard_normal(shapes[name], np.float32) * np.float32(0.02)
                output.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
        index |= dict.fromkeys(mine, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))


def _tokenizer() -> dict[str, Any]:
    words = ("".join(letters) for letters in product(ascii_lowercase, repeat=3))
    tokens = ["<unk>", "<s>", "</s>", *ascii_lowercase, *words][:VOCABULARY]
    special = [{"id": number, "content": token, "special": True} for number, token in enumerate(tokens[:3])]
    return {
        "added_tokens": special,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "model": {"type": "BPE", "vocab": {token: number for number, token in enumerate(tokens)}, "merges": []},
    }


def _create(server: Server, folder: Path, kind: str) -> float:
    files = {path.name: _uploaded(server, path) for path in sorted(folder.iterdir())}
    subprocess.run(["sync"], check=True)
    body = json.dumps({"model": "imported", "files": files, "quantize": kind if kind != TYPES[0] else ""}).encode()
    began = time.perf_counter()
    last = server.request("POST", "/api/create", body).splitlines()[-1]
    seconds = time.perf_counter() - began
    if json.loads(last) != {"status": "success"}:
        raise RuntimeError(last.decode())
    server.request("DELETE", "/api/delete", b'{"model": "imported"}')
    return seconds


def _uploaded(server: Server, path: Path) -> str:
    data = path.read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    server.request("POST", f"/api/blobs/{digest}", data)
    return digest


def _by_tools(folder: Path, target: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["cp", "-r", folder, target], check=True)
    subprocess.run(["sha256sum", *target.iterdir()], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["sync"], check=True)
    seconds = time.perf_counter() - began
    shutil.rmtree(target)
    return seconds


def _convert(models: Path, folder: Path) -> float:
    target = models / "converted.gguf"
    command = [*paddock_command(), "convert", str(folder), str(target)]
    subprocess.run(["sync"], check=True)
    began = time.perf_counter()
    subprocess.run(command, check=True, env=environment(models, 1), stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


@contextmanager
def _peak_memory(process: int) -> Iterator[dict[int, float]]:
    """Watch a process and its children; yield a dict that gets the peak memory of each, in megabytes."""
    peaks: dict[int, float] = {process: 0.0}
    over = threading.Event()
    parent = psutil.Process(process)

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            for one in (parent, *parent.children(recursive=True)):
                peaks[one.pid] = max(peaks.get(one.pid, 0.0), _memory(one))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def _memory(process: psutil.Process) -> float:
    """Return the peak of a process where the system reports it, else its current memory, in megabytes."""
    status = Path(f"/proc/{process.pid}/status")
    try:
        if os.name == "posix" and status.exists():
            lines = status.read_text().splitlines()
            return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0) * 1024 / 1e6
        return float(process.memory_info().rss) / 1e6
    except (OSError, psutil.Error):
        return 0.0


def _spread(times: list[float]) -> str:
    return f"{min(times):.2f} to {max(times):.2f} s, {len(times)} times"
