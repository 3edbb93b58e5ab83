"""Clearing away what the journal of a lab says may still be there, after a crash at any moment."""

from pathlib import Path

from leaselab.testbed import journal
from leaselab.testbed.journal import Entry, Kind


def clear(folder: Path) -> None:
    """End the processes and remove the containers and networks that a lab's journal names.

    Raises:
        EngineError: the lab's container engine does not answer, so its containers cannot be removed.
    """
    journal.end_processes(folder)
    left = journal.standing(journal.read(folder))
    if any(kind in ("container", "network") for kind, _ in left):
        _clear_engine(folder, left)


def _clear_engine(folder: Path, left: dict[tuple[Kind, str], Entry]) -> None:
    from leaselab.testbed.engine import Engine

    engine = Engine.connect(next((name for kind, name in left if kind == "engine"), ""))
    try:
        # The latest first: a network goes after the containers on it.
        for kind, name in reversed(left):
            if kind == "container":
                engine.remove_container(name, lab=str(folder))
            elif kind == "network":
                engine.remove_network(name, lab=str(folder))
    finally:
        engine.close()
