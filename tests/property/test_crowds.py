"""A crowd fares as that many users who sign in one after another."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, SetCrowd
from leaselab.testbed.testing.fleet import Fleet


@dataclass(frozen=True)
class Scene:
    """A gateway and its server."""

    licenses: int
    """Units in the server's pool, in tens."""
    reserved: int
    increment: int
    maximum: int
    own: int
    platform_maximum: int

    def fleet(self) -> Fleet:
        fleet = Fleet()
        fleet.license_server(licenses=[f"CONSEC-{self.licenses}0U-1YR"], kind="psa5000")
        room = min(self.reserved, self.licenses * 10)
        fleet.client(
            "GW1",
            reserved=room,
            increment=self.increment,
            maximum=room + self.maximum,
            maximum_users=self.platform_maximum,
        )
        if self.own:
            fleet.install("GW1", f"CONSEC-{self.own}U-1YR")
        return fleet


scenes = st.builds(
    Scene,
    licenses=st.integers(1, 8),
    reserved=st.integers(0, 30),
    increment=st.integers(1, 20),
    maximum=st.integers(0, 60),
    own=st.integers(0, 20),
    platform_maximum=st.integers(5, 80),
)


def standing(fleet: Fleet) -> tuple[object, ...]:
    """Return what must not depend on how users came."""
    state, server = fleet.devices["GW1"].state, fleet.devices["server"].state
    return (
        state.signed_in,
        state.closed,
        state.limits,
        state.leased(CONCURRENT_USERS),
        {name: state.counters.get(name, 0) for name in ("sign_ins", "refused_sign_ins", "auto_leases")},
        server.server.books[CONCURRENT_USERS].committed,
    )


@pytest.mark.rule("ENF-04")
@pytest.mark.rule("LSE-02")
@given(scene=scenes, crowds=st.lists(st.tuples(st.integers(0, 90), st.booleans(), st.integers(0, 30)), max_size=6))
def test_a_crowd_fares_as_single_users_do(scene: Scene, crowds: list[tuple[int, bool, int]]) -> None:
    many, single = scene.fleet(), scene.fleet()
    for users, cut, hours in crowds:
        for fleet in (many, single):
            fleet.network.calm()
            if cut:
                fleet.network.cut("GW1", "server")
            fleet.advance(hours=hours)
        many.do("GW1", SetCrowd(users=users))
        there = single.devices["GW1"].state.signed_in.get(CONCURRENT_USERS, 0)
        single.sign_in("GW1", max(0, users - there))
        single.sign_out("GW1", max(0, there - users))

        assert standing(many) == standing(single)
