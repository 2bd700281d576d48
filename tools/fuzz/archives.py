"""Archives of models: changed members, headers, manifests and layers, sent to `/api/import`."""

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Callable

from tools.fuzz.case import Verdict
from tools.fuzz.judge import judged
from tools.fuzz.target import Target
from tools.fuzz.values import TEXTS, changed_json, changed_text, damaged, number_near

WORDS = (
    "application/vnd.ollama.image.messages",
    "application/vnd.ollama.image.params",
    "application/vnd.ollama.image.template",
    "application/vnd.ollama.image.system",
    "application/vnd.ollama.image.adapter",
    "application/vnd.ollama.image.projector",
    "application/vnd.ollama.image.tensor",
    "sha256:" + "0" * 64,
    "sha256:" + "A" * 64,
    "sha256-" + "0" * 64,
    "../../x",
    "a/b/c/d",
    "nobody:latest",
)
"""Values that mean something in an index or a manifest."""
SMALL = 1 << 16
"""Layers up to this size are changed as texts or JSON."""

Members = dict[str, bytes]


class ArchiveFuzzer:
    """Changes the archive of a model that has every kind of small layer."""

    def __init__(self, target: Target) -> None:
        self._target = target
        server = target.server
        made = server.create(
            "packed",
            **{"from": "beside"},
            template="{{ .System }}{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ end }}",
            system="Be brief.",
            license=["MIT", "Apache"],
            parameters={"stop": ["x"], "num_ctx": 256, "num_predict": 2},
            messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}],
        )
        assert made.json == {"status": "success"}, made.text
        self._archive = server.post("/api/export", {"model": "packed"}).body
        self._members = members_of(self._archive)

    def close(self) -> None:
        """Nothing is left to end."""

    def attack(self, dice: random.Random) -> Verdict:
        """Import a changed archive; use what was accepted, and delete it."""
        return self.load(self._changed(dice))

    def load(self, data: bytes) -> Verdict:
        """Import an archive; show the model and render a chat of it, and delete it."""
        server, name = self._target.server, self._target.new_name()
        answer = server.post(f"/api/import?model={name}", data)
        error, wrong = judged(answer, self._target.secrets)
        if error or wrong:
            return Verdict("refused", wrong, data if wrong else b"")
        try:
            for path, fields in (
                ("show", {}),
                ("chat", {"messages": [{"role": "user", "content": "hi"}], "_debug_render_only": True}),
                ("generate", {"prompt": "hi", "options": {"num_predict": 1}}),
            ):
                answer = server.post(f"/api/{path}", {"model": name, "stream": False, **fields})
                error, wrong = judged(answer, self._target.secrets, allowed=(200, 400, 500, 503))
                if wrong:
                    return Verdict("imported", f"{path}: {wrong}", data)
                if error:
                    return Verdict(f"imported, {path} refused", "", data)
            if server.get("/api/tags").status != 200:
                return Verdict("imported", "the list of models is broken", data)
        finally:
            server.request("DELETE", "/api/delete", {"model": name})
        return Verdict("imported and used")

    def _changed(self, dice: random.Random) -> bytes:
        how = dice.randrange(10)
        if how == 0:
            return damaged(self._archive, dice, dice.choice((512, 4096, len(self._archive))))
        if how == 1:
            return _strange_tar(self._members, dice)
        members = dict(self._members)
        for _ in range(dice.choice((1, 1, 2))):
            dice.choice((_change_index, _change_manifest, _change_manifest, _change_layer, _change_layer))(
                members, dice
            )
        if how == 2:
            names = list(members)
            dice.shuffle(names)
            members = {name: members[name] for name in names[: dice.randrange(1, len(names) + 1)]}
        return packed(members)


def members_of(archive: bytes) -> Members:
    """Return the contents of an archive by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isreg()}  # type: ignore[union-attr]


def packed(members: Members) -> bytes:
    """Return an archive of these contents."""
    return b"".join(_entry(name, data) for name, data in members.items()) + bytes(1024)


def _entry(name: str, data: bytes, *, kind: bytes = tarfile.REGTYPE, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data) if size is None else size, kind
    return info.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape") + data + bytes(-len(data) % 512)


def _index(members: Members) -> dict[str, object]:
    value: dict[str, object] = json.loads(members["index.json"])
    return value


def _change_index(members: Members, dice: random.Random) -> None:
    if "index.json" in members:
        members["index.json"] = _changed_json(members["index.json"], dice)


def _change_manifest(members: Members, dice: random.Random) -> None:
    """Change the manifest, and let the index name it as it is now."""
    _replace_blob(members, _manifest_path(members), lambda data: _changed_json(data, dice), dice)


def _change_layer(members: Members, dice: random.Random) -> None:
    """Change a small layer, and let the manifest and the index name it as it is now."""
    manifest = _manifest_path(members)
    small = sorted(n for n, data in members.items() if n.startswith("blobs/") and n != manifest and len(data) < SMALL)
    if small:
        _replace_blob(members, dice.choice(small), lambda data: _changed_layer(data, dice), dice)


def _manifest_path(members: Members) -> str:
    try:
        digest = json.loads(members["index.json"])["manifests"][0]["digest"]
        return f"blobs/{digest.replace(':', '/')}"
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError):
        return ""


def _replace_blob(members: Members, path: str, change: Callable[[bytes], bytes], dice: random.Random) -> None:
    """Change a blob. What names it by digest and size names the new one, except now and then."""
    if path not in members:
        return
    manifest = _manifest_path(members)
    old = members.pop(path)
    new = change(old)
    digests = [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in (old, new)]
    members[f"blobs/{digests[1].replace(':', '/')}"] = new
    if dice.random() < 0.05:
        return

    def renamed(data: bytes) -> bytes:
        sizes = [f'"size":{len(one)}'.encode() for one in (old, new)]
        at = data.find(digests[0].encode())
        data = data.replace(digests[0].encode(), digests[1].encode())
        compact = data.replace(b'"size": ', b'"size":')
        place = compact.find(sizes[0], max(0, at - 200))
        return compact[:place] + sizes[1] + compact[place + len(sizes[0]) :] if place >= 0 else compact

    if path == manifest:
        members["index.json"] = renamed(members["index.json"])
    elif manifest in members:
        _replace_blob(members, manifest, renamed, random.Random(1))


def _changed_json(data: bytes, dice: random.Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return damaged(data, dice, len(data) or 1) if data else b"{"
    how = dice.randrange(12)
    if how == 0:
        return changed_text(data.decode("utf-8", "replace"), dice).encode("utf-8", "replace")
    if how == 1:
        return gzip.compress(data + b" " * dice.choice((0, 1000, 3_000_000)))
    if how == 2:
        return b"[" * dice.choice((500, 100_000))
    if how == 3:
        return data[:-1] + b', "x": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"
    return json.dumps(changed_json(value, dice, WORDS)).encode()


def _changed_layer(data: bytes, dice: random.Random) -> bytes:
    how = dice.randrange(8)
    if how == 0:
        return dice.choice((b"[{}]", b"{}", b"[]", b"null", b"1", b'"x"', b"[[]]", b'{"stop": 1}', b"\xff\xfe", b""))
    if how == 1:
        return dice.randbytes(50)
    if how == 2:
        return dice.choice(("{{ '", "{{ range .Messages }}", "{{", "{{ . }}", "{{ end }}")).encode() * dice.choice(
            (1, 9, 2000)
        )
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return changed_text(data.decode("utf-8", "replace"), dice).encode("utf-8", "replace")
    return _changed_json(data, dice)


def _strange_tar(members: Members, dice: random.Random) -> bytes:
    """Return an archive with a member that no exporter writes, or headers that lie."""
    entries = [_entry(name, data) for name, data in members.items()]
    place = dice.randrange(len(entries) + 1)
    name, data = dice.choice(sorted(members.items()))
    digits = dice.choice((10, 100, 5000, 100_000))
    strange = dice.choice(
        (
            lambda: _pax({"size": "9" * digits}) + _entry(name, data),
            lambda: _pax({"mtime": "1" * digits}) + _entry(name, data),
            lambda: _pax({"path": "a/" * digits}) + _entry(name, data),
            lambda: _pax({dice.choice(TEXTS): dice.choice(TEXTS)}) + _entry(name, data),
            lambda: (
                _pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name}) + _entry(name, data)
            ),
            lambda: _pax({"GNU.sparse.map": "0,1," * digits}) + _entry(name, data),
            lambda: _pax({"x": "1"}) * dice.choice((3, 500, 20_000)) + _entry(name, data),
            lambda: _raw_pax(b"%d size=1\n" % number_near(11, dice)) + _entry(name, data),
            lambda: _raw_pax(b"0" * digits + b"11 path=x\n") + _entry(name, data),
            lambda: _entry("x" * 99, b"n" * 3000, kind=tarfile.GNUTYPE_LONGNAME) * dice.choice((1, 50)),
            lambda: _entry("x", b"", kind=tarfile.GNUTYPE_LONGNAME, size=number_near(600, dice) % 8**11),
            lambda: _entry(
                name, b"", kind=dice.choice((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE))
            ),
            lambda: _entry(name, data, kind=tarfile.GNUTYPE_SPARSE),
            lambda: _entry(name, data, size=number_near(len(data), dice) % 8**11),
            lambda: _entry(dice.choice(TEXTS[5:])[:90] or "x", data),
            lambda: _entry("index.json", b"{}"),
        )
    )()
    return b"".join([*entries[:place], strange, *entries[place:]]) + bytes(dice.choice((0, 512, 1024)))


def _pax(values: dict[str, str]) -> bytes:
    records = b""
    for name, value in values.items():
        rest = f" {name}={value}\n".encode("utf-8", "replace")
        size = len(rest) + len(str(len(rest)))
        records += str(size + (len(str(size)) > len(str(len(rest))))).encode() + rest
    return _raw_pax(records)


def _raw_pax(records: bytes) -> bytes:
    return _entry("pax", records, kind=tarfile.XHDTYPE)
