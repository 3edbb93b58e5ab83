"""The line discipline: what a terminal sends becomes characters, and characters become lines.

Ours rather than an SSH library's, since the line is shared by all who are attached (CON-03) and outlives them. It
takes any bytes: noise on the line, half a character, an arrow key or a pasted megabyte must not spoil a prompt.
"""

import unicodedata
from enum import StrEnum
from typing import Final

import msgspec

MAX_LINE_CHARACTERS: Final = 255
"""Longer lines ring the bell. Every answer the console asks for fits with room to spare."""

INTERRUPT: Final = b"\x03"
"""Ctrl-C."""

BELL: Final = "\a"
_ERASE_CELL: Final = "\b \b"
_LINE_FEED, _RETURN, _SPACE, _DELETE = 10, 13, 32, 127
_CONTINUATION: Final = range(0x80, 0xC0)


class Kind(StrEnum):
    """How a prompt is answered."""

    LINE = "line"
    SECRET = "secret"  # noqa: S105 - a kind of prompt, no password
    KEY = "key"
    """By one key, without Enter."""
    NOTHING = "nothing"
    """Not at all: the device is off."""


class Entry(msgspec.Struct, frozen=True):
    """A finished answer; ``interrupted`` where it was Ctrl-C instead."""

    text: str = ""
    interrupted: bool = False


class Typed(msgspec.Struct, frozen=True):
    """What has been typed of an answer so far.

    Attributes:
        text: the characters of the line.
        partial: the first bytes of a UTF-8 character whose rest has not arrived.
        escape: where in an escape sequence (an arrow key) the terminal is: empty, ``start`` or ``inside``.
        after_return: whether the last byte was a carriage return, so that a line feed now belongs to it.
    """

    text: str = ""
    partial: bytes = b""
    escape: str = ""
    after_return: bool = False

    def cleared(self) -> "Typed":
        """Return the state at the start of the next answer."""
        return Typed(after_return=self.after_return)


class Feed(msgspec.Struct, frozen=True):
    """What came of some bytes: ``entry`` is set when an answer is finished, and ``rest`` was then not looked at."""

    typed: Typed
    echo: str
    entry: Entry | None
    rest: bytes


def feed(typed: Typed, data: bytes, kind: Kind) -> Feed:
    """Take bytes up to the end of the first answer in them."""
    echo: list[str] = []
    for position, byte in enumerate(data):
        typed, said, entry = _take(typed, byte, kind)
        echo.append(said)
        if entry is not None:
            return Feed(typed, "".join(echo), entry, data[position + 1 :])
    return Feed(typed, "".join(echo), None, b"")


def shown(text: str, kind: Kind) -> str:
    """Return an answer as the screen shows it: a secret as stars."""
    return "*" * len(text) if kind is Kind.SECRET else text


def _take(typed: Typed, byte: int, kind: Kind) -> tuple[Typed, str, Entry | None]:
    replace = msgspec.structs.replace
    if typed.after_return:
        typed = replace(typed, after_return=False)
        if byte == _LINE_FEED:
            return typed, "", None
    if typed.partial and byte not in _CONTINUATION:
        typed = replace(typed, partial=b"")  # a character was cut short: noise
    if typed.escape and byte >= _SPACE:
        return replace(typed, escape=_after_escape(typed.escape, byte)), "", None
    if byte < _SPACE or byte == _DELETE:
        return _control(replace(typed, escape=""), byte, kind)
    return _character(typed, byte, kind)


def _control(typed: Typed, byte: int, kind: Kind) -> tuple[Typed, str, Entry | None]:
    """Take a key that writes nothing; those without a meaning here are ignored."""
    replace = msgspec.structs.replace
    match byte:
        case 10 | 13:  # line feed, carriage return
            return Typed(after_return=byte == _RETURN), "" if kind is Kind.KEY else "\n", Entry(typed.text)
        case 8 | 127:  # backspace, and what most terminals send for it
            return replace(typed, text=typed.text[:-1]), _erase(typed.text[-1:], kind), None
        case 21:  # Ctrl-U
            return replace(typed, text=""), _erase(typed.text, kind), None
        case 3:  # Ctrl-C
            return Typed(), "^C\n", Entry(interrupted=True)
        case 9 if kind is Kind.KEY:  # Tab
            return Typed(), "", Entry("\t")
        case 27:
            return replace(typed, escape="start"), "", None
    return typed, "", None


def _after_escape(escape: str, byte: int) -> str:
    """Follow an escape sequence: ``ESC [`` or ``ESC O``, parameters, and a final character."""
    if escape == "start":
        return "inside" if byte in b"[O" else ""
    return "" if byte >= ord("@") else escape


def _character(typed: Typed, byte: int, kind: Kind) -> tuple[Typed, str, Entry | None]:
    """Add a byte of text; garbage and characters that would disorder the screen are dropped."""
    partial = typed.partial + bytes([byte])
    wanted = _utf8_length(partial[0])
    if len(partial) < wanted:
        return msgspec.structs.replace(typed, partial=partial), "", None
    character = partial.decode(errors="ignore") if wanted else ""
    typed = msgspec.structs.replace(typed, partial=b"")
    if not character or not character.isprintable() or unicodedata.combining(character):
        return typed, "", None
    if kind is Kind.KEY:
        return Typed(), "", Entry(character)
    if len(typed.text) >= MAX_LINE_CHARACTERS:
        return typed, BELL, None
    return msgspec.structs.replace(typed, text=typed.text + character), shown(character, kind), None


def _utf8_length(first: int) -> int:
    """Return how many bytes a character takes that begins with this one; 0 where none does."""
    for length, begins in ((1, range(0x80)), (2, range(0xC2, 0xE0)), (3, range(0xE0, 0xF0)), (4, range(0xF0, 0xF5))):
        if first in begins:
            return length
    return 0


def _erase(text: str, kind: Kind) -> str:
    wide = 0 if kind is Kind.SECRET else sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return _ERASE_CELL * (len(text) + wide)
