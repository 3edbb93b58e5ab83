"""What the faults in force mean for each node."""

from leaselab.appliance.conditions import CALM, Conditions, LinkCondition
from leaselab.appliance.instants import MINUTE, SECOND
from leaselab.testbed.faults.effects import conditions
from leaselab.testbed.faults.kinds import Fault


def test_without_faults_a_node_is_calm() -> None:
    assert conditions("gw1", []) == CALM


def test_a_cut_is_felt_at_both_ends_and_nowhere_else() -> None:
    cut = Fault(kind="cut", between=("gw1", "vls1"))

    assert conditions("gw1", [cut]).links == (LinkCondition(peer="vls1", cut=True),)
    assert conditions("vls1", [cut]).links == (LinkCondition(peer="gw1", cut=True),)
    assert conditions("gw2", [cut]) == CALM


def test_a_one_way_cut_loses_requests_from_the_first_node_and_answers_to_the_second() -> None:
    cut = Fault(kind="cut", between=("gw1", "vls1"), one_way=True)

    assert conditions("gw1", [cut]).links == (LinkCondition(peer="vls1", cut=True),)
    assert conditions("vls1", [cut]).links == (LinkCondition(peer="gw1", cut_replies=True),)


def test_a_fault_of_a_network_is_felt_by_everybody_on_it() -> None:
    cut = Fault(kind="cut", network="external")

    assert conditions("gw1", [cut]).links == (LinkCondition(network="external", cut=True),)


def test_a_paused_node_is_frozen_and_out_of_reach_of_the_others() -> None:
    pause = Fault(kind="pause", node="vls1")

    assert conditions("vls1", [pause]) == Conditions(paused=True)
    assert conditions("gw1", [pause]).links == (LinkCondition(peer="vls1", cut=True),)


def test_a_slow_node_is_felt_by_those_who_ask_it() -> None:
    slow = Fault(kind="slow", node="vls1", delay=SECOND)

    assert conditions("vls1", [slow]) == CALM
    assert conditions("gw1", [slow]).links == (LinkCondition(peer="vls1", delay=SECOND),)


def test_skews_of_one_clock_add_up() -> None:
    faults = [Fault(kind="skew", node="gw1", skew=5 * MINUTE), Fault(kind="skew", node="gw1", skew=-MINUTE)]

    assert conditions("gw1", faults).skew == 4 * MINUTE


def test_a_node_that_answers_with_errors_troubles_nobodys_own_messages() -> None:
    error = Fault(kind="error", node="vls1")

    assert conditions("vls1", [error]) == Conditions(answers="error")
    assert conditions("gw1", [error]) == CALM


def test_a_link_that_loses_messages_draws_for_each_end_by_itself() -> None:
    loss = Fault(kind="loss", between=("gw1", "vls1"), loss=0.5, seed=7)

    (there,) = conditions("gw1", [loss]).links
    (back,) = conditions("vls1", [loss]).links
    assert (there.loss, there.seed, back.seed) == (0.5, "7/gw1/gw1 vls1", "7/vls1/gw1 vls1")


def test_a_link_that_is_slow_or_narrow_draws_nothing() -> None:
    (narrow,) = conditions("gw1", [Fault(kind="throttle", network="external", bytes_per_second=100)]).links

    assert narrow == LinkCondition(network="external", bytes_per_second=100)
