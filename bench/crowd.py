"""Many requests at once in a runner without a server, against a bare loop that does the same work in batches."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
from llama_cpp import llama_cpp as lib

from bench.bare import BareLoop, BareSettings
from bench.models import file_ref, one_billion, stories
from bench.report import WORDS, Row, at_least, at_most
from bench.runner import RunnerUnderTest, runner
from paddock.fleet.resources import usable_cores
from paddock.ipc import Finished, Generate, LoadModel, Sampling, Step

CLIENTS = 8
PREFIX, OWN, REPLY = 1024, 16, 32
CELLS = 16384
ROUNDS = 3
SAMPLING = Sampling(seed=1)


def words(seed: int, count: int) -> str:
    """Return a prompt of about `count` tokens, always the same for a seed."""
    return " ".join(random.Random(seed).choices(WORDS, k=count))


@dataclass
class Client:
    """What the client of one request sees. Times are readings of `perf_counter`."""

    sent: float
    times: list[float] = field(default_factory=list)
    """When each piece of the reply came."""
    finished: Finished | None = None


class Crowd:
    """Sends many requests to a runner and records when their chunks arrive."""

    def __init__(self, one: RunnerUnderTest) -> None:
        self._one = one
        self._clients: dict[int, Client] = {}
        self._next = 1000

    def send(self, prompt: str, tokens: int, **fields: object) -> Client:
        """Start a request."""
        self._next += 1
        client = self._clients[self._next] = Client(perf_counter())
        request = Generate(id=self._next, prompt=prompt, num_predict=tokens, sampling=SAMPLING, **fields)  # type: ignore[arg-type]
        self._one.send(request)
        return client

    def read(self) -> None:
        """Wait for events and record when they arrived."""
        for event in self._one.events(self._one.read()):
            now = perf_counter()
            if not isinstance(event, Step):
                continue
            for chunk in event.chunks:
                self._clients[chunk.id].times.append(now)
            for end in event.finished:
                client = self._clients.pop(end.id)
                client.finished = end
                client.times.append(now)
            if event.failed:
                raise RuntimeError(event.failed[0].message)

    def run(self, prompts: Sequence[str], tokens: int, **fields: object) -> tuple[float, list[Client]]:
        """Run requests that are sent at once; return the seconds until the last has ended, and what each client saw."""
        start = perf_counter()
        clients = [self.send(prompt, tokens, **fields) for prompt in prompts]
        while self._clients:
            self.read()
        return perf_counter() - start, clients


class BareCrowd(BareLoop):
    """The bare loop for several sequences that share a prefix."""

    def crowd(self, prefix: list[int], owns: list[list[int]], count: int) -> float:
        """Compute `prefix` once, each of `owns` after it, then `count` tokens for each, batched; return the seconds."""
        batch, context = self._batch, self._context
        start = perf_counter()
        lib.llama_memory_clear(self._memory, False)
        todo = [(token, position, 0, False) for position, token in enumerate(prefix)]
        for at in range(0, len(todo), self.settings.batch):
            self._compute(todo[at : at + self.settings.batch])
        for one in range(1, len(owns)):
            lib.llama_memory_seq_cp(self._memory, 0, one, 0, len(prefix))
        todo = [
            (token, len(prefix) + i, one, i == len(own) - 1)
            for one, own in enumerate(owns)
            for i, token in enumerate(own)
        ]
        tokens = [0] * len(owns)
        for at in range(0, len(todo), self.settings.batch):
            piece = todo[at : at + self.settings.batch]
            self._compute(piece)
            for index, (_, _, one, logits) in enumerate(piece):
                if logits:
                    tokens[one] = lib.llama_sampler_sample(self._samplers[one], context, index)
        positions = [len(prefix) + len(own) for own in owns]
        for step in range(count - 1):
            self._compute([(token, positions[one] + step, one, True) for one, token in enumerate(tokens)])
            tokens = [lib.llama_sampler_sample(self._samplers[one], context, one) for one in range(len(owns))]
        assert batch.n_tokens
        return perf_counter() - start

    def _compute(self, piece: list[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        token, pos, seq, logits = batch.token, batch.pos, batch.seq_id, batch.logits
        for i, (t, p, one, wanted) in enumerate(piece):
            token[i], pos[i], logits[i] = t, p, wanted
            seq[i][0] = one
        batch.n_tokens = len(piece)
        if lib.llama_decode(self._context, batch):
            raise RuntimeError("llama_decode failed")


def _large(file: Path) -> LoadModel:
    """Return how the crowd's large model is loaded."""
    return LoadModel(model=file_ref(file), context_length=8192, pool_tokens=CELLS, threads=usable_cores())


def measure(file: Path | None = None, rounds: int = ROUNDS) -> list[Row]:
    """Measure a crowd on the large model and return the rows."""
    file = file or one_billion()
    rows: list[Row] = []
    with runner() as one:
        loaded = one.load(_large(file))
        crowd = Crowd(one)
        bare = BareCrowd(file, BareSettings(loaded.threads, loaded.flash_attention, loaded.pool_tokens, sequences=48))
        rows += _shared_prefix(crowd, bare, rounds)
        rows += _short_prompts(crowd, bare, rounds)
        bare.close()
        rows += _chat(crowd)
    return rows


def measure_newcomer() -> list[Row]:
    """Measure a long prompt that arrives while four streams run, and return the rows."""
    with runner() as one:
        one.load(_large(one_billion()))
        return _newcomer(Crowd(one))


def _shared_prefix(crowd: Crowd, bare: BareCrowd, rounds: int) -> list[Row]:
    ratios, seconds = [], []
    for number in range(rounds):
        prefix = words(7000 + number, PREFIX - 1)
        prompts = [f"{prefix} {words(number * 100 + i, OWN)}" for i in range(CLIENTS)]
        tokens = [bare.tokenize(p) for p in prompts]
        common = len(bare.tokenize(prefix))
        took, clients = crowd.run(prompts, REPLY)
        _check_all(clients, REPLY)
        alone = bare.crowd(tokens[0][:common], [t[common:] for t in tokens], REPLY)
        ratios.append(took / alone)
        seconds.append(took)
    different, clients = crowd.run([words(9000 + i, PREFIX + OWN - 1) for i in range(CLIENTS)], REPLY)
    _check_all(clients, REPLY)
    note = f"{median(seconds):.2f} s, {min(ratios):.2f}–{max(ratios):.2f} in {rounds} rounds"
    return [
        at_most(
            f"{CLIENTS} clients, shared prefix of {PREFIX}: time over the bare loop's", median(ratios), 1.1, "x", note
        ),
        at_least("the same with different prefixes: time over the shared one's", different / median(seconds), 4.0),
    ]


def _short_prompts(crowd: Crowd, bare: BareCrowd, rounds: int) -> list[Row]:
    ratios, rates = [], []
    for number in range(rounds):
        prompts = [words(number * 50 + 300 + i, 12) for i in range(CLIENTS)]
        took, clients = crowd.run(prompts, 64)
        _check_all(clients, 64)
        alone = bare.crowd([], [bare.tokenize(p) for p in prompts], 64)
        ratios.append(alone / took)
        rates.append(CLIENTS * 64 / took)
    note = f"{median(rates):.1f} tokens/s, {min(ratios):.3f}–{max(ratios):.3f} in {rounds} rounds"
    return [
        at_least(f"{CLIENTS} clients, short prompts, 64 tokens: share of the bare loop", median(ratios), 0.95, note)
    ]


def _chat(crowd: Crowd) -> list[Row]:
    """Run four chats of four turns, interleaved; return how many tokens of earlier turns are computed again."""
    system = words(1, 200)
    chats = [f"{system} chat {words(40 + i, 8)}" for i in range(4)]
    seen = [0] * 4
    most = 0
    for turn in range(4):
        _, clients = crowd.run(chats, 24, special_tokens=True)
        for i, client in enumerate(clients):
            end = client.finished
            assert isinstance(end, Finished)
            if turn:
                most = max(most, seen[i] - end.cached_tokens)
            # A turn's prompt stays, and its reply but for the token that was sampled last.
            seen[i] = end.prompt_tokens
        chats = [f"{chat} turn {turn} {words(turn * 10 + i, 12)}" for i, chat in enumerate(chats)]
    return [at_most("4 chats of 4 turns: tokens of earlier turns computed again", float(most), 1, "tokens a turn")]


def _newcomer(crowd: Crowd) -> list[Row]:
    """Send the long prompt alone, then beside the streams."""
    _, (idle,) = crowd.run([words(701, 4000)], 2)
    streams = [crowd.send(words(600 + i, 12), 500) for i in range(4)]
    while min(len(s.times) for s in streams) < 60:
        crowd.read()
    sent = perf_counter()
    newcomer = crowd.send(words(700, 4000), 2)
    while newcomer.finished is None:
        crowd.read()
    first = newcomer.times[0]
    before = [b - a for s in streams for a, b in zip(s.times[20:], s.times[21:], strict=False) if b < sent]
    during = sorted(
        b - a for s in streams for a, b in zip(s.times, s.times[1:], strict=False) if a < first and b > sent
    )
    while any(s.finished is None for s in streams):
        crowd.read()
    typical = median(before)
    tail = during[int(len(during) * 0.99)]
    note = f"{typical * 1e3:.0f} ms before; longest {during[-1] / typical:.1f}x, {len(during)} gaps"
    alone, beside = idle.times[0] - idle.sent, first - newcomer.sent
    return [
        at_most(
            "a 4,000-token prompt beside 4 streams: their gaps' p99 over the median before",
            tail / typical,
            4,
            "x",
            note,
        ),
        at_most(
            "its time to first token, over that on an idle server",
            beside / alone,
            2,
            "x",
            f"{beside:.1f} s, idle {alone:.1f} s",
        ),
    ]


def measure_small() -> list[Row]:
    """Measure 64 clients at once on a small model and return the rows."""
    file = stories()
    rows = []
    with runner() as one:
        one.load(LoadModel(model=file_ref(file), context_length=2048, pool_tokens=8192, threads=usable_cores()))
        crowd = Crowd(one)
        process = psutil.Process(one.pid)
        sizes = []
        for number in range(6):
            took, clients = crowd.run([words(number * 64 + i, 40) for i in range(64)], 100)
            sizes.append(process.memory_info().rss / 1e6)
        _check_all(clients, None)
        firsts = sorted(c.times[0] - c.sent for c in clients)
        rows.append(
            at_most("64 clients at once: growth of memory after the second round", sizes[-1] - sizes[1], 5, "MB")
        )
        rows.append(
            Row(
                "64 clients at once: time until all are served",
                f"{took:.2f} s",
                note=f"last first token {firsts[-1]:.2f} s",
            )
        )
    return rows


def _check_all(clients: list[Client], tokens: int | None) -> None:
    for client in clients:
        if not isinstance(client.finished, Finished) or (tokens and client.finished.reply_tokens != tokens):
            raise RuntimeError(f"a reply has not the length that its request asks for: {client.finished}")
