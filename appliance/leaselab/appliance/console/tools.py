"""What the console asks of the device's surroundings, and what it hears of them. No device's rules decide these."""

from typing import Final

import msgspec

from leaselab.appliance.instants import Duration
from leaselab.appliance.machine import Command

RECOVERY: Final = "/dana-na/auth/recover.cgi"
"""Where the admin console takes the token of a Super Admin session."""


class Errand(Command, frozen=True):
    """Done by what is around the device, rather than by the device's rules."""


class Probe(Errand, frozen=True):
    """Send something to an address that its owner must answer. Reply: :class:`Echo`."""

    address: str


class ClearNeighbours(Errand, frozen=True):
    """Forget who has which hardware address, but for what was entered by hand."""


class AddNeighbour(Errand, frozen=True):
    """Enter by hand which hardware address an address has; right or wrong, it is believed."""

    address: str
    hardware_address: str


class Echo(msgspec.Struct, frozen=True):
    """What became of a probe: how long the answer took, or ``None`` where none came."""

    milliseconds: float | None


class Neighbour(msgspec.Struct, frozen=True):
    """An address on a port's own network, and the hardware address that belongs to it."""

    address: str
    hardware_address: str
    port: str
    by_hand: bool = False


class OpenSuperAdminSession(Errand, frozen=True):
    """Let whoever has the token into the admin console, once and soon. Reply: :class:`RecoveryToken`."""


class RecoveryToken(msgspec.Struct, frozen=True):
    """What opens the admin console once, and for how long it does."""

    token: str
    lives: Duration


class TakeSnapshot(Errand, frozen=True):
    """Put what is known of the device into a file that the admin console gives out. Reply: its name."""


class ListSnapshots(Errand, frozen=True):
    """Reply: the name of each snapshot that is kept and when it was taken, the oldest first."""
