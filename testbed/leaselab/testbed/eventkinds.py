"""The events of a lab: what its testbed did and saw, each kind with its fields. docs/events.md is made from this."""

from typing import Final, Literal, TypeAlias

import msgspec

EventKind: TypeAlias = Literal[
    "up",
    "unrehearsed",
    "power-on",
    "phase",
    "provisioned",
    "refused",
    "users",
    "stopped",
    "shut-down",
    "killed",
    "lost",
    "failed",
    "erased",
    "fault",
    "fault-over",
    "advanced",
    "rate",
    "paused",
    "overdue",
    "stalled",
    "snapshot",
    "restored",
]


class Description(msgspec.Struct, frozen=True):
    """What an event of one kind says.

    Attributes:
        meaning: in one line.
        fields: by name, with what each holds; ``node`` is on every event, empty where it is of no single node.
        mark: whether the timeline shows it at the node that it befell.
    """

    meaning: str
    fields: dict[str, str] = {}
    mark: bool = False


_OF_A_FAULT: Final = {
    "fault": "its kind",
    "n": "its number in the lab",
    "target": "whom it befalls: a node, two, or `network NAME`",
    "one-way, delay, loss, bytes-per-second, skew": "where its kind has them",
}

EVENTS: Final[dict[EventKind, Description]] = {
    "up": Description("The lab is as its file says.", {"steps": "how many were taken"}),
    "unrehearsed": Description("Processes of nodes share less memory than they could.", {"why": "what went wrong"}),
    "power-on": Description("A node was switched on.", mark=True),
    "phase": Description("A node's boot has come further.", {"phase": "`off`, `booting`, `wizard`, `ready`, `halted`"}),
    "provisioned": Description("All that the file wants of a node is entered.", {"commands": "how many"}),
    "refused": Description("A node refused what the file wants of it, or a user.", {"why": "in its words"}),
    "users": Description(
        "Users were signed in or out until as many as wanted were on.",
        {"signed_in": "how many are on", "refused": "how many could not sign in"},
    ),
    "stopped": Description("A node was shut down in good order, by the testbed.", mark=True),
    "shut-down": Description("A node was shut down at its console.", {"by": "`console`"}),
    "killed": Description("A node lost its power.", mark=True),
    "lost": Description("A node has gone that nobody stopped.", {"why": "what is known of it"}, mark=True),
    "failed": Description("A node did not start, or did not stop.", {"why": "what stood in the way"}, mark=True),
    "erased": Description("A node forgot all that it had stored.", {"by": "`console`, if it was there"}, mark=True),
    "fault": Description("A fault is in force from now on.", _OF_A_FAULT),
    "fault-over": Description("A fault is over; one that only happens has no end.", _OF_A_FAULT),
    "advanced": Description(
        "The clock was advanced.",
        {"start": "from this instant", "to": "to this one", "grants": "turns that nodes had in between"},
    ),
    "rate": Description("The clock was given a rate.", {"rate": "lab seconds a second"}),
    "paused": Description("The clock was paused."),
    "overdue": Description("A node had its turn later than it wished.", {"due_at": "when it wished it, in ms"}),
    "stalled": Description("An advance ended early.", {"why": "who held it up"}),
    "snapshot": Description("The lab was saved.", {"archive": "the file"}),
    "restored": Description("The lab was brought back from a snapshot.", {"archive": "the file"}),
}
"""By kind."""
