"""Log lines in the product's format: codes, severities, what they carry."""

import msgspec
import pytest

from leaselab.appliance.instants import Instant, parse_instant
from leaselab.appliance.licensing.eventlog import LogLine, format_line, lines, severity_word, syslog_line
from leaselab.appliance.licensing.events import ApplianceEvent
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
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    fleet.client("GW1", reserved=50, increment=10, maximum=100)
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
