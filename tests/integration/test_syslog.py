"""A device's log at syslog receivers, over real sockets."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.testbed import Lab

PATIENCE_SECONDS = 60

TOPOLOGY = """
name: told
clock: {{start: 2018-01-01}}
nodes:
  gw1:
    kind: psa3000
    boot: {{accept-license: true, admin: {{name: admin, password: admin123}}}}
    licenses: [ACCESS-100U-1YR]
    time-zone: Europe/Vienna
    syslog: [{{host: 127.0.0.1, port: {port}, protocol: {protocol}}}]
"""

LINE = re.compile(
    r"<174>1 2018-01-01T01:00:00\+01:00 gw1 PulseSecure: - - - 2018-01-01 01:00:00 - gw1 - "
    r"\[127\.0\.0\.1\] Root::System\(\)\[\] - License ACCESS-100U-1YR installed \(serial \w+\)"
)


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_SECONDS)
        yield receiver


def file(tmp_path: Path, port: int, protocol: str) -> Path:
    path = tmp_path / "told.yml"
    path.write_text(TOPOLOGY.format(port=port, protocol=protocol))
    return path


def test_each_line_is_a_datagram_in_the_products_form(tmp_path: Path, udp: socket.socket) -> None:
    with Lab.up(file(tmp_path, udp.getsockname()[1], "udp")) as lab:
        lab["gw1"].users.set(1)
        logged = len(list(lab.logs()))
        heard = [udp.recv(4096).decode() for _ in range(logged)]

    assert [line for line in heard if LINE.fullmatch(line)]
    assert any("Root::user1(Users)[] - Login succeeded" in line for line in heard)


def test_a_receiver_that_comes_late_over_tcp_is_told_all_that_waited_and_holds_nobody_up(tmp_path: Path) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        with Lab.up(file(tmp_path, place.getsockname()[1], "tcp")) as lab:
            lab["gw1"].users.set(1)
            place.listen()
            place.settimeout(PATIENCE_SECONDS)
            first, _ = place.accept()
            with first, first.makefile() as lines:
                first.settimeout(PATIENCE_SECONDS)
                assert any(LINE.fullmatch(line.rstrip("\n")) for line in (lines.readline() for _ in range(50)))
            lab["gw1"].users.set(2)
            second, _ = place.accept()
            with second, second.makefile() as lines:
                second.settimeout(PATIENCE_SECONDS)
                assert any("user2(Users)" in line for line in (lines.readline() for _ in range(50)))
