"""Configuration and licenses in one document, and its import (CFG-02 to CFG-04)."""

import msgspec
import pytest
from tests.unit.licensing.transfers import INTERNAL, PASSWORD, changed, export, load, skus

from leaselab.appliance.instants import HOUR, NEVER
from leaselab.appliance.licensing import transfer
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    Allocation,
    DeleteClient,
    ExportConfiguration,
    ImportReport,
    RemoveServer,
    SetDownloads,
    SetServerRole,
)
from leaselab.appliance.licensing.transfer import Document, LicenseEntry
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server with 100 users and the client GW1 (reserved 20, increment 10, maximum 50), and a second PSA5000."""
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=20, increment=10, maximum=50)
    fleet.appliance("other", kind="psa5000")
    return fleet


# --- the document ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("CFG-02")
def test_an_export_holds_configuration_and_licenses(fleet: Fleet) -> None:
    fleet.do("server", INTERNAL)
    fleet.do("server", SetServerRole(incremental_lease=48 * HOUR))

    opened = transfer.unseal(export(fleet, "server"), PASSWORD)

    assert isinstance(opened, transfer.Opened)
    assert (opened.personality, str(opened.written_by)) == ("pcs", "8.3R1")
    configuration = opened.configuration
    assert configuration.network == (INTERNAL,)
    assert configuration.role == SetServerRole(enabled=True, incremental_lease=48 * HOUR, renewal_interval=6 * HOUR)
    assert [(one.id, one.platform, one.product, one.expires_at) for one in configuration.clients] == [
        ("GW1", "psa3000", "pcs", NEVER)
    ]
    assert configuration.server is None
    assert configuration.downloads == SetDownloads(enabled=False)
    (installed,) = fleet.devices["server"].state.licenses.installed.values()
    assert configuration.licenses == (LicenseEntry(key=installed.key, installed_at=installed.installed_at),)


@pytest.mark.rule("CFG-02")
def test_what_is_secret_cannot_be_read_without_the_password(fleet: Fleet) -> None:
    label = msgspec.json.decode(export(fleet, "GW1"))

    assert set(label) == {"format", "version", "release", "personality", "salt", "nonce", "sealed"}
    assert (label["format"], label["version"], label["release"]) == ("leaselab-configuration", 1, "8.3R1")
    assert CLIENT_PASSWORD.encode() not in export(fleet, "GW1")


@pytest.mark.rule("CFG-02")
def test_the_same_content_makes_the_same_document_and_another_content_another_salt(fleet: Fleet) -> None:
    first, again = export(fleet, "GW1"), export(fleet, "GW1")
    fleet.do("GW1", SetDownloads(enabled=True))
    documents = [msgspec.json.decode(one, type=Document) for one in (first, export(fleet, "GW1"))]

    assert first == again
    assert len({one.salt for one in documents}) == len({one.nonce for one in documents}) == 2


@pytest.mark.rule("CFG-02")
def test_an_export_without_a_password_is_refused(fleet: Fleet) -> None:
    refusal = fleet.ask("GW1", ExportConfiguration(password=""))

    assert refusal == Refusal("no-password", "an exported configuration holds passwords: give one to seal it with")


# --- configuration ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("CFG-02")
def test_another_device_takes_the_configuration_over(fleet: Fleet) -> None:
    fleet.do("server", INTERNAL)
    fleet.do("server", SetServerRole(incremental_lease=48 * HOUR, renewal_interval=12 * HOUR))
    fleet.do("server", SetDownloads(enabled=True, preferred_network="external"))
    fleet.install("other", "CONSEC-100U-1YR")

    report = load(fleet, "other", export(fleet, "server"), "network", "license-server", "downloads")

    assert report == ImportReport(sections=("network", "license-server", "downloads"), changes=6)
    mine, theirs = (transfer.configuration_of(fleet.devices[name].state) for name in ("other", "server"))
    assert msgspec.structs.replace(mine, licenses=theirs.licenses) == theirs


@pytest.mark.rule("CFG-02")
def test_clients_register_with_their_old_passwords_where_their_records_were_imported(fleet: Fleet) -> None:
    fleet.install("other", "CONSEC-100U-1YR")
    load(fleet, "other", export(fleet, "server"), "license-server")

    fleet.connect("GW1", "other")

    assert fleet.leased("GW1") == 20
    assert fleet.report("other").features[CONCURRENT_USERS].promised == 20


@pytest.mark.rule("CFG-02")
def test_an_imported_license_server_is_contacted_at_once(fleet: Fleet) -> None:
    document = export(fleet, "GW1")
    fleet.do("GW1", RemoveServer())
    assert fleet.leased("GW1") == 0

    load(fleet, "GW1", document)

    assert fleet.leased("GW1") == 20


@pytest.mark.rule("CFG-02")
def test_an_import_of_what_is_so_already_changes_nothing_and_leases_go_on(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 25)
    fleet.do("server", INTERNAL)
    before = fleet.report("GW1"), fleet.report("server")

    reports = [load(fleet, name, export(fleet, name)) for name in ("GW1", "server")]

    assert [report.changes for report in reports] == [0, 0]
    assert (fleet.report("GW1"), fleet.report("server")) == before


@pytest.mark.rule("CFG-02")
def test_a_file_without_a_license_server_takes_it_away(fleet: Fleet) -> None:
    load(fleet, "GW1", export(fleet, "other"), "license-client")

    assert fleet.report("GW1").client.contact == "none"
    assert fleet.report("GW1").client.server == ""


@pytest.mark.rule("CFG-02")
def test_records_that_are_not_in_the_file_are_deleted_and_their_leases_run_out(fleet: Fleet) -> None:
    document = export(fleet, "server")
    fleet.client("GW2", reserved=30, increment=10, maximum=50)

    load(fleet, "server", document)

    assert [row.id for row in fleet.report("server").server.clients] == ["GW1"]
    assert fleet.leased("GW2") == 30
    fleet.advance(days=11)
    assert fleet.leased("GW2") == 0


@pytest.mark.rule("CFG-02")
def test_a_record_deleted_since_comes_back(fleet: Fleet) -> None:
    document = export(fleet, "server")
    fleet.do("server", DeleteClient(id="GW1"))

    load(fleet, "server", document)

    assert [row.id for row in fleet.report("server").server.clients] == ["GW1"]
    assert fleet.available() == 80


@pytest.mark.rule("CFG-02")
@pytest.mark.rule("SRV-07")
def test_counts_are_judged_with_all_records_in_force_whichever_comes_first(fleet: Fleet) -> None:
    """GW1 and GW2 swap what is reserved for them, of 100 in all; neither change could be made before the other."""
    fleet.client("GW2", reserved=80, increment=10, maximum=80)
    fleet.cuts |= {("GW1", "server"), ("GW2", "server")}
    fleet.advance(days=11)  # nothing is leased now, all is reserved
    swapped = {"GW1": Allocation(80, 10, 80), "GW2": Allocation(20, 10, 80)}
    entries = transfer.configuration_of(fleet.devices["server"].state).clients

    document = changed(
        fleet,
        "server",
        clients=tuple(
            msgspec.structs.replace(entry, allocations={CONCURRENT_USERS: swapped[entry.id]}) for entry in entries
        ),
    )
    load(fleet, "server", document)

    rows = fleet.report("server").server.clients
    assert {row.id: row.features[CONCURRENT_USERS].reserved for row in rows} == {"GW1": 80, "GW2": 20}
    assert fleet.available() == 0


@pytest.mark.rule("CFG-02")
@pytest.mark.rule("GAT-04")
def test_a_file_of_no_server_gives_the_role_up_and_leaves_the_records(fleet: Fleet) -> None:
    load(fleet, "server", export(fleet, "other"), "license-server")

    assert fleet.report("server").role == "gateway"
    fleet.license_role("server")
    assert [row.id for row in fleet.report("server").server.clients] == ["GW1"]


@pytest.mark.rule("CFG-02")
def test_a_server_becomes_a_client_by_import(fleet: Fleet) -> None:
    load(fleet, "server", export(fleet, "GW1"), "license-server", "license-client", "network", "downloads")

    report = fleet.report("server")
    assert (report.role, report.client.server, report.client.client_id) == ("gateway", "server", "GW1")


@pytest.mark.rule("CFG-02")
def test_only_the_sections_asked_for_are_taken(fleet: Fleet) -> None:
    fleet.do("server", INTERNAL)

    report = load(fleet, "other", export(fleet, "server"), "network")

    assert report == ImportReport(sections=("network",), changes=1)
    assert fleet.report("other").role == "gateway"
    assert skus(fleet, "other") == []
