"""Clearing away what the journal of a lab says may still be there, after a crash at any moment."""

import contextlib
from pathlib import Path
from typing import Final, get_args

from leaselab.testbed import journal
from leaselab.testbed.journal import Entry, Kind, Thing

THINGS: Final = get_args(Thing)


def clear(folder: Path) -> None:
    """End the processes and remove what a lab's journal says is in a container engine.

    Raises:
        EngineError: the lab's container engine does not answer, so its containers cannot be removed.
    """
    journal.end_processes(folder)
    left = journal.standing(journal.read(folder))
    if any(kind in THINGS for kind, _ in left):
        _clear_engine(folder, left)


def _clear_engine(folder: Path, left: dict[tuple[Kind, str], Entry]) -> None:
    from leaselab.testbed.containers.engine import Engine

    address = next((name for kind, name in left if kind == "engine"), "")
    with contextlib.closing(Engine.connect(address)) as engine:
        # The latest first: a network goes after the containers on it.
        for kind, name in reversed(left):
            match kind:
                case "container" | "network" | "service" | "secret":
                    engine.remove(kind, name, lab=str(folder))
        if any(kind in ("service", "secret") for kind, _ in left):
            engine.await_tasks(lab=str(folder))
