"""The way from a serial line to those who look at it, when it is bad."""

import asyncio
from typing import Any

import msgspec
import pytest

from leaselab.appliance.adapters.wire.delivery import Delivery
from leaselab.appliance.config import ConsoleFaults


class Reader:
    """Takes output, and knows in what pieces and when it came."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.times: list[float] = []
        self.written = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
        self.times.append(asyncio.get_running_loop().time())
        self.written.set()

    async def has(self, text: bytes) -> None:
        while b"".join(self.pieces) != text:
            self.written.clear()
            await self.written.wait()


async def test_without_faults_output_is_there_at_once_and_whole() -> None:
    reader = Reader()

    Delivery(ConsoleFaults()).pass_on(reader, b"Choice: ")

    assert reader.pieces == [b"Choice: "]


async def test_split_output_comes_byte_by_byte_in_its_order() -> None:
    reader = Reader()
    delivery = Delivery(ConsoleFaults(split_bytes=True))

    delivery.pass_on(reader, b"Choice")
    delivery.pass_on(reader, b": ")

    await reader.has(b"Choice: ")
    assert reader.pieces == [b"C", b"h", b"o", b"i", b"c", b"e", b":", b" "]


async def test_what_is_late_comes_at_once_when_the_faults_are_cleared() -> None:
    reader, other = Reader(), Reader()
    delivery = Delivery(ConsoleFaults(echo_delay_milliseconds=60_000))
    delivery.pass_on(reader, b"Choice")

    delivery.greet(other, b"welcome")
    delivery.faults = ConsoleFaults()
    delivery.pass_on(reader, b": ")

    await reader.has(b"Choice: ")
    assert other.pieces == [b"welcome"]


async def test_late_output_is_late_and_a_banner_after_a_key_stays_before_its_echo() -> None:
    reader = Reader()
    delivery = Delivery(ConsoleFaults(banner_delay_milliseconds=50))
    began = asyncio.get_running_loop().time()

    delivery.greet(reader, b"banner")
    delivery.pass_on(reader, b"echo")

    await reader.has(b"bannerecho")
    assert reader.times[0] - began >= 0.05


async def test_a_slow_echo_delays_what_is_printed_and_not_the_greeting() -> None:
    reader = Reader()
    delivery = Delivery(ConsoleFaults(echo_delay_milliseconds=50))

    delivery.greet(reader, b"banner")
    assert reader.pieces == [b"banner"]
    delivery.pass_on(reader, b"echo")
    assert reader.pieces == [b"banner"]

    await reader.has(b"bannerecho")
    assert reader.times[1] - reader.times[0] >= 0.05


@pytest.mark.parametrize("end", ["forget", "close"])
async def test_nothing_is_written_to_who_has_left(end: str) -> None:
    reader = Reader()
    delivery = Delivery(ConsoleFaults(split_bytes=True))
    delivery.pass_on(reader, b"Choice: ")

    if end == "forget":
        delivery.forget(reader)
    else:
        delivery.close()
    await asyncio.sleep(0.02)

    assert reader.pieces == []


def test_as_many_prompts_are_lost_as_were_asked_for() -> None:
    delivery = Delivery(ConsoleFaults(lost_prompts=1))

    assert delivery.without_lost_prompt("typing", "") == "typing"
    assert delivery.without_lost_prompt("a\r\nChoice: ", "Choice:") == "a\r\n"
    assert delivery.without_lost_prompt("a\r\nChoice: ", "Choice:") == "a\r\nChoice: "


@pytest.mark.parametrize("wrong", [{"lost_prompts": -1}, {"echo_delay_milliseconds": 60_001}, {"split": True}])
def test_faults_have_limits_and_names(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, ConsoleFaults)
