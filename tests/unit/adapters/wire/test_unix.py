"""Unix sockets with long paths."""

import socket
from pathlib import Path

import pytest

from leaselab.appliance.adapters.wire.unix import SocketAddress


@pytest.mark.parametrize("depth", [1, 30], ids=["short", "longer than the kernel takes"])
def test_both_ends_meet_at_a_path_of_any_length(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["folder"] * depth)
    folder.mkdir(parents=True)
    path = folder / "lab.sock"

    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with SocketAddress(path) as address:
            server.bind(address)
            server.listen()
        with SocketAddress(path) as address:
            client.connect(address)
        accepted, _ = server.accept()
        accepted.close()

    assert path.is_socket()
