"""License keys beyond those of the file: minted by the lab's own licensing authority for one of its nodes."""

import secrets
from datetime import datetime

from leaselab.appliance.licensing.keys import mint_key
from leaselab.appliance.licensing.skus import parse_sku
from leaselab.appliance.machine import Refusal
from leaselab.testbed.errors import CallError
from leaselab.testbed.topology.identities import Identities
from leaselab.testbed.topology.plan import Plan


def minted(
    plan: Plan, sku: str, hardware_id: str, *, start: datetime | None = None, end: datetime | None = None
) -> str:
    """Return a key that works on one device of one lab.

    Args:
        plan: of the lab.
        sku: what it licenses.
        hardware_id: of the device.
        start: first day of its term; the day it is entered by default.
        end: last day of its term; as long as the SKU says by default.

    Raises:
        CallError: there is no such SKU, or its term would end before it starts.
    """
    if start and end and end < start:
        raise CallError(f"{sku}: a term from {start:%Y-%m-%d} to {end:%Y-%m-%d} would end before it starts")
    known = parse_sku(sku)
    if isinstance(known, Refusal):
        raise CallError(known.message)
    serial = f"CLI-{secrets.token_hex(5).upper()}"
    starts_on, ends_on = (moment.date() if moment else None for moment in (start, end))
    authority = bytes.fromhex(Identities(plan.seed).authority_private)
    return mint_key(known.text, hardware_id, serial, starts_on, ends_on, authority)
