"""What the pages' forms do: each is one call that the command line makes as well."""

from collections.abc import Callable, Mapping
from typing import Final

from leaselab.testbed.errors import CallError
from leaselab.testbed.lab import Lab

Form = Mapping[str, str]

SWITCHES: Final = ("start", "stop", "restart", "kill", "reset")


def advance(lab: Lab, form: Form) -> str:
    """Move the clock on by a duration."""
    by = form.get("by", "").strip()
    advanced = lab.clock.advance(by)
    return f"The clock went on by {by}; nodes were woken {advanced.grants} times on the way."


def rate(lab: Lab, form: Form) -> str:
    """Let the clock run, or stand."""
    text = form.get("rate", "")
    try:
        wanted = float(text)
    except ValueError:
        raise CallError(f"{text!r} is no rate", hint="lab seconds a second, such as 60; 0 stops the clock") from None
    if wanted:
        lab.clock.rate(wanted)
        return f"The clock runs at {wanted:g} lab seconds a second."
    lab.clock.pause()
    return "The clock stands."


def users(lab: Lab, form: Form) -> str:
    """Sign users in or out at a gateway until so many are on."""
    node, text = form.get("node", ""), form.get("users", "")
    if not text.isdecimal():
        raise CallError(f"{text!r} is no number of users", hint="0 or more")
    outcome = lab[node].users.set(int(text))
    refused = f" {len(outcome.refused)} were refused: {outcome.refused[0].why}" if outcome.refused else ""
    return f"{outcome.signed_in} are signed in at {node}.{refused}"


def switch(lab: Lab, form: Form) -> str:
    """Switch a node on or off, or reset it."""
    node, act = form.get("node", ""), form.get("act", "")
    if act not in SWITCHES:
        raise CallError(f"there is no act {act!r}", hint=f"one of {', '.join(SWITCHES)}")
    getattr(lab[node], act)()
    return f"{node}: {act} done; it is {lab[node].phase}."


def keys(lab: Lab, form: Form) -> str:
    """Type a line at a node's console."""
    node = form.get("node", "")
    lab[node].type(form.get("text", "") + "\r")
    return ""


ACTS: Final[dict[str, Callable[[Lab, Form], str]]] = {
    "advance": advance,
    "rate": rate,
    "users": users,
    "switch": switch,
    "keys": keys,
}
"""By the last part of the address that a form is sent to."""
