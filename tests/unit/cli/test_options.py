"""Options that verbs share."""

import pytest

from leaselab.testbed.cli.options import variables
from leaselab.testbed.errors import CallError


def test_assignments_become_variables_and_a_value_may_hold_an_equals_sign() -> None:
    assert variables(("users=40", "filter=a=b", "empty=")) == {"users": "40", "filter": "a=b", "empty": ""}


def test_no_assignment_is_no_variable() -> None:
    assert variables(()) == {}


@pytest.mark.parametrize("assignment", ["users", "=40"])
def test_an_assignment_that_sets_nothing_is_refused(assignment: str) -> None:
    with pytest.raises(CallError, match=f"--set {assignment} sets nothing") as caught:
        variables((assignment,))

    assert caught.value.hint.startswith("write --set NAME=VALUE")
