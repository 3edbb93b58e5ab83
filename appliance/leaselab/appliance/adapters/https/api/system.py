"""The device itself and its users, as the product's own calls have it (facts 7.2)."""

from fnmatch import fnmatchcase
from typing import Annotated, Final

import msgspec

from leaselab.appliance.adapters.https.api.operations import Call, Operation
from leaselab.appliance.adapters.https.api.shapes import Health, Request, Shape, local_moment
from leaselab.appliance.adapters.https.door import USERS_REALM
from leaselab.appliance.licensing.commands import USERS_ROLE, Session, SignOut
from leaselab.appliance.models.phases import Phase
from leaselab.appliance.models.releases import Release, build_of

PAGE: Final = 200
"""Records of an answer where the request names no number (facts 7.2)."""


class ActiveUser(Shape, frozen=True):
    """An end user who is signed in."""

    active_user_name: str
    agent_type: str
    authentication_realm: str
    endpoint_security_status: str
    events: str
    login_node: str
    network_connect_ip: str
    network_connect_transport_mode: str
    session_id: str
    pulse_client_version: str
    user_roles: str
    user_sign_in_time: str


class ActiveUserRecords(Shape, frozen=True, omit_defaults=True):
    """A page of users. With nobody on it ``active-user-record`` is absent, as it is in the product."""

    active_user_record: tuple[ActiveUser, ...] = ()


class ActiveUsersPage(Shape, frozen=True):
    """A page of users, and how many there are."""

    active_user_records: ActiveUserRecords
    total_matched_record_number: int
    total_returned_record_number: int
    user_login_permission: bool


class ActiveUsers(Shape, frozen=True):
    """The users who are signed in one by one; those of a load, which are only counted, are not among them."""

    active_users: ActiveUsersPage


class ActiveUsersQuery(Request, frozen=True):
    """Which users, and how many of them."""

    number: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = PAGE
    start: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0
    name: Annotated[str, msgspec.Meta(max_length=256)] = "*"


class Device(Shape, frozen=True):
    """What the device is; ``machine-id`` is its licensing hardware ID."""

    host_name: str
    hardware_model: str
    serial_number: str
    machine_id: str


class Software(Shape, frozen=True):
    """A software version."""

    version: str
    build: str


class SoftwareInventory(Shape, frozen=True):
    """What it runs."""

    software: Software


class SystemInformation(Shape, frozen=True):
    """What the device is, and what it runs."""

    system_information: Device
    software_inventory: SoftwareInventory


async def active_users(call: Call) -> ActiveUsers:
    """List the users who are signed in; name may hold * and ?."""
    report, state, query = call.report, call.node.device.state, call.query
    matched = [one for one in state.sessions.values() if fnmatchcase(one.user, query.name or "*")]
    shown = matched[query.start : query.start + query.number]
    return ActiveUsers(
        active_users=ActiveUsersPage(
            active_user_records=ActiveUserRecords(
                active_user_record=tuple(_active_user(one, report.hostname, state.time_zone) for one in shown)
            ),
            total_matched_record_number=len(matched),
            total_returned_record_number=len(shown),
            user_login_permission=report.is_gateway,
        )
    )


def _active_user(session: Session, node: str, time_zone: str) -> ActiveUser:
    return ActiveUser(
        active_user_name=session.user,
        agent_type="Browser",
        authentication_realm=USERS_REALM,
        endpoint_security_status="Not Applicable",
        events="0",
        login_node=node,
        network_connect_ip="",
        network_connect_transport_mode="",
        session_id=session.id,
        pulse_client_version="",
        user_roles=USERS_ROLE,
        user_sign_in_time=local_moment(session.since, time_zone),
    )


async def sign_out(call: Call) -> None:
    """Sign a user out; the place is free at once."""
    await call.decide(SignOut(session=call.path["session-id"], by_admin=True))


async def system_information(call: Call) -> SystemInformation:
    """Tell what the device is."""
    report = call.report
    return SystemInformation(
        system_information=Device(
            host_name=report.hostname,
            hardware_model=report.model,
            serial_number=report.serial_number,
            machine_id=report.hardware_id,
        ),
        software_inventory=SoftwareInventory(
            software=Software(version=report.release, build=str(build_of(Release.parse(report.release))))
        ),
    )


async def health(call: Call) -> Health:
    """Tell whether the device is up."""
    return health_of(call.node.phase())


def health_of(phase: str) -> Health:
    """Return what a boot phase means."""
    return Health(status="ok" if phase == Phase.READY else "starting", phase=phase)


OPERATIONS: Final = (
    Operation("GET", "/health", health, Health, public=True),
    Operation("GET", "/system/active-users", active_users, ActiveUsers, query=ActiveUsersQuery),
    Operation("DELETE", "/system/active-users/session/{session-id}", sign_out),
    Operation("GET", "/system/system-information", system_information, SystemInformation),
)
