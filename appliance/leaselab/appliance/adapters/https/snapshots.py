"""System snapshots: what is known of a device at an instant, as a file that a person can send to somebody else.

They hold what the pages show anyway, and nothing that opens anything. They are kept in memory: a restart of the node
forgets them.
"""

import io
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from leaselab.appliance.instants import Instant, as_datetime

SNAPSHOTS_KEPT: Final = 5
"""The latest ones; each is some hundred kilobytes at most."""


class SystemSnapshot(NamedTuple):
    """A ZIP with the device's report and the end of its log, by name."""

    name: str
    at: Instant
    content: bytes


class SystemSnapshots:
    """The snapshots of one device.

    Args:
        device: its name.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._taken = 0
        self._kept: deque[SystemSnapshot] = deque(maxlen=SNAPSHOTS_KEPT)

    def take(self, *, report: Any, lines: Iterable[str], at: Instant) -> SystemSnapshot:
        """Make one of what is known now."""
        self._taken += 1
        moment = as_datetime(at)
        snapshot = SystemSnapshot(
            name=f"{self._device}-snapshot-{self._taken}-{moment:%Y%m%d-%H%M%S}.zip",
            at=at,
            content=_zipped(
                {
                    "report.json": msgspec.json.format(msgspec.json.encode(report)),
                    "events.log": "".join(f"{line}\n" for line in lines).encode(),
                },
                at,
            ),
        )
        self._kept.append(snapshot)
        return snapshot

    def all(self) -> tuple[SystemSnapshot, ...]:
        """Return those that are kept, the oldest first."""
        return tuple(self._kept)

    def find(self, name: str) -> SystemSnapshot | None:
        """Return the one of that name, if it is kept."""
        return next((one for one in self._kept if one.name == name), None)

    def clear(self) -> None:
        """Forget them: the device is new (factory reset)."""
        self._kept.clear()


def _zipped(files: dict[str, bytes], at: Instant) -> bytes:
    import zipfile  # brings three compressors, and most devices never take a snapshot

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, as_datetime(at).timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
