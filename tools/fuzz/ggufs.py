"""GGUF files: created over HTTP, and what is accepted is loaded by a real runner, which then has to compute."""

import hashlib
import random
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tests.models import embedders, kinds, projectors
from tests.models.llama import tiny_llama, tiny_lora

from paddock import ipc
from tools.fuzz.case import Verdict
from tools.fuzz.forked import Forked, TooSlow, Zygotes
from tools.fuzz.gguf_parts import Parts, mutated, take_apart
from tools.fuzz.judge import complaint, judged
from tools.fuzz.target import Target

RUNNER = "paddock.engine.__main__"
WRITERS: Mapping[str, Callable[[Path], Path]] = {
    "llama": tiny_llama,
    "gemma2": lambda path: kinds.sliding_window(path, architecture="gemma2", layers=2),
    "gemma3": kinds.sliding_window,
    "mamba": kinds.recurrent,
    "jamba": kinds.hybrid,
    "lfm2": kinds.hybrid_convolution,
    "qwen2vl": projectors.qwen_text,
    "bert": embedders.tiny_bert,
    "reranker": embedders.tiny_reranker,
    "qwen3": embedders.tiny_qwen3,
    "t5encoder": embedders.tiny_t5_encoder,
}
"""Writers of the sound files."""
EMBEDDERS = ("bert", "reranker", "qwen3", "t5encoder")
PROJECTORS: Mapping[str, Callable[[Path], Path]] = {
    "llava": projectors.llava,
    "gemma": projectors.gemma,
    "qwen": projectors.qwen,
    "ultravox": projectors.ultravox,
}
"""Writers of sound projectors, which are loaded beside a sound model."""
ADAPTER = "adapter"


class GgufFuzzer:
    """Changes sound files of several kinds."""

    def __init__(self, target: Target, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._zygotes = Zygotes()
        self._models = {name: take_apart(write(folder / name).read_bytes()) for name, write in WRITERS.items()}
        self._projectors = {name: take_apart(write(folder / name).read_bytes()) for name, write in PROJECTORS.items()}
        self._adapter = take_apart(_write_adapter(folder / ADAPTER).read_bytes())
        self._beside = target.server.upload(folder / "llama")
        target.server.create("beside", files={"beside.gguf": self._beside})
        self._crashes: set[str] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the processes that fork."""
        self._zygotes.close()

    def attack(self, dice: random.Random) -> Verdict:
        """Create a model of a changed file, and load it."""
        role = dice.choices(("model", "projector", ADAPTER), (80, 14, 6))[0]
        if role == ADAPTER:
            return self.load(mutated(self._adapter, dice), ADAPTER, role)
        bases: Mapping[str, Parts] = self._projectors if role == "projector" else self._models
        kind = dice.choice(sorted(bases))
        return self.load(mutated(bases[kind], dice), kind, role)

    def load(self, data: bytes, kind: str, role: str = "model") -> Verdict:
        """Create a model of a file, load it in a runner, and have it compute; delete it."""
        server = self._target.server
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        name = self._target.new_name()
        if server.post(f"/api/blobs/{digest}", data).status not in (200, 201):
            return Verdict("broken", "the blob was not stored", data)
        made = server.create(name, **self._order(digest, role))
        error, wrong = judged(made, self._target.secrets)
        if error or wrong:
            # What is left would be removed at the next start, and takes a lot of room until then.
            (server.models / "blobs" / digest.replace(":", "-")).unlink(missing_ok=True)
            return Verdict("refused", wrong and f"{kind}: {wrong}", data)
        try:
            shown = server.post("/api/show", {"model": name})
            if shown.status != 200:
                return Verdict("not shown", f"{kind}: show says {shown.status} {shown.text[:200]}", data)
            outcome, wrong = self._run(digest, role, embeds=kind in EMBEDDERS)
            if outcome.startswith("crash"):
                wrong = f"{wrong}; {self._served(name)}"
            return Verdict(outcome, wrong and f"{kind}: {wrong}", data)
        finally:
            server.request("DELETE", "/api/delete", {"model": name})

    def _order(self, digest: str, role: str) -> dict[str, Any]:
        """Return what a request says that creates a model with the file in its role."""
        if role == ADAPTER:
            return {"from": "beside", "adapters": {"a.gguf": digest}}
        return {"files": {"m.gguf": digest} | ({"beside.gguf": self._beside} if role == "projector" else {})}

    def _run(self, digest: str, role: str, *, embeds: bool) -> tuple[str, str]:
        """Load the model in a forked runner; return what came of it and what was wrong."""
        file = ipc.FileRef(digest)
        load = ipc.LoadModel(
            model=file if role == "model" else ipc.FileRef(self._beside),
            projector=file if role == "projector" else None,
            adapters=(file,) if role == ADAPTER else (),
            context_length=256,
            pool_tokens=512,
            max_sequences=2,
            threads=1,
        )
        try:
            with self._zygotes.mine.fork(RUNNER, str(self._target.server.models / "blobs")) as runner:
                outcome, wrong = self._talk(runner, load, embeds=embeds)
                log = runner.log
        except TooSlow:
            return "too slow", "the runner did not answer in time"
        if outcome == "gone":
            how = f"signal {-runner.status}" if runner.status < 0 else f"exit status {runner.status}"
            return f"crash by {how}", f"the runner ended with {how}: {_last(log)}"
        return outcome, wrong

    def _talk(self, runner: Forked, load: ipc.LoadModel, *, embeds: bool) -> tuple[str, str]:
        runner.send(load)
        try:
            answer = runner.receive()
            if isinstance(answer, ipc.LoadFailed):
                return "not loaded", complaint(answer.message)
            commands: list[ipc.Command] = [ipc.Embed(id=1, texts=("the day", "a dog")), _GENERATE]
            for command in commands if embeds else commands[::-1]:
                runner.send(command)
                if not _ended(runner):
                    return "no end", "a request does not end"
            runner.send(ipc.Shutdown())
        except EOFError:
            return "gone", ""
        return "computed", ""

    def _served(self, name: str) -> str:
        """Ask the real server for the model that crashed its runner; return what was wrong, or what it said."""
        with self._lock:
            if len(self._crashes) > 20:
                return ""
            self._crashes.add(name)
        answer = self._target.server.generate(name, options={"num_predict": 2})
        error, wrong = judged(answer, self._target.secrets, allowed=(200, 400, 500, 503))
        return f"and the server says {wrong or error or 'nothing'}"


_GENERATE = ipc.Generate(id=2, prompt="Once upon a time", num_predict=4, sampling=ipc.Sampling(temperature=0))


def _write_adapter(path: Path) -> Path:
    rng = np.random.default_rng(0)
    return tiny_lora(path, {"blk.0.attn_q.weight": (rng.standard_normal((4, 64)), rng.standard_normal((64, 4)))})


def _ended(runner: Forked) -> bool:
    """Wait for the end of a request, however it ends."""
    for _ in range(100):
        event = runner.receive()
        if isinstance(event, ipc.Embedded) or (isinstance(event, ipc.Step) and (event.finished or event.failed)):
            return True
    return False


def _last(log: str) -> str:
    lines = [line for line in log.splitlines() if re.search(r"ASSERT|ERROR|error|terminate|what\(\)|Error", line)]
    return (lines or log.splitlines() or ["no log"])[-1][-200:]
