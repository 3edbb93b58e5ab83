"""Maintenance > Troubleshooting."""

import io
import zipfile

import pytest

from leaselab.appliance.console.tools import ListSnapshots, TakeSnapshot
from leaselab.testbed.testing.fleet import Fleet, settled
from leaselab.testbed.testing.visitor import Visitor

COMMANDS = "/dana-admin/maintenance/troubleshooting/tools/commands.cgi"
SNAPSHOTS = "/dana-admin/maintenance/troubleshooting/system-snapshot.cgi"


@pytest.fixture
def admin() -> Visitor:
    fleet = Fleet()
    fleet.appliance("gw1")
    return Visitor.administrator(fleet, "gw1")


@pytest.mark.parametrize(
    ("command", "target", "printed"),
    [
        ("Ping", "vls1", "6 packets transmitted, 6 received, 0% packet loss"),
        ("Ping", "10.0.0.77", "6 packets transmitted, 0 received, 100% packet loss"),
        ("Traceroute", "10.0.0.2", "1 vls1 (10.0.0.2) 0.250 ms 0.250 ms 0.250 ms"),
        ("NSLookup", "vls1", "Name: vls1 Address: 10.0.0.2"),
        ("NSLookup", "<b>", "** server can't find <b>: NXDOMAIN"),
        ("ARP", "", "10.0.0.2 ether 02:42:0a:00:00:02 C internal"),
        ("Ping", "nobody", "ping: unknown host nobody"),
    ],
)
def test_a_command_prints_what_the_network_says(admin: Visitor, command: str, target: str, printed: str) -> None:
    admin.get(COMMANDS)

    assert admin.submit(command=command, target=target) == 200

    assert printed in admin.text
    assert "ctrl-c" not in admin.text
    assert "<b>" not in admin.source


@pytest.mark.parametrize(
    ("command", "why"), [("reboot", "Choose a command."), ("Ping", "Type a host name or an IP address.")]
)
def test_what_cannot_be_run_is_refused(admin: Visitor, command: str, why: str) -> None:
    admin.get(COMMANDS)

    assert admin.submit(command=command, target=" ") == 422
    assert admin.notes == [why]


def test_a_snapshot_is_taken_listed_and_downloaded(admin: Visitor) -> None:
    admin.get(SNAPSHOTS)
    assert "No snapshot has been taken." in admin.text

    admin.submit()
    name = "gw1-snapshot-1-20180101-000000.zip"
    assert admin.notes == [f"The snapshot {name} was taken."]
    admin.get(f"{SNAPSHOTS}?name={name}")

    assert admin.headers["content-disposition"] == f'attachment; filename="{name}"'
    with zipfile.ZipFile(io.BytesIO(admin.body)) as archive:
        assert b"Login succeeded" in archive.read("events.log")
        assert b'"hardware_id"' in archive.read("report.json")

    admin.get(f"{SNAPSHOTS}?name=..%2Flab.db")
    assert admin.notes == ["There is no such snapshot any more."]


def test_what_the_console_takes_can_be_downloaded_here(admin: Visitor) -> None:
    name = settled(admin.context.act(TakeSnapshot()))

    assert [each[0] for each in settled(admin.context.act(ListSnapshots()))] == [name]
    admin.get(SNAPSHOTS)
    assert name in admin.text
