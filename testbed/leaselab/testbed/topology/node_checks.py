"""What must hold of one node by itself, with the place of the value that is to be mended.

The ranges and rules are the appliance's own; finding a breach here names the line instead of failing half-way through
bringing the lab up.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from leaselab.appliance.console import checks as answers
from leaselab.appliance.instants import format_duration
from leaselab.appliance.licensing.ledger import DEFAULT_INCREMENTAL_LEASE, DEFAULT_RENEWAL_INTERVAL
from leaselab.appliance.licensing.records import (
    INCREMENTAL_LEASE_RANGE,
    RENEWAL_MINIMUM,
    SMALLEST_INCREMENT,
    SMALLEST_INCREMENT_SINCE,
)
from leaselab.appliance.licensing.skus import parse_sku
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.platforms import PLATFORMS, PPS
from leaselab.appliance.models.releases import Release, ReleaseError, has_virtual_license_server, matching_release
from leaselab.testbed.errors import nearest
from leaselab.testbed.topology.expand import Complaint
from leaselab.testbed.topology.marks import Path
from leaselab.testbed.topology.schema import Allocation, Boot
from leaselab.testbed.topology.shapes import locate
from leaselab.testbed.topology.topology import CLOUD, LabNode

AUTH_CODE: Final = re.compile(r"[A-Za-z0-9]{4}(-[A-Za-z0-9]{4}){3}")
_SINGLE_NAME: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9]+")
_LONGEST_NAME: Final = 63
MAX_PORT: Final = 65_535
MAX_OCTET: Final = 255

NodeCheck: TypeAlias = Callable[[LabNode, str], Iterator[Complaint]]
"""From a node and the lab's release to what is wrong with it."""


def at(node: LabNode, path: Path, message: str, suggestion: str = "") -> Complaint:
    """Return a complaint about a value of a node, or about what lacks it."""
    value, key_mark, walked = locate(node.tree, path)
    mark = value.mark if walked == path else key_mark
    return Complaint(mark, ("nodes", node.written, *path), message, suggestion)


def name(node: LabNode, _: str) -> Iterator[Complaint]:
    """A name is one label of a host name, and not `cloud`; a place for a number in it needs a `count`."""
    if node.name == CLOUD:
        yield at(node, (), f"{CLOUD} is the name of the vendor's side; give the node another")
    elif "{" in node.name:
        yield at(node, (), "has a place for a number but no `count`")
    elif not _SINGLE_NAME.fullmatch(node.name) or len(node.name) > _LONGEST_NAME:
        yield at(
            node, (), f"{node.name!r} is no host name: letters, digits and hyphens inside, at most {_LONGEST_NAME}"
        )


def kind(node: LabNode, _: str) -> Iterator[Complaint]:
    """A node has a `kind`, of those that there are."""
    given = node.spec.kind
    if given is None:
        yield at(node, ("kind",), f"is missing; kinds are {', '.join(PLATFORMS)}")
    elif given not in PLATFORMS:
        suggestion = nearest(given, PLATFORMS)
        known = "" if suggestion else f"; there are {', '.join(PLATFORMS)}"
        yield at(node, ("kind",), f"there is no kind {given!r}{known}", suggestion)


def release(node: LabNode, of_the_lab: str) -> Iterator[Complaint]:
    """A release is one that there was, and of the node's personality (PLT-03)."""
    if node.spec.release is None:
        try:
            node.release(of_the_lab)
        except ReleaseError as error:
            if _is_release(of_the_lab):  # one that is none is the file's problem, not each node's
                yield at(node, ("release",), f"is missing, and the lab's does not do: {error}")
        return
    try:
        own = Release.parse(node.spec.release)
        fitting = matching_release(own, node.personality)
    except ReleaseError as error:
        yield at(node, ("release",), str(error))
        return
    if own != fitting:
        yield at(
            node,
            ("release",),
            f"{own} is not a release of {node.personality}; {fitting} goes with it (PLT-03)",
            str(fitting),
        )


def boot(node: LabNode, of_the_lab: str) -> Iterator[Complaint]:
    """Answers of `boot` are ones that the console would take: names, passwords, addresses, netmasks, domains.

    Only a virtual appliance boots as a Virtual License Server, with the PCS personality and from 8.3R1 on (PLT-05).
    """
    given = node.spec.boot
    if given is None:
        return
    if given.virtual_license_server and node.platform:
        path = ("boot", "virtual-license-server")
        own = _release(node, of_the_lab)
        if not node.platform.virtual:
            yield at(node, path, f"a {node.platform.name} is hardware; only a virtual appliance boots as one (PLT-05)")
        elif own and not has_virtual_license_server(own, node.personality):
            yield at(node, path, f"release {own} has none: it came with 8.3R1, for pcs (PLT-05)")
    if given.admin:
        yield from _answer(node, ("boot", "admin", "name"), answers.administrator(given.admin.name))
        yield from _answer(node, ("boot", "admin", "password"), answers.password(given.admin.password))
    yield from _network_and_certificate(node, given)


def _network_and_certificate(node: LabNode, given: Boot) -> Iterator[Complaint]:
    if given.network:
        yield from _answer(node, ("boot", "network", "netmask"), answers.netmask(given.network.netmask))
        for field, address in (("gateway", given.network.gateway), ("wins", given.network.wins)):
            yield from _answer(node, ("boot", "network", field), answers.address(address) if address else "")
        for number, address in enumerate(given.network.dns):
            yield from _answer(node, ("boot", "network", "dns", number), answers.address(address))
        for number, domain in enumerate(given.network.domains):
            yield from _answer(node, ("boot", "network", "domains", number), answers.domains(domain))
    if given.certificate:
        for field, text in (
            ("common-name", given.certificate.common_name),
            ("organization", given.certificate.organization),
        ):
            yield from _answer(node, ("boot", "certificate", field), answers.name(text) if text else "")


def licenses(node: LabNode, _: str) -> Iterator[Complaint]:
    """A node's licenses are of SKUs that there are (KEY-01)."""
    for number, entry in enumerate(node.spec.licenses or []):
        sku = parse_sku(entry.sku)
        if isinstance(sku, Refusal):
            yield at(node, ("licenses", number), sku.message)


def auth_codes(node: LabNode, _: str) -> Iterator[Complaint]:
    """A code that is entered has the form of one, with all numbers in."""
    for number, code in enumerate(node.spec.auth_codes or []):
        if not AUTH_CODE.fullmatch(code):
            yield at(
                node, ("auth-codes", number), f"{code!r} is not four groups of four letters or digits joined by hyphens"
            )


def time_zone(node: LabNode, _: str) -> Iterator[Complaint]:
    """A node's time zone is one that this machine knows."""
    given = node.spec.time_zone
    if given is not None and not is_time_zone(given):
        suggestion = nearest(given, available_timezones())
        yield at(node, ("time-zone",), f"there is no time zone {given!r}; write for example Europe/Vienna", suggestion)


def is_time_zone(name: str) -> bool:
    """Tell whether this machine knows a time zone of that name."""
    if name == "UTC":  # needs no time zone data on the machine
        return True
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def users(node: LabNode, _: str) -> Iterator[Complaint]:
    """A license server admits no users (PLT-06)."""
    if node.spec.users and node.is_license_server:
        yield at(node, ("users",), "a license server admits no end users (PLT-06)")


def server_role(node: LabNode, _: str) -> Iterator[Complaint]:
    """A license server is no PPS (PLT-04), and no virtual appliance that does not boot as one (PLT-05).

    Its lease is of 24 hours to 10 days, its renewal interval of 1 hour to half of the lease (SRV-02).
    """
    server = node.spec.license_server
    if server is None:
        return
    if node.personality == PPS:
        yield at(node, ("license-server",), "Policy Secure never is a license server (PLT-04)")
    elif node.platform and node.platform.virtual and not node.boots_as_license_server:
        yield at(
            node,
            ("license-server",),
            "a virtual appliance is one only if it boots so: set boot.virtual-license-server to true (PLT-05)",
        )
    shortest, longest = INCREMENTAL_LEASE_RANGE
    lease = server.incremental_lease or DEFAULT_INCREMENTAL_LEASE
    interval = server.renewal_interval or DEFAULT_RENEWAL_INTERVAL
    if not shortest <= lease <= longest:
        yield at(
            node,
            ("license-server", "incremental-lease"),
            f"{format_duration(lease)} is not within {format_duration(shortest)} to "
            f"{format_duration(longest)} (SRV-02)",
        )
    elif not RENEWAL_MINIMUM <= interval <= lease // 2:
        yield at(
            node,
            ("license-server", "renewal-interval"),
            f"{format_duration(interval)} is not within {format_duration(RENEWAL_MINIMUM)} to "
            f"{format_duration(lease // 2)}, half the incremental lease (SRV-02)",
        )


def client_records(node: LabNode, of_the_lab: str) -> Iterator[Complaint]:
    """An ID has its number in (SRV-03); a client reserves no more than its maximum, and increments lead to it (SRV-04).

    From 9.0R1 on an increment is of 25 units or all above the reserved count, and of a tenth of that at least (SRV-12).
    """
    server = node.spec.license_server
    own = _release(node, of_the_lab)
    for identifier, client in (server.clients if server else {}).items():
        path: Path = ("license-server", "clients", identifier)
        if not _CLIENT_ID.fullmatch(identifier):
            yield at(node, path, f"client ID {identifier!r} has a place for a number but the record no `count`")
        for feature, allocation in client.features.items():
            field, message = _counts(allocation, own)
            if message:
                yield at(node, (*path, "features", feature, field), message)


def client_settings(node: LabNode, _: str) -> Iterator[Complaint]:
    """A gateway that is a client names its server and its ID (CLT-01)."""
    client = node.spec.license_client
    if client is not None:
        if client.server is None:
            yield at(node, ("license-client", "server"), "is missing; name the node that leases to this one")
        if client.id is None:
            yield at(node, ("license-client", "id"), "is missing; it is an ID from the server's client records")


def publish(node: LabNode, _: str) -> Iterator[Complaint]:
    """A published port is from 1 to 65535, at an address that a machine can have."""
    for surface, where in (node.spec.publish or {}).items():
        address, _, port = where.rpartition(":")
        if not 1 <= int(port) <= MAX_PORT:
            yield at(node, ("publish", surface), f"port {port} is not one of 1 to {MAX_PORT}")
        if any(int(octet) > MAX_OCTET for octet in address.split(".") if octet):
            yield at(node, ("publish", surface), f"{address} is no address of a machine")


def _counts(allocation: Allocation, own: Release | None) -> tuple[str, str]:
    """Return the field that is wrong and why, or two empty texts."""
    room = allocation.maximum - allocation.reserved
    if room < 0:
        return "reserved", f"reserved {allocation.reserved} is more than maximum {allocation.maximum} (SRV-04)"
    if room and not allocation.increment:
        return "increment", f"must be above 0 to get from {allocation.reserved} to {allocation.maximum} (SRV-04)"
    if room and own and own >= SMALLEST_INCREMENT_SINCE:
        least = max(min(SMALLEST_INCREMENT, room), -(-room // 10))
        if allocation.increment < least:
            return "increment", f"{allocation.increment} is less than {least}, which release {own} wants here (SRV-12)"
    return "", ""


def _answer(node: LabNode, path: Path, reason: str) -> Iterator[Complaint]:
    if reason:
        yield at(node, path, reason.rstrip("."))


def _is_release(text: str) -> bool:
    try:
        Release.parse(text)
    except ReleaseError:
        return False
    return True


def _release(node: LabNode, of_the_lab: str) -> Release | None:
    """Return the node's release, or nothing while there is something wrong with it."""
    try:
        return node.release(of_the_lab)
    except ReleaseError:
        return None


NODE_CHECKS: Final[tuple[NodeCheck, ...]] = (
    name,
    kind,
    release,
    boot,
    licenses,
    auth_codes,
    time_zone,
    users,
    server_role,
    client_records,
    client_settings,
    publish,
)
