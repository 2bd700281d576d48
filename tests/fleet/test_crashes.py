import pytest

from paddock.errors import ErrorKind
from paddock.fleet.crashes import CrashConfig, CrashRecord, ended_while_loading, ended_while_serving
from paddock.fleet.errors import CrashedLoading, DamagedFile, LoadFailure
from paddock.fleet.spec import RunnerFiles

DAMAGED, SOUND = RunnerFiles("sha256:1"), RunnerFiles("sha256:2")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("reason", ["signal 4", "signal 6", "signal 7", "signal 8", "signal 11", "signal 31"])
def test_a_crash_while_loading_is_put_down_to_the_file(reason: str) -> None:
    error = ended_while_loading(reason)
    assert isinstance(error, CrashedLoading)
    assert str(error).startswith("the model's file is damaged: ")
    assert reason in str(error)


@pytest.mark.parametrize("reason", ["signal 9", "signal 15", "signal 2", "exit status 1", "exit status 0", "lost"])
def test_another_end_while_loading_is_not(reason: str) -> None:
    error = ended_while_loading(reason)
    assert type(error) is LoadFailure
    assert reason in str(error)
    assert "damaged" not in str(error)


def test_a_runner_that_ends_while_it_serves_is_told_as_ollama_does() -> None:
    error = ended_while_serving("signal 6")
    assert str(error) == "model runner has unexpectedly stopped (signal 6)"
    assert error.kind is ErrorKind.UNAVAILABLE


def test_a_file_is_refused_after_its_second_crash_and_for_a_while() -> None:
    clock = Clock()
    record = CrashRecord(CrashConfig(refused_seconds=600), clock)
    record.add(DAMAGED)
    record.check(DAMAGED)
    clock.now += 100
    record.add(DAMAGED)
    with pytest.raises(DamagedFile, match=r"crashed the model runner twice, and is not loaded again for 10 minutes$"):
        record.check(DAMAGED)
    record.check(SOUND)
    clock.now += 550
    with pytest.raises(DamagedFile, match=r"for 50 s$"):
        record.check(DAMAGED)
    clock.now += 50
    record.check(DAMAGED)
    record.add(DAMAGED)
    with pytest.raises(DamagedFile, match=r"3 times, and is not loaded again for 10 minutes$"):
        record.check(DAMAGED)


def test_a_file_that_is_loaded_at_last_starts_anew() -> None:
    record = CrashRecord()
    record.add(DAMAGED)
    record.forget(DAMAGED)
    record.add(DAMAGED)
    record.check(DAMAGED)


def test_the_files_that_crashed_last_are_remembered() -> None:
    record = CrashRecord(CrashConfig(most_crashes=1, most_files=3))
    files = [RunnerFiles(f"sha256:{number}") for number in range(5)]
    for one in files:
        record.add(one)
    for one in files[:2]:
        record.check(one)
    for one in files[2:]:
        with pytest.raises(DamagedFile):
            record.check(one)
