"""Whether a lab fits on a machine: judged from the plan and the facts, before anything is made.

`leaselab doctor` shows every finding; `leaselab up` refuses a lab for those that are ``missing``, in the same words.
"""

import ipaddress
from typing import Final

import msgspec

from leaselab.testbed.capacity.machine import EngineFacts, Machine
from leaselab.testbed.capacity.needs import APPETITES, Need, State, needs
from leaselab.testbed.errors import MachineError
from leaselab.testbed.topology.plan import Plan

NETWORK_BITS: Final = 18
"""A network's share of a container's address: 10.S.(64 k).0/18 (see the planner)."""


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at. ``missing`` keeps a lab from coming up; ``limit`` is good to know."""

    subject: str
    state: State
    what: str
    hint: str = ""


def findings(machine: Machine, plan: Plan | None = None) -> list[Finding]:
    """Say how the machine stands, and with a plan also whether that lab fits."""
    found = [*_of_the_machine(machine), *_of_the_engine(machine.engine)]
    return found if plan is None else [*found, *_of_the_lab(machine, plan)]


def require(machine: Machine, plan: Plan) -> None:
    """Refuse a lab that cannot come up here. An engine that does not answer says so itself when it is opened.

    Raises:
        MachineError: something is missing.
    """
    missing = [finding for finding in _of_the_lab(machine, plan) if finding.state == "missing"]
    if missing:
        words = "; ".join(f"{finding.subject}: {finding.what}" for finding in missing)
        hints = dict.fromkeys(finding.hint for finding in missing)
        raise MachineError(f"lab {plan.lab} does not fit on this machine: {words}", hint="; ".join(hints))


def _of_the_machine(machine: Machine) -> list[Finding]:
    reasons = "; ".join(f"{port}: {why}" for port, why in machine.taken_ports.items())
    return [
        Finding("python", "fine", f"{machine.python} on {machine.system}"),
        _fine_if(machine.loopback, "loopback addresses", "every address of 127.0.0.0/8 can be used")
        or Finding(
            "loopback addresses",
            "missing",
            "only 127.0.0.1 can be used, and a lab has an address for each node",
            hint="this system hands them out one by one: use Linux, or a Linux container",
        ),
        _fine_if(machine.folder_writable, "labs folder", machine.folder)
        or Finding(
            "labs folder",
            "missing",
            f"{machine.folder} cannot be written to",
            hint="set LEASELAB_HOME to a folder of your own",
        ),
        _fine_if(not reasons, "usual ports", "22, 443 and 9100 can be used")
        or Finding(
            "usual ports",
            "limit",
            f"not to be had ({reasons}); a lab's consoles are on 2022 and its admin pages on 8443 then",
            hint="to have them be root, or call `sysctl net.ipv4.ip_unprivileged_port_start=22`, and have no other "
            "service on all addresses",
        ),
        _fine_if(machine.ssh, "ssh", "the ssh command is there")
        or Finding("ssh", "limit", "no ssh command", hint="`leaselab console NODE` works without one"),
    ]


def _of_the_engine(engine: EngineFacts | None) -> list[Finding]:
    if engine is None:
        return []
    if engine.trouble:
        return [Finding("engine", "missing", engine.trouble, hint=engine.hint)]
    where = "" if engine.here else ", on another machine: what that has of kernel tables cannot be looked at"
    return [Finding("engine", "fine", f"{engine.version} at {engine.address}{where}")]


def _of_the_lab(machine: Machine, plan: Plan) -> list[Finding]:
    found = [_judged(need) for need in needs(plan, machine)]
    engine = machine.engine
    if engine is None or engine.trouble:
        return found
    if plan.runtime == "swarm":
        found.append(
            _fine_if(engine.manages_swarm, "swarm", "the engine manages one")
            or Finding("swarm", "missing", "the engine manages none", hint="`docker swarm init` makes one")
        )
    if APPETITES[plan.runtime].contained:
        found += [_subnets(machine, engine, plan), _published(machine)]
    return found


def _judged(need: Need) -> Finding:
    what = f"{need.wanted:,} {need.unit} of {need.there:,}"
    return _fine_if(need.wanted <= need.there, need.subject, what) or Finding(
        need.subject, need.unless, f"{what}: too few", hint=need.hint
    )


def _subnets(machine: Machine, engine: EngineFacts, plan: Plan) -> Finding:
    """Compare the subnets that the lab's networks will have with those that are taken."""
    wanted = {
        ipaddress.IPv4Network(f"{address}/{NETWORK_BITS}", strict=False)
        for node in plan.nodes
        for address in node.config.addresses.values()
    }
    taken = {f"the network {name}": subnet for name, subnet in engine.networks.items()}
    if engine.here:
        taken |= {f"the interface {name}": subnet for name, subnet in machine.routes.items()}
    clashes = [
        f"{network} is in {subnet} of {name}"
        for name, subnet in taken.items()
        for network in sorted(wanted)
        if network.overlaps(ipaddress.IPv4Network(subnet))
    ]
    return _fine_if(not clashes, "subnets", ", ".join(map(str, sorted(wanted)))) or Finding(
        "subnets",
        "missing",
        f"taken: {'; '.join(clashes)}",
        hint="`docker network prune` removes unused networks; `--name` gives the lab other addresses",
    )


def _published(machine: Machine) -> Finding:
    taken = "; ".join(f"{place}: {why}" for place, why in machine.taken_places.items())
    return _fine_if(not taken, "published ports", "all that the file publishes can be used") or Finding(
        "published ports",
        "missing",
        f"not to be had: {taken}",
        hint="end what uses them, or publish at other ports",
    )


def _fine_if(condition: bool, subject: str, what: str) -> Finding | None:
    return Finding(subject, "fine", what) if condition else None
