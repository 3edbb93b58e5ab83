"""Import and export."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

PASSWORD = "a password of a file"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw1")
    fleet.appliance("gw2")
    return fleet


def at(fleet: Fleet, device: str) -> Visitor:
    return Visitor.administrator(fleet, device, addresses.TRANSFER)


def exported(fleet: Fleet) -> bytes:
    admin = at(fleet, "gw1")
    fields = {"txtPassword": PASSWORD, "txtPasswordConfirm": PASSWORD, "op": "Export", "type": "system"}
    admin.post("/dana-admin/download/system.cfg", {"xsauth": admin.xsauth, **fields})
    assert admin.headers["content-disposition"] == 'attachment; filename="gw1-system.cfg"'
    return admin.body


@pytest.mark.rule("CFG-02")
def test_what_is_exported_by_the_products_fields_is_imported_elsewhere(fleet: Fleet) -> None:
    first = at(fleet, "gw1")
    first.get("/dana-admin/license/downloadlicenses.cgi")
    first.submit(autoDownload="enabled", preferredNetwork="external")
    document = exported(fleet)

    second = at(fleet, "gw2")
    fields = {"xsauth": second.xsauth, "txtPassword": PASSWORD, "section": ["downloads", "network"]}
    second.upload(addresses.TRANSFER, fields, file=document)

    assert second.notes == ["Imported downloads, network: 1 changes."]
    assert fleet.devices["gw2"].state.downloads_enabled


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"txtPassword": "wrong", "section": "downloads"}, "password"),
        ({"txtPassword": PASSWORD}, "Tick what is to be imported"),
        ({"txtPassword": PASSWORD, "section": "everything"}, "no section 'everything'"),
    ],
)
def test_an_import_that_fails_says_why_and_changes_nothing(fleet: Fleet, fields: dict[str, str], why: str) -> None:
    document = exported(fleet)
    admin = at(fleet, "gw2")
    before = len(list(fleet.store.history("gw2")))

    assert admin.upload(addresses.TRANSFER, {"xsauth": admin.xsauth, **fields}, file=document) == 422

    assert why in admin.notes[0]
    assert "nothing was imported" in admin.notes[0]
    assert len(list(fleet.store.history("gw2"))) == before


def test_without_a_file_or_with_another_one_nothing_is_imported(fleet: Fleet) -> None:
    admin = at(fleet, "gw1")

    for file in (b"", b"\x00\xffno configuration"):
        fields = {"xsauth": admin.xsauth, "txtPassword": PASSWORD, "section": "downloads"}
        assert admin.upload(addresses.TRANSFER, fields, file=file) == 422


@pytest.mark.parametrize(("password", "again"), [("one password", "another"), ("", "")])
def test_an_export_takes_a_password_typed_twice(fleet: Fleet, password: str, again: str) -> None:
    admin = at(fleet, "gw1")
    fields = {"xsauth": admin.xsauth, "txtPassword": password, "txtPasswordConfirm": again}

    assert admin.post("/dana-admin/download/system.cfg", fields) == 422
    assert "content-disposition" not in admin.headers
