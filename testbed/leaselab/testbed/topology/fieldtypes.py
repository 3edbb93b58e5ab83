"""The types of a topology's fields: how each is written, read, and described to editors."""

import base64
import binascii
import re
import struct
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from leaselab.appliance.instants import Duration, Instant, parse_duration, parse_instant, parse_signed
from leaselab.appliance.models.platforms import PLATFORMS
from leaselab.testbed.checking.comparison import parse
from leaselab.testbed.faults.kinds import IDENTITIES, KINDS

MAX_NAME: Final = 63
"""Of a node or lab: what one label of a host name may have."""

_PLACE: Final = r"\{n(:0[1-9])?\}"
"""Where the number of a counted instance goes: ``{n}``, or ``{n:02}`` for two digits."""

NODE_NAME: Final = rf"^[a-z]([a-z0-9-]|{_PLACE})*$"
CLIENT_ID: Final = rf"^([A-Za-z0-9]|{_PLACE})+$"
AUTH_CODE: Final = rf"^([A-Za-z0-9-]|{_PLACE})+$"
HOST_NAME: Final = rf"^([A-Za-z0-9.-]|{_PLACE})+$"
_LAB_NAME: Final = r"^[a-z][a-z0-9-]*$"
_GROUP_NAME: Final = r"^[A-Za-z0-9_.-]+$"
_RELEASE: Final = r"^\d+\.\d+([rR]\d+(\.\d+)?)?$"


def as_written(value: Any) -> Any:
    """Return a text field's value: a number is the text that was written (``8.10`` stays ``8.10``)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return getattr(value, "written", None) or value


def _like(pattern: str, words: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Return what makes a text field take one form only, in our words rather than a pattern's."""

    def check(text: str) -> str:
        if re.search(pattern, text) is None or "\n" in text:
            raise ValueError(f"takes {words}, not {text!r}")
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern})


def _read(parse: Callable[[str], int], words: str) -> BeforeValidator:
    def read(value: Any) -> int:
        if isinstance(value, str):
            return parse(value)
        raise ValueError(f"takes {words}, not {getattr(value, 'written', value)!r}")

    return BeforeValidator(read)


Text: TypeAlias = Annotated[
    str,
    BeforeValidator(as_written),
    StringConstraints(min_length=1, max_length=1_000),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
"""Free text; ``12345`` and ``true`` are text too where text is wanted."""

_DASHED: Final = "lower-case letters, digits and hyphens, with a letter first"
LabName: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_NAME), *_like(_LAB_NAME, _DASHED)]
NodeName: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_NAME), *_like(NODE_NAME, _DASHED)]
GroupName: TypeAlias = Annotated[
    str, StringConstraints(max_length=MAX_NAME), *_like(_GROUP_NAME, "letters, digits, _ . -")
]
HostName: TypeAlias = Annotated[
    str, StringConstraints(max_length=253), *_like(HOST_NAME, "letters, digits, hyphens and dots")
]

ClientId: TypeAlias = Annotated[
    str,
    BeforeValidator(as_written),
    StringConstraints(max_length=1_000),
    *_like(CLIENT_ID, "letters and digits"),
    WithJsonSchema({"type": ["string", "number"], "pattern": CLIENT_ID}),
]
"""SRV-03: alphanumeric, any length; the limit is ours."""

PUBLIC_KEY: Final = r"^(ssh-ed25519|ecdsa-sha2-nistp(256|384)|ssh-rsa) [A-Za-z0-9+/]+={0,2}( .*)?$"
"""As a line of OpenSSH's `authorized_keys` without options, or the whole of an `id_*.pub`."""


def _public_key(text: str) -> str:
    """Check that the encoded part is a key of the kind that is written before it."""
    kind, encoded, *_ = text.split()
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not key.startswith(struct.pack(">I", len(kind)) + kind.encode()):
        raise ValueError(f"is no {kind} key: copy the whole line of the .pub file")
    return text


PublicKey: TypeAlias = Annotated[
    str, *_like(PUBLIC_KEY, "an SSH public key, for example ssh-ed25519 AAAA… name"), AfterValidator(_public_key)
]

AuthCodeText: TypeAlias = Annotated[str, *_like(AUTH_CODE, "four groups of four letters or digits, joined by hyphens")]
"""Whether there are four of four is checked once the number is in it."""

Kind: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(PLATFORMS)})]
"""Platforms are data, so an unknown one is found by the checks, which name the nearest."""

ReleaseText: TypeAlias = Annotated[
    str, BeforeValidator(as_written), WithJsonSchema({"type": ["string", "number"], "pattern": _RELEASE})
]
"""Read by the checks, which know which releases there were."""

FaultKind: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(KINDS)})]
"""Faults are data as well."""

CloneIdentity: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "enum": list(IDENTITIES)})]


def _comparison(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, str):
        parse(value)
    elif not is_number:
        raise ValueError(f"takes a number or a comparison such as >= 50, not {getattr(value, 'written', value)!r}")
    return value


Comparison: TypeAlias = Annotated[
    int | str,
    BeforeValidator(_comparison),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^(==|!=|>=|<=|>|<)\s*-?\d+(\.\d+)?$"}),
]
"""A number, or a comparison with one."""

Personality: TypeAlias = Literal["pcs", "pps"]
Feature: TypeAlias = Literal["concurrent-users", "rdp-users"]
Units: TypeAlias = Annotated[int, Field(ge=0, le=10_000_000)]
Limit: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]

_MEMORY: Final = r"^([1-9]\d*)(MiB|GiB)$"
_FACTORS: Final = {"MiB": 1 << 20, "GiB": 1 << 30}


def _memory_bytes(text: str) -> int:
    found = re.search(_MEMORY, text)
    if found is None:
        raise ValueError(f"takes an amount of memory, for example 96MiB, not {text!r}")
    return int(found[1]) * _FACTORS[found[2]]


Memory: TypeAlias = Annotated[
    int,
    _read(_memory_bytes, "an amount of memory, for example 96MiB"),
    Field(ge=32 << 20, le=1 << 50),
    WithJsonSchema({"type": "string", "pattern": _MEMORY}),
]
"""In bytes. Below 32 MiB an appliance does not even start."""

PUBLISHED: Final = r"^(\d{1,3}(\.\d{1,3}){3}:)?(\d|" + _PLACE + r")+$"
Published: TypeAlias = Annotated[
    str,
    BeforeValidator(as_written),
    *_like(PUBLISHED, "a port of this machine, or ADDRESS:PORT"),
    WithJsonSchema({"type": ["string", "number"], "pattern": PUBLISHED}),
]
"""Whether the port is one is checked once the number is in it."""

MACHINE_LABEL: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
MachineLabel: TypeAlias = Annotated[
    str, BeforeValidator(as_written), *_like(MACHINE_LABEL, "a label: letters, digits, dots, dashes and underscores")
]
"""Name or value of a label of a swarm's machine."""

MAX_COPIES: Final = 15_000
"""What the addresses of one lab last for: the second octet is the lab's, 63 times 250 of the rest are a network's."""
Copies: TypeAlias = Annotated[int, Field(ge=1, le=MAX_COPIES)]

DurationField: TypeAlias = Annotated[
    Duration,
    _read(parse_duration, "a duration, for example 24h or 10d"),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(ms|s|m|h|d|w))+$"}),
]
SignedDurationField: TypeAlias = Annotated[
    Duration,
    _read(parse_signed, "a duration, for example 5m or -5m"),
    WithJsonSchema({"type": "string", "pattern": r"^-?(\d+(ms|s|m|h|d|w))+$"}),
]
InstantField: TypeAlias = Annotated[
    Instant,
    _read(parse_instant, "a time, for example 2018-01-01T00:00:00Z"),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}),
]
