"""What a lab has to show when a test that used it failed: for the report, and as files to keep."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.lab import Lab

MOST_LINES: Final = 200
"""Of each report section: the last words matter, and those of a simulated year fill a disk."""

Source = Callable[[], Iterable[str]]


def sections(lab: Lab) -> list[tuple[str, str]]:
    """Return title and text of what belongs into a report: the last events, log lines, and what stands on consoles."""
    from leaselab.testbed.cli.events import event_line

    sources: dict[str, Source] = {
        "leaselab events": lambda: map(event_line, lab.events()),
        "leaselab appliance logs": lambda: _logs(lab),
        **{f"leaselab console of {node}": partial(_screen, lab, node) for node in _appliances(lab)},
    }
    told = ((title, _told(source, most=MOST_LINES)) for title, source in sources.items())
    return [(title, text) for title, text in told if text.strip()]


def keep(lab: Lab, folder: Path) -> None:
    """Write all that the lab has to show into a folder, which is made: one file a kind, and one a console."""
    sources: dict[str, Source] = {
        "events.jsonl": lambda: (msgspec.json.encode(event).decode() for event in lab.events()),
        "appliances.log": lambda: _logs(lab),
        "status.json": lambda: [msgspec.json.format(msgspec.json.encode(lab.status())).decode()],
        "topology.yml": lambda: Path(lab.status().topology).read_text(encoding="utf-8").splitlines(),
        "timeline.html": lambda: _timeline(lab),
        **{f"console-{node}.txt": partial(_screen, lab, node) for node in _appliances(lab)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        (folder / name).write_text(_told(source) + "\n", encoding="utf-8")


def _appliances(lab: Lab) -> list[str]:
    try:
        return [status.name for status in lab.status().nodes if status.kind != "cloud"]
    except LeaselabError:
        return []


def _logs(lab: Lab) -> Iterable[str]:
    return (f"{line.node}  {line.text}" for line in lab.logs())


def _timeline(lab: Lab) -> list[str]:
    from leaselab.testbed.pictures.timeline import timeline_of
    from leaselab.testbed.pictures.timeline_svg import html

    return html(timeline_of(lab)).splitlines()


def _screen(lab: Lab, node: str) -> list[str]:
    return lab[node].screen().splitlines()


def _told(source: Source, most: int | None = None) -> str:
    """Return the last lines of a source; a lab that broke down must not hide the failure it is asked about."""
    try:
        return "\n".join(deque(source(), maxlen=most))
    except (LeaselabError, OSError) as error:
        return f"not to be had: {error}"
