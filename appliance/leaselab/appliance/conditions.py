"""What is wrong with a node's surroundings: the faults in force on it, as plain data that the lab hands it whole.

Injected faults are taken apart into these by the lab (:mod:`leaselab.testbed.faults`). A node that is handed the empty
:class:`Conditions` is exactly as it was before the first fault.
"""

from typing import Literal

import msgspec

from leaselab.appliance.instants import Duration


class LinkCondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What befalls this node's messages to a peer.

    Attributes:
        peer: whom; empty: everybody.
        network: over which network; empty: over any.
        cut: requests do not get there.
        cut_replies: requests get there, and the answers do not come back.
        loss: the part of the messages that is lost, requests and answers alike.
        seed: of the draws that say which ones.
        delay: how long a request is on its way.
        bytes_per_second: of a narrow line: how much of a request gets through in a second; 0: no limit.
    """

    peer: str = ""
    network: str = ""
    cut: bool = False
    cut_replies: bool = False
    loss: float = 0.0
    seed: str = ""
    delay: Duration = 0
    bytes_per_second: int = 0


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is wrong around one node.

    Attributes:
        links: on its ways to other nodes.
        skew: how far its clock is ahead of the lab's; negative: behind.
        paused: it is frozen: no turn, no answer, no key stroke.
        disk_full: nothing can be written any more.
        answers: what its HTTPS server says to everything: an ``error``, or something ``wrong``.
        bad_certificate: its HTTPS server shows a certificate that nobody trusts.
    """

    links: tuple[LinkCondition, ...] = ()
    skew: Duration = 0
    paused: bool = False
    disk_full: bool = False
    answers: Literal["", "error", "wrong"] = ""
    bad_certificate: bool = False


CALM = Conditions()
"""Nothing is wrong."""
