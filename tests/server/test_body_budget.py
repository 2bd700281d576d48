"""The memory that bodies of requests take."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.server.body_budget import COUNTED, LARGE, BodyBudget, BodyShare, bytes_of_values, memory_for_bodies
from paddock.server.config import MIB, BodyConfig
from paddock.server.errors import BodiesTooLarge, BodyTooLarge

TOTAL = 16 * MIB


def budget(**numbers: int) -> BodyBudget:
    return BodyBudget(BodyConfig(**numbers), TOTAL)


def test_a_body_takes_what_has_come_and_gives_it_back() -> None:
    bodies = budget()
    share = BodyShare(bodies)
    share.take(1000)
    share.take(500)
    assert bodies.in_use == 1500
    share.release()
    share.release()
    assert bodies.in_use == 0


def test_one_body_is_bounded() -> None:
    share = BodyShare(budget(max_bytes=MIB))
    with pytest.raises(BodyTooLarge, match="larger than 1 MB"):
        share.announce(MIB + 1)
    share.announce(MIB)
    share.take(MIB)
    with pytest.raises(BodyTooLarge, match="larger than 1 MB"):
        share.take(1)


def test_no_body_can_be_larger_than_what_all_may_take() -> None:
    with pytest.raises(BodyTooLarge, match="larger than 14 MB"):
        BodyShare(budget()).announce(15 * MIB)


def test_bodies_are_bounded_together() -> None:
    bodies = budget()
    first, second = BodyShare(bodies), BodyShare(bodies)
    first.take(10 * MIB)
    with pytest.raises(BodiesTooLarge, match="try again later"):
        second.announce(10 * MIB)
    second.take(3 * MIB)
    with pytest.raises(BodiesTooLarge):
        second.take(3 * MIB)
    first.release()
    second.take(3 * MIB)


def test_large_bodies_leave_room_for_small_ones() -> None:
    bodies = budget()
    with pytest.raises(BodiesTooLarge):
        for _ in range(100):
            BodyShare(bodies).take(LARGE + 1)
    for _ in range(8):
        small = BodyShare(bodies)
        small.announce(LARGE)
        small.take(LARGE)
    with pytest.raises(BodiesTooLarge):
        for _ in range(20):
            BodyShare(bodies).take(LARGE)
    assert bodies.in_use <= TOTAL


def test_those_that_wait_for_one_model_leave_room_for_others() -> None:
    bodies = budget()
    shares = [BodyShare(bodies) for _ in range(4)]
    for share in shares:
        share.take(3 * MIB)
    shares[0].wait_for("slow")
    shares[1].wait_for("slow")
    with pytest.raises(BodiesTooLarge):
        shares[2].wait_for("slow")
    shares[2].release()
    shares[3].wait_for("other")
    small = BodyShare(bodies)
    small.take(1000)
    small.wait_for("slow")
    shares[0].release()
    shares[2].take(3 * MIB)
    shares[2].wait_for("slow")
    for share in (*shares, small):
        share.release()
    assert (bodies.in_use, bodies.of_models) == (0, {})


def test_one_body_may_wait_for_a_model_whatever_its_size() -> None:
    share = BodyShare(budget())
    share.take(14 * MIB)
    share.wait_for("m")


def test_an_announcement_takes_nothing() -> None:
    bodies = budget()
    for _ in range(100):
        BodyShare(bodies).announce(10 * MIB)
    assert bodies.in_use == 0


def test_many_small_values_take_more_than_their_text() -> None:
    config = BodyConfig(container_bytes=100, element_bytes=10)
    assert bytes_of_values(b'{"a":[1,2,3]}', config) == 220
    assert bytes_of_values(b"[" * (COUNTED + 5), config) == 100 * (COUNTED + 5)
    share = BodyShare(budget())
    share.take(1000)
    with pytest.raises(BodyTooLarge, match="too many values"):
        share.take_values(15 * MIB)
    other = BodyShare(share._budget)
    share.take_values(10 * MIB)
    with pytest.raises(BodiesTooLarge):
        other.take_values(10 * MIB)


@given(st.integers(0, 1 << 44))
def test_bodies_may_take_a_part_of_the_free_memory(available: int) -> None:
    config = BodyConfig()
    total = memory_for_bodies(available, config)
    assert 1 <= total <= max(1, min(config.most_total, available // 8))
    if available >= 1 << 30:
        assert total >= config.least_total


def test_a_limit_on_the_address_space_counts() -> None:
    script = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from paddock.server.body_budget import memory_for_bodies\n"
        "from paddock.server.config import BodyConfig\n"
        "print(memory_for_bodies(1 << 40, BodyConfig()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 32 * MIB < int(done.stdout) < 128 * MIB
