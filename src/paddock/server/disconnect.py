"""Clients that go away while the server works for them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive, Scope

from paddock.server.connection import INPUT_ENDED, NEEDS_INPUT
from paddock.server.errors import ClientGone

T = TypeVar("T")


def require_input(scope: Scope) -> None:
    """Take the end of the client's input as its leaving, from now on: much is done for it.

    Raises:
        ClientGone: if the input has ended.
    """
    if INPUT_ENDED in scope:
        raise ClientGone
    scope[NEEDS_INPUT] = True


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Run `work`, and cancel it if the client goes away. The request's body must have been read.

    Raises:
        ClientGone: if the client went away first.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
