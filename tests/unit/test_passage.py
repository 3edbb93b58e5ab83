"""Messages under faults: which get through, and when."""

import msgspec

from leaselab.appliance.conditions import CALM, Conditions, LinkCondition
from leaselab.appliance.instants import SECOND
from leaselab.appliance.machine import Envelope
from leaselab.appliance.passage import FREE, Fate, Passage
from leaselab.appliance.ports import Later

ENVELOPE = Envelope(id="1", to="vls1", path="/licensing/v1/renew", body=msgspec.Raw(b"x" * 200))


def passage(link: LinkCondition) -> Passage:
    made = Passage()
    made.conditions = Conditions(links=(link,))
    return made


def judge(under: Passage, *, to: str = "vls1", network: str = "internal", now: int = 0) -> Fate | Later:
    return under.judge(ENVELOPE, to, network, now)


def test_a_calm_way_lets_everything_through() -> None:
    assert judge(Passage()) == FREE


def test_a_cut_stops_what_goes_to_that_peer_and_nothing_else() -> None:
    cut = passage(LinkCondition(peer="vls1", cut=True))

    assert judge(cut) == Fate(obstacle="vls1 is out of reach")
    assert judge(cut, to="cloud") == FREE
    assert [peer for peer in ("vls1", "cloud") if cut.reaches(peer, "internal")] == ["cloud"]


def test_a_cut_of_a_network_stops_what_goes_over_it() -> None:
    cut = passage(LinkCondition(network="external", cut=True))

    assert judge(cut, network="external") == Fate(obstacle="vls1 is out of reach")
    assert judge(cut) == FREE


def test_a_late_message_is_sent_when_it_would_arrive() -> None:
    slow = passage(LinkCondition(peer="vls1", delay=5 * SECOND))

    assert judge(slow, now=100) == Later(at=100 + 5 * SECOND)
    assert judge(slow, now=100 + 4 * SECOND) == Later(at=100 + 5 * SECOND)
    assert judge(slow, now=100 + 5 * SECOND) == FREE


def test_a_message_under_way_when_the_delay_is_taken_back_still_arrives_when_it_would() -> None:
    slow = passage(LinkCondition(peer="vls1", delay=5 * SECOND))
    judge(slow)
    slow.conditions = CALM

    assert judge(slow, now=SECOND) == Later(at=5 * SECOND)
    assert judge(slow, now=5 * SECOND) == FREE


def test_whoever_waits_longer_than_it_can_gives_up_and_the_peer_has_heard_it() -> None:
    slow = passage(LinkCondition(peer="vls1", delay=60 * SECOND))

    assert judge(slow) == Later(at=30 * SECOND)
    assert judge(slow, now=30 * SECOND) == Fate(lost_reply="vls1 did not answer within 30s")


def test_a_narrow_line_takes_its_time_for_every_byte() -> None:
    assert judge(passage(LinkCondition(peer="vls1", bytes_per_second=100))) == Later(at=2 * SECOND)


def test_loss_takes_its_part_of_requests_and_answers_and_replays_from_its_seed() -> None:
    def fates() -> list[Fate | Later]:
        lossy = passage(LinkCondition(peer="vls1", loss=0.3, seed="7"))
        return [judge(lossy) for _ in range(300)]

    found = fates()
    assert found == fates()
    assert 130 < found.count(FREE) < 165  # 0.7 times 0.7 of 300 is 147
    assert {bool(fate.obstacle) for fate in found if isinstance(fate, Fate) and fate != FREE} == {True, False}
