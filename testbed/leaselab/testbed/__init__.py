"""The lab: from a topology file to running devices on one clock.

``from leaselab.testbed import Lab`` is the front door. What it needs is imported when it is asked for, so that the
command line and the pytest plugin start quickly.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.node import Node

__all__ = ["Lab", "Node"]


def __getattr__(name: str) -> Any:
    """Import the front door at its first use."""
    if name == "Lab":
        from leaselab.testbed.lab import Lab

        return Lab
    if name == "Node":
        from leaselab.testbed.node import Node

        return Node
    raise AttributeError(f"module {__name__} has no attribute {name}")
