"""The load of a simulation: users by number, as :mod:`leaselab.testbed.hosting.attendance` says."""

from collections.abc import Iterator

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing.commands import SetCrowd
from leaselab.testbed.hosting.attendance import totals
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.plan import NodePlan


def bring_users(world: World, node: NodePlan, seed: str) -> None:
    """Let the loads of a gateway act on it from now on. Who is turned away comes again with the next change."""
    for feature in sorted({load.feature for load in node.load}):
        loads = [load for load in node.load if load.feature == feature]
        changes = totals(loads, world.clock.now(), f"{seed}/{node.name}/{feature}")
        _bring(world, node.name, feature, changes)


def _bring(world: World, name: str, feature: str, changes: Iterator[tuple[Instant, int]]) -> None:
    following, ask = next(changes, None), world.ask

    def turn(_now: Instant) -> Instant:
        nonlocal following
        if following is not None:
            if name not in world.held:  # nobody can sign in at a device that is off; they come with the next change
                ask(name, SetCrowd(following[1], feature))
            following = next(changes, None)
        return NEVER if following is None else following[0]

    if following is not None:
        world.schedule(f"{name}/{feature}", following[0], turn)
