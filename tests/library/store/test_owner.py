import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.library.store.owner import Owner, current_owner, parse_owner

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")

SAY = "from paddock.library.store.owner import current_owner; print(current_owner(), flush=True); input()"


def test_this_process_is_not_gone() -> None:
    me = current_owner()
    assert me.pid == os.getpid() and me.is_gone() is False
    assert current_owner() == me


def test_another_process_is_gone_when_it_has_ended_even_before_its_parent_takes_notice() -> None:
    process = subprocess.Popen([sys.executable, "-c", SAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    owner = parse_owner(process.stdout.readline().strip())
    assert owner is not None and owner.pid == process.pid and owner.is_gone() is False
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # now it is a zombie
    assert owner.is_gone() is True
    process.communicate()
    assert owner.is_gone() is True


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    me = current_owner()
    assert Owner(me.boot, me.namespace, me.pid, me.started - 1).is_gone() is True


@pytest.mark.parametrize("pid", [0, 1 << 40])
def test_a_number_that_no_process_has_is_gone(pid: int) -> None:
    me = current_owner()
    assert Owner(me.boot, me.namespace, pid, me.started).is_gone() is True


def test_of_another_place_nothing_is_known() -> None:
    me = current_owner()
    for other in (
        Owner("0badcafe", me.namespace, me.pid, me.started),
        Owner(me.boot, "0badcafe", me.pid, me.started),
        Owner("0", "0", me.pid, me.started),
    ):
        assert other.is_gone() is None


def test_a_process_of_another_user_is_seen_as_living() -> None:
    me = current_owner()
    status = open("/proc/1/stat", "rb").read().rpartition(b")")[2].split()  # noqa: SIM115, PTH123
    assert Owner(me.boot, me.namespace, 1, int(status[19])).is_gone() is False


hexadecimal = st.text("0123456789abcdef", min_size=1, max_size=8)


@given(hexadecimal, hexadecimal, st.integers(0, 10**18), st.integers(0, 10**18))
def test_a_name_says_whose_it_is(boot: str, namespace: str, pid: int, started: int) -> None:
    owner = Owner(boot, namespace, pid, started)
    assert parse_owner(str(owner)) == owner


@given(st.text(max_size=40))
def test_any_other_text_names_nobody(text: str) -> None:
    owner = parse_owner(text)
    assert owner is None or text.startswith(f"{owner.boot}-{owner.namespace}-")


@pytest.mark.parametrize("text", ["", "123", "1-2-3", "a-b-c-d", "../x-1-2-3", "1-2-3-4-5", "1-2--3-4"])
def test_a_name_of_another_form_names_nobody(text: str) -> None:
    assert parse_owner(text) is None
