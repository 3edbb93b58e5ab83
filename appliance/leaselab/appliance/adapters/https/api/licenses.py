"""The device's licenses and what they come to: keys, counts, leases, compliance, emergency mode, services."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec

from leaselab.appliance.adapters.https.api.operations import Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import Request, Secret, Shape, Text, moment, seconds
from leaselab.appliance.licensing.commands import (
    AddKeys,
    DeleteLicense,
    DownloadKeys,
    Recall,
    SetDownloads,
    SetEmergency,
    Surrender,
)
from leaselab.appliance.licensing.installation import MAX_KEYS_AT_ONCE
from leaselab.appliance.licensing.views import FeatureCounts, LicenseRow, Report
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states


class Counts(Shape, frozen=True):
    """The counts of one feature on this device, in units."""

    feature: str
    signed_in: int
    limit: int
    installed: int
    leased: int
    reserved: int
    incremental: int
    auto_leased: int
    available: int
    promised: int
    auto_lease: bool


class Compliance(Shape, frozen=True):
    """Whether the member license is there that the device's use of licenses asks for (ENF-09)."""

    in_compliance: bool
    notice: str


class EmergencyMode(Shape, frozen=True):
    """Emergency mode (ICE): ``none`` (no license), ``off``, ``admin`` or ``system`` (who enabled it), or ``spent``."""

    state: str
    seconds_left: int


class Summary(Shape, frozen=True):
    """Everything about a device's licensing on one page."""

    host_name: str
    hardware_model: str
    machine_id: str
    product: str
    release: str
    role: str
    time: str
    agreement_accepted: bool
    enforces: bool
    maximum_users: int
    licenses: int
    compliance: Compliance
    emergency: EmergencyMode
    features: tuple[Counts, ...]


class License(Shape, frozen=True):
    """An installed license."""

    serial: str
    sku: str
    description: str
    feature: str
    units: int
    starts_at: str | None
    ends_at: str | None
    state: str


class Licenses(Shape, frozen=True):
    """The installed licenses."""

    licenses: tuple[License, ...]


class NodeKeys(Shape, frozen=True):
    """The licenses of one node."""

    node: str
    machine_id: str
    licenses: tuple[License, ...]


class KeysStatus(Shape, frozen=True):
    """The licenses node by node."""

    nodes: tuple[NodeKeys, ...]


class NewKeys(Request, frozen=True):
    """License keys to install."""

    keys: Annotated[tuple[Secret, ...], msgspec.Meta(min_length=1, max_length=MAX_KEYS_AT_ONCE)]


class Outcome(Shape, frozen=True):
    """What became of one key, in the order they came: ``installed``, ``duplicate``, or why it was refused (KEY-02)."""

    result: str
    message: str


class Outcomes(Shape, frozen=True):
    """What became of each key; ``error`` is the download center's own text."""

    outcomes: tuple[Outcome, ...]
    error: str = ""


class Download(Request, frozen=True):
    """With a code, the keys it entitles to; without, those that are new for this device (DLD-02)."""

    auth_code: Annotated[str, msgspec.Meta(max_length=256)] = ""


class DownloadSettings(Request, frozen=True):
    """Automatic download of license keys (DLD-01)."""

    enabled: bool
    preferred_network: Text = "internal"


class EmergencySwitch(Request, frozen=True):
    """Whether emergency mode is to be enabled."""

    enabled: bool


class Lease(Shape, frozen=True):
    """A lease: on a server one of its clients', on a client its own."""

    client: str
    feature: str
    kind: str
    units: int
    acquired_at: str | None
    ends_at: str | None


class Leases(Shape, frozen=True):
    """The live leases."""

    leases: tuple[Lease, ...]


class Service(Shape, frozen=True):
    """A service that a license server halts (GAT-03)."""

    service: str
    name: str
    state: str


class Services(Shape, frozen=True):
    """The services that a license server halts."""

    services: tuple[Service, ...]


async def summary(call: Call) -> Summary:
    """Sum the device's licensing up."""
    report = call.report
    return Summary(
        host_name=report.hostname,
        hardware_model=report.model,
        machine_id=report.hardware_id,
        product=report.product,
        release=report.release,
        role=report.role,
        time=moment(report.now) or "",
        agreement_accepted=report.agreement_accepted,
        enforces=report.enforces,
        maximum_users=report.maximum_users,
        licenses=len(report.licenses),
        compliance=_compliance(report),
        emergency=_emergency(report),
        features=tuple(map(_counts, report.features.values())),
    )


def _counts(one: FeatureCounts) -> Counts:
    return Counts(**{name: getattr(one, name) for name in Counts.__struct_fields__})


def _compliance(report: Report) -> Compliance:
    return Compliance(in_compliance=not report.out_of_compliance, notice=report.out_of_compliance)


def _emergency(report: Report) -> EmergencyMode:
    return EmergencyMode(state=report.emergency.state, seconds_left=seconds(report.emergency.left))


def _license(row: LicenseRow) -> License:
    return License(
        serial=row.serial,
        sku=row.sku,
        description=row.description,
        feature=row.feature,
        units=row.units,
        starts_at=moment(row.starts_at),
        ends_at=moment(row.ends_at),
        state=row.state,
    )


async def list_licenses(call: Call) -> Licenses:
    """List the installed licenses."""
    return Licenses(licenses=tuple(map(_license, call.report.licenses)))


async def keys_status(call: Call) -> KeysStatus:
    """List the licenses by node; a node of a cluster answers for itself."""
    report = call.report
    node = call.path.get("node", report.hostname)
    if node not in {report.hostname, report.name}:
        raise Fault(HTTPStatus.NOT_FOUND, f"this is {report.hostname}; ask {node} itself")
    licenses = tuple(map(_license, report.licenses))
    return KeysStatus(nodes=(NodeKeys(node=report.hostname, machine_id=report.hardware_id, licenses=licenses),))


async def add_keys(call: Call) -> Outcomes:
    """Install license keys; each is judged on its own (KEY-03)."""
    outcomes = await call.decide(AddKeys(keys=call.body.keys))
    return Outcomes(outcomes=tuple(Outcome(result=one.result, message=one.message) for one in outcomes))


async def delete_license(call: Call) -> None:
    """Remove a license."""
    await call.decide(DeleteLicense(serial=call.path["serial"]))


async def surrender(call: Call) -> None:
    """Give a permanent license's counts to the license server (SUR-01)."""
    await call.decide(Surrender(serial=call.path["serial"]))


async def recall(call: Call) -> None:
    """Ask a surrendered license back (SUR-03)."""
    await call.decide(Recall(serial=call.path["serial"]))


async def download(call: Call) -> Outcomes:
    """Ask the download center for keys and install them (DLD-02)."""
    report = await call.decide(DownloadKeys(code=call.body.auth_code))
    return Outcomes(
        outcomes=tuple(Outcome(result=one.result, message=one.message) for one in report.outcomes), error=report.error
    )


async def download_settings(call: Call) -> DownloadSettings:
    """Tell whether keys are downloaded automatically."""
    state = call.node.device.state
    return DownloadSettings(enabled=state.downloads_enabled, preferred_network=state.download_network)


async def set_downloads(call: Call) -> DownloadSettings:
    """Set whether keys are downloaded automatically (DLD-01, DLD-03)."""
    wanted = call.body
    await call.decide(SetDownloads(enabled=wanted.enabled, preferred_network=wanted.preferred_network))
    return await download_settings(call)


async def emergency(call: Call) -> EmergencyMode:
    """Tell how emergency mode stands."""
    return _emergency(call.report)


async def set_emergency(call: Call) -> EmergencyMode:
    """Enable or disable emergency mode (ICE-01)."""
    await call.decide(SetEmergency(enabled=call.body.enabled))
    return _emergency(call.report)


async def leases(call: Call) -> Leases:
    """List the live leases."""
    return Leases(
        leases=tuple(
            Lease(
                client=one.client,
                feature=one.feature,
                kind=one.kind,
                units=one.units,
                acquired_at=moment(one.acquired_at),
                ends_at=moment(one.ends_at),
            )
            for one in call.report.leases
        )
    )


async def compliance(call: Call) -> Compliance:
    """Tell whether the device is in compliance (ENF-09)."""
    return _compliance(call.report)


async def services(call: Call) -> Services:
    """Tell which services run (GAT-03)."""
    states = service_states(license_server=not call.report.is_gateway)
    return Services(
        services=tuple(
            Service(service=key, name=name, state=states[key]) for key, name in HALTED_ON_LICENSE_SERVER.items()
        )
    )


_KEY: Final = "/license/keys/{serial}"


OPERATIONS: Final = (
    Operation("GET", "/license/summary", summary, Summary),
    Operation("GET", "/license/keys", list_licenses, Licenses),
    Operation("POST", "/license/keys", add_keys, Outcomes, NewKeys),
    Operation("DELETE", _KEY, delete_license),
    Operation("POST", f"{_KEY}/surrender", surrender),
    Operation("POST", f"{_KEY}/recall", recall),
    Operation("GET", "/license/keys-status", keys_status, KeysStatus),
    Operation("GET", "/license/keys-status/{node}", keys_status, KeysStatus),
    Operation("POST", "/license/download", download, Outcomes, Download),
    Operation("GET", "/license/download-settings", download_settings, DownloadSettings),
    Operation("PUT", "/license/download-settings", set_downloads, DownloadSettings, DownloadSettings),
    Operation("GET", "/license/emergency", emergency, EmergencyMode),
    Operation("PUT", "/license/emergency", set_emergency, EmergencyMode, EmergencySwitch),
    Operation("GET", "/license/leases", leases, Leases),
    Operation("GET", "/license/compliance", compliance, Compliance),
    Operation("GET", "/license/services", services, Services),
)
