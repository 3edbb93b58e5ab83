"""Which lab a verb is about, and which of its nodes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaselab.testbed.errors import CallError, UnknownLabError

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab, Node


def chosen_name(name: str, up: Sequence[str]) -> str:
    """Return the lab meant: the one named, or the only one up.

    Raises:
        CallError: none is named, and not exactly one is up.
    """
    if name:
        return name
    if not up:
        raise UnknownLabError("no lab is up", hint="bring one up with `leaselab up FILE`; `leaselab labs` lists them")
    if len(up) > 1:
        raise CallError(f"{len(up)} labs are up: {', '.join(up)}", hint="say which one with --lab NAME or LEASELAB_LAB")
    return up[0]


def chosen_lab(name: str) -> "Lab":
    """Attach to the lab meant."""
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    return Lab.attach(chosen_name(name, [] if name else [lab.name for lab in all_labs() if lab.state == "up"]))


def chosen_nodes(lab: "Lab", names: Sequence[str] | None) -> "list[Node]":
    """Return the nodes named, or all."""
    return [lab[name] for name in names] if names else list(lab)
