"""The one report of an appliance that command line, REST, admin pages and metrics all show."""

from collections.abc import Iterator

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing import autolease, enforcement, ledger
from leaselab.appliance.licensing.commands import FEATURES
from leaselab.appliance.licensing.pools import CLASSES
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.licensing.tenancy import CONTACT_KEY
from leaselab.appliance.licensing.views import (
    ClientFeature,
    ClientRow,
    ClientStanding,
    CloudStanding,
    EmergencyStanding,
    FeatureCounts,
    LeaseRow,
    LicenseRow,
    Report,
    ServerStanding,
)
from leaselab.appliance.models.releases import product_name


def report(state: ApplianceState, now: Instant) -> Report:
    """Return everything about an appliance at one instant."""
    return Report(
        name=state.name,
        hostname=state.hostname,
        kind=state.kind,
        model=state.platform.name,
        personality=state.personality,
        product=product_name(state.parsed_release, state.personality),
        release=state.release,
        hardware_id=state.hardware_id,
        serial_number=state.serial_number,
        role=_role(state),
        now=now,
        agreement_accepted=state.agreement_accepted,
        first_boot_done=state.first_boot_done,
        enforces=state.enforces,
        maximum_users=state.maximum_users,
        out_of_compliance=compliance_notice(state),
        features={feature: feature_counts(state, feature, now) for feature in FEATURES},
        licenses=tuple(license_rows(state)),
        leases=tuple(_server_leases(state) if state.server.enabled else client_leases(state)),
        server=ServerStanding(
            enabled=state.server.enabled,
            can_enable=not state.why_no_server(),
            incremental_lease=state.server.incremental_lease,
            renewal_interval=state.server.renewal_interval,
            clients=tuple(client_row(state, record) for record in state.server.clients.values() if not record.deleted),
            penalty_until=state.server.auto_lease.penalty_until,
        ),
        client=client_standing(state),
        counters=dict(state.counters),
        next_due=state.agenda.next()[0],
        emergency=emergency_standing(state, now),
        cloud=_cloud(state, now),
    )


def _role(state: ApplianceState) -> str:
    if state.virtual_license_server:
        return "virtual-license-server"
    return "license-server" if state.server.enabled else "gateway"


def compliance_notice(state: ApplianceState) -> str:
    """Return the out-of-compliance notice, or nothing (ENF-09)."""
    return enforcement.member_license_notice(
        state.platform,
        tuple(state.licenses.installed.values()),
        leases_permanent=state.client.leases_permanent and any(map(state.leased, FEATURES)),
        surrenders=any(one.surrendered_at is not None for one in state.licenses.installed.values()),
    )


def emergency_standing(state: ApplianceState, now: Instant) -> EmergencyStanding:
    """Return how emergency mode stands (ICE)."""
    left = state.emergency.left(now)
    if state.emergency.enabled:
        return EmergencyStanding(state=state.emergency.by, left=left)
    if not state.licenses.emergency:
        return EmergencyStanding(state="none", left=left)
    return EmergencyStanding(state="off" if left else "spent", left=left)


def _cloud(state: ApplianceState, now: Instant) -> CloudStanding:
    standing = state.standing
    return CloudStanding(
        state=standing.state,
        grace_left=standing.grace_left(now),
        heartbeats=standing.beats,
        failed=standing.failed,
    )


def feature_counts(state: ApplianceState, feature: str, now: Instant) -> FeatureCounts:
    """Return the counts of one feature."""
    holding = state.client.holdings.get(feature)
    reserved = holding.reserved if holding is not None else 0
    helped = sum(one.units for one in holding.increments if one.auto) if holding is not None else 0
    leased = state.leased(feature)
    server = state.server
    return FeatureCounts(
        feature=feature,
        signed_in=state.signed_in.get(feature, 0),
        limit=state.limit(feature),
        installed=state.licenses.counted.get(feature, 0),
        leased=leased,
        reserved=reserved,
        incremental=leased - reserved - helped,
        auto_leased=helped,
        available=max(map(server.books[feature].available, range(len(CLASSES)))) if server.enabled else 0,
        promised=server.books[feature].promised() if server.enabled else 0,
        auto_lease=(
            autolease.is_on(server.auto_lease, feature, now)
            if server.enabled
            else holding is not None and holding.auto_lease
        ),
        average_available=autolease.average_available(server.auto_lease, feature, now) if server.enabled else 0.0,
    )


def license_rows(state: ApplianceState) -> Iterator[LicenseRow]:
    """Yield the installed licenses in order of installation."""
    for serial, one in state.licenses.installed.items():
        sku = known_sku(one.sku)
        yield LicenseRow(
            serial=serial,
            sku=one.sku,
            description=sku.description,
            feature=sku.feature or "",
            units=sku.units,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            state=state.licenses.states.get(serial, ""),
        )


def client_leases(state: ApplianceState) -> Iterator[LeaseRow]:
    """Yield what the device holds from its license server."""
    settings = state.client.settings
    if settings is None:
        return
    for feature, holding in state.client.holdings.items():
        if holding.reserved:
            ends_at = holding.reserved_ends_at
            yield LeaseRow(settings.client_id, feature, "reserved", holding.reserved, holding.reserved_since, ends_at)
        for one in holding.increments:
            kind = "auto" if one.auto else "incremental"
            yield LeaseRow(settings.client_id, feature, kind, one.units, one.acquired_at, one.ends_at)


def _server_leases(state: ApplianceState) -> Iterator[LeaseRow]:
    for client_id, record in state.server.clients.items():
        for feature, lease in record.leases.items():
            if lease.reserved:
                ends_at = lease.reserved_ends_at
                yield LeaseRow(client_id, feature, "reserved", lease.reserved, lease.reserved_since, ends_at)
            for one in lease.increments:
                yield LeaseRow(client_id, feature, "incremental", one.units, one.acquired_at, one.ends_at)


def client_row(state: ApplianceState, record: ledger.ClientRecord) -> ClientRow:
    """Return a client record as its server sees it."""
    group = record.client_class
    features = {}
    for feature, allocation in record.allocations.items():
        lease = record.leases.get(feature)
        features[feature] = ClientFeature(
            reserved=allocation.reserved,
            increment=allocation.increment,
            maximum=allocation.maximum,
            leased=lease.reserved + sum(one.units for one in lease.increments) if lease is not None else 0,
            available=state.server.books[feature].available(group),
        )
    return ClientRow(
        id=record.id,
        platform=record.platform,
        product=record.product,
        hardware_id=record.hardware_id,
        cluster=record.cluster,
        expires_at=record.expires_at,
        last_contact_at=record.last_contact_at,
        features=features,
    )


def client_standing(state: ApplianceState) -> ClientStanding:
    """Return how the device stands with its license server."""
    client, settings = state.client, state.client.settings
    return ClientStanding(
        server=settings.server if settings is not None else "",
        client_id=settings.client_id if settings is not None else "",
        preferred_network=settings.preferred_network if settings is not None else "internal",
        verify_certificate=settings.verify_certificate if settings is not None else True,
        contact=client.contact,
        why=client.why,
        last_contact_at=client.last_contact_at,
        next_contact_at=state.agenda.entries.get(CONTACT_KEY, NEVER),
        renewal_interval=client.renewal_interval,
    )
