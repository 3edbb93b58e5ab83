"""What must hold between the parts of a topology, each with the place of the part that is to be mended.

Checks of one node by itself are in :mod:`node_checks`; here is what concerns several of them, or the file as a whole.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Final, TypeAlias
from zoneinfo import available_timezones

from leaselab.appliance.instants import format_instant
from leaselab.appliance.licensing.skus import SERVER, parse_sku
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.platforms import MAG, PCS, PLATFORMS
from leaselab.appliance.models.releases import Release, ReleaseError
from leaselab.testbed.errors import nearest
from leaselab.testbed.faults.kinds import misfits
from leaselab.testbed.topology import checklist
from leaselab.testbed.topology.expand import Complaint
from leaselab.testbed.topology.faults import fault_of
from leaselab.testbed.topology.marks import Path
from leaselab.testbed.topology.node_checks import AUTH_CODE, NODE_CHECKS, at, is_time_zone
from leaselab.testbed.topology.schema import Client, LicenseClient, Load
from leaselab.testbed.topology.shapes import locate
from leaselab.testbed.topology.subject import Subject
from leaselab.testbed.topology.topology import INTERNAL, LabNode, matches

FileCheck: TypeAlias = Callable[[Subject], Iterator[Complaint]]
RelationCheck: TypeAlias = Callable[[Subject, LabNode], Iterator[Complaint]]


def examine(subject: Subject) -> Iterator[Complaint]:
    """Yield everything that does not go together."""
    for file_check in FILE_CHECKS:
        yield from file_check(subject)
    for node_check in NODE_CHECKS:
        yield from _once_an_entry(subject.topology.nodes, partial(subject.judge, node_check))
    sound = [node for node in subject.topology.nodes if node.written not in subject.broken]
    for relation_check in RELATION_CHECKS:
        yield from _once_an_entry(sound, partial(relation_check, subject))


def _once_an_entry(nodes: Collection[LabNode], check: Callable[[LabNode], Iterator[Complaint]]) -> Iterator[Complaint]:
    """Check every node, but complain of the first only where one entry of the file makes fifty of them."""
    found_in: set[str] = set()
    for node in nodes:
        if node.written not in found_in:
            found = list(check(node))
            if found:
                found_in.add(node.written)
                yield from found


# --- the file --------------------------------------------------------------------------------------------------------


def lab_release(subject: Subject) -> Iterator[Complaint]:
    """The lab's `release` is one that there was."""
    try:
        Release.parse(subject.topology.spec.release)
    except ReleaseError as error:
        yield subject.place(("release",), str(error))


def clock(subject: Subject) -> Iterator[Complaint]:
    """A clock of `mode: real` has no `start` and no `rate` of its own."""
    given = subject.topology.spec.clock
    if given.mode == "real":
        for name in sorted(given.model_fields_set - {"mode"}):
            yield subject.place(
                ("clock", name), "a real clock starts at the present and runs at its pace; leave it out"
            )


def clusters(subject: Subject) -> Iterator[Complaint]:
    """A cluster is of gateways that there are, of one personality and release, none of which is in another (CLU-01).

    No license server is in one.
    """
    topology = subject.topology
    names = [node.name for node in topology.nodes]
    taken: dict[str, str] = {}
    for cluster, spec in topology.spec.clusters.items():
        kinds: set[tuple[str, str]] = set()
        for number, name in enumerate(spec.nodes):
            path: Path = ("clusters", cluster, "nodes", number)
            node = topology.find(name)
            if node is None:
                yield subject.place(path, f"there is no node {name!r}", nearest(name, names))
                continue
            if node.is_license_server:
                yield subject.place(path, f"{name} is a license server, which is no node of a cluster of gateways")
            if name in taken:
                yield subject.place(path, f"{name} is a node of cluster {taken[name]} already")
            taken[name] = cluster
            kinds.add((node.personality, _release_text(node, topology.spec.release)))
        if len(kinds) > 1:
            found = ", ".join(f"{personality} {release}" for personality, release in sorted(kinds))
            yield subject.place(("clusters", cluster), f"its nodes run {found}; a cluster has one of each (CLU-01)")


def _release_text(node: LabNode, of_the_lab: str) -> str:
    try:
        return str(node.release(of_the_lab))
    except ReleaseError:
        return ""  # complained of elsewhere


def known_kinds(subject: Subject) -> Iterator[Complaint]:
    """`kinds` has settings for kinds that there are."""
    for name in subject.topology.spec.kinds:
        if name not in PLATFORMS:
            _, mark, _ = locate(subject.root, ("kinds", name))
            yield Complaint(mark, ("kinds", name), "there is no such kind", nearest(name, PLATFORMS))


def networks(subject: Subject) -> Iterator[Complaint]:
    """A network's `nodes` are nodes that there are and that have a port for it; each pattern fits one at least."""
    topology = subject.topology
    names = [node.name for node in topology.nodes] + [node.written for node in topology.nodes]
    for network, settings in topology.networks():
        for number, pattern in enumerate(settings.nodes or []):
            path = ("networks", network, "nodes", number)
            meant = [node for node in topology.nodes if matches(pattern, node)]
            if not meant:
                yield subject.place(path, f"no node is called {pattern!r}", nearest(pattern, names))
            without_port = [node for node in meant if node.platform and network not in node.platform.ports]
            if without_port and not any(character in pattern for character in "*?["):
                node = without_port[0]
                yield subject.place(
                    path, f"{node.name}, a {node.platform and node.platform.name}, has no {network} port"
                )


def codes(subject: Subject) -> Iterator[Complaint]:
    """The cloud's codes are four groups of four letters or digits, and stand for SKUs that there are (DLD-04)."""
    for code, entitlement in (subject.topology.auth_codes or {}).items():
        _, mark, path = locate(subject.root, ("cloud", "auth-codes", code))
        if not AUTH_CODE.fullmatch(code):
            yield Complaint(
                mark, ("cloud", "auth-codes", code), "is not four groups of four letters or digits joined by hyphens"
            )
        for number, text in enumerate(entitlement.licenses):
            sku = parse_sku(text)
            if isinstance(sku, Refusal):
                yield subject.place((*path, "licenses", number), sku.message)
        names = [node.name for node in subject.topology.nodes]
        if entitlement.node and entitlement.node not in names:
            message = f"there is no node {entitlement.node!r}"
            yield subject.place((*path, "node"), message, nearest(entitlement.node, names))
        if entitlement.made_at and not entitlement.node:
            yield subject.place((*path, "made"), "is for keys that are made for a `node`; name it")


def load(subject: Subject) -> Iterator[Complaint]:
    """A load is one of users that come to gateways that there are, or to a group: nodes or group, not both (PLT-06).

    They come either in `office-hours`, in a time zone that there is and with no more at night than at noon, or in a
    `burst` that is not before the clock's start.
    """
    for number, one in enumerate(subject.topology.spec.load):
        path: Path = ("load", number)
        if (one.office_hours is None) == (one.burst is None):
            yield subject.place(path, "takes either `office-hours` or `burst`")
        if one.office_hours is not None:
            hours, within = one.office_hours, (*path, "office-hours")
            if hours.base > hours.peak:
                yield subject.place((*within, "base"), f"base {hours.base} is more than peak {hours.peak}")
            if hours.time_zone is not None and not is_time_zone(hours.time_zone):
                message = f"there is no time zone {hours.time_zone!r}"
                yield subject.place((*within, "time-zone"), message, nearest(hours.time_zone, available_timezones()))
        start = subject.topology.start
        if one.burst is not None and one.burst.at < start:
            yield subject.place((*path, "burst", "at"), f"is before the lab's clock starts, at {format_instant(start)}")
        yield from _loaded(subject, path, one)


def _loaded(subject: Subject, path: Path, one: Load) -> Iterator[Complaint]:
    topology = subject.topology
    groups = topology.spec.groups
    if one.group is not None and one.nodes is not None:
        yield subject.place((*path, "group"), "give either `nodes` or `group`")
    if one.group is not None and one.group not in groups:
        yield subject.place((*path, "group"), f"there is no group {one.group!r}", nearest(one.group, groups))
    for index, pattern in enumerate(one.nodes or []):
        meant = [node for node in topology.nodes if matches(pattern, node)]
        if not meant:
            names = [name for node in topology.nodes for name in (node.name, node.written)]
            yield subject.place(
                (*path, "nodes", index), f"no node is called {pattern!r}", nearest(pattern, dict.fromkeys(names))
            )
        elif all(node.is_license_server for node in meant):
            yield subject.place((*path, "nodes", index), "a license server admits no users (PLT-06)")


def faults(subject: Subject) -> Iterator[Complaint]:
    """A fault is one that there is, befalls nodes or a network that there are, and has what it needs and nothing else.

    It begins `at` an instant that is not before the clock's start, or `after` some time, not both; its `probability`
    and `loss` are from 0 to 1. Only a virtual appliance can be cloned.
    """
    topology = subject.topology
    nodes, virtual = topology.names(), topology.virtual()
    networks = [INTERNAL, *(name for name, _ in topology.networks())]
    start = topology.start
    for number, spec in enumerate(topology.spec.faults):
        path: Path = ("faults", number)
        if spec.at is not None and spec.after is not None:
            yield subject.place((*path, "after"), "give either `at` or `after`")
        yield from subject.counted((*path, "after"), spec.after)
        if spec.at is not None and spec.at < start:
            yield subject.place((*path, "at"), f"is before the lab's clock starts, at {format_instant(start)}")
        fault = fault_of(spec, start)
        for field, message, suggestion in misfits(fault, nodes=nodes, networks=networks, virtual=virtual):
            yield subject.place((*path, field), message, suggestion)


FILE_CHECKS: Final[tuple[FileCheck, ...]] = (
    lab_release,
    clock,
    known_kinds,
    clusters,
    networks,
    codes,
    load,
    faults,
    checklist.examine,
)


# --- nodes and the cloud ---------------------------------------------------------------------------------------------


def claims(subject: Subject, node: LabNode) -> Iterator[Complaint]:
    """A code that is entered is one of the cloud's (DLD-04), and entered once: a claim uses it up (DLD-02)."""
    entered = Counter(code for each in subject.topology.nodes for code in each.spec.auth_codes or [])
    known = subject.topology.auth_codes
    for number, code in enumerate(node.spec.auth_codes or []):
        path = ("auth-codes", number)
        if known is None:
            yield at(node, path, "there is no cloud to claim it from; give the lab one: `cloud: {auth-codes: …}`")
        elif code not in known:
            yield at(node, path, f"the cloud has no code {code!r}", nearest(code, known))
        elif known[code].node not in {"", node.name}:
            yield at(node, path, f"the keys of {code} are made for {known[code].node}")
        elif entered[code] > 1:
            yield at(node, path, f"{code} is entered {entered[code]} times, and a claim uses it up (DLD-02)")


def heartbeats(subject: Subject, node: LabNode) -> Iterator[Complaint]:
    """A Virtual License Server has a cloud to heartbeat to (VLS-06)."""
    if node.boots_as_license_server and subject.topology.auth_codes is None:
        yield at(
            node,
            ("boot", "virtual-license-server"),
            "a Virtual License Server needs the vendor's cloud (VLS-06); give the lab one: `cloud: {}`",
        )


def server_license(subject: Subject, node: LabNode) -> Iterator[Complaint]:
    """A Virtual License Server with clients has a license-server license (VLS-04)."""
    server = node.spec.license_server
    if server is None or not server.clients or not node.boots_as_license_server:
        return
    codes_known = subject.topology.auth_codes or {}
    texts = [entry.sku for entry in node.spec.licenses or []]
    texts += [text for code in node.spec.auth_codes or [] if code in codes_known for text in codes_known[code].licenses]
    if not any(not isinstance(sku, Refusal) and sku.kind == SERVER for sku in map(parse_sku, texts)):
        yield at(
            node,
            ("license-server", "clients"),
            "a Virtual License Server takes clients only with a license-server license (VLS-04); "
            "give it LICENSE-SVR, by auth code or under `licenses`",
        )


# --- servers and clients ---------------------------------------------------------------------------------------------


def records(subject: Subject, node: LabNode) -> Iterator[Complaint]:
    """A client record names a node that there is, or a platform; both say the same, and so does its `product`.

    A Virtual License Server has no record for a MAG (VLS-10).
    """
    server = node.spec.license_server
    for identifier, client in (server.clients if server else {}).items():
        path = ("license-server", "clients", identifier)
        gateway = subject.topology.find(client.node)
        if client.node is not None and gateway is None:
            names = [each.name for each in subject.topology.nodes]
            yield at(node, (*path, "node"), f"there is no node {client.node!r}", nearest(client.node, names))
            continue
        if client.node is None and client.platform is None:
            yield at(node, (*path, "node"), "is missing; name the client's node, or give its `platform`")
        if client.platform is not None and client.platform not in PLATFORMS:
            suggestion = nearest(client.platform, PLATFORMS)
            yield at(node, (*path, "platform"), f"there is no kind {client.platform!r}", suggestion)
        kind = client.platform or (gateway.spec.kind if gateway else None)
        if node.boots_as_license_server and kind is not None and kind in PLATFORMS and PLATFORMS[kind].family == MAG:
            field = "platform" if client.platform else "node"
            yield at(node, (*path, field), "a Virtual License Server leases to no MAG (VLS-10)")
        yield from _contradictions(node, path, client, gateway)


def _contradictions(node: LabNode, path: Path, client: Client, gateway: LabNode | None) -> Iterator[Complaint]:
    if gateway is None:
        return
    if client.platform and client.platform in PLATFORMS and client.platform != gateway.spec.kind:
        yield at(node, (*path, "platform"), f"{gateway.name} is of kind {gateway.spec.kind}")
    if client.product and client.product != gateway.personality:
        yield at(node, (*path, "product"), f"{gateway.name} has the personality {gateway.personality}")


def leases(subject: Subject, node: LabNode) -> Iterator[Complaint]:
    """A client's server is one, and has a record for its ID: with its password, platform and product (SRV-10).

    No two gateways share an ID (SRV-11), and no MAG is a client of a Virtual License Server (VLS-10).
    """
    client = node.spec.license_client
    if client is None or client.server is None or client.id is None:
        return
    server = subject.topology.find(client.server)
    if server is None:
        names = [each.name for each in subject.topology.nodes if each.spec.license_server]
        suggestion = nearest(client.server, names)
        yield at(node, ("license-client", "server"), f"there is no node {client.server!r}", suggestion)
    elif server.written in subject.broken:
        return
    elif server.spec.license_server is None:
        yield at(node, ("license-client", "server"), f"{server.name} is no license server; give it `license-server`")
    else:
        known = server.spec.license_server.clients
        if client.id not in known:
            message = f"{server.name} has no client record {client.id!r}"
            yield at(node, ("license-client", "id"), message, nearest(client.id, known))
        else:
            yield from _mismatches(subject, node, client, known[client.id])
        if server.boots_as_license_server and node.platform and node.platform.family == MAG:
            yield at(node, ("license-client", "server"), "a Virtual License Server leases to no MAG (VLS-10)")


def _mismatches(subject: Subject, node: LabNode, client: LicenseClient, record: Client) -> Iterator[Complaint]:
    if client.password is not None and client.password != record.password:
        yield at(node, ("license-client", "password"), f"is not the one that {client.server} has for {client.id}")
    if record.node is not None and record.node != node.name:
        yield at(node, ("license-client", "id"), f"{client.id} is {record.node}'s on {client.server}")
    if record.node is None and record.platform in PLATFORMS and record.platform != node.spec.kind:
        yield at(node, ("license-client", "id"), f"{client.server} has {client.id} as a {record.platform}")
    if record.node is None and (record.product or PCS) != node.personality:
        yield at(node, ("license-client", "id"), f"{client.server} has {client.id} as {record.product or PCS}")
    others = [each.name for each in subject.topology.nodes if each is not node and _same(each, client)]
    if others:
        yield at(
            node, ("license-client", "id"), f"{client.id} is {others[0]}'s too, and belongs to one device (SRV-11)"
        )


def _same(other: LabNode, client: LicenseClient) -> bool:
    theirs = other.spec.license_client
    return theirs is not None and (theirs.server, theirs.id) == (client.server, client.id)


RELATION_CHECKS: Final[tuple[RelationCheck, ...]] = (claims, heartbeats, server_license, records, leases)
