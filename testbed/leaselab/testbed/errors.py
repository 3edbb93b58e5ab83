"""Everything the testbed raises on purpose.

.. code-block:: text

    LeaselabError                  exit code 1: the lab says no
    ├── CallError                  exit code 2: the call or the file is wrong
    │   ├── TopologyError          a topology file, with every problem in it
    │   ├── UnknownLabError        no lab of that name runs
    │   └── UnknownNodeError       the lab has no node of that name
    ├── LabExistsError             a lab of that name is there already, and belongs to another
    ├── LabGoneError               the lab's host process does not answer any more
    ├── NodeFailedError            a node did not come up, or died
    │   └── ProvisioningRefusedError   a node is up and refused what the file wants of it
    ├── MachineError               this machine has too little for the lab
    ├── SnapshotError              an archive is damaged, another lab's, or another version's
    ├── EngineError                the container engine refuses something, or does not answer
    │   └── GoneError              what it was asked about is not there
    ├── RefusedError               an appliance refused what it was asked for
    └── ClockStoppedError          the lab's clock cannot go where it was sent

Messages are one line and say what and where; ``hint`` says what to do next. :class:`TopologyError` alone has a line
for each problem.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class LeaselabError(Exception):
    """What went wrong, in words for the person who asked.

    Args:
        message: what and where, one line.
        hint: what to do next; may be empty.
        exit_code: what the command line ends with.
    """

    default_exit_code = 1

    def __init__(self, message: str, hint: str = "", exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = self.default_exit_code if exit_code is None else exit_code


class CallError(LeaselabError):
    """The call is wrong, not the lab."""

    default_exit_code = 2


class UnknownLabError(CallError):
    """No lab of that name runs."""


class UnknownNodeError(CallError):
    """The lab has no node of that name."""


class LabExistsError(LeaselabError):
    """A lab of that name is there already, and belongs to another."""


class LabGoneError(LeaselabError):
    """The lab's host process does not answer any more."""


class NodeFailedError(LeaselabError):
    """A node did not come up, or died."""


class ProvisioningRefusedError(NodeFailedError):
    """A node is up and refused what the file wants of it; the lab stays, to be looked at and mended."""


class MachineError(LeaselabError):
    """This machine has too little for the lab; nothing has been made."""


class SnapshotError(LeaselabError):
    """An archive that cannot be taken: damaged, another lab's, or another version's."""


class EngineError(LeaselabError):
    """The container engine refuses something, or does not answer."""


class GoneError(EngineError):
    """What the container engine was asked about is not there (any more)."""


class RefusedError(LeaselabError):
    """An appliance refused what it was asked for; the message is the appliance's own."""


class ClockStoppedError(LeaselabError):
    """The lab's clock cannot go where it was sent."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        file: as the caller named it.
        line: from 1.
        column: from 1.
        field: dotted path, e.g. ``nodes.gw1.license-client.server``; empty for the file as a whole.
        message: what is wrong, and what would be right.
        suggestion: the nearest valid name, or empty.
    """

    file: str
    line: int
    column: int
    field: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column: field: message (did you mean …?)``."""
        field = f"{self.field}: " if self.field else ""
        suggestion = f" (did you mean {self.suggestion}?)" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {field}{self.message}{suggestion}"


class TopologyError(CallError):
    """A topology file that is not one. Its text has one line a problem, in the order of the file.

    Args:
        problems: all that were found.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(
            "\n".join(map(str, self.problems)), hint="`leaselab schema` has every field with its description"
        )


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return the valid name that ``name`` was most likely meant to be, or an empty text."""
    by_lower = {each.lower(): each for each in valid}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else ""
