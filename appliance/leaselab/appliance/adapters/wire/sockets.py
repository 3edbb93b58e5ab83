"""TCP sockets by numeric address, made here and handed to the event loop.

Given a host and a port, uvloop asks its thread pool for the address even where it is a number: four threads, and two
hops for each listener and connection of each device.
"""

import asyncio
import errno
import os
import socket
from typing import Final

BACKLOG: Final = 512
"""Connections that wait to be accepted."""


def listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        OSError: the address or port cannot be had.
    """
    own = socket.create_server((address, port), family=_family(address), backlog=BACKLOG)
    own.setblocking(False)
    return own


async def connected(own_address: str | None, address: str, port: int) -> socket.socket:
    """Return a socket that is connected, from an own address if one is given.

    Raises:
        OSError: nobody listens there, or the own address is not ours.
    """
    own = socket.socket(_family(address))
    try:
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if own_address:
            own.bind((own_address, 0))
        await _connect(own, (address, port))
    except BaseException:
        own.close()
        raise
    return own


async def _connect(own: socket.socket, there: tuple[str, int]) -> None:
    failure = own.connect_ex(there)
    if failure == errno.EINPROGRESS:
        await _writable(own)
        failure = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failure:
        raise OSError(failure, os.strerror(failure))


async def _writable(own: socket.socket) -> None:
    """Wait until a connection is there, or has failed."""
    loop = asyncio.get_running_loop()
    writable = asyncio.Event()
    loop.add_writer(own, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(own)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


QUIET_SECONDS: Final = 3
PROBES: Final = 3
LOST_MILLISECONDS: Final = 6_000
"""After this long a machine that says nothing at all has gone: three seconds of quiet, then a probe a second."""


def stay_awake(own: socket.socket) -> None:
    """Have the kernel notice when the machine at the other end has gone, however quiet the connection is."""
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, QUIET_SECONDS)
    own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_MILLISECONDS)
