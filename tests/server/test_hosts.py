import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.server.hosts import HostCheck, is_bound_to_loopback

NEAR = [
    "localhost",
    "LocalHost:80",
    "127.0.0.1",
    "[::1]:11434",
    "::1",
    "[::ffff:127.0.0.1]",
    "10.1.2.3",
    "a.b.local",
    "",
]


@pytest.mark.parametrize(
    ("family", "address", "expected"),
    [
        (socket.AF_INET, "127.0.0.1", True),
        (socket.AF_INET, "127.5.5.5", True),
        (socket.AF_INET, "127.1", True),
        (socket.AF_INET, "0x7f.1", True),
        (socket.AF_INET, "localhost", True),
        (socket.AF_INET, "0.0.0.0", False),
        (socket.AF_INET6, "::ffff:127.0.0.1", True),
        (socket.AF_INET6, "::1", True),
        (socket.AF_INET6, "::", False),
    ],
)
def test_what_a_socket_is_bound_to_decides(family: socket.AddressFamily, address: str, expected: bool) -> None:
    with socket.socket(family) as listener:
        try:
            listener.bind((address, 0))
        except OSError:
            pytest.skip("this machine has no such address")
        assert is_bound_to_loopback(listener) is expected


@pytest.mark.parametrize("header", NEAR)
def test_a_name_or_address_of_this_machine_or_network_is_allowed(header: str) -> None:
    assert HostCheck().allows(header)


@pytest.mark.parametrize("header", ["127.1", "127.1:11434", "0X7F.1:1"])
def test_the_name_in_the_setting_is_allowed_as_it_was_written(header: str) -> None:
    assert not HostCheck().allows(header)
    assert HostCheck(header.partition(":")[0]).allows(header)


@given(near=st.sampled_from([n for n in NEAR if n]), text=st.text(st.characters(max_codepoint=255), min_size=1))
def test_nothing_may_stand_after_or_before_an_allowed_host(near: str, text: str) -> None:
    check = HostCheck()
    assert not check.allows(f"{near}@evil.com{text}")
    assert not check.allows(f"{near}evil.com")
    if not text.endswith("."):
        assert not check.allows(f"{text}/{near}")


@given(header=st.text(st.characters(max_codepoint=255)))
def test_any_text_gets_an_answer(header: str) -> None:
    assert HostCheck().allows(header) in (True, False)
