"""The types of a topology's fields: how each is written, read, and described to editors."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from leaselab.appliance.instants import Duration, Instant, parse_duration, parse_instant
from leaselab.appliance.models.platforms import PLATFORMS

MAX_NAME: Final = 63
"""Of a node or lab: what one label of a host name may have."""

_PLACE: Final = r"\{n(:0[1-9])?\}"
"""Where the number of a counted instance goes: ``{n}``, or ``{n:02}`` for two digits."""


def as_written(value: Any) -> Any:
    """Return a text field's value: a number is the text that was written (``8.10`` stays ``8.10``)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return getattr(value, "written", None) or value


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else _not_text(value, "a duration, for example 24h or 10d")


def _instant(value: Any) -> Any:
    return parse_instant(value) if isinstance(value, str) else _not_text(value, "a time, for example 2018-01-01T00:00:00Z")


def _not_text(value: Any, wanted: str) -> Any:
    raise ValueError(f"takes {wanted}, not {getattr(value, 'written', value)!r}")


Text: TypeAlias = Annotated[
    str, StringConstraints(min_length=1), BeforeValidator(as_written), WithJsonSchema({"type": ["string", "number"]})
]
"""Free text."""

LabName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=MAX_NAME)]
NodeName: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^[a-z]([a-z0-9-]|{_PLACE})*$", max_length=MAX_NAME)]
GroupName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=MAX_NAME)]
HostName: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^([A-Za-z0-9.-]|{_PLACE})+$", max_length=253)]

ClientId: TypeAlias = Annotated[
    str,
    BeforeValidator(as_written),
    StringConstraints(pattern=rf"^([A-Za-z0-9]|{_PLACE})+$"),
    WithJsonSchema({"type": ["string", "number"], "pattern": rf"^([A-Za-z0-9]|{_PLACE})+$"}),
]
"""SRV-03: alphanumeric, any length."""

AuthCodeText: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^([A-Za-z0-9-]|{_PLACE})+$")]
"""Four groups of four letters or digits joined by hyphens; that is checked once the number is in it."""

Kind: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(PLATFORMS)})]
"""Platforms are data, so an unknown one is found by the checks, which name the nearest."""

ReleaseText: TypeAlias = Annotated[
    str,
    BeforeValidator(as_written),
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^\d+\.\d+([rR]\d+(\.\d+)?)?$"}),
]

Personality: TypeAlias = Literal["pcs", "pps"]
Feature: TypeAlias = Literal["concurrent-users", "rdp-users"]
Units: TypeAlias = Annotated[int, Field(ge=0, le=10_000_000)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]

DurationField: TypeAlias = Annotated[
    Duration, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^(\d+(ms|s|m|h|d|w))+$"})
]
InstantField: TypeAlias = Annotated[
    Instant, BeforeValidator(_instant), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"})
]
