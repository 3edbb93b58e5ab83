"""What the console's network tools ask of the network, and what they hear of it. No device decides these."""

import msgspec

from leaselab.appliance.machine import Command


class NetworkAct(Command, frozen=True):
    """Done by the network that the device is attached to, rather than by the device's rules."""


class Probe(NetworkAct, frozen=True):
    """Send something to an address that its owner must answer. Reply: :class:`Echo`."""

    address: str


class ClearNeighbours(NetworkAct, frozen=True):
    """Forget who has which hardware address, but for what was entered by hand."""


class AddNeighbour(NetworkAct, frozen=True):
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
