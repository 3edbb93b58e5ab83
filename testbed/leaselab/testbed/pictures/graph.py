"""The picture of a lab: its nodes, who leases what from whom, and over which network; as JSON and as Mermaid.

:mod:`leaselab.testbed.pictures.graph_svg` draws the same picture.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from leaselab.appliance.config import CloudConfig
from leaselab.appliance.instants import format_instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, AddKeys, DownloadKeys, SaveClient, SetServer
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.models.platforms import PLATFORMS
from leaselab.testbed.topology.plan import NodePlan, Plan, Role

FOLD_ABOVE = 8
"""More gateways of one sort than this are drawn as one stack: a picture of fifty equal cards says nothing."""


class Lease(msgspec.Struct, frozen=True):
    """What a server lets a client have of one feature; ``leased`` is known of a running lab only."""

    feature: str
    reserved: int
    increment: int
    maximum: int
    leased: int | None = None


class Box(msgspec.Struct, frozen=True):
    """A node, or a stack of ``count`` equal ones.

    Attributes:
        name: of the node; of a stack ``first … last``.
        kind: a key of the platform data, or ``cloud``.
        role: what it is to be.
        model: as the product prints it.
        software: personality and release, e.g. ``PCS 8.3R1``.
        networks: those it is on, ``internal`` first.
        note: a line about what it holds: users, licenses, codes.
    """

    name: str
    kind: str
    role: Role
    model: str
    software: str = ""
    networks: tuple[str, ...] = ()
    note: str = ""
    count: int = 1


class Arrow(msgspec.Struct, frozen=True):
    """A relation: ``source`` gives ``leases`` or ``keys`` to ``target``, over ``network``."""

    source: str
    target: str
    gives: str
    network: str = "internal"
    client_id: str = ""
    leases: tuple[Lease, ...] = ()
    note: str = ""


class Picture(msgspec.Struct, frozen=True):
    """A whole lab as it is drawn."""

    name: str
    summary: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def networks(self) -> tuple[str, ...]:
        """Every network that some node is on, in the order of first use."""
        return tuple(dict.fromkeys(network for box in self.boxes for network in box.networks))


def picture_of(plan: Plan, reports: Mapping[str, Report] | None = None) -> Picture:
    """Return the picture of a planned lab; with the nodes' reports, of the running one."""
    seen = reports or {}
    boxes = tuple(_box(node, seen.get(node.name)) for node in plan.nodes)
    arrows = [arrow for node in plan.nodes for arrow in _arrows(plan, node, seen.get(node.name))]
    return Picture(plan.lab, f"{summary_of(boxes)} · {_clock(plan, seen)}", boxes, tuple(arrows))


def _clock(plan: Plan, reports: Mapping[str, Report]) -> str:
    """Say how late it is in a running lab, or where a lab begins."""
    if reports:
        return f"at {format_instant(max(report.now for report in reports.values()))}"
    if plan.clock.start is None:
        return "real clock"
    return f"virtual clock from {format_instant(plan.clock.start)}"


def _box(node: NodePlan, report: Report | None) -> Box:
    config = node.config
    if isinstance(config, CloudConfig):
        return Box(
            node.name, "cloud", "cloud", "vendor's cloud", note=_many(len(config.auth_codes), "authentication code")
        )
    platform = PLATFORMS.get(config.kind)
    model = platform.name if platform else config.kind
    software = f"{config.personality.upper()} {config.release}"
    return Box(node.name, config.kind, node.role, model, software, tuple(config.addresses), _note(node, report))


def _note(node: NodePlan, report: Report | None) -> str:
    """Say in a few words what a node holds."""
    if node.role == "gateway":
        counts = report.features.get(CONCURRENT_USERS) if report else None
        return f"{counts.signed_in} of {counts.limit} users" if counts else _many(node.users, "user")
    clients = sum(isinstance(entry, SaveClient) for entry in node.provision)
    keys = sum(len(entry.keys) for entry in node.provision if isinstance(entry, AddKeys))
    codes = sum(isinstance(entry, DownloadKeys) and bool(entry.code) for entry in node.provision)
    counted = [(clients, "client"), (keys, "key"), (codes, "code")]
    return ", ".join(_many(count, what) for count, what in counted if count or what == "client")


def _arrows(plan: Plan, node: NodePlan, report: Report | None) -> list[Arrow]:
    """Return what a node gets: license keys from the cloud, leases from its server."""
    arrows = []
    cloud = next((each.name for each in plan.nodes if isinstance(each.config, CloudConfig)), None)
    if cloud and any(isinstance(entry, DownloadKeys) for entry in node.provision):
        arrows.append(Arrow(cloud, node.name, "keys", note="license keys"))
    for entry in node.provision:
        if isinstance(entry, SetServer) and any(each.name == entry.server for each in plan.nodes):
            leases = _leases(plan.node(entry.server), entry.client_id, report)
            arrows.append(Arrow(entry.server, node.name, "leases", entry.preferred_network, entry.client_id, leases))
    return arrows


def _leases(server: NodePlan, client_id: str, report: Report | None) -> tuple[Lease, ...]:
    records = [entry for entry in server.provision if isinstance(entry, SaveClient) and entry.id == client_id]
    return tuple(
        Lease(
            feature,
            allocation.reserved,
            allocation.increment,
            allocation.maximum,
            report.features[feature].leased if report and feature in report.features else None,
        )
        for record in records[-1:]
        for feature, allocation in record.allocations.items()
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def fold(picture: Picture, *, above: int = FOLD_ABOVE) -> Picture:
    """Return the picture with equal gateways, where there are more than ``above``, as one stack."""
    arrows: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in picture.arrows:
        arrows[arrow.target].append(arrow)
    alike: dict[object, list[Box]] = defaultdict(list)
    for box in picture.boxes:
        incoming = tuple(msgspec.structs.replace(arrow, target="", client_id="") for arrow in arrows[box.name])
        alike[(msgspec.structs.replace(box, name=""), incoming)].append(box)
    boxes: list[Box] = []
    kept: list[Arrow] = []
    for members in alike.values():
        if members[0].role != "gateway" or len(members) <= above:
            boxes += members
            kept += [arrow for box in members for arrow in arrows[box.name]]
            continue
        stack = msgspec.structs.replace(members[0], name=f"{members[0].name} … {members[-1].name}", count=len(members))
        boxes.append(stack)
        kept += [msgspec.structs.replace(arrow, target=stack.name, client_id="") for arrow in arrows[members[0].name]]
    return msgspec.structs.replace(picture, boxes=tuple(boxes), arrows=tuple(kept))


def lease_text(lease: Lease) -> str:
    """Say in a few words what a client may lease, and what it has when that is known."""
    if lease.leased is not None:
        return f"{lease.leased} leased of {lease.maximum}"
    if lease.maximum > lease.reserved:
        return f"{lease.reserved} reserved, +{lease.increment} up to {lease.maximum}"
    return f"{lease.reserved} reserved"


def summary_of(boxes: Iterable[Box]) -> str:
    """Count servers and gateways: ``1 license server, 50 gateways``."""
    counts: Counter[str] = Counter()
    for box in boxes:
        if box.role != "cloud":
            counts["gateway" if box.role == "gateway" else "license server"] += box.count
    return ", ".join(
        f"{counts[role]} {role}{'' if counts[role] == 1 else 's'}"
        for role in ("license server", "gateway")
        if counts[role]
    )


def mermaid(picture: Picture) -> str:
    """Write the picture as a Mermaid flow chart; gateways of one sort are stacked when they are many."""
    folded = fold(picture)
    shapes = {"cloud": ("([", "])"), "gateway": ("[", "]")}
    lines = ["flowchart LR"]
    for box in folded.boxes:
        opening, closing = shapes.get(box.role, ("[[", "]]"))
        times = f" \N{MULTIPLICATION SIGN}{box.count}" if box.count > 1 else ""
        words = [f"<b>{box.name}</b>{times}", " · ".join(filter(None, (box.model, box.software))), box.note]
        lines.append(f'    {_id(box.name)}{opening}"{_label(words)}"{closing}')
    for arrow in folded.arrows:
        words = [f"{lease.feature}: {lease_text(lease)}" for lease in arrow.leases] or [arrow.note or arrow.gives]
        line = "-.->" if arrow.gives == "keys" else "-->"
        lines.append(f'    {_id(arrow.source)} {line}|"{_label(words)}"| {_id(arrow.target)}')
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """Return a Mermaid identifier; ``n_`` in front, since some words (``end``) are Mermaid's own."""
    return "n_" + re.sub(r"\W+", "_", name)


def _label(words: list[str]) -> str:
    return "<br/>".join(word for word in words if word).replace('"', "#quot;")
