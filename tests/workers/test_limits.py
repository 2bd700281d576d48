import msgspec

from paddock.workers.limits import WorkerLimits


def test_limits_travel_as_json() -> None:
    limits = WorkerLimits(processor_seconds=0.5, memory=7)
    assert msgspec.json.decode(msgspec.json.encode(limits), type=WorkerLimits) == limits


def test_one_worker_is_always_left_for_quick_jobs() -> None:
    assert WorkerLimits().max_workers >= 2
