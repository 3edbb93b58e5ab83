"""Configure Clients."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.instants import DAY, HOUR, NEVER, parse_instant
from leaselab.appliance.licensing.ledger import ClientRecord
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

FORM = {
    "known": "",
    "op": "save",
    "id": "GW1",
    "password": "secret1",
    "password_again": "secret1",
    "platform": "psa3000",
    "product": "pcs",
    "expires": "",
    "concurrent-users.reserved": "20",
    "concurrent-users.increment": "25",
    "concurrent-users.maximum": "80",
}


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.license_server(kind="psa5000", licenses=["CONSEC-100U-1YR", "POLSEC-50U-1YR"])
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "server", addresses.CLIENT)


def record(fleet: Fleet, client_id: str = "GW1") -> ClientRecord:
    found: ClientRecord = fleet.devices["server"].state.server.clients[client_id]
    return found


@pytest.mark.rule("SRV-01")
def test_a_device_becomes_a_server_by_the_box_and_then_configures_clients() -> None:
    fleet = Fleet()
    fleet.appliance("gw1", kind="psa5000")
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.CLIENTS)
    assert "New Client" not in admin.text

    admin.submit(enabled="ON", incremental_lease="2d", renewal_interval="12h")

    assert admin.notes == ["The settings are saved."]
    assert "New Client" in admin.text
    server = fleet.devices["gw1"].state.server
    assert (server.enabled, server.incremental_lease, server.renewal_interval) == (True, 2 * DAY, 12 * HOUR)


@pytest.mark.rule("SRV-02")
@pytest.mark.parametrize(
    ("lease", "interval", "why"),
    [
        ("23h", "6h", "outside 24h to 10d"),
        ("24h", "13h", "outside 1h to 12h"),
        ("soon", "6h", "'soon' is not a duration"),
    ],
)
def test_settings_out_of_range_are_refused_shown_again_and_change_nothing(
    fleet: Fleet, admin: Visitor, lease: str, interval: str, why: str
) -> None:
    admin.get(addresses.CLIENTS)

    assert admin.submit(enabled="ON", incremental_lease=lease, renewal_interval=interval) == 422

    assert why in admin.notes[0]
    assert f'value="{lease}"' in admin.source
    assert fleet.devices["server"].state.server.incremental_lease == DAY


@pytest.mark.rule("SRV-03")
def test_a_client_is_added_and_listed(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM | {"expires": "2018-06-30"})

    assert admin.path == addresses.CLIENTS
    assert admin.notes == ["License client GW1 is saved."]
    assert "GW1 - PSA-3000 PCS concurrent-users 80 20 25 80 0 2018-06-30" in admin.text
    saved = record(fleet)
    assert saved.expires_at == parse_instant("2018-06-30")
    assert saved.allocations["concurrent-users"].maximum == 80
    assert set(saved.allocations) == {"concurrent-users"}


@pytest.mark.rule("SRV-03")
@pytest.mark.rule("SRV-04")
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"id": "GW 1"}, "letters and digits"),
        ({"password_again": "other"}, "password and confirmation differ"),
        ({"concurrent-users.reserved": "101", "concurrent-users.maximum": "200"}, "available"),
        ({"concurrent-users.reserved": "90"}, "maximum"),
        ({"concurrent-users.reserved": "-1"}, "is not a whole number"),
        ({"concurrent-users.reserved": "9" * 5_000}, "is not a whole number"),
        ({"expires": "someday"}, "'someday' is not a time"),
        ({"platform": "psa9"}, "unknown platform"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed_and_nothing_is_saved(
    fleet: Fleet, admin: Visitor, wrong: dict[str, str], why: str
) -> None:
    assert admin.submit(**FORM | wrong) == 422

    assert why in admin.notes[0]
    assert "nothing was saved" in admin.notes[0]
    assert f'value="{(FORM | wrong)["id"]}"' in admin.source
    assert fleet.devices["server"].state.server.clients == {}


@pytest.mark.rule("SRV-05")
def test_available_follows_the_reserved_count_that_is_typed_the_platform_and_the_product(
    fleet: Fleet, admin: Visitor
) -> None:
    def left() -> str:
        return admin.source.partition('data-feature="concurrent-users"')[2].partition(">")[2].partition("<")[0]

    assert left() == "100"
    admin.submit(**FORM | {"op": "recalculate"})
    assert left() == "80"
    admin.submit(**FORM | {"op": "recalculate", "product": "pps"})
    assert left() == "30"
    admin.submit(**FORM | {"op": "recalculate", "concurrent-users.reserved": "900"})
    assert left() == "0"
    assert fleet.devices["server"].state.server.clients == {}


@pytest.mark.rule("CFG-01")
def test_a_client_is_changed_keeps_its_password_and_hears_of_it_at_its_next_renewal(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=10, increment=10, maximum=50)
    admin = Visitor.administrator(fleet, "server")
    admin.get(f"{addresses.CLIENT}?id=GW1")
    before = record(fleet).password_hash

    admin.submit(**FORM | {"known": "GW1", "password": "", "password_again": "", "concurrent-users.reserved": "30"})

    assert "at its next renewal" in admin.notes[0]
    assert record(fleet).password_hash == before
    assert record(fleet).expires_at == NEVER
    assert fleet.leased("GW1") == 10
    fleet.advance(hours=7)
    assert fleet.leased("GW1") == 30


@pytest.mark.rule("SRV-08")
def test_a_client_is_deleted_once_that_is_confirmed(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM)
    admin.get(f"{addresses.CLIENT}?id=GW1")

    assert admin.submit(known="GW1", op="delete") == 422
    assert "Tick the box" in admin.notes[0]
    assert record(fleet).id == "GW1"

    admin.submit(known="GW1", op="delete", sure="ON")
    assert admin.path == addresses.CLIENTS
    assert "No client is configured." in admin.text


@pytest.mark.rule("SRV-11")
def test_a_client_id_is_released(fleet: Fleet) -> None:
    fleet.client("GW1", reserved=10, increment=10, maximum=50)
    admin = Visitor.administrator(fleet, "server")
    admin.get(f"{addresses.CLIENT}?id=GW1")
    assert fleet.devices["GW1"].state.hardware_id in admin.text

    admin.submit(known="GW1", op="release")

    assert admin.notes == ["Another device may register as GW1 now."]
    assert record(fleet).released


def test_a_client_that_is_gone_leads_back_to_the_list(admin: Visitor) -> None:
    admin.get(f"{addresses.CLIENT}?id=GONE")
    assert (admin.path, admin.notes) == (addresses.CLIENTS, ["There is no license client GONE."])

    admin.get(addresses.CLIENT)
    admin.submit(**FORM | {"known": "GONE"})
    assert admin.notes == ["There is no license client GONE any more."]


def test_many_clients_are_shown_a_page_at_a_time_and_found_by_a_part_of_their_id(admin: Visitor) -> None:
    for number in range(51):
        admin.post(
            addresses.CLIENT, FORM | {"xsauth": admin.xsauth, "id": f"GW{number}", "concurrent-users.reserved": "0"}
        )

    admin.get(addresses.CLIENTS)
    assert admin.source.count("client.cgi?id=GW") == 50
    assert "Page 1 of 2" in admin.text
    admin.get(f"{addresses.CLIENTS}?page=1")
    assert admin.source.count("client.cgi?id=GW") == 1
    for beyond in ("99", "-1", "x", "9" * 5_000):
        assert admin.get(f"{addresses.CLIENTS}?page={beyond}") == 200
    admin.get(f"{addresses.CLIENTS}?search=gw5")
    assert admin.source.count("client.cgi?id=GW") == 2


@pytest.mark.rule("VLS-10")
def test_a_virtual_license_server_offers_no_mag() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    fleet.install("vls", "LICENSE-SVR", "CONSEC-100U-1YR")
    fleet.license_role("vls")
    admin = Visitor.administrator(fleet, "vls")
    admin.get(addresses.CLIENT)

    assert "MAG-2600" not in admin.text
    assert admin.submit(**FORM | {"platform": "mag2600"}) == 422
    assert "leases to no MAG" in admin.notes[0]
