import contextlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.blobs import DigestMismatch
from paddock.library.store.library import Library
from paddock.registry import RegistryError
from paddock.registry.errors import BadArchive
from paddock.registry.transfer import archive_import
from paddock.registry.transfer.archive_export import open_archive
from paddock.registry.transfer.archive_import import import_archive
from tests.examples import scaled
from tests.registry.transfer.test_push import MODEL, TEMPLATE, digest, make

NAME = "team/m:v1"


@pytest.fixture(autouse=True)
def most_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_import, "MAX_SMALL", 1 << 20)


@pytest.fixture
def packed(library: Library) -> bytes:
    """An archive of the model."""
    make(library, NAME)
    return pack(library, NAME)


@pytest.fixture
def other(tmp_path: Path) -> Library:
    """The library of another machine."""
    return Library(tmp_path / "other")


def pack(library: Library, name: str) -> bytes:
    packed = open_archive(library, ModelName.parse(name))
    try:
        data = b"".join(packed.pieces())
    finally:
        packed.close()
    assert len(data) == packed.size
    return data


def repacked(data: bytes, change: Callable[[str, bytes], tuple[str, bytes] | None], **members: bytes) -> bytes:
    """The archive with its members changed (None: left out), and more of them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as source, tarfile.open(fileobj=out, mode="w") as target:
        entries = [(m.name, source.extractfile(m).read()) for m in source]  # type: ignore[union-attr]
        for name, content in [*(e for old in entries if (e := change(*old))), *members.items()]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("name", ["", "x/y:z"])
def test_what_is_exported_and_imported_is_the_same(library: Library, other: Library, packed: bytes, name: str) -> None:
    remote = ModelName.parse(name) if name else None
    got = import_archive(other, io.BytesIO(packed), remote)
    assert got == (remote or ModelName.parse(NAME))
    before = library.manifests.path(ModelName.parse(NAME)).read_bytes()
    assert other.manifests.path(got).read_bytes() == before
    assert other.blobs.path(digest(MODEL)).read_bytes() == MODEL
    assert list(other.blobs.claims.folder.iterdir()) == []
    if not name:
        assert pack(other, NAME) == packed


def test_a_changed_manifest_is_found(other: Library, packed: bytes) -> None:
    changed = repacked(
        packed,
        lambda n, d: (n, d.replace(b"image.system", b"image.params").replace(b"image.template", b"image.systempl")),
    )
    with pytest.raises(DigestMismatch):
        import_archive(other, io.BytesIO(changed))
    assert list(other.manifests.names()) == []


def test_the_order_inside_does_not_matter(other: Library, packed: bytes) -> None:
    members: dict[str, bytes] = {}
    repacked(packed, lambda name, data: members.update({name: data}))
    reversed_archive = repacked(packed, lambda name, data: None, **dict(reversed(members.items())))
    assert import_archive(other, io.BytesIO(reversed_archive)).short == NAME


@pytest.mark.parametrize("data", [MODEL, TEMPLATE])
def test_a_wrong_byte_is_found_and_nothing_is_stored(other: Library, packed: bytes, data: bytes) -> None:
    place = packed.index(data)
    wrong = packed[:place] + bytes([packed[place] ^ 1]) + packed[place + 1 :]
    with pytest.raises(DigestMismatch):
        import_archive(other, io.BytesIO(wrong))
    assert list(other.manifests.names()) == [] and not other.blobs.exists(digest(data))


@pytest.mark.parametrize("part", [0.0, 0.00005, 0.001, 0.3, 0.999])
def test_an_archive_that_is_cut_off_is_refused(other: Library, packed: bytes, part: float) -> None:
    with pytest.raises(LibraryError):
        import_archive(other, io.BytesIO(packed[: int(len(packed) * part)]))
    assert list(other.manifests.names()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n, d: None if n == "index.json" else (n, d), "no index"),
        (lambda n, d: None if d == MODEL else (n, d), "lacks the layer"),
        (lambda n, d: None if n.startswith("blobs") and b"schemaVersion" in d else (n, d), "lacks its manifest"),
        (lambda n, d: (n, b"[]") if n == "index.json" else (n, d), "no index"),
        (lambda n, d: (n, b'{"manifests": []}') if n == "index.json" else (n, d), "0 models"),
        (lambda n, d: (n, d.replace(b"team/m", b"te am")) if n == "index.json" else (n, d), "does not name"),
    ],
)
def test_what_is_not_whole_is_refused(
    other: Library, packed: bytes, change: Callable[[str, bytes], tuple[str, bytes] | None], message: str
) -> None:
    with pytest.raises(RegistryError, match=message):
        import_archive(other, io.BytesIO(repacked(packed, change)))
    assert list(other.manifests.names()) == []


def test_members_with_other_names_and_links_touch_nothing(other: Library, packed: bytes, tmp_path: Path) -> None:
    evil = repacked(packed, lambda n, d: (n, d), **{"../evil": b"x", "/evil": b"x", "blobs/sha256/../../evil": b"x"})
    import_archive(other, io.BytesIO(evil))
    assert not [p for p in tmp_path.rglob("*") if "evil" in p.name]


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


class Zeros(io.RawIOBase):
    """A beginning, and then zeros without end."""

    def __init__(self, beginning: bytes) -> None:
        self._rest = beginning
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += size
        data, self._rest = self._rest[:size], self._rest[size:]
        return data + bytes(size - len(data))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.DIRTYPE, b"Z"])
def test_a_header_that_claims_gigabytes_is_refused_before_they_are_read(other: Library, kind: bytes) -> None:
    file = Zeros(header("x", 1 << 34, kind))
    with pytest.raises(BadArchive):
        import_archive(other, file)  # type: ignore[arg-type]
    assert file.given <= 32 << 20


def test_a_few_bytes_that_stand_for_terabytes_are_refused(other: Library) -> None:
    member = tarfile.TarInfo(f"blobs/sha256/{'0' * 64}")
    member.type = tarfile.GNUTYPE_SPARSE
    data = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    data[386:398] = b"00000000000\0"
    data[483:495] = b"77777777777\0"
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data):06o}\0 ".encode()
    with pytest.raises(BadArchive, match="sparse"):
        import_archive(other, io.BytesIO(bytes(data) + bytes(10240)))
    assert not list(other.blobs.folder.glob("*"))


def test_other_files_in_it_may_be_of_any_size(other: Library, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_import, "MAX_HEADERS", 4 << 20)
    members: dict[str, bytes] = {}
    repacked(packed, lambda name, data: members.update({name: data}))
    grown = repacked(packed, lambda name, data: None, readme=bytes(10 << 20), **members)
    assert import_archive(other, io.BytesIO(grown)).short == NAME


@settings(max_examples=scaled(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_wrong_with_an_archive_is_an_error_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    library = Library(folder / "a")
    make(library, NAME, b"small model")
    packed = bytearray(pack(library, NAME))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(packed) - 1))
        packed[place : place + data.draw(st.integers(0, 600))] = data.draw(st.binary(max_size=600))
        if not packed:
            break
    other = Library(folder / "b")
    with contextlib.suppress(BadArchive, DigestMismatch):
        import_archive(other, io.BytesIO(bytes(packed)))
    for stored in other.manifests.all():
        assert all(
            other.blobs.exists(d) and digest(other.blobs.path(d).read_bytes()) == d for d in stored.manifest.digests()
        )
    assert not list(other.blobs.folder.glob(".paddock-*"))
