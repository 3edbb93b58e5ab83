"""What all of the REST API's answers have in common: kebab-case names as in the topology file, and one error shape."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec

from leaselab.appliance.instants import NEVER, SECOND, Duration, Instant, as_datetime, format_instant

MAX_COUNT: Final = 10_000_000
"""Units; more than any license there is."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
Units = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class Shape(msgspec.Struct, frozen=True, rename="kebab"):
    """Something that an answer consists of."""


class Request(Shape, frozen=True, forbid_unknown_fields=True):
    """Something that a request consists of; a field that is not known is an error."""


class Message(Shape, frozen=True):
    """What there is to say."""

    message: str


class Errors(Shape, frozen=True):
    """Everything that is wrong with a request."""

    errors: tuple[Message, ...]


class Failure(Shape, frozen=True):
    """The answer to a request that cannot be granted; nothing was changed."""

    result: Errors


class Warnings(Shape, frozen=True):
    """What a change brought with it."""

    warnings: tuple[Message, ...] = ()


class Changed(Shape, frozen=True):
    """The answer to a change that was made."""

    result: Warnings


class Health(Shape, frozen=True):
    """Whether the device is up."""

    status: str
    """``ok`` or ``starting``."""
    phase: str


def failure(message: str) -> Failure:
    """Return the error shape around one message."""
    return Failure(result=Errors(errors=(Message(message=message),)))


def moment(instant: Instant | None) -> str | None:
    """Return an instant as ISO 8601, and nothing for one that never comes."""
    return None if instant is None or instant >= NEVER else format_instant(instant)


def local_moment(instant: Instant, time_zone: str) -> str:
    """Return an instant as the product's API prints it, in the device's time zone (facts 7.2)."""
    return f"{as_datetime(instant).astimezone(ZoneInfo(time_zone)):%Y/%m/%d %H:%M:%S}"


def seconds(duration: Duration) -> int:
    """Return whole seconds."""
    return duration // SECOND
