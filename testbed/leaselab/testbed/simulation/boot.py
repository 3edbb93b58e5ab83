"""From a plan to a world: every device is booted at its console and told what the file wants of it."""

from collections.abc import Iterator
from typing import Any

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.console import Outcome, PauseOver, Phase, PowerOn, Screen, given_answers, step
from leaselab.appliance.console.dialogue import Input
from leaselab.appliance.console.facts import facts_of
from leaselab.appliance.licensing.commands import DownloadReport, KeyOutcome, SignIn
from leaselab.appliance.machine import Refusal
from leaselab.testbed.errors import CallError, NodeFailedError, ProvisioningRefusedError
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.plan import NodePlan, Plan

FINE = frozenset({"installed", "duplicate"})
"""Outcomes of a license key that are no refusal."""


def bring_up(world: World, plan: Plan) -> None:
    """Switch on, boot and provision every node of a plan, each after those that it needs; then sign in its users.

    Raises:
        CallError: a boot prompt has no answer in the file, and a simulation has nobody at the console.
        NodeFailedError: a device halted at boot.
        ProvisioningRefusedError: a device refused what the file wants of it.
    """
    for node in plan.nodes:
        world.switch_on(node.config)
        if isinstance(node.config, ApplianceConfig):
            boot(world, node.config)
    for node in in_order(plan.nodes):
        provision(world, node)
        world.run(world.clock.now())
    for node in plan.nodes:
        for number in range(1, node.users + 1):  # refused or not: the file says how many try
            world.ask(node.name, SignIn(user=f"user{number}", source="127.0.0.1"))


def boot(world: World, config: ApplianceConfig) -> None:
    """Take a device through its boot prompts by the answers that the file gives ahead (CON-04)."""
    name = config.name
    screen, given = Screen(), given_answers(config.boot)
    taking: Input = PowerOn(given)
    while True:
        taken = step(screen, taking, facts_of(world.devices[name].state, config))
        screen = taken.screen
        if taken.commands:
            replies = [world.ask(name, command) for command in taken.commands]
            taking = Outcome(next((reply for reply in replies if isinstance(reply, Refusal)), None))
        elif taken.pauses:
            taking = PauseOver()
        elif taken.phase is Phase.READY:
            return
        elif taken.phase is Phase.HALTED:
            raise NodeFailedError(f"{name} halted at boot", hint="it declines the license agreement; see its `boot`")
        else:
            raise CallError(
                f"{name} waits at its console: {taken.prompt}",
                hint="a simulation has nobody to answer; give the answer under the node's `boot`",
            )


def in_order(nodes: tuple[NodePlan, ...]) -> Iterator[NodePlan]:
    """Yield nodes in the plan's order, but for those that need others first."""
    waiting, there = list(nodes), set[str]()
    while waiting:
        node = next((node for node in waiting if there.issuperset(node.after)), waiting[0])
        waiting.remove(node)
        there.add(node.name)
        yield node


def provision(world: World, node: NodePlan) -> None:
    """Enter what the file wants of a node.

    Raises:
        ProvisioningRefusedError: it was refused, and why.
    """
    for command in node.provision:
        refused = "; ".join(refusals(world.ask(node.name, command)))
        if refused:
            raise ProvisioningRefusedError(
                f"{node.name} refused {type(command).__name__}: {refused}", hint="mend the node's settings in the file"
            )


def refusals(reply: Any) -> Iterator[str]:
    """Yield, in words, what a device refused of one command: all of it, or single license keys."""
    if isinstance(reply, Refusal):
        yield reply.message
    if isinstance(reply, DownloadReport):
        if reply.error:
            yield reply.error
        reply = reply.outcomes
    for outcome in reply if isinstance(reply, tuple) else ():
        if isinstance(outcome, KeyOutcome) and outcome.result not in FINE:
            yield outcome.message
