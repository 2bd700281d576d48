"""Streaming to one client over HTTP, compared with a bare decode loop with sampling; and the time to first token.

The model is so small that the cost of everything around it is visible. The client shares the cores with the server that
it measures, so it only calls `recv` and looks at the reply after its end.
"""

import json
import re
import socket
import time
from dataclasses import dataclass
from statistics import median

from bench.bare import BareLoop, BareSettings
from bench.models import stories
from bench.peers import ollama
from bench.report import WORDS, Row, at_least, at_most
from bench.server import HOST, Server, models_folder, running

ROUNDS = 61
TOKENS = 400
PROMPT = "Once upon a time"
CONTEXT = 2048
OLLAMA_TOKENS_A_SECOND = 2500
"""Ollama's best rate on the reference machine."""


@dataclass(frozen=True)
class Reply:
    """One reply as the client saw it. Times are seconds since the request was sent."""

    first: float
    last: float
    tokens: int
    lines: int
    reads: int

    @property
    def rate(self) -> float:
        """Tokens per second after the first token."""
        return (self.tokens - 1) / (self.last - self.first)

    @property
    def whole_rate(self) -> float:
        """Tokens per second from the request to the end."""
        return self.tokens / self.last


def stream(port: int, model: str, prompt: str, tokens: int, seed: int) -> Reply:
    """Request a streamed reply on a new connection and read it to its end."""
    options = {"num_predict": tokens, "seed": seed, "num_ctx": CONTEXT, "temperature": 0.8}
    body = json.dumps({"model": model, "prompt": prompt, "raw": True, "options": options}).encode()
    head = f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    now = time.perf_counter
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        receive = connection.recv
        pieces: list[bytes] = []
        first = 0.0
        start = now()
        connection.sendall(head.encode() + body)
        while True:
            piece = receive(65536)
            if not piece:
                raise RuntimeError(f"the reply broke off: {b''.join(pieces)[-300:]!r}")
            pieces.append(piece)
            if not first and b'"response"' in piece:
                first = now() - start
            if b'"done":true' in piece:
                break
        last = now() - start
    lines = re.findall(rb'^\{"model".*\}', b"".join(pieces), re.MULTILINE)
    final = json.loads(lines[-1])
    return Reply(first, last, int(final["eval_count"]), len(lines) - 1, len(pieces))


def measure() -> list[Row]:
    """Measure and return the rows of this scenario."""
    file = stories()
    with models_folder() as models, running(models) as server:
        server.create("stories", file)
        stream(server.port, "stories", PROMPT, 8, 0)
        settings = _settings(server)
        loop = BareLoop(file, settings)
        prompt = loop.tokenize(PROMPT)
        replies, ratios, bare = [], [], []
        for seed in range(ROUNDS):
            loop.prefill(prompt)
            rate = TOKENS / loop.decode(TOKENS)
            reply = stream(server.port, "stories", PROMPT, TOKENS, seed)
            if reply.tokens < TOKENS // 2:
                continue
            bare.append(rate)
            replies.append(reply)
            ratios.append(reply.rate / rate)
        loop.close()
        firsts = [1000 * stream(server.port, "stories", f"Hello there {i}", 2, i).first for i in range(50)]
    fastest = median(reply.rate for reply in replies)
    lines = sum(r.lines for r in replies) / sum(r.tokens for r in replies)
    reads = sum(r.reads for r in replies) / sum(r.tokens for r in replies)
    how = f"{settings.threads} threads, flash attention {'on' if settings.flash_attention else 'off'}"
    return [
        at_least(
            "streamed, share of the bare loop",
            median(ratios),
            0.87,
            f"{min(ratios):.2f}–{max(ratios):.2f} in {len(ratios)} rounds; bare {median(bare):.0f} tokens/s, {how}",
        ),
        Row(
            "streamed tokens/s",
            f"{fastest:.0f}",
            f"> {OLLAMA_TOKENS_A_SECOND}",
            fastest > OLLAMA_TOKENS_A_SECOND,
            f"{lines:.2f} lines and {reads:.2f} reads per token; "
            f"{median(r.whole_rate for r in replies):.0f} tokens/s including the request",
        ),
        at_most(
            "time to first token",
            median(firsts),
            3,
            "ms",
            f"longest {max(firsts):.1f}, {len(firsts)} runs",
        ),
        *_peer(),
    ]


def _settings(server: Server) -> BareSettings:
    """Return how the runner loaded the model, which its log says."""
    match = re.search(
        r"ready: (\d+) tokens in the cache, (\d+) sequences, (\d+) threads, flash attention (on|off)",
        server.log.read_text(errors="replace"),
    )
    if match is None:
        raise RuntimeError("the server's log has no line about the loaded model")
    cells, sequences, threads, flash = match.groups()
    return BareSettings(int(threads), flash == "on", int(cells), sequences=int(sequences))


def _peer() -> list[Row]:
    command = ollama()
    if command is None:
        return []
    with models_folder() as models, running(models, command) as server:
        server.create("stories", stories())
        stream(server.port, "stories", PROMPT, 8, 0)
        replies = [stream(server.port, "stories", PROMPT, TOKENS, seed) for seed in range(ROUNDS)]
        firsts = [1000 * stream(server.port, "stories", f"{WORDS[0]} {i}", 2, i).first for i in range(50)]
    rate = median(r.rate for r in replies)
    return [Row("Ollama: streamed, first token", f"{rate:.0f} tokens/s, {median(firsts):.2f} ms")]
