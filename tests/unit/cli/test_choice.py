"""Which lab a call is about."""

import pytest

from leaselab.testbed.cli.choice import chosen_name
from leaselab.testbed.errors import CallError, UnknownLabError


def test_the_lab_that_is_named_is_meant() -> None:
    assert chosen_name("two", ["one", "two"]) == "two"


def test_the_only_lab_up_need_not_be_named() -> None:
    assert chosen_name("", ["one"]) == "one"


def test_of_several_labs_one_must_be_named() -> None:
    with pytest.raises(CallError, match="there are 2 labs: one, two") as caught:
        chosen_name("", ["one", "two"])

    assert "--lab" in caught.value.hint
    assert caught.value.exit_code == 2


def test_where_no_lab_is_up_the_error_says_how_to_get_one() -> None:
    with pytest.raises(UnknownLabError, match="no lab is up") as caught:
        chosen_name("", [])

    assert "leaselab up FILE" in caught.value.hint
