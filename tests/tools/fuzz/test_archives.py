import hashlib
import io
import json
import random
import tarfile

from tools.fuzz.archives import members_of, packed

from tools.fuzz import archives

LAYER = b'{"stop": ["x"]}'


def test_what_is_packed_is_what_comes_out() -> None:
    members = {"index.json": b"{}", "blobs/sha256/x": b"1" * 700}
    assert members_of(packed(members)) == members


def test_extended_headers_are_such_as_tar_writes() -> None:
    data = archives._pax({"path": "a/b", "comment": "c" * 95}) + archives._entry("short", b"data") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        (member,) = tar
    assert (member.name, member.pax_headers["comment"]) == ("a/b", "c" * 95)


def test_a_changed_layer_is_named_by_its_new_digest_up_to_the_index() -> None:
    def digest(data: bytes) -> str:
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    manifest = json.dumps({"layers": [{"digest": digest(LAYER), "size": len(LAYER)}]}, separators=(",", ":")).encode()
    index = json.dumps({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]}).encode()
    members = {
        "index.json": index,
        f"blobs/{digest(manifest).replace(':', '/')}": manifest,
        f"blobs/{digest(LAYER).replace(':', '/')}": LAYER,
    }
    path = f"blobs/{digest(LAYER).replace(':', '/')}"
    archives._replace_blob(members, path, lambda data: data + b"  ", random.Random(3))
    (entry,) = json.loads(members["index.json"])["manifests"]
    inner = members[f"blobs/{entry['digest'].replace(':', '/')}"]
    assert entry["size"] == len(inner)
    (layer,) = json.loads(inner)["layers"]
    assert members[f"blobs/{layer['digest'].replace(':', '/')}"] == LAYER + b"  "
    assert layer["size"] == len(LAYER) + 2
