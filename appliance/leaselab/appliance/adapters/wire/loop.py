"""The event loop that a process runs in."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own, the fastest there is."""
    try:
        import uvloop
    except ImportError:  # not on every system; asyncio's own loop does, at half the speed
        return asyncio.run(coroutine)
    return uvloop.run(coroutine)
