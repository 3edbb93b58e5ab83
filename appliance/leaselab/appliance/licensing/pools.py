"""What a license server can still promise, without ever saying which pool a lease came from (SRV-06, SRV-07).

Clients fall into six classes, platform family by personality, and a pool (the counts of one license) serves some of
them. By Hall's condition all commitments can be met if and only if, for every set of classes, what these are
promised together is no more than what the pools that serve any of them hold. The slack of each of the 64 sets is kept
up to date, so that a question costs one minimum over 32 numbers, and no assignment is ever made or remembered.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter, sub
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
_WITH: Final = tuple(tuple(mask for mask in range(_SETS) if mask >> number & 1) for number in range(len(CLASSES)))
"""For each class the sets that hold it."""

_SLACKS_WITH: Final[tuple[Callable[[list[int]], tuple[int, ...]], ...]] = tuple(itemgetter(*masks) for masks in _WITH)
_SLACKS_WITHOUT: Final[tuple[Callable[[list[int]], tuple[int, ...]], ...]] = tuple(
    itemgetter(*(mask for mask in range(_SETS) if mask not in masks)) for masks in map(frozenset, _WITH)
)


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


def _touched(pools: Iterable[Pool]) -> list[int]:
    """Return, for every set of classes, the units of the pools that serve any of them."""
    by_classes: dict[int, int] = {}
    for pool in pools:
        by_classes[pool.serves] = by_classes.get(pool.serves, 0) + pool.units
    return [sum(units for serves, units in by_classes.items() if serves & mask) for mask in range(_SETS)]


class PoolBook(msgspec.Struct):
    """The books of one feature on a server: its pools, and what is promised to each class of client.

    Attributes:
        pools: as last set.
        committed: units promised, by class.
        slack: by set of classes, what is left of the pools that serve any of them.
        slack_of_tied: the same for the pools tied to one platform family, as if there were no others.
        untied_units: the units of the others.
    """

    pools: tuple[Pool, ...] = ()
    committed: list[int] = msgspec.field(default_factory=lambda: [0] * len(CLASSES))
    slack: list[int] = msgspec.field(default_factory=lambda: [0] * _SETS)
    slack_of_tied: list[int] = msgspec.field(default_factory=lambda: [0] * _SETS)
    untied_units: int = 0

    def set_pools(self, pools: Sequence[Pool]) -> None:
        """Replace the pools; commitments stay, even where they no longer fit (SRV-09)."""
        self.pools = tuple(pools)
        tied = [pool for pool in pools if pool.tied]
        committed = self._committed_by_set()
        self.slack = list(map(sub, _touched(pools), committed))
        self.slack_of_tied = list(map(sub, _touched(tied), committed))
        self.untied_units = self.capacity() - sum(pool.units for pool in tied)

    def commit(self, group: int, units: int) -> None:
        """Promise units to a class of client; a negative number gives them back."""
        self.committed[group] += units
        slack, slack_of_tied = self.slack, self.slack_of_tied
        for mask in _WITH[group]:
            slack[mask] -= units
            slack_of_tied[mask] -= units

    def available(self, group: int, *, besides: int = 0) -> int:
        """Return how much more can be promised to a class, never below zero (SRV-05, SRV-07).

        Where pools have shrunk below what is promised (SRV-09), the shortfall is not held against classes whose pools
        could not cover it: the deepest shortfall of any set is added back, which makes this the exact amount by which
        more could be served.

        Args:
            group: the class.
            besides: units that this class was promised already and that are to be thought away.
        """
        slack = self.slack
        mine = min(_SLACKS_WITH[group](slack)) + besides
        return max(0, mine - min(mine, *_SLACKS_WITHOUT[group](slack)))

    def capacity(self) -> int:
        """Return the units of all pools together."""
        return sum(pool.units for pool in self.pools)

    def promised(self) -> int:
        """Return the units promised to all classes together."""
        return sum(self.committed)

    def shortfall(self) -> int:
        """Return how much of what is promised no assignment to the pools can cover; 0 unless pools shrank (SRV-09)."""
        return -min(self.slack)

    def untied_left(self) -> int:
        """Return what is left of counts tied to no platform family, once tied ones carry all they can (AUT-02).

        The commitments that the tied pools cannot absorb, less those that nothing can, are what the others carry.
        """
        return self.untied_units + min(self.slack_of_tied) - min(self.slack)

    def _committed_by_set(self) -> list[int]:
        committed = [0] * _SETS
        for group, units in enumerate(self.committed):
            if units:
                for mask in _WITH[group]:
                    committed[mask] += units
        return committed
