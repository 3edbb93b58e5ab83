"""What a license server can still promise, without ever saying which pool a lease came from (SRV-06, SRV-07).

Clients fall into six classes, platform family by personality, and a pool (the counts of one license) serves some of
them. By Hall's condition all commitments can be met if and only if, for every set of classes, what these are
promised together is no more than what the pools that serve any of them hold. Among the sets that the same pools serve
the largest is promised the most, so it alone decides: most servers have two or three such sets. Their slack is kept up
to date, and no assignment is ever made or remembered.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.inventory import Holder, InstalledLicense, counting
from leaselab.appliance.licensing.skus import Sku, known_sku
from leaselab.appliance.models.platforms import FAMILIES, PERSONALITIES, PSA, VA

CLASSES: Final = tuple((family, personality) for family in FAMILIES for personality in PERSONALITIES)
"""The classes of client by number; a set of them is a bit mask."""

_NUMBERS: Final = {pair: number for number, pair in enumerate(CLASSES)}
_SETS: Final = 1 << len(CLASSES)


def client_class(family: str, personality: str) -> int:
    """Return the number of a client's class.

    Raises:
        KeyError: there is no such family or personality.
    """
    return _NUMBERS[family, personality]


class Pool(msgspec.Struct, frozen=True):
    """The counts of one license, the classes that it serves as a bit mask, and whether they never end (ENF-09)."""

    units: int
    serves: int
    permanent: bool = False

    @property
    def tied(self) -> bool:
        """Whether it serves one platform family at most: such counts are not for auto-leasing (AUT-01)."""
        return len({CLASSES[number][0] for number in range(len(CLASSES)) if self.serves >> number & 1}) <= 1


def classes_served(sku: Sku, *, virtual_license_server: bool) -> int:
    """Return the classes that a license's counts fit (SRV-06); on a Virtual License Server also KEY-12 and VLS-10.

    A surrendered license serves the same ones on the server that took it (SUR-05).
    """
    families: tuple[str, ...] = FAMILIES if sku.platform_family is None else (sku.platform_family,)
    if virtual_license_server:
        allowed = (PSA,) if sku.permanent else (PSA, VA)
        families = tuple(family for family in families if family in allowed)
    roles = PERSONALITIES if sku.role is None else (sku.role,)
    return sum(1 << client_class(family, role) for family in families for role in roles)


def pool_of(sku_text: str, *, virtual_license_server: bool) -> Pool:
    """Return the pool that a license of that SKU makes on a server."""
    sku = known_sku(sku_text)
    serves = classes_served(sku, virtual_license_server=virtual_license_server)
    return Pool(units=sku.units, serves=serves, permanent=sku.permanent)


def pools_of(licenses: Iterable[InstalledLicense], feature: str, *, holder: Holder, now: Instant) -> tuple[Pool, ...]:
    """Return the pools that a server's own licenses make for a feature now."""
    virtual = holder.virtual_license_server
    return tuple(
        pool_of(one.sku, virtual_license_server=virtual)
        for one in counting(tuple(licenses), feature, holder=holder, now=now)
    )


class Slack:
    """What is left of some pools, by each set of classes that decides.

    Args:
        pools: the pools.
        committed: units promised, by class.

    Attributes:
        left: by set, the units of the pools that serve any of it, less what it is promised.
        holding: by class, the numbers of the sets that it is in.
        others: by class, the numbers of the sets that it is not in.
    """

    __slots__ = ("holding", "left", "others")

    def __init__(self, pools: Iterable[Pool], committed: Sequence[int]) -> None:
        units: dict[int, int] = {}
        for pool in pools:
            units[pool.serves] = units.get(pool.serves, 0) + pool.units
        # All sets that the same pools serve are within one of them, whose number is the highest: the last stays.
        sets = {frozenset(serves for serves in units if serves & mask): mask for mask in range(_SETS)}
        classes = range(len(CLASSES))
        self.left = [
            sum(units[serves] for serves in serving) - sum(committed[group] for group in classes if mask >> group & 1)
            for serving, mask in sets.items()
        ]
        masks = list(enumerate(sets.values()))
        self.holding = [[number for number, mask in masks if mask >> group & 1] for group in classes]
        self.others = [[number for number, mask in masks if not mask >> group & 1] for group in classes]

    def commit(self, group: int, units: int) -> None:
        """Promise units to a class."""
        left = self.left
        for number in self.holding[group]:
            left[number] -= units


class PoolBook(msgspec.Struct, dict=True):
    """The books of one feature on a server: its pools, and what is promised to each class of client.

    The slack follows from these two, and is no part of what is stored.

    Attributes:
        pools: as last set.
        committed: units promised, by class.
    """

    pools: tuple[Pool, ...] = ()
    committed: list[int] = msgspec.field(default_factory=lambda: [0] * len(CLASSES))

    def __post_init__(self) -> None:
        """Reckon the slack."""
        tied = [pool for pool in self.pools if pool.tied]
        self._slack = Slack(self.pools, self.committed)
        self._slack_of_tied = Slack(tied, self.committed)
        self._untied_units = self.capacity() - sum(pool.units for pool in tied)

    def set_pools(self, pools: Sequence[Pool]) -> None:
        """Replace the pools; commitments stay, even where they no longer fit (SRV-09)."""
        self.pools = tuple(pools)
        self.__post_init__()

    def commit(self, group: int, units: int) -> None:
        """Promise units to a class of client; a negative number gives them back."""
        self.committed[group] += units
        self._slack.commit(group, units)
        self._slack_of_tied.commit(group, units)

    def available(self, group: int, *, besides: int = 0) -> int:
        """Return how much more can be promised to a class, never below zero (SRV-05, SRV-07).

        Where pools have shrunk below what is promised (SRV-09), the shortfall is not held against classes whose pools
        could not cover it: the deepest shortfall of any set is added back, which makes this the exact amount by which
        more could be served.

        Args:
            group: the class.
            besides: units that this class was promised already and that are to be thought away.
        """
        left, holding, others = self._slack.left, self._slack.holding[group], self._slack.others[group]
        mine = min([left[number] for number in holding]) + besides
        return mine - min([mine, *[left[number] for number in others]])

    def capacity(self) -> int:
        """Return the units of all pools together."""
        return sum(pool.units for pool in self.pools)

    def promised(self) -> int:
        """Return the units promised to all classes together."""
        return sum(self.committed)

    def shortfall(self) -> int:
        """Return how much of what is promised no assignment to the pools can cover; 0 unless pools shrank (SRV-09)."""
        return max(0, -min(self._slack.left))

    def untied_left(self) -> int:
        """Return what is left of counts tied to no platform family, once tied ones carry all they can (AUT-02).

        The commitments that the tied pools cannot absorb, less those that nothing can, are what the others carry.
        """
        return self._untied_units + min(0, *self._slack_of_tied.left) - min(0, *self._slack.left)
