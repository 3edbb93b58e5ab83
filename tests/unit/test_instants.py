"""Instants and durations: exact, readable both ways."""

from datetime import datetime, timedelta, timezone

import pytest

from leaselab.appliance.instants import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    SECOND,
    WEEK,
    Duration,
    Instant,
    as_datetime,
    format_duration,
    format_instant,
    instant_of,
    parse_duration,
    parse_instant,
    parse_signed,
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [("10d", 10 * DAY), ("1h30m", 90 * MINUTE), (" 2W ", 2 * WEEK), ("45s", 45 * SECOND), ("250ms", 250)],
)
def test_a_duration_is_a_sum_of_numbers_with_units(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "10", "d", "1.5h", "10 d", "-1h", "1h and more"])
def test_a_text_that_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write for example 10d, 36h, 1h30m or 45s"):
        parse_duration(text)


def test_a_duration_longer_than_a_lab_can_live_is_refused() -> None:
    with pytest.raises(ValueError, match="is longer than a lab can live; its clock goes up to 9000-01-01T00:00:00Z"):
        parse_duration("99999999d")


@pytest.mark.parametrize(("text", "duration"), [("-5m", -5 * MINUTE), ("5m", 5 * MINUTE)])
def test_a_signed_duration_may_go_back(text: str, duration: Duration) -> None:
    assert parse_signed(text) == duration


@pytest.mark.parametrize("text", ["0s", "1d", "-5m", "1h30m", "2d3h4m5s6ms"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert format_duration(parse_signed(text)) == text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T01:00:00Z", DAY + HOUR),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.250", 250),
    ],
)
def test_a_time_without_an_offset_is_utc(text: str, instant: Instant) -> None:
    assert parse_instant(text) == instant


def test_a_text_that_is_no_time_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="'noon' is not a time; write for example 2018-01-01T00:00:00Z"):
        parse_instant("noon")


@pytest.mark.parametrize(
    ("instant", "text"),
    [(0, "1970-01-01T00:00:00Z"), (DAY + 250, "1970-01-02T00:00:00.250Z"), (NEVER, "never")],
)
def test_an_instant_is_written_in_utc_with_milliseconds_only_where_it_has_some(instant: Instant, text: str) -> None:
    assert format_instant(instant) == text


def test_datetimes_keep_the_instant_whatever_their_zone() -> None:
    moment = datetime(2018, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

    assert as_datetime(instant_of(moment)) == moment
