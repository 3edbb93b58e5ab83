"""What a license client keeps (SUR-02, CFG-01)."""

import pytest

from leaselab.appliance.licensing.messages import SurrenderedLicense
from leaselab.appliance.licensing.tenancy import ClientState, surrenders_told, talk_anew

FIRST = SurrenderedLicense(serial="SN1", sku="CONSEC-ADD-100U", surrendered_at=0)
SECOND = SurrenderedLicense(serial="SN2", sku="CONSEC-ADD-100U", surrendered_at=0)


@pytest.mark.rule("SUR-02")
def test_the_server_is_told_again_of_what_was_surrendered_while_its_answer_was_on_the_way() -> None:
    state = ClientState(waiting="surrender", surrenders=(FIRST, SECOND))

    surrenders_told(state, ("SN1",))
    assert (state.waiting, state.surrenders) == ("", (FIRST, SECOND))

    surrenders_told(state, ("SN1", "SN2"))
    assert state.surrenders is None


def test_a_device_without_a_server_has_nobody_to_talk_to_anew() -> None:
    state = ClientState(token="token")

    talk_anew(state)

    assert (state.token, state.wants_state) == ("token", False)
