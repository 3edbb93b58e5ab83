"""The token of a Super Admin session."""

from leaselab.appliance.adapters.https.recovery import LIFETIME, Recovery
from leaselab.testbed.testing.fleet import HandClock


def test_a_token_opens_once() -> None:
    recovery = Recovery(HandClock(0).now)
    token = recovery.issue().token

    assert not recovery.redeem("ABCDEFGH")
    assert recovery.redeem(f" {token.lower()} "), "as a person types it"
    assert not recovery.redeem(token)


def test_without_a_token_nothing_opens() -> None:
    assert not Recovery(HandClock(0).now).redeem("")


def test_a_token_ends_on_the_labs_clock_and_when_another_is_given_out() -> None:
    clock = HandClock(0)
    recovery = Recovery(clock.now)
    first = recovery.issue().token
    second = recovery.issue()
    assert not recovery.redeem(first)
    assert second.lives == LIFETIME

    clock.observe(LIFETIME)

    assert not recovery.redeem(second.token)
