"""What the tests of exported and imported configurations share."""

from typing import Any

import msgspec

from leaselab.appliance.licensing import commands, transfer
from leaselab.appliance.licensing.commands import ExportConfiguration, ImportConfiguration, ImportReport, SetNetwork
from leaselab.testbed.testing.fleet import Fleet

PASSWORD = "correct horse"
INTERNAL = SetNetwork(port="internal", address="10.0.0.5", netmask="255.255.255.0", dns=("10.0.0.1",))


def export(fleet: Fleet, name: str) -> bytes:
    document = fleet.do(name, ExportConfiguration(password=PASSWORD))
    assert isinstance(document, bytes)
    return document


def load(fleet: Fleet, name: str, document: bytes, *sections: str) -> ImportReport:
    command = ImportConfiguration(document=document, password=PASSWORD, sections=sections or commands.SECTIONS)
    report = fleet.do(name, command)
    assert isinstance(report, ImportReport)
    return report


def changed(fleet: Fleet, name: str, **parts: Any) -> bytes:
    """Return a document as the device would write it if parts of its configuration were different."""
    state = fleet.devices[name].state
    return transfer.seal(msgspec.structs.replace(transfer.configuration_of(state), **parts), state, PASSWORD)


def skus(fleet: Fleet, name: str) -> list[str]:
    return [row.sku for row in fleet.report(name).licenses]
