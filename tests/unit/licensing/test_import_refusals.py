"""Imports that are refused: none of them changes anything (CFG-04)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.unit.licensing.transfers import INTERNAL, PASSWORD, changed, export

from leaselab.appliance.instants import HOUR
from leaselab.appliance.licensing import commands, transfer
from leaselab.appliance.licensing.commands import (
    CONCURRENT_USERS,
    Allocation,
    ImportConfiguration,
    SaveClient,
    SetDownloads,
    SetNetwork,
    SetServer,
    SetServerRole,
)
from leaselab.appliance.licensing.transfer import LicenseEntry
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import Fleet


def refused(fleet: Fleet, name: str, command: ImportConfiguration) -> Refusal:
    """Return why an import was refused, having seen that it changed nothing (CFG-04)."""
    state = fleet.devices[name].state
    before = fleet.report(name), msgspec.json.encode(state), len(list(fleet.store.history(name)))
    refusal = fleet.ask(name, command)
    assert isinstance(refusal, Refusal)
    assert (fleet.report(name), msgspec.json.encode(state), len(list(fleet.store.history(name)))) == before
    assert "nothing was imported" in refusal.message
    return refusal


def importing(document: bytes, *sections: str, password: str = PASSWORD) -> ImportConfiguration:
    return ImportConfiguration(document=document, password=password, sections=sections or commands.SECTIONS)


@pytest.fixture
def fleet() -> Fleet:
    """A server with 100 users and the client GW1 (reserved 20, increment 10, maximum 50), and a second PSA5000."""
    fleet = Fleet.pair("CONSEC-100U-1YR", reserved=20, increment=10, maximum=50)
    fleet.appliance("other", kind="psa5000")
    return fleet


@pytest.mark.rule("CFG-04")
def test_a_wrong_password_changes_nothing_and_says_so(fleet: Fleet) -> None:
    refusal = refused(fleet, "other", importing(export(fleet, "server"), password="wrong"))

    assert refusal == Refusal(
        "wrong-password", "the password does not open this file, or the file was changed since; nothing was imported"
    )


def _document(fleet: Fleet, **parts: Any) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(export(fleet, "server")), **parts})


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"", "malformed"),
        (lambda _: b"\x89PNG", "malformed"),
        (lambda _: b"[]", "malformed"),
        (lambda _: b'{"format":"leaselab-configuration","version":1}', "malformed"),
        (lambda fleet: _document(fleet, format="juniper"), "malformed"),
        (lambda fleet: _document(fleet, version=2), "version"),
        (lambda fleet: _document(fleet, release="7.0R1"), "wrong-password"),
        (lambda fleet: _document(fleet, personality="pps"), "wrong-password"),
        (lambda fleet: _document(fleet, sealed="AAAA"), "wrong-password"),
        (lambda fleet: _document(fleet, nonce="AAAA"), "malformed"),
        (lambda _: b" " * (transfer.MAX_DOCUMENT + 1), "too-large"),
    ],
    ids=["empty", "picture", "list", "cut", "format", "version", "release", "personality", "sealed", "nonce", "large"],
)
def test_a_file_that_is_none_or_was_changed_is_refused(
    fleet: Fleet, spoil: Callable[[Fleet], bytes], reason: str
) -> None:
    assert refused(fleet, "other", importing(spoil(fleet))).reason == reason


@pytest.mark.rule("CFG-04")
def test_a_file_of_an_unknown_release_is_refused(fleet: Fleet) -> None:
    state = msgspec.structs.replace(fleet.devices["server"].state, release="3.0")
    document = transfer.seal(transfer.configuration_of(state), state, PASSWORD)

    assert refused(fleet, "other", importing(document)).reason == "malformed"


@pytest.mark.rule("CFG-04")
def test_a_section_that_does_not_exist_is_refused(fleet: Fleet) -> None:
    refusal = refused(fleet, "other", importing(export(fleet, "server"), "network", "licences"))

    assert refusal.reason == "unknown-section"
    assert "'licences', but network, license-server, license-client, downloads, licenses" in refusal.message


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("KEY-04")
def test_before_first_boot_is_finished_nothing_is_imported(fleet: Fleet) -> None:
    fleet.appliance("new", accept=False)

    assert refused(fleet, "new", importing(export(fleet, "server"))).reason == "booting"


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("PLT-02")
def test_a_file_of_the_other_personality_is_refused(fleet: Fleet) -> None:
    fleet.appliance("ic", personality="pps", release="5.4R1")

    refusal = refused(fleet, "ic", importing(export(fleet, "GW1")))

    assert (refusal.reason, refusal.message) == (
        "personality",
        "the file is of a pcs device, this is a pps one; nothing was imported",
    )


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("KEY-02")
def test_licenses_of_another_device_are_refused_with_all_the_rest(fleet: Fleet) -> None:
    fleet.do("server", INTERNAL)

    refusal = refused(fleet, "other", importing(export(fleet, "server")))

    assert refusal.reason == "other-device"
    assert refusal.message.startswith("nothing was imported; licenses: license key ")


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("SRV-04")
def test_a_record_that_the_pools_cannot_carry_undoes_the_records_before_it(fleet: Fleet) -> None:
    """Here are 50 users: GW1 with its 20 would fit, GW2 with 70 does not."""
    fleet.client("GW2", reserved=70, increment=10, maximum=80)
    fleet.install("other", "CONSEC-50U-1YR")

    refusal = refused(fleet, "other", importing(export(fleet, "server"), "network", "license-server"))

    assert refusal == Refusal(
        "invalid-client",
        "nothing was imported; license-server: client 'GW1': concurrent-users: reserved 20 is more than the 0 "
        "available, with all records of the file in force",
    )


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("SRV-04")
def test_a_record_too_large_for_the_licenses_in_the_same_file_undoes_these(fleet: Fleet) -> None:
    """The file has none of the 25 permanent users here, and reserves 110."""
    fleet.install("server", "CONSEC-ADD-25U")
    (entry,) = transfer.configuration_of(fleet.devices["server"].state).clients
    large = msgspec.structs.replace(entry, allocations={CONCURRENT_USERS: Allocation(110, 10, 120)})

    refusal = refused(fleet, "server", importing(changed(fleet, "server", licenses=(), clients=(large,))))

    assert refusal == Refusal(
        "invalid-client",
        "nothing was imported; license-server: client 'GW1': concurrent-users: reserved 110 is more than the 100 "
        "available, with all records of the file in force",
    )


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("id", "GW 1", "letters and digits"),
        ("password_hash", "", "needs a password"),
        ("platform", "vax", "unknown platform"),
        ("product", "sbr", "neither pcs nor pps"),
        ("allocations", {"parking": Allocation(1, 1, 1)}, "unknown feature"),
        ("allocations", {CONCURRENT_USERS: Allocation(-1, 0, 0)}, "below zero"),
    ],
)
def test_a_record_that_no_admin_could_save_is_refused(fleet: Fleet, field: str, value: Any, said: str) -> None:
    fleet.install("other", "CONSEC-100U-1YR")
    (entry,) = transfer.configuration_of(fleet.devices["server"].state).clients
    document = changed(fleet, "server", clients=(msgspec.structs.replace(entry, **{field: value}),))

    refusal = refused(fleet, "other", importing(document, "license-server"))

    assert refusal.reason == "invalid-client"
    assert said in refusal.message


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"network": (INTERNAL, SetNetwork(port="dmz", address="10.1.0.1", netmask="255.0.0.0"))}, "unknown-port"),
        ({"role": SetServerRole(enabled=True, incremental_lease=HOUR)}, "out-of-range"),
        ({"server": SetServer("s", "G W", "x", "x")}, "invalid-server"),
        ({"downloads": SetDownloads(enabled=True, preferred_network="dmz")}, "unknown-network"),
        ({"licenses": (LicenseEntry(key="00000", installed_at=0),)}, "malformed"),
    ],
    ids=["network", "role", "client", "downloads", "licenses"],
)
def test_whatever_section_fails_takes_the_others_with_it(fleet: Fleet, parts: dict[str, Any], reason: str) -> None:
    document = changed(fleet, "other", **{"network": (INTERNAL,), **parts})

    assert refused(fleet, "other", importing(document)).reason == reason


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("PLT-05")
def test_a_virtual_appliance_does_not_become_a_server_by_import(fleet: Fleet) -> None:
    fleet.appliance("va", kind="va-spe")

    assert refused(fleet, "va", importing(export(fleet, "server"), "license-server")).reason == "not-possible"


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("VLS-10")
def test_a_virtual_license_server_takes_no_record_of_a_mag_over(fleet: Fleet) -> None:
    allocations = {CONCURRENT_USERS: Allocation(0, 10, 50)}
    fleet.do("server", SaveClient("MAG1", "secret1", "secret1", "mag2600", "pcs", allocations))
    fleet.license_server("vls", kind="va-spe", virtual_license_server=True, licenses=["LICENSE-SVR", "CONSEC-100U-1YR"])

    refusal = refused(fleet, "vls", importing(export(fleet, "server"), "license-server"))

    assert "leases to no MAG" in refusal.message


@pytest.mark.rule("CFG-04")
@pytest.mark.rule("SUR-01")
@pytest.mark.parametrize("sku", ["CONSEC-50U-1YR", "MEETING"])
def test_marks_of_surrender_on_what_cannot_be_surrendered_are_refused(fleet: Fleet, sku: str) -> None:
    marked = LicenseEntry(key=fleet.mint("other", sku), installed_at=0, surrendered_at=1)

    refusal = refused(fleet, "other", importing(changed(fleet, "other", licenses=(marked,))))

    assert refusal.message == (
        f"nothing was imported; licenses: license SN00002 ({sku}) is none that can have been surrendered"
    )


@pytest.mark.rule("CFG-04")
def test_commands_and_replies_pass_the_control_channel(fleet: Fleet) -> None:
    """What the lab sends a node is JSON: a document must come through it as it is."""
    command = importing(export(fleet, "server"))

    tagged = msgspec.to_builtins(command)

    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(tagged)), commands.AnyCommand) == command
