import os
import time
from pathlib import Path

from paddock.library.store.claims import LIFETIME, MAX_CLAIMS_PER_BLOB, Claims

DIGEST = "sha256:" + "0" * 64


def expire(path: Path) -> None:
    long_ago = time.time() - LIFETIME - 1
    os.utime(path, (long_ago, long_ago))


def test_a_blob_is_claimed_until_its_last_claim_is_dropped(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claims")
    assert claims.digests() == set()
    claims.add(DIGEST)
    claims.add(DIGEST)
    claims.drop(DIGEST)
    assert Claims(tmp_path / "claims").digests() == {DIGEST}, "another server sees the claim"
    claims.drop(DIGEST)
    claims.drop(DIGEST)
    assert claims.digests() == set()


def test_an_expired_claim_is_removed_and_its_number_is_used_again(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.add(DIGEST)
    (claim,) = tmp_path.iterdir()
    expire(claim)
    claims.add(DIGEST)
    assert list(tmp_path.iterdir()) == [claim] and claims.digests() == {DIGEST}
    expire(claim)
    assert claims.digests() == set() and not claim.exists()


def test_claims_to_one_blob_are_bounded(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    for _ in range(MAX_CLAIMS_PER_BLOB + 5):
        claims.add(DIGEST)
    assert len(list(tmp_path.iterdir())) == MAX_CLAIMS_PER_BLOB


def test_a_folder_that_cannot_be_written_has_no_claims(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    claims = Claims(tmp_path / "file" / "claims")
    claims.add(DIGEST)
    claims.drop(DIGEST)
    assert claims.digests() == set()
