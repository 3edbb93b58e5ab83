"""What happened on a license client."""

from typing import TypeAlias

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.messages import FeatureLease, IncrementLease
from leaselab.appliance.machine import Envelope, Event


class ServerSet(Event, frozen=True):
    """Configure Server was saved (CLT-01)."""

    server: str
    client_id: str
    password: str
    preferred_network: str
    verify_certificate: bool


class ServerRemoved(Event, frozen=True):
    """The device leases from no server any more."""

    server: str


class StatePulled(Event, frozen=True):
    """An admin pulled the state from the server (CFG-01)."""


class ContactDue(Event, frozen=True):
    """It is time to contact the server: to renew, or to try again."""


class RequestQueued(Event, frozen=True):
    """A request to the license server is on its way."""

    envelope: Envelope
    verb: str


class RequestDropped(Event, frozen=True):
    """A request did not get as far as the server: the lease leader it was handed to is gone. It is made anew."""

    id: str


class RegistrationTaken(Event, frozen=True):
    """The server knows this device."""

    id: str
    token: str


class RegistrationLost(Event, frozen=True):
    """The server asks to register anew."""

    id: str
    reason: str


class LeasesTaken(Event, frozen=True):
    """The server's answer is in force here; its instants are by the client's own clock (LSE-13)."""

    id: str
    verb: str
    holdings: dict[str, FeatureLease]
    renewal_interval: Duration
    incremental_lease: Duration
    next_contact_at: Instant
    permanent: bool = False
    smaller: bool = False
    """It took something back: the server waits to hear that it has arrived."""


class ConfirmationTaken(Event, frozen=True):
    """The server has heard that its last answer arrived."""

    id: str


class RequestDenied(Event, frozen=True):
    """The server answered no; the device tries again at the next contact."""

    id: str
    verb: str
    reason: str
    message: str
    next_contact_at: Instant


class ContactLost(Event, frozen=True):
    """The server did not answer (CLT-05)."""

    id: str
    why: str
    retry_at: Instant
    request_id: str = ""
    """Of the request for an increment that got no answer, if it was one."""


class LeasesEnded(Event, frozen=True):
    """Leases ran out on the client, by its own clock (LSE-07): ``(reserved units, increment IDs)`` by feature."""

    ended: dict[str, tuple[int, tuple[str, ...]]]


class AutoLeaseTaken(Event, frozen=True):
    """Out of contact, the client gave itself one increment (AUT-05)."""

    feature: str
    held: IncrementLease


TenancyEvent: TypeAlias = (
    ServerSet
    | StatePulled
    | ContactDue
    | RequestQueued
    | RequestDropped
    | RegistrationTaken
    | RegistrationLost
    | ConfirmationTaken
    | RequestDenied
    | ContactLost
    | LeasesEnded
    | AutoLeaseTaken
)
"""All that changes what the device holds and says as a client, but for answers it takes and the end of being one."""
