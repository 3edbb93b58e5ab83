"""The line of counts over time."""

from leaselab.appliance.adapters.https.admin.chart import HEIGHT, LEFT, WIDTH, draw

HOUR = 3_600_000


def test_a_step_at_each_change_and_what_was_before_the_span_as_its_left_edge() -> None:
    chart = draw([(0, 4), (9 * HOUR, 2)], now=10 * HOUR, span=2 * HOUR, limit=4)
    x_of_nine = LEFT + (WIDTH - LEFT) / 2

    assert chart.line == f"M{float(LEFT)} 10.0H{x_of_nine}V83.0H{WIDTH}"
    assert chart.limit_y == 10.0


def test_nothing_is_a_line_at_zero() -> None:
    chart = draw([], now=10 * HOUR, span=HOUR, limit=2)

    assert chart.line == f"M{float(LEFT)} 156.0H{WIDTH}"
    assert [tick.value for tick in chart.counts] == [0, 1, 2, 3, 4]


def test_the_axis_ends_at_a_round_count_past_all_that_is_drawn() -> None:
    assert draw([(0, 27_500)], now=1, span=1, limit=25_000).counts[-1].value == 32_000
    assert draw([(0, 90)], now=1, span=1, limit=100).counts[-1].value == 120


def test_a_long_history_is_thinned_and_keeps_its_latest_change() -> None:
    changes = [(at, at % 7) for at in range(1, 10_001)]
    chart = draw(changes, now=10_000, span=10_000, limit=4)

    assert chart.line.count("V") <= 240
    assert chart.line.endswith(f"V{round(10 + (HEIGHT - 34) * (1 - 10_000 % 7 / 8), 1)}H{WIDTH}")
