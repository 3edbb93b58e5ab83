"""Metrics of a device: every series of the contract, in the units that Prometheus wants."""

from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from leaselab.appliance.adapters.metrics import DeviceCollector
from leaselab.appliance.instants import DAY, HOUR, NEVER, SECOND
from leaselab.appliance.licensing.views import (
    ClientFeature,
    ClientRow,
    ClientStanding,
    CloudStanding,
    FeatureCounts,
    LeaseRow,
    LicenseRow,
    Report,
    ServerStanding,
)

NOW = 1_000 * DAY

GATEWAY = Report(
    name="gw1",
    hostname="gw1",
    kind="psa3000",
    model="PSA-3000",
    personality="pcs",
    product="Pulse Connect Secure",
    release="8.3R1",
    hardware_id="0123456789ABCDEF",
    serial_number="1",
    role="gateway",
    now=NOW,
    agreement_accepted=True,
    first_boot_done=True,
    enforces=True,
    maximum_users=200,
    out_of_compliance="",
    features={
        "concurrent-users": FeatureCounts(
            feature="concurrent-users",
            signed_in=60,
            limit=75,
            installed=0,
            leased=75,
            reserved=50,
            incremental=25,
            auto_leased=0,
        )
    },
    licenses=(),
    leases=(),
    server=ServerStanding(enabled=False, can_enable=True, incremental_lease=24 * HOUR, renewal_interval=6 * HOUR),
    client=ClientStanding(
        server="vls1",
        client_id="GW1",
        preferred_network="internal",
        verify_certificate=True,
        contact="up",
        why="",
        last_contact_at=NOW,
        next_contact_at=NOW + 6 * HOUR,
        renewal_interval=6 * HOUR,
    ),
    counters={},
    next_due=NOW,
)


def license_of(serial: str, *, state: str = "active", units: int = 100, ends_at: int = NEVER) -> LicenseRow:
    return LicenseRow(
        serial=serial,
        sku="CONSEC-100U-1YR",
        description="100 users",
        feature="concurrent-users",
        units=units,
        starts_at=0,
        ends_at=ends_at,
        state=state,
    )


def scrape(report: Report | None, **changes: Any) -> dict[tuple[str, ...], float]:
    """Return what a scrape of the report shows: (name, label values without node and kind, in order of name)."""
    shown = msgspec.structs.replace(report, **changes) if report is not None else None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        DeviceCollector(
            node="n1",
            kind="psa3000",
            read=lambda: shown,
            phase=lambda: "ready",
            now=lambda: NOW,
            wall_seconds=lambda: (NOW - DAY) / SECOND,
            log_lines={"major": 3},
        )
    )
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            assert (sample.labels.pop("node"), sample.labels.pop("kind")) == ("n1", "psa3000")
            found[sample.name, *(sample.labels[key] for key in sorted(sample.labels))] = sample.value
    return found


def test_users_their_limit_and_what_is_leased_are_shown_by_feature() -> None:
    shown = scrape(GATEWAY)

    assert shown["leaselab_users_signed_in", "concurrent-users"] == 60
    assert shown["leaselab_users_limit", "concurrent-users"] == 75
    assert shown["leaselab_leases_held", "concurrent-users"] == 75
    assert shown["leaselab_leases_held_incremental", "concurrent-users"] == 25


def test_time_to_the_next_end_is_in_seconds_of_the_lab_and_a_permanent_license_has_none() -> None:
    leases = tuple(
        LeaseRow(
            client="GW1", feature="concurrent-users", kind="incremental", units=25, acquired_at=NOW, ends_at=NOW + later
        )
        for later in (24 * HOUR, 6 * HOUR)
    )

    shown = scrape(GATEWAY, leases=leases, licenses=(license_of("A", ends_at=NOW + 2 * DAY), license_of("B")))

    assert shown["leaselab_lease_seconds_to_end", "concurrent-users", "incremental"] == 6 * HOUR / SECOND
    assert shown["leaselab_license_seconds_to_end", "A", "CONSEC-100U-1YR"] == 2 * DAY / SECOND
    assert ("leaselab_license_seconds_to_end", "B", "CONSEC-100U-1YR") not in shown


@pytest.mark.rule("SUR-02")
def test_surrendered_units_are_counted_and_only_those() -> None:
    licenses = (license_of("A", state="surrendered", units=40), license_of("B", state="surrendered", units=2))

    assert (
        scrape(GATEWAY, licenses=(*licenses, license_of("C")))["leaselab_licenses_surrendered", "concurrent-users"]
        == 42
    )
    assert scrape(GATEWAY)["leaselab_licenses_surrendered", "concurrent-users"] == 0


def services(report: Report) -> dict[str, float]:
    return {key[1]: value for key, value in scrape(report).items() if key[0] == "leaselab_service_up"}


@pytest.mark.rule("GAT-03")
@pytest.mark.parametrize(("role", "up"), [("gateway", 1), ("license-server", 0), ("virtual-license-server", 0)])
def test_services_run_on_a_gateway_and_are_halted_on_a_license_server(role: str, up: int) -> None:
    names = ("mail-proxy", "meeting", "agentman", "federation-server", "federation-client")

    assert services(msgspec.structs.replace(GATEWAY, role=role)) == dict.fromkeys(names, up)


def test_clients_are_shown_on_a_server_only() -> None:
    client = ClientRow(
        id="GW1",
        platform="psa3000",
        product="pcs",
        hardware_id="",
        cluster="",
        expires_at=NEVER,
        last_contact_at=None,
        features={"concurrent-users": ClientFeature(reserved=50, increment=25, maximum=200, leased=75, available=125)},
    )
    server = msgspec.structs.replace(GATEWAY.server, enabled=True, clients=(client,))

    shown = scrape(GATEWAY, server=server)

    assert shown["leaselab_client_leased", "GW1", "concurrent-users"] == 75
    assert shown["leaselab_client_maximum", "GW1", "concurrent-users"] == 200
    assert shown["leaselab_server_leased", "concurrent-users"] == 75
    assert not any(key[0].startswith("leaselab_client_") for key in scrape(GATEWAY))


def test_totals_are_counters_and_denials_carry_their_reason() -> None:
    shown = scrape(GATEWAY, counters={"grants": 3, "denials:maximum": 2})

    assert shown["leaselab_lease_grants_total",] == 3
    assert shown["leaselab_lease_renewals_total",] == 0
    assert shown["leaselab_lease_denials_total", "maximum"] == 2


def test_reasons_that_are_known_begin_at_zero() -> None:
    shown = scrape(GATEWAY)

    assert shown["leaselab_lease_denials_total", "capacity"] == 0
    assert shown["leaselab_sign_ins_refused_total", "limit"] == 0


@pytest.mark.rule("AUT-09")
def test_what_is_left_of_a_penalty_is_shown_on_the_server() -> None:
    server = msgspec.structs.replace(GATEWAY.server, enabled=True, penalty_until=NOW + 5 * DAY)

    assert scrape(GATEWAY, server=server)["leaselab_auto_lease_penalty_seconds_left",] == 5 * DAY / SECOND
    assert scrape(GATEWAY, server=server, now=NOW + 6 * DAY)["leaselab_auto_lease_penalty_seconds_left",] == 0


@pytest.mark.rule("VLS-07")
def test_the_standing_with_the_cloud_is_shown_of_a_virtual_license_server_only() -> None:
    cloud = CloudStanding(state="grace", grace_left=3 * DAY, heartbeats=7, failed=2)

    shown = scrape(GATEWAY, cloud=cloud)

    assert shown["leaselab_cloud_standing", "grace"] == 1
    assert shown["leaselab_cloud_standing", "ok"] == 0
    assert shown["leaselab_cloud_grace_seconds_left",] == 3 * DAY / SECOND
    assert (shown["leaselab_cloud_heartbeats_total",], shown["leaselab_cloud_heartbeats_failed_total",]) == (7, 2)
    assert not any(key[0].startswith("leaselab_cloud_") for key in scrape(GATEWAY))


def test_lines_of_the_event_log_are_counted_by_severity() -> None:
    shown = scrape(GATEWAY)

    assert shown["leaselab_log_lines_total", "major"] == 3
    assert shown["leaselab_log_lines_total", "critical"] == 0


def test_a_device_without_a_report_still_shows_its_clock_and_phase() -> None:
    shown = scrape(None)

    assert shown["leaselab_virtual_time_seconds",] == NOW / SECOND
    assert shown["leaselab_virtual_time_offset_seconds",] == DAY / SECOND
    assert {key[1] for key, value in shown.items() if key[0] == "leaselab_boot_phase" and value} == {"ready"}


def test_units_are_base_units() -> None:
    names = {key[0] for key in scrape(GATEWAY, licenses=(license_of("A", ends_at=NOW + DAY),))}

    assert not [name for name in names if {"days", "hours", "minutes", "milliseconds"} & set(name.split("_"))]
