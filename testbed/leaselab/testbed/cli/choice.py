"""Which lab a verb is about, and which of its nodes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaselab.testbed.errors import CallError, UnknownLabError

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import Report
    from leaselab.testbed.lab import Lab


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
        raise CallError(
            f"there are {len(up)} labs: {', '.join(up)}", hint="say which one with --lab NAME or LEASELAB_LAB"
        )
    return up[0]


def chosen_lab(name: str) -> "Lab":
    """Attach to the lab meant."""
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    return Lab.attach(chosen_name(name, [] if name else [lab.name for lab in all_labs() if lab.state == "up"]))


def reports(lab: "Lab", names: Sequence[str] | None = None) -> "dict[str, Report]":
    """Return the reports of the nodes named, or of all, that are appliances and on.

    Raises:
        CallError: a node that is named has none to give.
    """
    wanted = {lab[name].name for name in names or ()}
    found = {}
    for status in lab.status().nodes:
        if wanted and status.name not in wanted:
            continue
        if status.kind != "cloud" and status.phase not in ("off", "booting"):
            found[status.name] = lab[status.name].report()
        elif wanted:
            what = "the vendor's cloud" if status.kind == "cloud" else status.phase
            raise CallError(
                f"{status.name} has nothing to report: it is {what}", hint="`leaselab status` shows all nodes"
            )
    return found
