"""Templates of strangers that take time or memory without end: they cost nobody but the request that meets them."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.library.store.manifests import LAYER_TYPE, MANIFEST_TYPE, Layer, Manifest
from paddock.service.requests import MAX_MESSAGES
from paddock.workers.limits import WorkerLimits
from tests.models.llama import tiny_llama
from tests.server.servers import Answer, ServerUnderTest, until

QUICK = 30.0
"""Seconds in which a bystander is answered, on a busy machine. It takes milliseconds as a rule, and up to the 5 s of a
job if several unknown attackers come at the same moment; a frozen server took 170 s."""
GROWTH = 200 << 20
"""Bytes that the server may grow by."""
NESTED = "{%- set ns = namespace(a=['x']) -%}{%- for i in range(64) -%}{%- set ns.a = [ns.a, ns.a] -%}{%- endfor -%}"
"""A list whose text has 2 to the 64th letters."""
GO_TEMPLATES = {
    "quotes": "{{ '" * 100_000,
    "quotes of the longest": "{{ '" * 32_000,
    "quotes of 16 MB": "{{ '" * (4 << 20),
    "parentheses": "{{ " + "(" * 60_000 + ".Prompt" + ")" * 60_000 + " }}",
    "blocks": "{{ if .Prompt }}" * 5_000 + "x" + "{{ end }}" * 5_000,
    "many actions": "{{ .Prompt }}{{ if .Tools }}{{ end }}" * 3_500,
    "many calls": '{{ printf "%v" . }}' * 6_800,
    "braces": "{{ range .Messages }}{{ if .ToolCalls }}"
    + "{" * 100_000
    + "{{ .Name }}x{{ .Arguments }}{{ end }}{{ end }}",
}
CHAT_TEMPLATES = {
    "round": "{{ 5|round(-1000000000) }}",
    "to_bytes": "{{ (1).to_bytes(3000000000, 'big') }}",
    "title": NESTED + "{{ ns.a|title }}",
    "lower": NESTED + "{{ ns.a|lower }}",
    "indent": NESTED + "{{ ns.a|indent }}",
    "join": NESTED + "{{ [ns.a]|join('x') }}",
    "trim": NESTED + "{{ ns.a|trim }}",
    "percent": NESTED + "{{ '%s' % [ns.a] }}",
    "percent wide": "{{ '%*d' % (999999999, 1) }}",
    "format": NESTED + "{{ '{}'.format(ns.a) }}",
    "equal": NESTED + "{{ ns.a == ns.a[:] }}",
    "power": "{{ (10 ** 60) ** (10 ** 3) }}",
    "lexed": "{{ '" * 120_000,
    "deep": "{% if x %}" * 20_000,
    "unary": "{{ " + "not " * 60_000 + "x }}",
}


def add(models: Path, name: str, gguf: Path, template: str = "") -> None:
    """Put a model into a folder as a pull does: nothing looks at its template."""
    library = Library(models)
    weights, _ = library.blobs.put(gguf.read_bytes())
    layers = [Layer(f"{LAYER_TYPE}model", weights, gguf.stat().st_size)]
    if template:
        digest, _ = library.blobs.put(template.encode())
        layers.append(Layer(f"{LAYER_TYPE}template", digest, len(template.encode())))
    with library.shared_lock():
        library.write(ModelName.parse(name), Manifest(2, MANIFEST_TYPE, Layer("", "", 0), layers))


class Bystander:
    """Somebody else, who asks for the version and for completions of another model all the time."""

    def __init__(self, server: ServerUnderTest) -> None:
        self._server = server
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(ask,)) for ask in (self._version, self._generate)]
        self.seconds: list[float] = []
        self.slowest = (0.0, "")
        self.failures: list[str] = []

    def __enter__(self) -> "Bystander":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, ask: Callable[[], Answer]) -> None:
        while not self._ended.wait(0.05):
            started = time.monotonic()
            answer = ask()
            self.seconds.append(time.monotonic() - started)
            self.slowest = max(self.slowest, (self.seconds[-1], answer.text[:500]))
            if answer.status != 200:
                self.failures.append(answer.text)

    def _version(self) -> Answer:
        return self._server.get("/api/version")

    def _generate(self) -> Answer:
        return self._server.generate("good", "Hi", options={"num_predict": 1})


@contextlib.contextmanager
def bystanders(server: ServerUnderTest) -> Iterator[None]:
    """Check that others are answered quickly during the body of the `with`, and that the server does not grow."""
    assert server.generate("good", "Hi", options={"num_predict": 1}).status == 200
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with Bystander(server) as other:
        yield
        until(lambda: len(other.seconds) > 2)
    assert other.failures == []
    assert other.slowest[0] < QUICK, other.slowest
    until(lambda: process.memory_info().rss - before < GROWTH)  # what a large body took is given back soon


def at_once(*requests: Callable[[], Answer]) -> list[Answer]:
    """Send requests at the same time and return their answers."""
    answers: dict[int, Answer] = {}

    def one(number: int) -> None:
        answers[number] = requests[number]()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return [answers[number] for number in range(len(requests))]


def some(names: Iterable[str], *quick: str) -> list[Any]:
    """Return the parameters of a test that takes seconds for each: those that are not named are marked as slow."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in names]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("weights") / "x.gguf", layers=1)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[ServerUnderTest]:
    """A server with a good model, and one for each template that is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    models = folder / "server" / "models"
    add(models, "good", weights, "{{ .System }}{{ .Prompt }}")
    for name, template in CHAT_TEMPLATES.items():
        add(models, name.replace(" ", "-"), tiny_llama(folder / f"{name}.gguf", layers=1, chat_template=template))
    for name, template in GO_TEMPLATES.items():
        add(models, f"go-{name.replace(' ', '-')}", weights, template)
    with ServerUnderTest(folder / "server", MAX_LOADED_MODELS="3") as server:
        yield server


def test_hostile_templates_are_listed_at_once_and_after_a_restart(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "server"
    add(folder / "models", "good", weights, "{{ .Prompt }}{{ .Suffix }}")
    listed_templates = {name: GO_TEMPLATES[name] for name in ("quotes", "quotes of 16 MB", "parentheses", "braces")}
    for name, template in listed_templates.items():
        add(folder / "models", name.replace(" ", "-"), weights, template)
    for _ in range(2):
        with ServerUnderTest(folder) as server, bystanders(server):
            started = time.monotonic()
            listed = server.tags()
            assert time.monotonic() - started < QUICK
            assert len(listed) == len(listed_templates) + 1
            until(lambda: "insert" in server.tags()["good:latest"]["capabilities"])
            shown = server.post("/api/show", {"model": "quotes"}).json
            assert shown["capabilities"] == ["completion"]
            assert shown["template_error"] == "template: :1: template has 400000 characters, more than 131072"
            assert "template_error" not in server.post("/api/show", {"model": "good"}).json


def test_first_looks_at_many_templates_hold_up_nobody(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "server"
    add(folder / "models", "good", weights, "{{ .Prompt }}")
    for number in range(8):
        add(folder / "models", f"heavy-{number}", weights, GO_TEMPLATES["many actions"] + str(number))
    with ServerUnderTest(folder) as server:
        looks: list[Callable[[], Answer]] = [lambda: server.get("/api/tags")] * 8
        looks += [lambda: server.post("/api/show", {"model": "heavy-7"})] * 8
        others = threading.Thread(target=at_once, args=looks)
        others.start()
        with bystanders(server):
            pass
        others.join(120)


def test_what_a_template_tells_is_kept_beside_the_blobs_and_goes_with_them(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "server"
    add(folder / "models", "one", weights, "{{ .Prompt }}{{ .Suffix }}")
    notes = folder / "models" / "paddock" / "notes"
    with ServerUnderTest(folder) as server:
        assert server.tags()["one:latest"]["capabilities"] == ["completion", "insert"]
        (note,) = notes.iterdir()
    note.write_bytes(note.read_bytes()[:20])
    with ServerUnderTest(folder) as server:
        assert server.tags()["one:latest"]["capabilities"] == ["completion", "insert"]
        assert json.loads(note.read_bytes())["facts"]["has_suffix"]
    with ServerUnderTest(folder) as server:
        assert server.tags()["one:latest"]["capabilities"] == ["completion", "insert"]
        assert server.workers() == []  # what is known needs no worker
        assert server.request("DELETE", "/api/delete", {"model": "one"}).status == 200
        assert list(notes.iterdir()) == []


@pytest.mark.parametrize("name", some(CHAT_TEMPLATES, "round", "to_bytes", "lexed"))
def test_a_hostile_chat_template_costs_only_its_request(hostile: ServerUnderTest, name: str) -> None:
    with bystanders(hostile):
        model = name.replace(" ", "-")
        answers = at_once(*[lambda: hostile.chat(model, ("user", "Hi"))] * 2)
    for answer in answers:
        assert answer.status == 400, answer.text
        assert "template" in answer.error
        assert len(answer.error) < 600


@pytest.mark.parametrize("name", some(GO_TEMPLATES, "quotes", "many actions"))
def test_a_hostile_go_template_costs_only_its_request(hostile: ServerUnderTest, name: str) -> None:
    with bystanders(hostile):
        template = GO_TEMPLATES[name]
        answers = at_once(
            lambda: hostile.generate(f"go-{name.replace(' ', '-')}", "Hi", options={"num_predict": 1}),
            *[lambda: hostile.generate("good", "Hi", template=template, options={"num_predict": 1})] * 3,
        )
    for answer in answers:
        assert answer.status in (200, 400, 413), answer.text  # a body of 16 MB may be too large for the machine
        if answer.status == 400:
            assert "template" in answer.error


def test_every_request_may_bring_a_template_of_its_own(hostile: ServerUnderTest) -> None:
    def one(number: int) -> Callable[[], Answer]:
        template = GO_TEMPLATES["many actions"] + f"{{{{ .Prompt }}}}{number}"
        return lambda: hostile.generate("good", "Hi", template=template, options={"num_predict": 1})

    with bystanders(hostile):
        answers = at_once(*map(one, range(3)))
    assert {answer.status for answer in answers} <= {200, 400}


def test_a_million_messages_are_too_many(hostile: ServerUnderTest) -> None:
    turns = ",".join(['{"role":"user","content":"a"},{"role":"assistant","content":"b"}'] * 500_000)
    body = f'{{"model":"good","stream":false,"messages":[{turns}]}}'.encode()
    with bystanders(hostile):
        answers = at_once(*[lambda: hostile.request("POST", "/api/chat", body)] * 2)
    for answer in answers:
        assert answer.status in (400, 413)  # the second if a machine with little memory does not even read them
        assert answer.status == 413 or answer.error == f"the chat has 1000000 messages, more than {MAX_MESSAGES}"


def test_as_many_messages_as_are_allowed_are_answered_or_refused_soon(hostile: ServerUnderTest) -> None:
    turn = {"role": "user", "content": "a"}
    body = {"model": "good", "stream": False, "messages": [turn] * MAX_MESSAGES, "options": {"num_predict": 1}}
    with bystanders(hostile):
        (answer,) = at_once(lambda: hostile.post("/api/chat", body))
    assert answer.status in (200, 400)


def test_the_template_of_a_new_model_is_a_strangers_text_too(hostile: ServerUnderTest) -> None:
    def create(name: str, template: str) -> Callable[[], Answer]:
        return lambda: hostile.create(f"new-{name}", **{"from": "good", "template": template})

    with bystanders(hostile):
        answers = at_once(*[create(name.replace(" ", "-"), template) for name, template in GO_TEMPLATES.items()])
    for name, answer in zip(GO_TEMPLATES, answers, strict=True):
        if name.startswith("quotes"):
            assert answer.status in (400, 413)  # a body of 16 MB may be too large for the machine
            assert answer.status == 413 or answer.error == "template error: template: :1: unclosed action"
        else:
            assert answer.json == {"status": "success"}, name


def test_a_hang_up_ends_the_work_on_a_template(hostile: ServerUnderTest) -> None:
    body: dict[str, Any] = {"model": "round", "messages": [{"role": "user", "content": "Hi"}]}
    data = json.dumps(body).encode()
    head = f"POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    assert hostile.generate("good", "Hi", options={"num_predict": 1}).status == 200
    before = {worker.pid for worker in hostile.workers()}
    connections = [hostile.connect() for _ in range(4)]
    for connection in connections:
        connection.sendall(head + data)
    until(lambda: any(sum(worker.cpu_times()[:2]) > 1 for worker in hostile.workers()) or not before)
    for connection in connections:
        connection.close()
    with bystanders(hostile):
        pass
    most = WorkerLimits().max_workers
    assert len(hostile.workers()) <= most


def test_no_worker_outlives_its_server(tmp_path: Path, weights: Path) -> None:
    attack = tiny_llama(tmp_path / "a.gguf", layers=1, chat_template=CHAT_TEMPLATES["round"])
    add(tmp_path / "server" / "models", "attack", attack)
    with ServerUnderTest(tmp_path / "server") as server:
        assert server.post("/api/show", {"model": "attack"}).status == 200
        answered: list[Answer] = []

        def ask() -> None:
            with contextlib.suppress(OSError):
                answered.append(server.chat("attack", ("user", "Hi")))

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: any(sum(worker.cpu_times()[:2]) > 0.8 for worker in server.workers()))
        workers = server.workers()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(20)
        gone, alive = psutil.wait_procs(workers, 30)
        assert (len(gone), alive) == (len(workers), [])
        thread.join(60)
        assert answered == []


def proportional(pid: int) -> int:
    """Return the bytes of a process in memory; what several share counts in proportion."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def test_an_idle_server_is_small_with_its_worker_too(tmp_path: Path, weights: Path) -> None:
    with ServerUnderTest(tmp_path / "server") as server:
        assert server.workers() == []
        assert proportional(server.process.pid) <= 50_000_000
        jinja = tiny_llama(tmp_path / "j.gguf", layers=1, chat_template="{{ messages[0].content }}")
        server.import_gguf("jinja", jinja)
        server.import_gguf("go", weights, template="{{ range .Messages }}{{ .Content }}{{ end }}")
        (worker,) = server.workers()
        assert proportional(server.process.pid) + proportional(worker.pid) <= 65_000_000
