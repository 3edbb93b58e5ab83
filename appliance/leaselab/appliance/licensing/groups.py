"""A license server's licenses by the platform groups they apply to (VLS-11, SRV-06)."""

from typing import Final, NamedTuple

from leaselab.appliance.licensing.commands import FEATURES
from leaselab.appliance.licensing.ledger import ServerState
from leaselab.appliance.licensing.pools import CLASSES, classes_served, client_class
from leaselab.appliance.licensing.skus import Sku
from leaselab.appliance.models.platforms import FAMILIES, MAG, PERSONALITIES, PLATFORMS

_NAMES: Final = {"mag": "MAG devices", "psa": "PSA devices", "va": "VA-SPE devices"}


class Group(NamedTuple):
    """A platform family as people choose it from a list."""

    family: str
    name: str
    platforms: tuple[str, ...]


class GroupCounts(NamedTuple):
    """What there is of one feature for the clients of a group with one personality."""

    personality: str
    feature: str
    total: int
    available: int


def groups(*, virtual_license_server: bool) -> tuple[Group, ...]:
    """Return the groups that a server can serve; a Virtual License Server serves no MAG (VLS-10)."""
    return tuple(
        Group(family, _NAMES[family], tuple(one.name for one in PLATFORMS.values() if one.family == family))
        for family in FAMILIES
        if not (virtual_license_server and family == MAG)
    )


def applies(sku: Sku, family: str, *, virtual_license_server: bool) -> bool:
    """Tell whether a license's counts can be leased to a platform family."""
    if sku.feature is None:
        return False
    served = classes_served(sku, virtual_license_server=virtual_license_server)
    return any(served >> number & 1 for number, (name, _) in enumerate(CLASSES) if name == family)


def counts(server: ServerState, family: str) -> tuple[GroupCounts, ...]:
    """Return what there is for a platform family, by feature and personality."""
    rows = []
    for feature in FEATURES:
        book = server.books[feature]
        for personality in PERSONALITIES:
            number = client_class(family, personality)
            total = sum(pool.units for pool in book.pools if pool.serves >> number & 1)
            rows.append(GroupCounts(personality, feature, total, book.available(number)))
    return tuple(rows)
