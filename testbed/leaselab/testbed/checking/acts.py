"""What a check does to a lab: the same calls that a person or a test makes."""

from typing import TYPE_CHECKING

import msgspec

from leaselab.appliance.licensing.commands import TAKEN, AddKeys, PullState, Recall, Surrender
from leaselab.testbed.checking.plan import Act, LicenseOf
from leaselab.testbed.errors import CallError, RefusedError
from leaselab.testbed.minting import minted

if TYPE_CHECKING:
    from leaselab.testbed.checking.lab import CheckedLab


def carry_out(lab: "CheckedLab", act: Act) -> dict[str, int]:
    """Do one thing; return how many users were refused by it, by node.

    Raises:
        LeaselabError: it could not be done.
    """
    refused: dict[str, int] = {}
    for node, count in (act.users or {}).items():
        refused[node] = len(lab[node].users.set(count).refused)
    if act.fault is not None:
        fault = {name: value for name, value in msgspec.to_builtins(act.fault).items() if name != "kind"}
        lab.faults.inject(act.fault.kind, **fault)
    if act.clear_faults:
        lab.faults.clear()
    for node, what in (act.power or {}).items():
        getattr(lab[node], what)()
    if act.upgrade is not None:
        lab[act.upgrade.node].upgrade(act.upgrade.release)
    if act.type is not None:
        lab[act.type.node].type(f"{act.type.text}\r")
    _license(lab, act)
    return refused


def _license(lab: "CheckedLab", act: Act) -> None:
    """Do what an act says of licenses, if it does."""
    if act.surrender is not None:
        lab[act.surrender.node].command(Surrender(serial=_serial(lab, act.surrender, "active")))
    if act.recall is not None:
        lab[act.recall.node].command(Recall(serial=_serial(lab, act.recall, "surrendered")))
    if act.license is not None:
        _add(lab, act.license)
    if act.pull is not None:
        lab[act.pull].command(PullState())


def _serial(lab: "CheckedLab", wanted: LicenseOf, state: str) -> str:
    """Return the serial of the first license of a SKU that is in a state."""
    rows = lab[wanted.node].licenses
    for row in rows:
        if (row.sku, row.state) == (wanted.sku.upper(), state):
            return row.serial
    there = ", ".join(f"{row.sku} ({row.state})" for row in rows) or "none"
    raise CallError(f"{wanted.node} has no {state} license {wanted.sku}; it has {there}")


def _add(lab: "CheckedLab", wanted: LicenseOf) -> None:
    """Mint a key of a SKU for a node, and enter it."""
    node = lab[wanted.node]
    key = minted(lab.plan, wanted.sku, node.report().hardware_id)
    for outcome in node.command(AddKeys(keys=(key,))):
        if outcome["result"] not in TAKEN:
            raise RefusedError(f"{wanted.node}: {wanted.sku}: {outcome['message']}")
