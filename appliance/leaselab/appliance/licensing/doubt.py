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

    def units_beside(self, lease: FeatureLease | None) -> int:
        """Return the units on top of the record's: a reserve replaces a reserve, an increment counts once."""
        on_record = {one.id for one in lease.increments} if lease is not None else set()
        return sum(one.units for one in self.increments if one.id not in on_record)


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
    if not doubts:  # nearly always: a loop is the quickest way to see that nothing was taken back
        for feature, lease in before.items():
            if _is_smaller(told.get(feature), lease):
                break
        else:
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
    if before.reserved and (told.reserved < before.reserved or told.reserved_ends_at < before.reserved_ends_at):
        return True
    if not before.increments:
        return False
    ends = {one.id: one.ends_at for one in told.increments}
    return any(ends.get(one.id, 0) < one.ends_at for one in before.increments)


def _left(doubt: Doubt, before: FeatureLease | None, told: FeatureLease | None, at: Instant) -> Doubt:
    reserves = [(doubt.reserved, doubt.reserved_ends_at)]
    increments = {one.id: one for one in doubt.increments}
    if before is not None:
        reserves.append((before.reserved, before.reserved_ends_at))
        for one in before.increments:
            if one.id not in increments or one.ends_at > increments[one.id].ends_at:
                increments[one.id] = one
    ends = {one.id: one.ends_at for one in told.increments} if told is not None else {}
    known = (told.reserved, told.reserved_ends_at) if told is not None else (0, 0)
    unsure = [(units, end) for units, end in reserves if units and end > at and (units > known[0] or end > known[1])]
    return Doubt(
        reserved=max((units for units, _ in unsure), default=0),  # the most, for the longest: it is one of them
        reserved_ends_at=max((end for _, end in unsure), default=0),
        increments=tuple(one for one in increments.values() if one.ends_at > max(at, ends.get(one.id, at))),
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
