import asyncio
import time

from paddock.registry.transfer.watch import watch


def test_a_layer_has_at_most_ten_lines_a_second() -> None:
    lines: list[tuple[float, int]] = []

    async def work() -> None:
        began = time.monotonic()
        task = asyncio.create_task(asyncio.sleep(1.3))
        completed = lambda: int((time.monotonic() - began) * 1e6)  # noqa: E731
        await watch(task, completed, lambda done: lines.append((time.monotonic(), done)))

    asyncio.run(work())
    times = [when for when, _ in lines]
    assert len(times) >= 8 and times[-1] - times[0] > 1
    for start in times:
        assert len([t for t in times if start <= t < start + 1]) <= 10
