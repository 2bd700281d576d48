"""Checkpoints: changed configurations, tokenizers and weights, read by the program that converts them."""

import json
import random
import tempfile
from pathlib import Path

from tests.conversion import checkpoints, vision_checkpoints

from tools.fuzz.case import Verdict
from tools.fuzz.forked import TooSlow, Zygotes
from tools.fuzz.ggufs import GgufFuzzer
from tools.fuzz.judge import complaint, judged
from tools.fuzz.target import Target
from tools.fuzz.values import changed_json, changed_text, damaged

WORKER = "paddock.conversion.workers.checkpoint"
SERVED = 0.03
"""Share of the cases that go through a server's create, which starts the program anew."""
WORDS = (
    "LlamaForCausalLM", "Gemma3ForConditionalGeneration", "BertModel", "silu", "gelu", "bfloat16", "yarn", "llama3",
    "BPE", "Unigram", "WordPiece", "ByteLevel", "Metaspace", "Sequence", "F32", "BF16", "F16", "I64", 1e9, -1,
)  # fmt: skip
"""Values that mean something in one of the files."""


class CheckpointFuzzer:
    """Changes the tiny checkpoints of every architecture that is imported."""

    def __init__(self, target: Target, folder: Path, ggufs: GgufFuzzer) -> None:
        self._target = target
        self._ggufs = ggufs
        self._zygotes = Zygotes()
        self._bases: list[dict[str, bytes]] = []
        for case in sorted(checkpoints.DATA.glob("*.npz")):
            _, config, shapes = checkpoints.recorded(case.stem)
            self._bases.append(_files(checkpoints.write_checkpoint(folder / case.stem, config, shapes)))
        for case in sorted(vision_checkpoints.RECORDED.glob("*.npz")):
            *_, config, shapes = vision_checkpoints.recorded(case.stem)
            self._bases.append(_files(vision_checkpoints.write_seeing_checkpoint(folder / case.stem, config, shapes)))

    def close(self) -> None:
        """End the processes that fork."""
        self._zygotes.close()

    def attack(self, dice: random.Random) -> Verdict:
        """Convert a changed checkpoint; what comes out is created and loaded."""
        files = _changed(dice.choice(self._bases), dice)
        data = repr(files).encode()
        if dice.random() < SERVED:
            return self._serve(files, data)
        with tempfile.TemporaryDirectory(prefix="paddock-fuzz-") as folder:
            return self._convert(Path(folder), files, data)

    def _convert(self, folder: Path, files: dict[str, bytes], data: bytes) -> Verdict:
        paths = {}
        for number, (name, content) in enumerate(files.items()):
            path = folder / f"blob{number}"
            path.write_bytes(content)
            paths[name] = str(path)
        targets = folder / "model.gguf", folder / "mmproj.gguf"
        job = {"files": paths, "kind": "f16", "target": str(targets[0]), "projector": str(targets[1])}
        output = b""
        try:
            with self._zygotes.mine.fork(WORKER, json.dumps(job)) as worker:
                while piece := worker.read():
                    output += piece
                log = worker.log
        except TooSlow:
            return Verdict("too slow", "converting does not end", data)
        errors = [value["error"] for line in output.splitlines() if "error" in (value := json.loads(line))]
        if worker.status == 0 and not errors:
            verdict = self._ggufs.load(targets[0].read_bytes(), "checkpoint")
            return Verdict(f"converted, {verdict.outcome}", verdict.complaint, data)
        if errors:
            return Verdict("refused", complaint(errors[-1]), data)
        how = f"signal {-worker.status}" if worker.status < 0 else f"exit status {worker.status}"
        last = (log.strip().splitlines() or [""])[-1]
        return Verdict("crash", f"the worker ended with {how}: {last[:200]}", data)

    def _serve(self, files: dict[str, bytes], data: bytes) -> Verdict:
        server = self._target.server
        name = self._target.new_name()
        answer = server.create(name, files={name: server.upload(content) for name, content in files.items()})
        error, wrong = judged(answer, self._target.secrets)
        server.request("DELETE", "/api/delete", {"model": name})
        return Verdict("refused by the server" if error else "created", wrong, data)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _changed(base: dict[str, bytes], dice: random.Random) -> dict[str, bytes]:
    """Return the files with one to three changes."""
    files = dict(base)
    for _ in range(dice.choice((1, 1, 2, 3))):
        name = dice.choice(sorted(files))
        how = dice.randrange(20)
        if how == 0 and len(files) > 1:
            del files[name]
        elif how == 1:
            files[dice.choice(("config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "x.txt"))] = files[
                name
            ]
        elif how == 2:
            files[name] = damaged(files[name], dice, 200)
        elif name.endswith(".json"):
            files[name] = _changed_text_file(files[name], dice)
        else:
            files[name] = _changed_weights(files[name], dice)
    return files


def _changed_text_file(data: bytes, dice: random.Random) -> bytes:
    try:
        value = json.loads(data)
    except ValueError:
        return damaged(data, dice, len(data))
    if dice.random() < 0.05:
        return changed_text(data.decode("utf-8", "replace"), dice).encode("utf-8", "replace")
    return json.dumps(changed_json(value, dice, WORDS)).encode()


def _changed_weights(data: bytes, dice: random.Random) -> bytes:
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        return damaged(data, dice, len(data))
    how = dice.randrange(10)
    if how == 0:
        return damaged(data, dice, 8 + length)
    if how == 1:
        return data[: dice.randrange(len(data) + 1)]
    text = json.dumps(changed_json(header, dice, WORDS)).encode()
    size = len(text) if how != 2 else dice.choice((0, 1, len(text) - 1, len(text) + 1, 2**31, 2**63, 2**64 - 1))
    return size.to_bytes(8, "little") + text + data[8 + length :]
