"""What leads from the plan a lab is at to the plan it is to be at: one step a node, with its reason.

Every field of a node is one of three sorts. What a device is made of (kind, personality, hardware ID) makes it anew;
what it is told at switch-on restarts it; what is entered on it, and its users, change it while it runs.
"""

from collections.abc import Iterator
from typing import Final

from leaselab.appliance.config import ApplianceConfig, CloudConfig
from leaselab.appliance.licensing.commands import (
    AddKeys,
    DeleteClient,
    DeleteLicense,
    RemoveServer,
    SaveClient,
    SetServer,
)
from leaselab.appliance.licensing.keys import LicenseKey, read_key
from leaselab.appliance.machine import Command
from leaselab.testbed.topology.plan import Container, Entry, NodePlan, Plan
from leaselab.testbed.views import Step

CREATE: Final = "create"
CHANGE: Final = "change"
RESTART: Final = "restart"
REMOVE: Final = "remove"
KEEP: Final = "keep"

Told = ApplianceConfig | CloudConfig | Container
"""What takes effect when a node is switched on."""

_MADE_OF: Final = ("kind", "personality", "hardware_id", "serial_number", "seed", "authority_key")


def steps(plan: Plan, existing: Plan | None) -> tuple[Step, ...]:
    """Return what is to be done, removals first, then the plan's nodes in their order."""
    if existing is None:
        return tuple(Step(node=node.name, action=CREATE, reason="the lab is new") for node in plan.nodes)
    return tuple(_steps(plan, existing))


def _steps(plan: Plan, existing: Plan) -> Iterator[Step]:
    before = {node.name: node for node in existing.nodes}
    wanted = {node.name for node in plan.nodes}
    for name in before:
        if name not in wanted:
            yield Step(node=name, action=REMOVE, reason="the file no longer has it")
    for node in plan.nodes:
        known = before.get(node.name)
        if known is None:
            yield Step(node=node.name, action=CREATE, reason="the file has it, the lab does not")
        else:
            yield from _step(node, known)


def _step(node: NodePlan, known: NodePlan) -> Iterator[Step]:
    told = _changed(node.config, known.config) + _changed(node.container, known.container)
    made_of = [field for field in told if field in _MADE_OF or field == "type"]
    if made_of:
        reason = f"another {_words(made_of)} makes it another device"
        yield Step(node=node.name, action=REMOVE, reason=reason)
        yield Step(node=node.name, action=CREATE, reason=reason)
    elif told:
        yield Step(node=node.name, action=RESTART, reason=f"changed: {_words(told)}")
    elif entered := _entered(node, known):
        yield Step(node=node.name, action=CHANGE, reason=f"changed: {_words(entered)}")
    else:
        yield Step(node=node.name, action=KEEP, reason="nothing differs")


def _changed(config: Told, known: Told) -> list[str]:
    """Name the fields that a device is told at switch-on and that differ."""
    if type(config) is not type(known):
        return ["type"]
    return [name for name in config.__struct_fields__ if getattr(config, name) != getattr(known, name)]


def _entered(node: NodePlan, known: NodePlan) -> list[str]:
    return [name for name in ("provision", "users") if getattr(node, name) != getattr(known, name)]


def entering(node: NodePlan, known: NodePlan | None, *, provisioned: bool) -> tuple[Entry, ...]:
    """Return what is to be entered on a node: what the file took back, undone; then what it has that was not entered.

    Args:
        node: as it is to be.
        known: as it was; ``None`` for a node that is new.
        provisioned: whether all of ``known`` has been entered. What was entered only in part is entered again whole;
            the device says of what it has that it has it.
    """
    if known is None:
        return node.provision
    withdrawn = tuple(_withdrawn(node, known))
    if not provisioned:
        return (*withdrawn, *node.provision)
    keys = _keys(known)
    fresh: list[Entry] = []
    for entry in node.provision:
        if isinstance(entry, AddKeys):
            more = tuple(key for key in entry.keys if key not in keys)
            fresh += [AddKeys(keys=more)] if more else []
        elif entry not in known.provision:
            fresh.append(entry)
    return (*withdrawn, *fresh)


def _withdrawn(node: NodePlan, known: NodePlan) -> Iterator[Entry]:
    """Yield what undoes the entries that the file no longer has."""
    clients = {entry.id for entry in node.provision if isinstance(entry, SaveClient)}
    for entry in known.provision:
        if isinstance(entry, SaveClient) and entry.id not in clients:
            yield DeleteClient(id=entry.id)
    if _has(known, SetServer) and not _has(node, SetServer):
        yield RemoveServer()
    config = known.config
    if isinstance(config, ApplianceConfig):
        kept, authority = _keys(node), bytes.fromhex(config.authority_key)
        read = (read_key(key, config.hardware_id, authority) for key in _keys(known) if key not in kept)
        yield from (DeleteLicense(serial=key.serial) for key in read if isinstance(key, LicenseKey))


def _has(node: NodePlan, kind: type[Command]) -> bool:
    return any(isinstance(entry, kind) for entry in node.provision)


def _keys(node: NodePlan) -> dict[str, None]:
    """Return the keys of a node as an ordered set."""
    return dict.fromkeys(key for entry in node.provision if isinstance(entry, AddKeys) for key in entry.keys)


def _words(fields: list[str]) -> str:
    return ", ".join(field.replace("_", " ") for field in fields)
