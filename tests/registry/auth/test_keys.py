import json
import stat
from pathlib import Path

import pytest

from paddock.registry import RegistryError
from paddock.registry.auth.authorization import Challenge, parse_challenges, token_url
from paddock.registry.auth.keys import key_from_seed, open_key
from tests.conftest import SHARED
from tests.registry.fake import signed

RECORDED = SHARED / "fixtures" / "registry" / "token-signature.json"
needs_recorded_cases = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded cases are not here")


@needs_recorded_cases
def test_signatures_are_the_recorded_ones() -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))
    key = key_from_seed(bytes.fromhex(recorded["ed25519_seed_hex"]))
    assert key.public == recorded["public_key"]
    assert len(recorded["requests"]) == 4
    for request in recorded["requests"]:
        assert key.authorization("GET", request["url"]) == request["authorization"]


@needs_recorded_cases
def test_the_address_that_is_signed_is_the_recorded_one() -> None:
    for request in json.loads(RECORDED.read_text("utf-8"))["requests"]:
        url = request["url"]
        nonce, now = url.split("nonce=")[1].split("&")[0], int(url.split("ts=")[1])
        challenge = Challenge("bearer", "http://127.0.0.1:5066/token", "127.0.0.1", ("repository:team/m:pull,push",))
        assert token_url(challenge, challenge.scopes, nonce, now) == url


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    first, second = open_key(folder), open_key(folder)
    assert first.public == second.public and first.public.startswith("ssh-ed25519 AAAA")
    assert stat.S_IMODE((folder / "id_ed25519").stat().st_mode) == 0o600
    assert (folder / "id_ed25519").read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert (folder / "id_ed25519.pub").read_text().strip() == first.public
    assert sorted(p.name for p in folder.iterdir()) == ["id_ed25519", "id_ed25519.pub"]
    assert open_key(tmp_path / "other").public != first.public


def test_a_signature_is_good_for_its_address_only(tmp_path: Path) -> None:
    header = open_key(tmp_path).authorization("GET", "http://a/token")
    assert signed(header, "http://a/token") and not signed(header, "http://b/token")


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_told_and_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / "id_ed25519").write_text(text)
    with pytest.raises(RegistryError, match="id_ed25519 cannot be read"):
        open_key(tmp_path)
    assert (tmp_path / "id_ed25519").read_text() == text


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s",scope="x y"', [Challenge("bearer", "https://a/t", "s", ("x", "y"))]),
        ("bearer realm=https://a/t", [Challenge("bearer", "https://a/t")]),
        ('Basic realm="bearer basic, all"', [Challenge("basic", "bearer basic, all")]),
        ('Basic realm="a", Bearer realm="b"', [Challenge("basic", "a"), Challenge("bearer", "b")]),
        (r'Basic realm="say \"hi\""', [Challenge("basic", 'say "hi"')]),
        ("Negotiate", []),
        ("", []),
    ],
)
def test_challenges_are_read(header: str, expected: list[Challenge]) -> None:
    assert parse_challenges(header) == expected
