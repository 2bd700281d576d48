import os
from pathlib import Path

from tools.soak.watch import Watch, pss


def test_the_memory_of_a_process_is_more_than_nothing_and_none_once_it_has_gone() -> None:
    assert pss(os.getpid()) > 1 << 20
    assert pss(2**22 + 1) == 0


def test_a_model_was_loaded_if_every_look_saw_it() -> None:
    watch = Watch(os.getpid(), 1, Path())
    watch._loaded = [(1.0, frozenset("a")), (2.0, frozenset("ab")), (3.0, frozenset("b")), (4.0, frozenset("ab"))]
    assert watch.was_loaded("a", 1.1, 1.5)
    assert watch.was_loaded("b", 2.1, 3.5)
    assert not watch.was_loaded("a", 1.1, 2.5)  # it went while the request waited
    assert not watch.was_loaded("a", 2.1, 4.5)  # it was loaded again in between
    assert not watch.was_loaded("b", 0.5, 2.5)  # nobody had looked before
