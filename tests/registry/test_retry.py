import asyncio
from collections.abc import Callable

import pytest

from paddock.registry.errors import NotInRegistry, RegistryError, TemporaryError, Unreachable
from paddock.registry.retry import RetryPolicy, with_retries

POLICY = RetryPolicy(attempts=3, initial_backoff=0.001, max_backoff=0.004)


def failing(*errors: RegistryError) -> tuple[Callable[[], str], list[RegistryError]]:
    """A function that raises these errors, one per call, and then returns."""
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work, left


def run(work: Callable[[], str]) -> str:
    async def once() -> str:
        return work()

    return asyncio.run(with_retries(POLICY, once))


def test_temporary_errors_are_tried_again_up_to_the_number_of_attempts() -> None:
    assert run(failing(TemporaryError("a"), TemporaryError("b"))[0]) == "done"
    work, left = failing(*(TemporaryError(text) for text in "abcd"))
    with pytest.raises(TemporaryError, match="c"):
        run(work)
    assert len(left) == 1


@pytest.mark.parametrize("error", [Unreachable("nobody"), NotInRegistry("gone"), RegistryError("no")])
def test_other_errors_are_raised_at_once(error: RegistryError) -> None:
    work, left = failing(error, TemporaryError("b"))
    with pytest.raises(type(error)):
        run(work)
    assert len(left) == 1


def test_the_wait_doubles_with_each_failure_and_is_bounded() -> None:
    for failures, longest in ((1, 0.001), (2, 0.002), (3, 0.004), (9, 0.004)):
        for _ in range(20):
            assert longest / 2 <= POLICY.backoff(failures) <= longest
    assert POLICY.backoff(1, retry_after=0.003) == 0.003
    assert POLICY.backoff(1, retry_after=60) == 0.004
