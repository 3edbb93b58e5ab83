"""What a client may go on counting because the answer that took it back may be lost (LSE-10, SRV-09, CFG-01).

A server that takes something back (a smaller reserve, an increment returned) knows that its client counts it no more
once it has heard so: each request says whose answer the client took last. Until then, or until the leases end by
themselves, the units stay charged, and nobody else gets them.
"""

import msgspec

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing.messages import FeatureLease, IncrementLease


class Doubt(msgspec.Struct, frozen=True):
    """Of one feature: what the client may count beside, or in place of, what the server has on record."""

    reserved: int = 0
    reserved_ends_at: Instant = 0
    increments: tuple[IncrementLease, ...] = ()

    @property
    def units_beside(self) -> int:
        """The units that come on top of the record's: a reserve replaces a reserve, increments add up."""
        return sum(one.units for one in self.increments)


Doubts = dict[str, Doubt]
"""By feature."""

_NONE = Doubt()


def after_answer(doubts: Doubts, before: dict[str, FeatureLease], told: dict[str, FeatureLease], at: Instant) -> Doubts:
    """Return what is in doubt once an answer has gone out.

    Args:
        doubts: from answers that the client is not known to have taken.
        before: what it was told last, and may not have heard of.
        told: what it is told now.
        at: the present instant.
    """
    if not doubts and not any(_is_smaller(told.get(feature), lease) for feature, lease in before.items()):
        return doubts
    left: Doubts = {}
    for feature in {**doubts, **before}:
        doubt = _left(doubts.get(feature, _NONE), before.get(feature), told.get(feature), at)
        if doubt != _NONE:
            left[feature] = doubt
    return left


def _is_smaller(told: FeatureLease | None, before: FeatureLease) -> bool:
    if told is None:
        return bool(before.reserved or before.increments)
    if told.reserved < before.reserved or len(told.increments) < len(before.increments):
        return True
    return {one.id for one in before.increments} - {one.id for one in told.increments} != set()


def _left(doubt: Doubt, before: FeatureLease | None, told: FeatureLease | None, at: Instant) -> Doubt:
    reserves = [(doubt.reserved, doubt.reserved_ends_at)]
    increments = {one.id: one for one in doubt.increments}
    if before is not None:
        reserves.append((before.reserved, before.reserved_ends_at))
        increments |= {one.id: one for one in before.increments}
    on_record = {one.id for one in told.increments} if told is not None else set()
    now_reserved = told.reserved if told is not None else 0
    reserved, ends_at = max((each for each in reserves if each[1] > at and each[0] > now_reserved), default=(0, 0))
    return Doubt(
        reserved=reserved,
        reserved_ends_at=ends_at,
        increments=tuple(one for one in increments.values() if one.id not in on_record and one.ends_at > at),
    )


def still(doubts: Doubts, at: Instant) -> Doubts:
    """Return what of it is still in doubt: leases end by themselves."""
    left = {feature: _left(doubt, None, None, at) for feature, doubt in doubts.items()}
    return {feature: doubt for feature, doubt in left.items() if doubt != _NONE}


def first_end(doubts: Doubts) -> Instant:
    """Return when the first of it ends."""
    ends = [one.ends_at for doubt in doubts.values() for one in doubt.increments]
    ends += [doubt.reserved_ends_at for doubt in doubts.values() if doubt.reserved]
    return min(ends, default=NEVER)
