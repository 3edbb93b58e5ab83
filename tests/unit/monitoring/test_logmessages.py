"""The catalogue of the events log's messages."""

import inspect
import re
from pathlib import Path

from leaselab.appliance.instants import parse_instant
from leaselab.appliance.licensing import eventlog
from leaselab.appliance.licensing.eventlog import LogLine, format_line
from leaselab.monitoring.logmessages import Entry, entries

PAGE = Path(__file__).parents[3] / "docs" / "log-messages.md"


def test_a_line_has_its_code_severity_and_template() -> None:
    source = (
        'def _gone(event):\n    yield LogLine(3, "LIC10202", f"License {event.sku} removed (serial {event.serial})")\n'
    )

    assert entries(source) == [Entry("LIC10202", "3", "License {sku} removed (serial {serial})")]


def test_codes_in_a_table_take_the_message_of_the_writer_that_looks_them_up() -> None:
    source = (
        'CODES: Final = {"drift": (8, "LIC30520"), "expired": (8, "LIC30504")}\n'
        "def _refused(event):\n"
        '    severity, code = CODES.get(event.reason, (5, "LIC30523"))\n'
        '    yield LogLine(severity, code, f"Refused: {event.message}")\n'
    )

    assert entries(source) == [
        Entry("LIC30504", "8", "Refused: {message}"),
        Entry("LIC30520", "8", "Refused: {message}"),
        Entry("LIC30523", "5", "Refused: {message}"),
    ]


def test_every_code_that_the_events_log_can_write_is_in_the_catalogue() -> None:
    written = set(re.findall(r'"([A-Z]{3}\d{5})"', inspect.getsource(eventlog)))

    assert {entry.code for entry in entries()} == written


def test_every_entry_says_something() -> None:
    assert [entry for entry in entries() if not entry.message.strip("{}")] == []


def test_the_line_that_the_page_shows_is_one_that_is_printed() -> None:
    line = LogLine(1, "LIC10201", "License LICENSE-SVR installed (serial SN1)")

    assert f"    {format_line(line, parse_instant('2018-01-01'), 'vls1')}\n" in PAGE.read_text()
