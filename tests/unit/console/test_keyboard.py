"""The line discipline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaselab.appliance.console.keyboard import BELL, MAX_LINE_CHARACTERS, Entry, Feed, Kind, Typed, feed


def typed(data: bytes, kind: Kind = Kind.LINE) -> Feed:
    return feed(Typed(), data, kind)


def answers(data: bytes) -> list[str]:
    """Return every line in some bytes."""
    state, found = Typed(), []
    while data:
        fed = feed(state, data, Kind.LINE)
        state, data = fed.typed.cleared() if fed.entry else fed.typed, fed.rest
        if fed.entry is not None:
            found.append(fed.entry.text)
    return found


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\x00"])
def test_a_line_ends_with_return_line_feed_or_both(end: bytes) -> None:
    assert answers(b"one" + end + b"two" + end) == ["one", "two"]


def test_what_is_typed_is_echoed_and_a_secret_is_not() -> None:
    assert typed(b"admin\r").echo == "admin\n"
    assert typed(b"secret\r", Kind.SECRET).echo == "******\n"


def test_bytes_after_the_end_of_an_answer_are_left_for_the_next() -> None:
    fed = typed(b"y\radmin\r")

    assert (fed.entry, fed.rest) == (Entry("y"), b"admin\r")


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
def test_backspace_takes_back_the_last_character_and_stops_at_the_first(key: bytes) -> None:
    fed = typed(b"ab" + key + b"c" + key * 5)

    assert fed.typed.text == ""
    assert fed.echo == "ab\b \bc\b \b\b \b"


def test_backspace_takes_back_a_wide_character_with_both_its_cells() -> None:
    assert typed("日".encode() + b"\x7f").echo == "日\b \b\b \b"
    assert typed("日".encode() + b"\x7f", Kind.SECRET).echo == "*\b \b"


def test_ctrl_u_takes_back_the_whole_line() -> None:
    assert answers(b"wrong\x15right\r") == ["right"]
    assert typed(b"abc\x15").echo == "abc" + "\b \b" * 3


def test_ctrl_c_gives_up_the_line() -> None:
    fed = typed(b"abc\x03")

    assert fed.entry == Entry(interrupted=True)
    assert fed.echo == "abc^C\n"


def test_a_character_may_arrive_in_two_parts() -> None:
    first = typed("ü".encode()[:1])
    second = feed(first.typed, "ü".encode()[1:] + b"\r", Kind.LINE)

    assert second.entry == Entry("ü")


@pytest.mark.parametrize(
    "noise",
    [
        b"\xff\xfe",
        b"\xc3",
        b"\xe2\x82",
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\x00\x01\x02",
        "\u202e".encode(),
        b"\xcc\x81",
    ],
)
def test_noise_on_the_line_leaves_no_trace(noise: bytes) -> None:
    assert answers(b"ad" + noise + b"min\r") == ["admin"]


@pytest.mark.parametrize("key", [b"\x1b[A", b"\x1b[1;5C", b"\x1bOP", b"\x1bx", b"\x1b[200~"])
def test_arrow_and_function_keys_write_nothing(key: bytes) -> None:
    assert answers(b"ad" + key + b"min\r") == ["admin"]


def test_a_line_that_is_too_long_rings_the_bell_and_is_cut() -> None:
    fed = typed(b"x" * (MAX_LINE_CHARACTERS + 2) + b"\r")

    assert fed.entry == Entry("x" * MAX_LINE_CHARACTERS)
    assert fed.echo.count(BELL) == 2


@pytest.mark.parametrize(("keys", "entry"), [(b"q", "q"), (b" ", " "), (b"\r", ""), (b"\t", "\t"), ("é".encode(), "é")])
def test_a_prompt_for_one_key_takes_one_and_echoes_nothing(keys: bytes, entry: str) -> None:
    fed = typed(keys, Kind.KEY)

    assert (fed.entry, fed.echo) == (Entry(entry), "")


@given(data=st.binary(max_size=600), cut=st.integers(0, 600))
def test_how_bytes_are_cut_into_packets_makes_no_difference(data: bytes, cut: int) -> None:
    def run(*packets: bytes) -> tuple[str, list[str], Typed]:
        state, echo, lines = Typed(), "", []
        for packet in packets:
            rest = packet
            while rest:
                fed = feed(state, rest, Kind.LINE)
                state, rest, echo = fed.typed, fed.rest, echo + fed.echo
                if fed.entry is not None:
                    lines.append(fed.entry.text)
                    state = state.cleared()
        return echo, lines, state

    assert run(data[:cut], data[cut:]) == run(data)


@given(data=st.binary(max_size=600))
def test_any_bytes_give_lines_that_can_be_printed(data: bytes) -> None:
    for line in answers(data + b"\r"):
        assert line.isprintable()
        assert len(line) <= MAX_LINE_CHARACTERS
