"""The events log as the product prints it: codes and severities of the real appliances, wording our own.

Codes, severities and the order of what a line carries are facts of the vendor's catalogue (docs/log-messages.md); QA's
parsers key on them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from leaselab.appliance.instants import DAY, MINUTE, NEVER, Instant, as_datetime, format_duration, format_instant
from leaselab.appliance.licensing import events as e
from leaselab.appliance.machine import Event


class LogLine(NamedTuple):
    """One line of the events log, before it is printed.

    Attributes:
        severity: the product's scale of 1 to 10.
        code: e.g. ``LIC30503``.
        message: our own words, carrying what the product's line carries, in its order.
        user: who acted; ``System`` where nobody did.
        source: the address it came from.
        realm: the acting user's realm.
    """

    severity: int
    code: str
    message: str
    user: str = "System"
    source: str = "127.0.0.1"
    realm: str = ""


def severity_word(severity: int) -> str:
    """Return the product's word for one of its severities."""
    return next(word for word, highest in _WORDS.items() if severity <= highest)


_WORDS: Final = {"Info": 4, "Minor": 7, "Major": 9, "Critical": 10}
"""The product's scale: each word with the highest severity that it is for."""


def format_line(line: LogLine, at: Instant, hostname: str, time_zone: str = "UTC") -> str:
    """Print a line: severity, code, local date and time, host, source, user(realm)[roles], message."""
    moment: datetime = as_datetime(at).astimezone(ZoneInfo(time_zone))
    return _printable(f"{severity_word(line.severity)} {line.code} {_said(line, moment, hostname)}")


def syslog_line(line: LogLine, at: Instant, hostname: str, time_zone: str = "UTC") -> str:
    """Print a line as the product sends it to a syslog receiver, in the form of its 9.x releases (facility LOCAL5)."""
    moment: datetime = as_datetime(at).astimezone(ZoneInfo(time_zone))
    priority = _LOCAL5 * 8 + _SYSLOG_SEVERITY[severity_word(line.severity)]
    said = _said(line, moment, hostname)
    return _printable(f"<{priority}>1 {moment.isoformat(timespec='seconds')} {hostname} PulseSecure: - - - {said}")


_LOCAL5: Final = 21
_SYSLOG_SEVERITY: Final = {"Info": 6, "Minor": 4, "Major": 3, "Critical": 2}
"""RFC 5424: informational, warning, error, critical. Only the first is published; the others are ours."""


def _said(line: LogLine, moment: datetime, hostname: str) -> str:
    context = f"[{line.source}] Root::{line.user}({line.realm})[]"
    return f"{moment:%Y-%m-%d %H:%M:%S} - {hostname} - {context} - {line.message}"


def _printable(text: str) -> str:
    return text if text.isprintable() else _on_one_line(text)


def _on_one_line(text: str) -> str:
    """Write what cannot be printed as an escape: a name with a line end in it must not forge a line."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def lines(event: Event, at: Instant) -> tuple[LogLine, ...]:
    """Return what an event writes into the events log; most write one line, some none."""
    writer = _WRITERS.get(type(event))
    return tuple(writer(event, at)) if writer is not None else ()


def _license(event: e.LicenseInstalled, _at: Instant) -> Iterator[LogLine]:
    sku = event.license.sku
    if event.downloaded:
        yield LogLine(8, "LIC30637", f"License {sku} was downloaded and installed (serial {event.license.serial})")
    yield LogLine(1, "LIC10201", f"License {sku} installed (serial {event.license.serial})")


def _removed(event: e.LicenseRemoved, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(3, "LIC10202", f"License {event.sku} removed (serial {event.serial})")


def _identity_changed(event: e.IdentityChanged, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(
        1, "LIC23600", f"Licensing hardware ID is {event.hardware_id}; licenses of {event.before} do not count here"
    )


_KEY_CODES: Final = {"duplicate": (2, "LIC10003"), "other-device": (1, "LIC23600"), "release": (1, "LIC10267")}


def _key_refused(event: e.KeyRefused, _at: Instant) -> Iterator[LogLine]:
    severity, code = _KEY_CODES.get(event.outcome.result, (2, "LIC23599"))
    yield LogLine(severity, code, f"License key {_short(event.outcome.key)} not installed: {event.outcome.message}")
    if event.downloaded and event.outcome.result != "duplicate":
        yield LogLine(8, "LIC30638", f"Downloaded license could not be installed: {event.outcome.message}")


def _short(key: str) -> str:
    """Name a key without giving it away: a license key is worth money, also an emulated one in a bug report."""
    return f"{key[:_KEY_SHOWN]}..." if len(key) > _KEY_SHOWN else key


_KEY_SHOWN: Final = 12
"""Characters: enough to tell one key from another, too few to enter it."""


_STATE_CODES: Final = {
    "active": (1, "LIC10291", "activated"),
    "grace": (8, "LIC10200", "expired; it counts on for its grace period"),
    "expired": (8, "LIC10200", "expired; it does not count any more"),
    "inactive": (1, "LIC10290", "deactivated"),
}


def _licenses_changed(event: e.LicensesChanged, _at: Instant) -> Iterator[LogLine]:
    for serial, sku, state in event.changes:
        if state in _STATE_CODES:
            severity, code, words = _STATE_CODES[state]
            yield LogLine(severity, code, f"License {sku} {words} (serial {serial})")


def _downloads(event: e.DownloadsSet, _at: Instant) -> Iterator[LogLine]:
    to = "enabled" if event.enabled else "disabled"
    yield LogLine(8, "LIC30662", f"Automatic license download {to}, preferred network {event.preferred_network}")


def _download(event: e.DownloadAnswered, _at: Instant) -> Iterator[LogLine]:
    if not event.reachable:
        yield LogLine(8, "LIC30639", f"License download server {event.host} cannot be reached: {event.error}")
    elif event.error:
        yield LogLine(8, "LIC30638", f"License download server {event.host} gave no key: {event.error}")


def _heartbeat(event: e.HeartbeatAnswered, _at: Instant) -> Iterator[LogLine]:
    if event.duplicate:
        yield LogLine(8, "LIC30543", f"Cloud licensing service {event.host}: {event.message}; licensing stops here")


def _heartbeat_missed(event: e.HeartbeatMissed, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30639", f"Cloud licensing service {event.host} cannot be reached: {event.why}")


def _stopped(event: e.LicensingStopped, _at: Instant) -> Iterator[LogLine]:
    # Facts 8.1: the article calls this event critical and prints Major; we print what it prints.
    yield LogLine(8, "LIC30543", f"No heartbeat was answered for {event.days} days; licensing stops: {event.why}")


def _restored(_event: e.LicensingRestored, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30640", "Cloud licensing service is in reach again; licensing goes on")


def _surrendered(event: e.LicenseSurrendered, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(5, "LIC30632", f"License {event.sku} surrendered (serial {event.serial}); the server is to be told")


def _recalled(event: e.LicenseRecalled, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(5, "LIC30632", f"License {event.sku} recalled (serial {event.serial}); the server is to be told")


def _surrenders_confirmed(event: e.SurrendersConfirmed, _at: Instant) -> Iterator[LogLine]:
    for serial in event.returned:
        yield LogLine(5, "LIC30632", f"Recall confirmed by the license server (serial {serial}); it counts here again")
    for serial in event.serials:
        yield LogLine(5, "LIC30632", f"Surrender confirmed by the license server (serial {serial})")


def _surrenders_counted(event: e.SurrendersCounted, _at: Instant) -> Iterator[LogLine]:
    for serial in event.added:
        yield LogLine(5, "LIC30630", f"License client {event.id} surrendered a license (serial {serial})")
    for serial in event.removed:
        yield LogLine(5, "LIC30630", f"License client {event.id} recalled a license (serial {serial})")


def _joined(event: e.ClusterJoined, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(1, "LIC30600", f"Node of cluster {event.name} with {', '.join(event.members)}")


def _member_lost(event: e.MemberLost, at: Instant) -> Iterator[LogLine]:
    if event.since == at:  # each further beat without an answer is no news
        yield LogLine(8, "LIC30609", f"Cluster node {event.node} is lost: {event.why}")


def _borrowing_ended(event: e.BorrowingEnded, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(10, "LIC30495", f"Licenses of lost cluster nodes {', '.join(event.nodes)} do not count any more")


def _emergency(event: e.EmergencySwitched, _at: Instant) -> Iterator[LogLine]:
    by = "an administrator" if event.by == "admin" else "the system"
    left = format_duration(event.left)
    if event.enabled:
        yield LogLine(1, "LIC10291", f"License ICE activated: {by} enabled emergency mode; {left} left")
    elif event.why == "spent":
        yield LogLine(8, "LIC10200", "License ICE expired: emergency mode is over, its eight weeks have been used")
    else:
        why = _EMERGENCY_ENDS.get(event.why, "")
        yield LogLine(1, "LIC10290", f"License ICE deactivated: {by} disabled emergency mode{why}; {left} left")


_EMERGENCY_ENDS: Final = {
    "quiet": ", since sign-ins have been below the licensed number",
    "license-gone": ", since the license was removed",
}


def _signed_in(event: e.SignedIn, _at: Instant) -> Iterator[LogLine]:
    # The catalogue has no code for it: the line of the login says that it is past the licensed number (ENF-04).
    severity, over = (5, "; the licensed number of users is exceeded") if event.over_capacity else (1, "")
    session = event.session
    yield LogLine(
        severity, "AUT31504", f"Login succeeded{over}", user=session.user, source=session.source, realm="Users"
    )


def _signed_out(event: e.SignedOut, _at: Instant) -> Iterator[LogLine]:
    why = _LOGOUTS.get(event.why, "")
    yield LogLine(1, "AUT22673", f"Logout{why}", user=event.user, realm="Users")


def _administrator(event: e.AdministratorNoted, _at: Instant) -> Iterator[LogLine]:
    severity, code, message = (
        (1, "AUT31504", "Login succeeded")
        if event.admitted
        else (5, "AUT23457", "Login failed: wrong user name or password")
    )
    yield LogLine(severity, code, message, user=event.name, source=event.source, realm="Admin Users")


_LOGOUTS: Final = {
    "idle": ", since the session was idle",
    "too-long": ", since the session reached its maximum length",
    "admin": " by an administrator",
}


def _sign_in_refused(event: e.SignInRefused, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(5, "AUT23457", f"Login failed: {event.message}", user=event.user, source=event.source, realm="Users")


def _switched(event: e.ServerSwitched, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30514", f"License server {'enabled' if event.enabled else 'disabled'}")


def _period(event: e.LeasePeriodSet, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30515", f"Incremental lease duration set to {event.incremental_lease // MINUTE} minutes")


def _interval(event: e.RenewalIntervalSet, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30516", f"Lease renewal interval set to {event.renewal_interval // MINUTE} minutes")


def _client_saved(event: e.ClientSaved, _at: Instant) -> Iterator[LogLine]:
    counts = "; ".join(
        f"{feature} reserved {one.reserved} increment {one.increment} maximum {one.maximum}"
        for feature, one in event.allocations.items()
    )
    if event.new:
        expires = "no expiration date" if event.expires_at == NEVER else format_instant(event.expires_at)
        yield LogLine(1, "LIC30517", f"License client {event.id} added: {event.platform}, {expires}; {counts}")
    else:
        yield LogLine(1, "LIC30518", f"License client {event.id} changed: {counts}")


def _client_deleted(event: e.ClientDeleted, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(1, "LIC30519", f"License client {event.id} deleted")


def _client_registered(event: e.ClientRegistered, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(
        8, "LIC30502", f"License client {event.id} registered with machine ID {event.hardware_id}", source=event.source
    )


_REFUSAL_CODES: Final = {
    "credentials": (8, "LIC30586"),
    "hardware-id": (8, "LIC30635"),
    "unregistered": (5, "LIC30582"),
    "drift": (8, "LIC30520"),
    "expired": (8, "LIC30504"),
    "platform": (8, "LIC30501"),
}


def _request_refused(event: e.RequestRefused, _at: Instant) -> Iterator[LogLine]:
    severity, code = _REFUSAL_CODES.get(event.reason, (8, "LIC30523"))
    yield LogLine(
        severity,
        code,
        f"Request {event.verb} of license client {event.id}, machine ID {event.hardware_id}, refused: {event.message}",
        source=event.source,
    )


def _answered(event: e.LeasesAnswered, _at: Instant) -> Iterator[LogLine]:
    for grant in event.auto:
        yield LogLine(
            1,
            "LIC30844",
            f"License client {event.id} had auto-leased {grant.units} {grant.feature} at {format_instant(grant.at)}",
            source=event.source,
        )
    new = {increment for _, increment in event.granted}
    for feature, lease in event.reply.features.items():
        units = lease.reserved + sum(one.units for one in lease.increments)
        if lease.denied:
            yield LogLine(
                8,
                "LIC30554",
                f"License client {event.id}: increment of {lease.increment} {feature} denied: {lease.denied}",
                source=event.source,
            )
        elif event.verb != "lease" or new.intersection(one.id for one in lease.increments) or not event.granted:
            yield LogLine(
                1,
                "LIC30503",
                f"Leased {units} {feature} to license client {event.id}: reserved {lease.reserved}, "
                f"maximum {lease.maximum}, increment {lease.increment}",
                source=event.source,
            )


def _reclaimed(event: e.LeasesReclaimed, _at: Instant) -> Iterator[LogLine]:
    if event.reserved:
        yield LogLine(10, "LIC30564", f"Leases of license client {event.id} for {event.feature} expired")
    if event.increments:
        yield LogLine(10, "LIC30565", f"Incremental leases of license client {event.id} for {event.feature} expired")


def _configuration_expired(event: e.ClientConfigurationExpired, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(10, "LIC30566", f"Configuration of license client {event.id} expired; its leases end")


def _penalty(event: e.PenaltyBegan, _at: Instant) -> Iterator[LogLine]:
    days = (event.until - _at) // DAY
    yield LogLine(10, "LIC30828", f"Auto-leasing off for {days} days: client {event.id} auto-leased more than there is")


def _penalty_ended(event: e.PenaltyEnded, _at: Instant) -> Iterator[LogLine]:
    if event.early:
        yield LogLine(8, "LIC30847", "Auto-leasing penalty ended early: user counts were added")
    else:
        yield LogLine(8, "LIC30829", "Auto-leasing penalty ran out")


def _auto_lease(event: e.AutoLeaseSwitched, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30846", f"Auto-leasing {'enabled' if event.enabled else 'disabled'} for {event.feature}")


def _server_set(event: e.ServerSet, _at: Instant) -> Iterator[LogLine]:
    verify = "verified" if event.verify_certificate else "not verified"
    yield LogLine(
        1,
        "LIC30511",
        f"License server set to {event.server}, client ID {event.client_id}, "
        f"preferred network {event.preferred_network}, certificate {verify}",
    )


def _server_removed(event: e.ServerRemoved, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(1, "LIC30513", f"License server {event.server} removed")


def _pulled(_event: e.StatePulled, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(1, "LIC30542", "State pulled from the license server")


def _registered(_event: e.RegistrationTaken, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30498", "Registered with the license server")


def _registration_lost(event: e.RegistrationLost, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(5, "LIC30581", f"The license server does not know this device ({event.reason}); registering again")


def _taken(event: e.LeasesTaken, _at: Instant) -> Iterator[LogLine]:
    for feature, holding in event.holdings.items():
        if holding.denied:
            yield LogLine(10, "LIC30500", f"License server denied an increment of {feature}: {holding.denied}")
        else:
            yield LogLine(
                1,
                "LIC30499",
                f"Leased {holding.leased} {feature}: reserved {holding.reserved}, maximum {holding.maximum}, "
                f"increment {holding.increment}",
            )


def _denied(event: e.RequestDenied, _at: Instant) -> Iterator[LogLine]:
    if event.verb == "register":
        yield LogLine(10, "LIC30496", f"Not registered with the license server: {event.message}")
    else:
        yield LogLine(10, "LIC30500", f"License server refused request {event.verb}: {event.message}")


def _contact_lost(event: e.ContactLost, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(8, "LIC30543", f"License server cannot be reached: {event.why}")


def _ended(event: e.LeasesEnded, _at: Instant) -> Iterator[LogLine]:
    for feature, (reserved, increments) in event.ended.items():
        if reserved:
            yield LogLine(10, "LIC30493", f"Reserved leases of {feature} from the license server expired")
        if increments:
            yield LogLine(10, "LIC30494", f"{len(increments)} incremental leases of {feature} expired")


def _auto_taken(event: e.AutoLeaseTaken, _at: Instant) -> Iterator[LogLine]:
    yield LogLine(1, "LIC30651", f"Auto-leased {event.held.units} {event.feature} while out of contact")


_WRITERS: Final[dict[type[Event], Callable[[Any, Instant], Iterator[LogLine]]]] = {
    e.LicenseInstalled: _license,
    e.LicenseRemoved: _removed,
    e.IdentityChanged: _identity_changed,
    e.KeyRefused: _key_refused,
    e.LicensesChanged: _licenses_changed,
    e.DownloadsSet: _downloads,
    e.DownloadAnswered: _download,
    e.HeartbeatAnswered: _heartbeat,
    e.HeartbeatMissed: _heartbeat_missed,
    e.LicensingStopped: _stopped,
    e.LicensingRestored: _restored,
    e.LicenseSurrendered: _surrendered,
    e.LicenseRecalled: _recalled,
    e.SurrendersConfirmed: _surrenders_confirmed,
    e.SurrendersCounted: _surrenders_counted,
    e.ClusterJoined: _joined,
    e.MemberLost: _member_lost,
    e.BorrowingEnded: _borrowing_ended,
    e.EmergencySwitched: _emergency,
    e.AdministratorNoted: _administrator,
    e.SignedIn: _signed_in,
    e.SignedOut: _signed_out,
    e.SignInRefused: _sign_in_refused,
    e.ServerSwitched: _switched,
    e.LeasePeriodSet: _period,
    e.RenewalIntervalSet: _interval,
    e.ClientSaved: _client_saved,
    e.ClientDeleted: _client_deleted,
    e.ClientRegistered: _client_registered,
    e.RequestRefused: _request_refused,
    e.LeasesAnswered: _answered,
    e.LeasesReclaimed: _reclaimed,
    e.ClientConfigurationExpired: _configuration_expired,
    e.PenaltyBegan: _penalty,
    e.PenaltyEnded: _penalty_ended,
    e.AutoLeaseSwitched: _auto_lease,
    e.ServerSet: _server_set,
    e.ServerRemoved: _server_removed,
    e.StatePulled: _pulled,
    e.RegistrationTaken: _registered,
    e.RegistrationLost: _registration_lost,
    e.LeasesTaken: _taken,
    e.RequestDenied: _denied,
    e.ContactLost: _contact_lost,
    e.LeasesEnded: _ended,
    e.AutoLeaseTaken: _auto_taken,
}
