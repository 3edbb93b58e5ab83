"""The prompts for the internal port's addresses: of first boot, and of the menu, where the present values stand."""

from collections.abc import Callable
from typing import Final

from leaselab.appliance.console import checks
from leaselab.appliance.console.dialogue import Ask, Judge, Moment, Turn, Words, again, confirmed
from leaselab.appliance.console.facts import PortFacts
from leaselab.appliance.licensing.commands import SetNetwork
from leaselab.appliance.models.phases import Phase

NONE: Final = "-"
"""In the menu, where an empty answer keeps the present value, this one clears it."""

_FIELDS: Final = ("address", "netmask", "gateway", "dns-primary", "dns-secondary", "dns-domains", "wins")


def network_asks(*, prefix: str, phase: Phase, after: str, done: str, escape: str = "") -> tuple[Ask, ...]:
    """Return the chain of prompts from the IP address to ``Correct?``.

    Args:
        prefix: of the prompts' names; with one, present values are offered.
        phase: of the device.
        after: the prompt that follows when the addresses are set; also after ``Correct?`` when there is a present
            setting to keep.
        done: printed when they are set.
        escape: where Ctrl-C leads.
    """
    names = [prefix + field for field in (*_FIELDS, "confirm")]
    prompts = (
        "IP address",
        "Network mask",
        "Default gateway",
        "Primary DNS server",
        "Secondary (optional)",
        "DNS domain(s)",
        "WINS server (optional)",
    )
    headings = {
        "address": "\nPlease provide ethernet configuration information\n",
        "dns-primary": "\nPlease provide DNS nameserver information:\n",
        "wins": "\nPlease provide Microsoft WINS server information:\n",
    }
    chain = tuple(
        Ask(
            name=name,
            words=_words(words, field, offered=bool(prefix)),
            judge=_judge(field, name, following, confirm=names[-1], offered=bool(prefix)),
            phase=phase,
            heading=headings.get(field, ""),
            escape=escape,
        )
        for field, words, name, following in zip(_FIELDS, prompts, names, names[1:], strict=False)
    )

    def _set(moment: Moment) -> Turn:
        return Turn(goto=after, commands=(_command(moment.entered),), refused=names[0], done=done)

    confirm = Ask(
        name=names[-1],
        words="Correct? (y/n): ",
        judge=confirmed(names[-1], _set, Turn(goto=after if prefix else names[0])),
        phase=phase,
        heading=_setup,
        escape=escape,
    )
    return (*chain, confirm)


def present(port: PortFacts | None) -> dict[str, str]:
    """Return a port's addresses as the prompts would have them answered."""
    if port is None:
        return dict.fromkeys(_FIELDS, "")
    primary, secondary, *_ = (*port.dns, "", "")
    values = (port.address, port.netmask, port.gateway, primary, secondary, port.domains, port.wins)
    return dict(zip(_FIELDS, values, strict=True))


def described(values: dict[str, str]) -> str:
    """Return a setup, line by line, as first boot asks to confirm it."""
    rows = (
        ("IP address", values["address"]),
        ("Network mask", values["netmask"]),
        ("Gateway IP", values["gateway"]),
        ("Link speed", "Auto"),
        ("Primary DNS server", values["dns-primary"]),
        ("Secondary DNS", values["dns-secondary"]),
        ("DNS domain(s)", values["dns-domains"]),
        ("WINS server", values["wins"]),
    )
    return "".join(f"     {label + ':':<22}{value}".rstrip() + "\n" for label, value in rows)


def _words(words: str, field: str, *, offered: bool) -> Words:
    if not offered:
        return f"{words}: "

    def with_present(moment: Moment) -> str:
        value = present(moment.facts.ports.get("internal"))[field]
        return f"{words} [{value}]: " if value else f"{words}: "

    return with_present


def _judge(field: str, name: str, following: str, *, confirm: str, offered: bool) -> Judge:
    def judge(moment: Moment, answer: str) -> Turn:
        value = answer.strip()
        if offered:
            value = value or present(moment.facts.ports.get("internal"))[field]
            value = "" if value == NONE else value
        reason = _reason(field, value, moment.entered)
        if reason:
            return again(name, reason, void=(confirm,))
        return Turn(goto=following, keep={field: value})

    return judge


def _reason(field: str, value: str, entered: dict[str, str]) -> str:
    """Return what speaks against a value, given those before it."""
    if field == "netmask":
        return checks.netmask(value) or checks.own_address(entered["address"], value)
    if field == "gateway":
        return checks.gateway(value, entered["address"], entered["netmask"])
    alone: dict[str, Callable[[str], str]] = {
        "address": checks.address,
        "dns-primary": checks.address,
        "dns-secondary": checks.optional(checks.address),
        "dns-domains": checks.domains,
        "wins": checks.optional(checks.address),
    }
    return alone[field](value)


def _setup(moment: Moment) -> str:
    return f"\nPlease confirm the following setup:\n\n{described(moment.entered)}\n"


def _command(values: dict[str, str]) -> SetNetwork:
    return SetNetwork(
        port="internal",
        address=values["address"],
        netmask=values["netmask"],
        gateway=values["gateway"],
        dns=tuple(server for server in (values["dns-primary"], values["dns-secondary"]) if server),
        domains=values["dns-domains"],
        wins=values["wins"],
    )
