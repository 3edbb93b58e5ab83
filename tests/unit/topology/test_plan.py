import pytest

from leaselab.testbed.topology.plan import ClockPlan, Plan

PLAN = Plan(
    lab="lab",
    slot=1,
    runtime="embedded",
    seed="s",
    clock=ClockPlan(start=0),
    nodes=(),
    secret="",
    authority_certificate="",
    console_key="",
)


def test_a_plan_survives_being_written() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN


@pytest.mark.parametrize("text", [b'{"lab":"lab"}', PLAN.to_json().replace(b'"format":1', b'"format":2')])
def test_a_plan_of_another_version_says_what_to_do(text: bytes) -> None:
    with pytest.raises(ValueError, match="take the lab down and up"):
        Plan.from_json(text)


def test_a_node_that_the_plan_lacks_is_named() -> None:
    with pytest.raises(KeyError, match="gw9"):
        PLAN.node("gw9")
