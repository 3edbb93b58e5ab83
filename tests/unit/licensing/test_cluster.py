"""Clusters of gateways: one speaks for all, none is lost, and what they have adds up (CLU, AUT-11)."""

from typing import Any

import msgspec
import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE
from leaselab.appliance.licensing.cluster import ClusterState, Member, decide_settle
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, JoinCluster
from leaselab.appliance.licensing.events import MemberLost
from leaselab.appliance.licensing.messages import ClusterBeat, Denied, Relay
from leaselab.appliance.machine import Envelope, Settle
from leaselab.testbed.testing.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    """A server and a cluster of three clients, each reserved 20, increment 10, maximum 50; A leads."""
    fleet = Fleet()
    fleet.license_server(licenses=["CONSEC-1000U-1YR"], kind="psa5000")
    for name in ("A", "B", "C"):
        fleet.client(name, reserved=20, increment=10, maximum=50)
    fleet.cluster("gateways", "A", "B", "C")
    return fleet


def speakers(fleet: Fleet) -> set[str]:
    """Return a set that fills with the addresses from which the server is spoken to."""
    spoken: set[str] = set()
    fleet.devices["server"].listeners.append(lambda event, _at: spoken.add(getattr(event, "source", "server")))
    return spoken


def total(fleet: Fleet) -> int:
    return fleet.report("server").features[CONCURRENT_USERS].promised


@pytest.mark.rule("CLU-01")
def test_the_server_shows_the_clusters_name_after_the_first_contact(fleet: Fleet) -> None:
    assert {row.id: row.cluster for row in fleet.report("server").server.clients} == dict.fromkeys("ABC", "gateways")


@pytest.mark.rule("CLU-01")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "needs a name"),
        ({"members": ("A",)}, "two nodes or more"),
        ({"members": ("A", "A")}, "each named once"),
        ({"members": ("B", "C")}, "not among the members"),
        ({"heartbeat": 1}, "between 10 seconds and 30 minutes"),
    ],
)
def test_a_cluster_that_is_none_is_refused(fleet: Fleet, fields: dict[str, Any], said: str) -> None:
    wanted: dict[str, Any] = {"name": "gateways", "members": ("A", "B")}

    assert said in fleet.ask("A", JoinCluster(**{**wanted, **fields})).message


@pytest.mark.rule("CLU-01")
@pytest.mark.parametrize("other", [{"personality": "pps", "release": "5.4R1"}, {"release": "8.3R3"}])
def test_a_cluster_has_one_personality_and_release(other: dict[str, str]) -> None:
    fleet = Fleet()
    fleet.appliance("A")
    fleet.appliance("B", **other)  # type: ignore[arg-type] # a parametrised test's keywords
    fleet.cluster("gateways", "A", "B")

    assert not fleet.devices["A"].state.cluster.members["B"].connected


def test_a_license_server_is_no_node_of_a_cluster(fleet: Fleet) -> None:
    assert fleet.ask("server", JoinCluster(name="x", members=("server", "A"))).reason == "is-a-server"


@pytest.mark.rule("CLU-02")
def test_one_connected_member_speaks_to_the_server_for_all(fleet: Fleet) -> None:
    spoken = speakers(fleet)
    fleet.sign_in("B", 25)
    fleet.advance(hours=6)

    assert spoken == {"A"}
    assert fleet.leased("B") == 30
    assert [fleet.leased(name) for name in "AC"] == [20, 20]


@pytest.mark.rule("CLU-03")
def test_when_the_leader_is_lost_another_leads_and_no_lease_is_lost_or_taken_twice(fleet: Fleet) -> None:
    spoken = speakers(fleet)
    before = total(fleet)
    for name in ("B", "C", "server"):
        fleet.cuts |= {("A", name), (name, "A")}

    fleet.advance(minutes=5)
    assert {fleet.devices[name].state.cluster.leader(name) for name in "BC"} == {"B"}
    fleet.advance(hours=6)

    assert spoken == {"B"}
    assert [fleet.leased(name) for name in "BC"] == [20, 20]
    assert total(fleet) == before


@pytest.mark.rule("CLU-03")
def test_a_leader_that_goes_in_the_middle_of_a_request_takes_nothing_twice(fleet: Fleet) -> None:
    fleet.lost_replies.add(("B", "A"))  # the server grants, the leader is gone before it tells

    fleet.sign_in("B", 25)
    fleet.lost_replies.clear()
    fleet.advance(hours=6)

    assert fleet.leased("B") == 30
    assert total(fleet) == 70


@pytest.mark.rule("CLU-04")
def test_a_member_cut_off_from_the_cluster_but_not_from_the_server_leases_for_itself(fleet: Fleet) -> None:
    spoken = speakers(fleet)
    for name in ("A", "C"):
        fleet.cuts |= {("B", name), (name, "B")}

    fleet.sign_in("B", 25)
    fleet.advance(hours=6)

    assert fleet.leased("B") == 30
    assert spoken == {"A", "B"}


@pytest.mark.rule("AUT-11")
def test_members_whose_leader_is_cut_off_from_the_server_are_auto_leased(fleet: Fleet) -> None:
    fleet.advance(days=1)
    for name in "ABC":
        fleet.cuts.add((name, "server"))

    fleet.sign_in("B", 35)

    counts = fleet.report("B").features[CONCURRENT_USERS]
    assert (counts.reserved, counts.auto_leased) == (20, 20)


def published(*, lost: str) -> tuple[Fleet, str]:
    """The published case: nodes with 35 and 100 licenses; one of them fails."""
    fleet = Fleet()
    for name, skus in (("small", ("CONSEC-ADD-25U", "CONSEC-ADD-10U")), ("large", ("CONSEC-ADD-100U",))):
        fleet.appliance(name, kind="psa5000")
        fleet.install(name, *skus)
    fleet.cluster("pair", "small", "large")
    fleet.advance(minutes=5)
    rest = "large" if lost == "small" else "small"
    assert limit(fleet, rest) == limit(fleet, lost) == 135
    fleet.cuts |= {(rest, lost), (lost, rest)}
    fleet.advance(minutes=5)
    return fleet, rest


def limit(fleet: Fleet, name: str) -> int:
    return fleet.report(name).features[CONCURRENT_USERS].limit


@pytest.mark.rule("CLU-05")
@pytest.mark.parametrize(("lost", "for_ten_days", "then"), [("large", 70, 35), ("small", 135, 100)])
def test_the_published_case_of_35_and_100_holds(lost: str, for_ten_days: int, then: int) -> None:
    fleet, rest = published(lost=lost)
    assert limit(fleet, rest) == for_ten_days

    fleet.advance(milliseconds=10 * DAY - 1)
    assert limit(fleet, rest) == for_ten_days
    fleet.advance(milliseconds=1)
    assert limit(fleet, rest) == then


@pytest.mark.rule("CLU-05")
def test_a_node_that_comes_back_counts_again() -> None:
    fleet, rest = published(lost="large")
    fleet.advance(days=11)
    fleet.cuts.clear()
    fleet.advance(minutes=10)

    assert limit(fleet, rest) == 135


@pytest.mark.rule("CLU-05")
def test_users_of_the_other_nodes_count_against_what_the_cluster_has() -> None:
    fleet = Fleet()
    for name in "AB":
        fleet.appliance(name, kind="psa5000")
        fleet.install(name, "CONSEC-ADD-50U")
    fleet.cluster("pair", "A", "B")
    fleet.advance(minutes=5)
    assert fleet.sign_in("A", 80) == []
    fleet.advance(minutes=5)

    assert limit(fleet, "B") == 20
    assert len(fleet.sign_in("B", 30)) == 8  # 20, and a tenth of over-capacity


def test_beats_are_sent_once_a_heartbeat() -> None:
    fleet = Fleet()
    for name in "AB":
        fleet.appliance(name)
    fleet.cluster("pair", "A", "B", heartbeat=MINUTE)
    before = fleet.devices["A"].state.cluster.beats
    fleet.advance(hours=1)

    assert fleet.devices["A"].state.cluster.beats == before + HOUR // MINUTE


@pytest.mark.rule("CLU-01")
def test_a_device_that_is_no_node_of_the_cluster_is_told_so(fleet: Fleet) -> None:
    fleet.appliance("stranger")
    fleet.do("stranger", JoinCluster(name="gateways", members=("stranger", "A")))
    fleet.advance(seconds=0)

    assert not fleet.devices["stranger"].state.cluster.members["A"].connected
    assert "stranger" not in fleet.devices["A"].state.cluster.members


@pytest.mark.rule("CLU-02")
def test_a_leader_passes_on_only_what_its_own_cluster_asks(fleet: Fleet) -> None:
    relay = Relay(
        cluster="others", node="B", to="server", path="/", body=msgspec.Raw(b"{}"), network="internal", verify=True
    )

    assert fleet.ask("A", relay) == Denied(reason="not-a-member", message="B is no node of this cluster")


@pytest.mark.rule("CLU-01")
def test_an_answer_from_a_node_of_another_release_is_no_connection() -> None:
    own = ClusterBeat(
        cluster="gateways", node="A", personality="pcs", release="8.3R1", installed={}, leased={}, users={}
    )
    state = ClusterState(name="gateways", order=("A", "B"), members={"B": Member(connected=True)})
    beat = Envelope(id="cluster-1-B", to="B", path="/", body=own)
    answered = msgspec.structs.replace(own, node="B", release="8.3R3")

    (lost,) = decide_settle(state, beat, Settle(id=beat.id, status=200, body=answered), own, 0).events

    assert isinstance(lost, MemberLost)
    assert lost.why == "B runs pcs 8.3R3, this node pcs 8.3R1; a cluster has one personality and release"
