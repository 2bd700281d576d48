"""What the clients ask for: streams, chats, embeddings, images, creates, pulls and small questions, at random."""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.models.llama import WORDS
from tests.registry.fake import FakeRegistry, fake_registry
from tests.registry.faults import FaultProxy, fault_proxy

from tools.soak.client import Outcome, Patience, send
from tools.soak.models import EMBEDS, SEES, TALKERS, UNQUANTIZED, image

LEAVERS = 0.3
"""Share of the requests whose client leaves at a random moment."""
LEAVES_WITHIN = 3.0
"""Seconds within which such a client leaves, most of them early: half within an eighth of it."""
REPLY_SECONDS = 2.0
"""Longest reply: a client that has read for so long has enough."""
FAULTS = 0.3
"""Share of the registry's answers that go wrong."""
FAULT_KINDS = ("cut", "reset", "stall", "status", "spoil", "shifted range", "lying range", "whole", "redirect")
PULLED = "team/pulled"


@dataclass(frozen=True)
class Request:
    """A request of the mix."""

    kind: str
    method: str
    path: str
    body: object = None
    model: str = ""
    """The model that it needs loaded; "": none."""
    may_fail: bool = False
    """Whether the network may be to blame for an error."""


class Mix:
    """Draws requests. Each client has one of its own, so that its models have names that nobody else uses."""

    WEIGHTS: Mapping[str, int] = {
        "stream": 30,
        "chat": 20,
        "embed": 12,
        "image": 10,
        "create": 5,
        "quantize": 3,
        "pull": 5,
        "tags": 5,
        "show": 5,
        "ps": 5,
    }

    def __init__(self, port: int, registry: str, client: int, seed: int) -> None:
        self.port = port
        self._registry = registry
        self._client = client
        self._dice = random.Random(f"{seed}:{client}")
        self._makers: Mapping[str, Callable[[], Request]] = {
            "stream": self._stream,
            "chat": self._chat,
            "embed": self._embed,
            "image": self._image,
            "create": self._create,
            "quantize": self._quantize,
            "pull": self._pull,
            "tags": lambda: Request("tags", "GET", "/api/tags"),
            "show": self._show,
            "ps": lambda: Request("ps", "GET", "/api/ps"),
        }

    def draw(self) -> tuple[Request, Patience]:
        """Return the next request of this client, and how patient the client is."""
        kind = self._dice.choices(list(self.WEIGHTS), list(self.WEIGHTS.values()))[0]
        leaves = LEAVES_WITHIN * self._dice.random() ** 3 if self._dice.random() < LEAVERS else None
        request = self._makers[kind]()
        return request, Patience(leaves, REPLY_SECONDS if request.model else None)

    def pause(self) -> float:
        """Return how many seconds the client thinks before its next request; one in ten thinks for long."""
        return self._dice.expovariate(0.5 if self._dice.random() < 0.1 else 4)

    def tidy(self) -> list[Outcome]:
        """Delete the models that this client has made."""
        names = (self._name("made"), self._name("small"), self._pull_name)
        return [send(self.port, "DELETE", "/api/delete", {"model": name}) for name in names]

    @property
    def _pull_name(self) -> str:
        return f"{self._registry}/{PULLED}{self._client % 3}"

    def _name(self, what: str) -> str:
        return f"{what}-{self._client}"

    def _words(self, most: int) -> str:
        return " ".join(self._dice.choices(WORDS.split(), k=self._dice.randrange(1, most)))

    def _talker(self) -> str:
        return self._dice.choice((*TALKERS, SEES))

    def _stream(self) -> Request:
        model = self._talker()
        options = {"num_predict": self._dice.choice((20, 200, 2000)), "seed": self._dice.randrange(100)}
        body = {"model": model, "prompt": self._words(200), "options": options}
        return Request("stream", "POST", "/api/generate", body, model)

    def _chat(self) -> Request:
        model = self._talker()
        turns = [
            {"role": role, "content": self._words(30)}
            for role in ["user", *(["assistant", "user"] * self._dice.randrange(3))]
        ]
        body: dict[str, object] = {
            "model": model,
            "messages": turns,
            "options": {"num_predict": self._dice.randrange(1, 40)},
        }
        if self._dice.random() < 0.5:
            body["stream"] = False
        return Request("chat", "POST", "/api/chat", body, model)

    def _embed(self) -> Request:
        texts = [self._words(20) for _ in range(self._dice.randrange(1, 8))]
        return Request("embed", "POST", "/api/embed", {"model": EMBEDS, "input": texts}, EMBEDS)

    def _image(self) -> Request:
        turn = {"role": "user", "content": self._words(10), "images": [image(self._dice.randrange(50))]}
        body = {"model": SEES, "messages": [turn], "options": {"num_predict": self._dice.randrange(1, 30)}}
        return Request("image", "POST", "/api/chat", body, SEES)

    def _create(self) -> Request:
        base = self._dice.choice(TALKERS)
        body = {"model": self._name("made"), "from": base, "system": self._words(10)}
        return Request("create", "POST", "/api/create", body)

    def _quantize(self) -> Request:
        kind = self._dice.choice(("q8_0", "q4_K_M", "q5_0"))
        body = {"model": self._name("small"), "from": UNQUANTIZED, "quantize": kind}
        return Request("quantize", "POST", "/api/create", body)

    def _pull(self) -> Request:
        # Half of them find the model again: it is deleted only now and then.
        if self._dice.random() < 0.5:
            send(self.port, "DELETE", "/api/delete", {"model": self._pull_name})
        return Request("pull", "POST", "/api/pull", {"model": self._pull_name}, may_fail=True)

    def _show(self) -> Request:
        return Request("show", "POST", "/api/show", {"model": self._talker()})


@contextmanager
def bad_registry(seed: int) -> Iterator[FaultProxy]:
    """Run a registry behind a bad network; it has the models that the mix pulls."""
    with fake_registry() as registry, fault_proxy(registry.host, seed) as network:
        _fill(registry, seed)
        network.likely, network.kinds, network.stall_seconds = FAULTS, FAULT_KINDS, 1.0
        yield network


def _fill(registry: FakeRegistry, seed: int) -> None:
    registry.storage = False
    for number in range(3):
        weights = random.Random(f"{seed}:{number}").randbytes(1_500_000)
        registry.add(f"{PULLED}{number}", "latest", _gguf(weights), b"{{ .Prompt }}")


def _gguf(weights: bytes) -> bytes:
    """Return a file that is a GGUF with one tensor, and nothing that could be loaded."""
    from tests.models.raw_header import head, text

    name = hashlib.sha256(weights).hexdigest()[:8]
    keys = [("general.architecture", 8, text("llama")), ("general.name", 8, text(name))]
    return head(keys, [("some.weight", (len(weights) // 4,), 0, 0)], data=weights)
