import hashlib
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.library.store.blobs import BlobNotFound, BlobStore, DigestMismatch, InvalidDigest, parse_digest
from paddock.library.store.files import open_temporary, remove_leftovers

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def names(store: BlobStore) -> list[str]:
    return [path.name for path in store.folder.iterdir()]


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "models" / "blobs")


@pytest.mark.parametrize("text", [HELLO, HELLO.replace(":", "-"), "sha256:" + HELLO[7:].upper()])
def test_a_digest_has_one_canonical_form(text: str) -> None:
    assert parse_digest(text) == HELLO


@pytest.mark.parametrize(
    "text",
    ["", "x", "sha256:abc", "md5:" + "0" * 32, "sha256:" + "g" * 64, HELLO + "\n", HELLO + "0", "sha256:../" + HELLO],
)
def test_what_is_no_digest_never_reaches_the_file_system(store: BlobStore, text: str) -> None:
    for use in (parse_digest, store.path, store.exists, store.size, store.remove):
        with pytest.raises(InvalidDigest, match=r"^invalid digest format$"):
            use(text)


@given(st.text(max_size=80))
def test_any_text_is_a_digest_or_refused(text: str) -> None:
    try:
        digest = parse_digest(text)
    except InvalidDigest:
        return
    assert len(digest) == 71


def test_a_blob_is_what_was_written(store: BlobStore) -> None:
    with store.writer() as writer:
        writer.write(b"hel")
        writer.write(b"lo")
        assert writer.commit(HELLO.upper().replace("SHA256", "sha256")) == HELLO
    assert store.exists(HELLO)
    assert store.size(HELLO) == 5
    assert store.path(HELLO).read_bytes() == b"hello"
    assert names(store) == [HELLO.replace(":", "-")]


def test_another_content_than_promised_is_refused_in_the_clients_own_spelling(store: BlobStore) -> None:
    expected = "sha256-" + "A" * 64
    with pytest.raises(DigestMismatch) as error, store.writer() as writer:
        writer.write(b"hello")
        writer.commit(expected)
    assert str(error.value) == f'digest mismatch, expected "{expected}", got "{HELLO}"'
    assert names(store) == []


def test_an_aborted_blob_leaves_nothing(store: BlobStore) -> None:
    with pytest.raises(RuntimeError), store.writer() as writer:
        writer.write(b"hello")
        raise RuntimeError
    assert names(store) == []


def test_the_same_content_is_stored_once(store: BlobStore) -> None:
    assert store.put(b"hello") == (HELLO, True)
    inode = store.path(HELLO).stat().st_ino
    assert store.put(b"hello") == (HELLO, False)
    assert store.path(HELLO).stat().st_ino == inode


def test_a_blob_that_lost_its_end_is_replaced(store: BlobStore) -> None:
    store.put(b"hello")
    store.path(HELLO).write_bytes(b"hel")
    with store.writer() as writer:
        writer.write(b"hello")
        writer.commit()
    assert store.path(HELLO).read_bytes() == b"hello"


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    with pytest.raises(BlobNotFound, match=HELLO):
        store.size(HELLO)
    store.remove(HELLO)


def test_writers_of_one_content_all_succeed(store: BlobStore) -> None:
    data = os.urandom(300_000)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    barrier = threading.Barrier(8)
    results = []

    def write() -> None:
        with store.writer() as writer:
            for start in range(0, len(data), 10_000):
                writer.write(data[start : start + 10_000])
            barrier.wait()
            results.append(writer.commit(digest))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [digest] * 8
    assert names(store) == [digest.replace(":", "-")]
    assert store.path(digest).read_bytes() == data


def test_only_leftovers_are_removed(store: BlobStore) -> None:
    writer = store.writer()
    left = store.folder / ".paddock-12-0123456789abcdef.tmp"  # of an earlier version
    other = store.folder / f"{HELLO.replace(':', '-')}-partial"
    day_ago = time.time() - 86_500
    for path in (left, other, writer._temporary):
        path.touch()
        os.utime(path, (day_ago, day_ago))
    remove_leftovers(store.folder)
    assert sorted(store.folder.iterdir()) == sorted([writer._temporary, other])
    writer.abort()


def test_many_blobs_are_stored_at_once(store: BlobStore) -> None:
    store.put(b"hello")
    contents = [f"{i}".encode() for i in range(50)]
    new = store.put_all([*contents, b"hello", b"7"])
    assert new == {f"sha256:{hashlib.sha256(data).hexdigest()}" for data in contents}
    assert all(store.path(digest).read_bytes() in contents for digest in new)
    assert len(names(store)) == 51
    assert store.put_all([*contents]) == set()


def test_who_waits_no_more_ends_the_hashing_of_an_adopted_file_and_nothing_is_kept(store: BlobStore) -> None:
    file, temporary = open_temporary(store.folder)
    file.write(bytes(5 << 20))
    file.flush()
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        store.adopt(file, temporary, check)
    assert looks == 2 and names(store) == [temporary.name]
    digest = store.adopt(file, temporary)
    assert names(store) == [digest.replace(":", "-")] and store.path(digest).read_bytes() == bytes(5 << 20)
