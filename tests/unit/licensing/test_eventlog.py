"""Log lines in the product's format: codes, severities, what they carry."""

import msgspec
import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE, NEVER, Instant, parse_instant
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation, KeyOutcome, Session
from leaselab.appliance.licensing.eventlog import LogLine, format_line, lines, severity_word, syslog_line
from leaselab.appliance.licensing.events import ApplianceEvent
from leaselab.appliance.licensing.inventory import InstalledLicense
from leaselab.appliance.licensing.messages import AutoLeased, FeatureLease, IncrementLease, Leases
from leaselab.appliance.machine import Event
from leaselab.testbed.testing.fleet import Fleet


def history(fleet: Fleet, name: str) -> list[tuple[Instant, Event]]:
    decoder = msgspec.json.Decoder(ApplianceEvent)
    return [(at, decoder.decode(body)) for _, at, body in fleet.store.history(name)]


def log(fleet: Fleet, name: str) -> list[str]:
    return [format_line(line, at, name) for at, event in history(fleet, name) for line in lines(event, at)]


@pytest.mark.parametrize(("severity", "priority"), [(1, 174), (5, 172), (8, 171), (10, 170)])
def test_a_line_for_a_syslog_receiver_has_the_form_of_the_products_9x_releases(severity: int, priority: int) -> None:
    line = LogLine(severity, "LIC30639", "License download server cloud cannot be reached")

    assert syslog_line(line, parse_instant("2022-01-19T09:23:06Z"), "pcs", "Europe/Vienna") == (
        f"<{priority}>1 2022-01-19T10:23:06+01:00 pcs PulseSecure: - - - 2022-01-19 10:23:06 - pcs - [127.0.0.1] "
        "Root::System()[] - License download server cloud cannot be reached"
    )


def test_a_line_has_the_products_form() -> None:
    line = LogLine(8, "LIC30639", "License download server cloud cannot be reached")

    assert format_line(line, parse_instant("2017-07-26T00:30:45Z"), "ive") == (
        "Major LIC30639 2017-07-26 00:30:45 - ive - [127.0.0.1] Root::System()[] - "
        "License download server cloud cannot be reached"
    )


def test_a_line_shows_the_devices_local_time() -> None:
    line = format_line(LogLine(1, "LIC10201", "x"), parse_instant("2018-07-01T00:00:00Z"), "ive", "Europe/Berlin")

    assert "2018-07-01 02:00:00" in line


@pytest.mark.parametrize(
    ("severity", "word"),
    [(1, "Info"), (4, "Info"), (5, "Minor"), (7, "Minor"), (8, "Major"), (9, "Major"), (10, "Critical")],
)
def test_severities_print_as_the_products_words(severity: int, word: str) -> None:
    assert severity_word(severity) == word


def test_the_story_of_a_lease_is_told_on_both_sides() -> None:
    fleet = Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)
    fleet.sign_in("GW1", 51)
    fleet.cuts.add(("GW1", "server"))
    fleet.advance(days=11)

    at_server = [line.split(" ")[1] for line in log(fleet, "server")]
    at_client = [line.split(" ")[1] for line in log(fleet, "GW1")]

    for code in ("LIC10201", "LIC30514", "LIC30517", "LIC30502", "LIC30503", "LIC30564", "LIC30565"):
        assert code in at_server
    for code in ("LIC30511", "LIC30498", "LIC30499", "LIC30543", "LIC30493", "LIC30494", "AUT31504"):
        assert code in at_client


def test_no_password_and_no_whole_key_is_written_to_the_log() -> None:
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    key = fleet.mint("server", "CONSEC-100U-1YR")
    fleet.install("server", "CONSEC-100U-1YR")
    fleet.client("GW1", reserved=50, increment=10, maximum=100)

    everything = "\n".join(log(fleet, "server") + log(fleet, "GW1"))

    assert "secret1" not in everything
    assert key not in everything


def codes(event: Event, at: Instant = 0) -> list[tuple[int, str]]:
    """Return severity and code of each line that an event writes."""
    return [(line.severity, line.code) for line in lines(event, at)]


INSTALLED = InstalledLicense(
    serial="SN1", key="KEY", sku="CONSEC-100U-1YR", starts_at=0, ends_at=365 * DAY, installed_at=0
)


def refused_key(result: str) -> KeyOutcome:
    return KeyOutcome(key="LLK1-AAAA-BBBB-CCCC", result=result, message="why not")


def licenses(*states: str) -> e.LicensesChanged:
    return e.LicensesChanged(changes=tuple((f"SN{n}", "CONSEC-100U-1YR", state) for n, state in enumerate(states)))


def saved(*, new: bool, expires_at: Instant = NEVER) -> e.ClientSaved:
    counts = {CONCURRENT_USERS: Allocation(reserved=50, increment=10, maximum=100)}
    return e.ClientSaved(
        id="GW1",
        password_hash="",
        platform="psa3000",
        product="pcs",
        allocations=counts,
        expires_at=expires_at,
        new=new,
    )


def refusal(reason: str) -> e.RequestRefused:
    return e.RequestRefused(
        id="GW1", hardware_id="0271", source="10.0.0.2", verb="renew", reason=reason, message="why not"
    )


def downloaded(*, reachable: bool = True, error: str = "") -> e.DownloadAnswered:
    return e.DownloadAnswered(id="download-1", host="cloud", reachable=reachable, error=error)


def heartbeat(*, duplicate: bool) -> e.HeartbeatAnswered:
    return e.HeartbeatAnswered(
        id="heartbeat-1", host="cloud", token="", duplicate=duplicate, message="a clone", next_at=8 * HOUR
    )


def lost(since: Instant) -> e.MemberLost:
    return e.MemberLost(id="cluster-1-B", node="B", why="no answer", since=since)


def emergency(*, enabled: bool, why: str = "") -> e.EmergencySwitched:
    return e.EmergencySwitched(enabled=enabled, by="system", left=56 * DAY, why=why)


def ended(reserved: int, *increments: str) -> e.LeasesEnded:
    return e.LeasesEnded(ended={CONCURRENT_USERS: (reserved, increments)})


def reclaimed(reserved: int, *increments: str) -> e.LeasesReclaimed:
    return e.LeasesReclaimed(id="GW1", feature=CONCURRENT_USERS, reserved=reserved, increments=increments)


def denied(verb: str) -> e.RequestDenied:
    return e.RequestDenied(id="client-1", verb=verb, reason="expired", message="why not", next_contact_at=MINUTE)


INFO, WARNED, MINOR, MAJOR, CRITICAL = 1, 3, 5, 8, 10


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (e.LicenseInstalled(license=INSTALLED), [(INFO, "LIC10201")]),
        (e.LicenseInstalled(license=INSTALLED, downloaded=True), [(MAJOR, "LIC30637"), (INFO, "LIC10201")]),
        (e.LicenseRemoved(serial="SN1", sku="CONSEC-100U-1YR"), [(WARNED, "LIC10202")]),
        (e.IdentityChanged(hardware_id="ID2", before="ID1"), [(INFO, "LIC23600")]),
        (e.KeyRefused(outcome=refused_key("duplicate")), [(2, "LIC10003")]),
        (e.KeyRefused(outcome=refused_key("other-device")), [(INFO, "LIC23600")]),
        (e.KeyRefused(outcome=refused_key("malformed")), [(2, "LIC23599")]),
        (e.KeyRefused(outcome=refused_key("malformed"), downloaded=True), [(2, "LIC23599"), (MAJOR, "LIC30638")]),
        (e.KeyRefused(outcome=refused_key("duplicate"), downloaded=True), [(2, "LIC10003")]),
        (licenses("active", "grace"), [(INFO, "LIC10291"), (MAJOR, "LIC10200")]),
        (licenses("expired", "inactive"), [(MAJOR, "LIC10200"), (INFO, "LIC10290")]),
        (licenses("pending"), []),
        (e.DownloadsSet(enabled=True, preferred_network="internal"), [(MAJOR, "LIC30662")]),
        (downloaded(reachable=False, error="no route"), [(MAJOR, "LIC30639")]),
        (downloaded(error="unknown code"), [(MAJOR, "LIC30638")]),
        (downloaded(), []),
        (heartbeat(duplicate=True), [(MAJOR, "LIC30543")]),
        (heartbeat(duplicate=False), []),
        (e.HeartbeatMissed(id="heartbeat-1", host="cloud", why="no route", next_at=HOUR), [(MAJOR, "LIC30639")]),
        (e.LicensingStopped(days=24, why="no route"), [(MAJOR, "LIC30543")]),
        (e.LicensingRestored(), [(MAJOR, "LIC30640")]),
        (e.LicenseSurrendered(serial="SN1", sku="CONSEC-ADD-100U"), [(MINOR, "LIC30632")]),
        (e.LicenseRecalled(serial="SN1", sku="CONSEC-ADD-100U"), [(MINOR, "LIC30632")]),
        (e.SurrendersConfirmed(id="client-1", serials=("SN1",), returned=("SN2",)), [(MINOR, "LIC30632")] * 2),
        (e.SurrendersCounted(id="GW1", licenses=(), added=("SN1",), removed=("SN2",)), [(MINOR, "LIC30630")] * 2),
        (e.ClusterJoined(name="gateways", members=("A", "B"), heartbeat=MINUTE), [(INFO, "LIC30600")]),
        (lost(since=0), [(MAJOR, "LIC30609")]),
        (lost(since=-MINUTE), []),
        (e.BorrowingEnded(nodes=("B",)), [(CRITICAL, "LIC30495")]),
        (emergency(enabled=True), [(INFO, "LIC10291")]),
        (emergency(enabled=False, why="quiet"), [(INFO, "LIC10290")]),
        (emergency(enabled=False, why="spent"), [(MAJOR, "LIC10200")]),
        (e.SignedOut(session="1", user="user1", feature=CONCURRENT_USERS), [(INFO, "AUT22673")]),
        (e.ServerSwitched(enabled=False), [(MAJOR, "LIC30514")]),
        (e.LeasePeriodSet(incremental_lease=24 * HOUR), [(MAJOR, "LIC30515")]),
        (e.RenewalIntervalSet(renewal_interval=6 * HOUR), [(MAJOR, "LIC30516")]),
        (saved(new=True), [(INFO, "LIC30517")]),
        (saved(new=True, expires_at=DAY), [(INFO, "LIC30517")]),
        (saved(new=False), [(INFO, "LIC30518")]),
        (e.ClientDeleted(id="GW1"), [(INFO, "LIC30519")]),
        (refusal("credentials"), [(MAJOR, "LIC30586")]),
        (refusal("unregistered"), [(MINOR, "LIC30582")]),
        (refusal("not-allocated"), [(MAJOR, "LIC30523")]),
        (reclaimed(50), [(CRITICAL, "LIC30564")]),
        (reclaimed(0, "one"), [(CRITICAL, "LIC30565")]),
        (e.ClientConfigurationExpired(id="GW1"), [(CRITICAL, "LIC30566")]),
        (e.PenaltyBegan(id="GW1", until=5 * DAY), [(CRITICAL, "LIC30828")]),
        (e.PenaltyEnded(early=True), [(MAJOR, "LIC30847")]),
        (e.PenaltyEnded(early=False), [(MAJOR, "LIC30829")]),
        (e.AutoLeaseSwitched(feature=CONCURRENT_USERS, enabled=True), [(MAJOR, "LIC30846")]),
        (e.ServerRemoved(server="vls1"), [(INFO, "LIC30513")]),
        (e.StatePulled(), [(INFO, "LIC30542")]),
        (e.RegistrationTaken(id="client-1", token="token"), [(MAJOR, "LIC30498")]),
        (e.RegistrationLost(id="client-1", reason="unknown"), [(MINOR, "LIC30581")]),
        (denied("register"), [(CRITICAL, "LIC30496")]),
        (denied("renew"), [(CRITICAL, "LIC30500")]),
        (ended(50, "one"), [(CRITICAL, "LIC30493"), (CRITICAL, "LIC30494")]),
        (ended(0, "one"), [(CRITICAL, "LIC30494")]),
        (ended(50), [(CRITICAL, "LIC30493")]),
        (e.ContactDue(), []),
    ],
)
def test_an_event_is_logged_under_the_products_code_and_severity(event: Event, written: list[tuple[int, str]]) -> None:
    assert codes(event) == written


def leases(*, denied: str = "", increments: int = 0) -> FeatureLease:
    return FeatureLease(
        reserved=50,
        reserved_since=0,
        reserved_ends_at=10 * DAY,
        increment=10,
        maximum=100,
        increments=tuple(IncrementLease(id=str(n), units=10, acquired_at=0, ends_at=DAY) for n in range(increments)),
        denied=denied,
    )


def answer(verb: str, features: dict[str, FeatureLease], granted: tuple[tuple[str, str], ...] = ()) -> e.LeasesAnswered:
    reply = Leases(features=features, renewal_interval=6 * HOUR, incremental_lease=DAY, server_time=0)
    return e.LeasesAnswered(id="GW1", verb=verb, request_id="1", source="10.0.0.2", reply=reply, granted=granted)


def test_a_server_logs_what_it_gave_and_not_what_a_client_had_before() -> None:
    granted = answer(
        "lease",
        {CONCURRENT_USERS: leases(increments=1), "rdp-users": leases()},
        granted=((CONCURRENT_USERS, "0"),),
    )

    assert [line.message for line in lines(granted, 0)] == [
        "Leased 60 concurrent-users to license client GW1: reserved 50, maximum 100, increment 10"
    ]


def test_a_renewal_is_logged_for_every_feature() -> None:
    renewed = answer("renew", {CONCURRENT_USERS: leases(), "rdp-users": leases()})

    assert codes(renewed) == [(INFO, "LIC30503")] * 2


@pytest.mark.rule("LSE-03")
def test_an_increment_that_was_denied_is_logged_on_both_sides() -> None:
    at_server = answer("lease", {CONCURRENT_USERS: leases(denied="capacity")})
    holding = FeatureLease(
        reserved=50, reserved_since=0, reserved_ends_at=DAY, increment=10, maximum=100, denied="capacity"
    )
    at_client = e.LeasesTaken(
        id="client-1",
        verb="lease",
        holdings={CONCURRENT_USERS: holding},
        renewal_interval=6 * HOUR,
        incremental_lease=DAY,
        next_contact_at=6 * HOUR,
    )

    assert codes(at_server) == [(MAJOR, "LIC30554")]
    assert codes(at_client) == [(CRITICAL, "LIC30500")]


@pytest.mark.rule("AUT-08")
def test_counts_that_were_auto_leased_are_logged_with_the_time_they_were_taken() -> None:
    grant = AutoLeased(id="0", feature=CONCURRENT_USERS, units=10, at=parse_instant("2018-01-02T00:00:00Z"))
    taken_in = msgspec.structs.replace(answer("history", {}), auto=(grant,))

    assert [(line.code, line.message) for line in lines(taken_in, 0)] == [
        ("LIC30844", "License client GW1 had auto-leased 10 concurrent-users at 2018-01-02T00:00:00Z")
    ]


def test_a_sign_in_says_who_and_from_where() -> None:
    session = Session(id="1", user="user1", feature=CONCURRENT_USERS, source="10.0.0.9", since=0)

    (line,) = lines(e.SignedIn(session=session), 0)

    assert (line.user, line.source, line.realm) == ("user1", "10.0.0.9", "Users")
