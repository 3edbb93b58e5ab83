"""Which lab a verb is about."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaselab.testbed.errors import CallError, UnknownLabError

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab


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
