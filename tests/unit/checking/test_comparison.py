"""Comparisons as files write them."""

import pytest

from leaselab.testbed.checking.comparison import holds, parse


@pytest.mark.parametrize(
    ("wanted", "holding", "failing"),
    [
        (75, 75, 74),
        ("== 75", 75, 76),
        ("!= 0", 1, 0),
        (">= 50", 50, 49),
        ("<= 50", 50, 51),
        ("> 0", 0.5, 0),
        ("<3", 2, 3),
    ],
)
def test_a_comparison_holds_or_does_not(wanted: int | str, holding: float, failing: float) -> None:
    assert holds(wanted, holding)
    assert not holds(wanted, failing)


@pytest.mark.parametrize("text", ["many", "", ">", "=> 5", "5 <", ">= x"])
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no comparison"):
        parse(text)
