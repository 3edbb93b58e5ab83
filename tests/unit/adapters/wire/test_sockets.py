"""TCP sockets by numeric address."""

import socket
import threading

import pytest

from leaselab.appliance.adapters.wire.sockets import connected, listening

ADDRESS = "127.0.0.1"


async def test_what_connects_from_an_own_address_is_seen_to_come_from_there() -> None:
    with listening(ADDRESS, 0) as server, await connected("127.0.0.2", *server.getsockname()) as client:
        there, peer = server.accept()
        there.close()

        assert peer == client.getsockname()
        assert peer[0] == "127.0.0.2"
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_address_where_nobody_listens_refuses_and_leaves_no_socket_open() -> None:
    with listening(ADDRESS, 0) as server:
        port = server.getsockname()[1]

    with pytest.raises(ConnectionRefusedError):
        await connected(None, ADDRESS, port)


def test_a_port_that_is_taken_is_an_error() -> None:
    with listening(ADDRESS, 0) as server, pytest.raises(OSError, match="in use"):
        listening(ADDRESS, server.getsockname()[1])


async def test_no_thread_is_asked_for_a_numeric_address() -> None:
    before = threading.active_count()

    with listening(ADDRESS, 0) as server, await connected(None, *server.getsockname()):
        assert threading.active_count() == before
