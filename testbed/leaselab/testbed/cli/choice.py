"""Which lab a verb is about, and which of its nodes."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leaselab.testbed.errors import CallError, UnknownLabError

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import Report
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.views import LabStatus


def chosen_name(name: str, there: Sequence[str]) -> str:
    """Return the lab meant: the one named, or the only one there is.

    Raises:
        CallError: none is named, and there is not exactly one.
    """
    if name:
        return name
    if not there:
        raise UnknownLabError("no lab is up", hint="bring one up with `leaselab up FILE`; `leaselab labs` lists them")
    if len(there) > 1:
        raise CallError(
            f"there are {len(there)} labs: {', '.join(there)}", hint="say which one with --lab NAME or LEASELAB_LAB"
        )
    return there[0]


def chosen_lab(name: str) -> "Lab":
    """Attach to the lab meant."""
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    return Lab.attach(chosen_name(name, [] if name else [lab.name for lab in all_labs() if lab.state == "up"]))


def reports(lab: "Lab", status: "LabStatus", names: Iterable[str] = ()) -> "dict[str, Report]":
    """Return the reports of the nodes named, or of all, that are appliances and on.

    Raises:
        CallError: a node that is named has none to give.
    """
    wanted = {lab[name].name for name in names}
    found = {}
    for node in status.nodes:
        if wanted and node.name not in wanted:
            continue
        if node.kind != "cloud" and node.phase not in ("off", "booting"):
            found[node.name] = lab[node.name].report()
        elif wanted:
            what = "the vendor's cloud" if node.kind == "cloud" else node.phase
            raise CallError(
                f"{node.name} has nothing to report: it is {what}", hint="`leaselab status` shows all nodes"
            )
    return found
