"""Two connections that are one."""

import asyncio

from leaselab.appliance.adapters.wire.pump import Pump


class Wire(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.reading = True
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def connected() -> tuple[Pump, Wire]:
    pump, wire = Pump(), Wire()
    pump.connection_made(wire)
    return pump, wire


def test_what_comes_in_on_one_goes_out_on_the_other() -> None:
    (left, left_wire), (right, right_wire) = connected(), connected()
    left.join(right)

    left.data_received(b"hello")
    right.data_received(b"good day")

    assert (left_wire.sent, right_wire.sent) == (b"good day", b"hello")


def test_nothing_is_read_before_there_is_somewhere_to_put_it_and_what_came_anyway_is_not_lost() -> None:
    (left, left_wire), (right, right_wire) = connected(), connected()
    assert not left_wire.reading
    left.data_received(b"early")

    left.join(right)

    assert (left_wire.reading, right_wire.sent) == (True, b"early")


def test_one_that_is_full_slows_the_other_down() -> None:
    (left, left_wire), (right, _) = connected(), connected()
    left.join(right)

    right.pause_writing()
    assert not left_wire.reading
    right.resume_writing()
    assert left_wire.reading


def test_when_one_ends_so_does_the_other_also_if_it_ended_before_they_were_joined() -> None:
    (left, _), (right, right_wire) = connected(), connected()
    left.join(right)
    left.connection_lost(None)
    assert right_wire.closed

    (gone, _), (late, late_wire) = connected(), connected()
    gone.connection_lost(None)
    late.join(gone)
    assert late_wire.closed
