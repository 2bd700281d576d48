import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.registry.address_guard import AddressGuard, RefusedAddress, Zone, literal_address, zone_of

PUBLIC, PRIVATE, LINK_LOCAL, LOOPBACK = "8.8.8.8", "192.168.1.5", "169.254.169.254", "127.0.0.1"
ONE_OF_EACH = [PUBLIC, PRIVATE, LINK_LOCAL, LOOPBACK]


@pytest.mark.parametrize(
    ("zone", "addresses"),
    [
        (Zone.PUBLIC, ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]),
        (Zone.PRIVATE, ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "fd00:ec2::254", "fc00::1", "fec0::1"]),
        (Zone.PRIVATE, ["224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]),
        (Zone.LINK_LOCAL, ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "2002:a9fe:a9fe::1"]),
        (Zone.LOOPBACK, ["127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "::1", "::", "::ffff:127.0.0.1"]),
        (Zone.LOOPBACK, ["::ffff:0.0.0.0", "64:ff9b::7f00:1", "2002:7f00:1::"]),
    ],
)
def test_the_zone_of_an_address_is_that_of_what_it_leads_to(zone: Zone, addresses: list[str]) -> None:
    for address in addresses:
        assert zone_of(ipaddress.ip_address(address)) is zone, address


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1", "0x7f000001"])
def test_every_form_of_an_address_is_one(host: str) -> None:
    assert literal_address(host) == ipaddress.ip_address("127.0.0.1")


def test_a_name_is_no_address() -> None:
    assert literal_address("registry.test") is None
    assert literal_address("") is None
    assert literal_address("::1%lo") == ipaddress.ip_address("::1")


def allowed(guard: AddressGuard, host: str) -> list[str]:
    """The addresses, one of each zone, that a host may have."""
    return [a for a in ONE_OF_EACH if may(guard, host, a)]


def may(guard: AddressGuard, host: str, address: str) -> bool:
    try:
        return guard.allowed(host, [address]) == [address]
    except RefusedAddress:
        return False


@pytest.mark.parametrize(
    ("home", "others"),
    [
        (PUBLIC, [PUBLIC]),
        (PRIVATE, [PUBLIC, PRIVATE]),
        (LINK_LOCAL, [PUBLIC, LINK_LOCAL]),
        (LOOPBACK, [PUBLIC, PRIVATE, LOOPBACK]),
    ],
)
def test_where_a_registry_is_decides_where_it_may_lead(home: str, others: list[str]) -> None:
    guard = AddressGuard("registry.test")
    assert allowed(guard, "registry.test") == ONE_OF_EACH  # it may be anywhere
    assert allowed(guard, "other.test") == [PUBLIC]  # as long as nobody knows where it is
    guard.connected("registry.test", home)
    assert allowed(guard, "other.test") == others
    assert allowed(guard, "REGISTRY.test.") == others  # its name may not lead elsewhere later
    assert allowed(AddressGuard(home), "other.test") == others


def test_of_many_addresses_those_remain_that_are_allowed() -> None:
    guard = AddressGuard(PUBLIC)
    assert guard.allowed("a.test", [LOOPBACK, "9.9.9.9", PRIVATE, "fe80::1%eth0"]) == ["9.9.9.9"]
    assert guard.allowed("a.test", []) == []
    with pytest.raises(RefusedAddress, match=r"leads to a\.test, which is a link-local address: refused"):
        guard.allowed("a.test", [LINK_LOCAL, LOOPBACK])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.1", "[::1]", "0", "169.254.169.254"])
def test_what_the_text_of_a_host_tells_is_enough_to_refuse_it(host: str) -> None:
    with pytest.raises(RefusedAddress):
        AddressGuard("registry.test").check_host(host.strip("[]"))
    AddressGuard("registry.test").check_host("other.test")
    AddressGuard("localhost").check_host("127.0.0.1")


def test_a_registry_that_is_found_in_another_zone_meanwhile_is_refused() -> None:
    guard = AddressGuard("registry.test")
    assert guard.allowed("registry.test", [LOOPBACK]) == [LOOPBACK]
    guard.connected("registry.test", PUBLIC)
    with pytest.raises(RefusedAddress):
        guard.connected("registry.test", LOOPBACK)


@given(address=st.ip_addresses(), home=st.sampled_from(ONE_OF_EACH))
def test_a_stranger_never_leads_to_this_machine(address: ipaddress.IPv4Address, home: str) -> None:
    guard = AddressGuard(home)
    if zone_of(address) in (Zone.LOOPBACK, Zone.LINK_LOCAL) and zone_of(address) is not zone_of(
        ipaddress.ip_address(home)
    ):
        assert not may(guard, "other.test", str(address))
