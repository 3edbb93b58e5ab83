"""The appliance as one machine: what it does with what is not for it."""

from leaselab.appliance.licensing.messages import ClaimKeys
from leaselab.appliance.machine import Due, Settle
from leaselab.testbed.testing.fleet import Fleet


def device() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw")
    return fleet


def test_what_is_for_the_vendors_cloud_is_refused_by_name() -> None:
    refused = device().ask("gw", ClaimKeys(hardware_id="0271", kind="psa3000", request_id="1", sent_at=0))

    assert (refused.reason, refused.message) == ("unknown", "an appliance does not take ClaimKeys")


def test_an_entry_of_the_agenda_that_nobody_knows_is_refused_by_name() -> None:
    refused = device().ask("gw", Due(key="tea-time"))

    assert (refused.reason, refused.message) == ("unknown", "nothing is known of agenda entry 'tea-time'")


def test_an_answer_to_what_was_not_asked_changes_nothing() -> None:
    fleet = device()
    before = list(fleet.store.history("gw"))

    fleet.do("gw", Settle(id="client-99", status=200))

    assert list(fleet.store.history("gw")) == before
