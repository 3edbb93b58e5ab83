"""What an appliance refuses changes nothing, on it or on any other, and it says why (CFG-04, KEY-02)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.appliance.licensing import commands as c
from leaselab.appliance.licensing.messages import Heartbeat
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

RECORD = c.SaveClient(
    id="NEW",
    password=CLIENT_PASSWORD,
    password_again=CLIENT_PASSWORD,
    platform="psa3000",
    product="pcs",
    allocations={c.CONCURRENT_USERS: c.Allocation(1, 1, 2)},
)
SERVER = c.SetServer(server="server", client_id="gw", password="a1", password_again="a1")
ADMINISTRATOR = c.CreateAdministrator(name="admin", password="admin123")


@pytest.fixture
def fleet() -> Fleet:
    """A server, a client with licenses of all sorts, one without the member license, and devices of all sorts."""
    fleet = Fleet()
    fleet.cloud({"Ab12-Cd34-Ef56-Gh78": ["CONSEC-10U-1YR"]})
    fleet.license_server(licenses=["CONSEC-100U-1YR"], kind="psa5000")
    fleet.client("gw", reserved=10, increment=10, maximum=50)
    # SN00002 to SN00006
    fleet.install("gw", "PSA-LICENSE-MBR", "CONSEC-ADD-50U", "CONSEC-ADD-25U", "CONSEC-10U-1YR", "CONSEC-ADD-10U")
    fleet.do("gw", c.Surrender(serial="SN00003"))
    fleet.do("gw", c.Surrender(serial="SN00006"))
    fleet.advance(hours=7)
    fleet.cuts.add(("gw", "server"))
    fleet.do("gw", c.Recall(serial="SN00006"))
    fleet.do("gw", ADMINISTRATOR)
    fleet.appliance("bare")
    fleet.install("bare", "CONSEC-ADD-50U")
    fleet.client("poor", reserved=0, increment=10, maximum=50)
    fleet.install("poor", "CONSEC-ADD-50U")
    fleet.appliance("nac", kind="psa300", personality="pps")
    fleet.appliance("virtual", kind="va-spe")
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    fleet.appliance("new", accept=False)
    fleet.advance(hours=1)
    return fleet


def exported(fleet: Fleet, *, by: str = "gw") -> bytes:
    document: bytes = fleet.do(by, c.ExportConfiguration(password="sealed"))
    return document


def imported(fleet: Fleet, *, by: str = "gw", password: str = "sealed", **more: tuple[str, ...]) -> Command:
    return c.ImportConfiguration(document=exported(fleet, by=by), password=password, **more)


def known(devices: dict[str, tuple[bytes, int]]) -> dict[str, Any]:
    """Return what the devices know beside that a key was refused, which they count and log."""
    states = {name: msgspec.json.decode(state) for name, (state, _) in devices.items()}
    for state in states.values():
        state.get("counters", {}).pop("keys_refused", None)
    return states


Made = Callable[[Fleet], Command]
CASES: list[tuple[str, str, Command | Made]] = [
    ("agreement", "new", c.FinishFirstBoot()),
    ("agreement", "new", c.AddKeys(keys=("any",))),
    ("agreement", "new", c.DownloadKeys(code="Ab12-Cd34-Ef56-Gh78")),
    ("booting", "new", c.SetCrowd(users=1)),
    ("first-boot-only", "gw", c.ChooseMode(virtual_license_server=True)),
    ("first-boot-only", "gw", c.ChoosePersonality(personality="pps")),
    ("not-possible", "new", c.ChooseMode(virtual_license_server=True)),
    ("no-such-image", "new", c.ChoosePersonality(personality="pps")),
    ("invalid", "gw", c.SetCrowd(users=-1)),
    ("invalid", "gw", c.SetSessionOptions(role="Users", options=c.SessionOptions(idle_timeout=-1))),
    ("invalid-client", "server", msgspec.structs.replace(RECORD, id="a b")),
    ("invalid-client", "server", msgspec.structs.replace(RECORD, password_again="other")),
    ("not-a-server", "bare", RECORD),
    ("no-client", "server", c.DeleteClient(id="none")),
    ("no-client", "server", c.ReleaseClient(id="none")),
    ("out-of-range", "server", c.SetServerRole(enabled=True, incremental_lease=HOUR)),
    ("out-of-range", "server", c.SetServerRole(enabled=True, renewal_interval=9 * DAY)),
    ("is-a-server", "server", SERVER),
    ("is-a-server", "server", c.JoinCluster(name="pair", members=("server", "gw"))),
    ("license-server", "server", c.SetCrowd(users=1)),
    ("invalid-server", "bare", msgspec.structs.replace(SERVER, client_id="a b")),
    ("invalid-server", "bare", msgspec.structs.replace(SERVER, password_again="b1")),
    ("surrendered", "gw", msgspec.structs.replace(SERVER, server="elsewhere")),
    ("surrendered", "gw", c.RemoveServer()),
    ("surrendered", "gw", c.Surrender(serial="SN00003")),
    ("surrendered", "gw", c.DeleteLicense(serial="SN00003")),
    ("no-server", "bare", c.PullState()),
    ("no-server", "bare", c.RemoveServer()),
    ("no-server", "bare", c.Surrender(serial="SN00007")),
    ("no-license", "gw", c.DeleteLicense(serial="none")),
    ("no-license", "gw", c.Surrender(serial="none")),
    ("no-license", "gw", c.Recall(serial="none")),
    ("no-count", "gw", c.Surrender(serial="SN00002")),
    ("not-permanent", "gw", c.Surrender(serial="SN00005")),
    ("not-surrendered", "gw", c.Recall(serial="SN00004")),
    ("recalled", "gw", c.Recall(serial="SN00006")),
    ("invalid-cluster", "gw", c.JoinCluster(name="pair", members=("gw",))),
    ("no-ice-license", "gw", c.SetEmergency(enabled=True)),
    ("no-rollback", "gw", c.RollBack()),
    ("release", "gw", c.InstallSoftware(release="six")),
    ("same-release", "gw", c.InstallSoftware(release="8.3r1")),
    ("no-virtual-license-server", "vls", c.InstallSoftware(release="8.2R5")),
    ("unknown-version", "gw", c.SetMinimumTls(version="0.9")),
    ("release", "gw", c.PowerOn(release="eight", secret=bytes(32))),
    ("no-session", "gw", c.SignOut(session="none")),
    ("no-session", "gw", c.SeeUser(session="none")),
    ("invalid-code", "gw", c.DownloadKeys(code="x" * 1_000)),
    ("no-member-license", "poor", c.Surrender(serial="SN00008")),
    ("unknown-network", "gw", c.SetDownloads(enabled=True, preferred_network="moon")),
    ("unknown-port", "gw", c.SetNetwork(port="moon", address="10.0.0.1", netmask="255.0.0.0")),
    ("too-short", "gw", c.CreateAdministrator(name="two", password="a1")),
    ("too-long", "gw", c.CreateAdministrator(name="two", password="a1" * 1_000)),
    ("personality", "gw", lambda fleet: imported(fleet, by="nac")),
    ("last-administrator", "gw", c.DeleteAdministrator(name="admin")),
    ("no-administrator", "gw", c.DeleteAdministrator(name="none")),
    ("no-vlan", "gw", c.DeleteVlan(name="none")),
    ("no-password", "gw", c.ExportConfiguration(password="")),
    ("unknown-section", "gw", lambda fleet: imported(fleet, sections=("moon",))),
    ("wrong-password", "gw", lambda fleet: imported(fleet, password="other")),
    ("malformed", "gw", c.ImportConfiguration(document=b"{}", password="sealed")),
    ("too-large", "gw", c.ImportConfiguration(document=bytes(64 * 1024 * 1024), password="sealed")),
]


def everything(fleet: Fleet) -> dict[str, tuple[bytes, int]]:
    """Return all that the devices know, and how much each has in its history."""
    return {
        name: (msgspec.json.encode(device.state), len(list(fleet.store.history(name))))
        for name, device in fleet.devices.items()
    }


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    ("reason", "name", "case"), CASES, ids=[f"{name}-{reason}-{n}" for n, (reason, name, _) in enumerate(CASES)]
)
def test_a_refused_act_changes_nothing_anywhere_and_says_why(
    fleet: Fleet, reason: str, name: str, case: Command | Made
) -> None:
    command = case(fleet) if callable(case) else case
    before = everything(fleet)

    refusal = fleet.ask(name, command)

    assert isinstance(refusal, Refusal)
    assert (refusal.reason, everything(fleet) == before) == (reason, True)
    assert len(refusal.message.split()) >= 4


KEYS: list[tuple[str, str, Callable[[Fleet], str]]] = [
    ("duplicate", "gw", lambda fleet: again(fleet, "gw", "CONSEC-ADD-10U")),
    ("malformed", "gw", lambda _fleet: "no key"),
    ("tampered", "gw", lambda fleet: "AAAA" + fleet.mint("gw", "CONSEC-ADD-10U")[4:]),
    ("other-device", "gw", lambda fleet: fleet.mint("bare", "CONSEC-ADD-10U")),
    ("nothing-to-renew", "gw", lambda fleet: fleet.mint("gw", "CONSEC-ADD-250U-1Y-R")),
    ("virtual-appliance", "virtual", lambda fleet: fleet.mint("virtual", "ACCESSX600-ADD-10U")),
    ("virtual-license-server", "vls", lambda fleet: fleet.mint("vls", "ACCESSX600-ADD-10U")),
]


def again(fleet: Fleet, name: str, sku: str) -> str:
    """Install a key, and return it once more."""
    key = fleet.mint(name, sku)
    fleet.do(name, c.AddKeys(keys=(key,)))
    return key


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize(("reason", "name", "make"), KEYS, ids=[reason for reason, _, _ in KEYS])
def test_a_key_that_is_not_taken_changes_nothing_anywhere_and_says_why(
    fleet: Fleet, reason: str, name: str, make: Callable[[Fleet], str]
) -> None:
    key = make(fleet)
    before = everything(fleet)

    (outcome,) = fleet.do(name, c.AddKeys(keys=(key,)))

    assert outcome.result == reason
    assert known(everything(fleet)) == known(before)
    assert len(outcome.message.split()) >= 4


ELSEWHERE = {
    "evaluation": "licensing/test_emergency.py",
    "no-cloud": "licensing/test_refusals.py",
    "stopped": "licensing/test_standing.py",
    "unknown": "licensing/test_refusals.py",
    "version": "licensing/test_import_refusals.py",
}
"""Reasons that take a stage of their own."""


def test_without_a_cloud_there_is_nothing_to_download_and_a_foreign_message_is_no_command() -> None:
    fleet = Fleet(cloud="")
    fleet.appliance("gw")
    before = everything(fleet)

    foreign = Heartbeat(hardware_id="", token="", request_id="", sent_at=0)
    reasons = [fleet.ask("gw", command).reason for command in (c.DownloadKeys(), foreign)]

    assert (reasons, everything(fleet)) == (["no-cloud", "unknown"], before)


def test_no_reason_is_left_out() -> None:
    licensing = Path(__file__).parents[3] / "appliance" / "leaselab" / "appliance" / "licensing"
    written = {
        found for file in licensing.rglob("*.py") for found in re.findall(r'Refusal\(\s*"([a-z-]+)"', file.read_text())
    }
    tried = {reason for reason, _, _ in [*CASES, *KEYS]}

    assert written - tried - set(ELSEWHERE) == set()
    for reason, file in ELSEWHERE.items():
        assert f'"{reason}"' in (Path(__file__).parents[1] / file).read_text()
