"""The phases of a boot, as console, REST, metrics and the lab name them."""

from enum import StrEnum


class Phase(StrEnum):
    """How far a device has come."""

    OFF = "off"
    BOOTING = "booting"
    WIZARD = "wizard"
    READY = "ready"
    HALTED = "halted"
