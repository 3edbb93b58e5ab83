"""The labs folder: one folder a lab, made exclusively, with a slot of loopback addresses of its own.

``${LEASELAB_HOME:-${XDG_STATE_HOME:-~/.local/state}/leaselab}/labs/<lab>/`` holds all of a lab, mode 0700. Two locks
keep labs apart, both the kernel's, so that a lock never outlives who took it: the running host of a lab holds a file
lock in its folder, and an abstract socket for its slot, which is as wide as the loopback addresses it stands for.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from leaselab.testbed import processes
from leaselab.testbed.clearing import clear
from leaselab.testbed.errors import CallError, LabExistsError, LeaselabError, UnknownLabError, nearest
from leaselab.testbed.files import complaint, explained, write_whole
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.views import LabInfo

if TYPE_CHECKING:
    from leaselab.testbed.topology.plan import Plan

HOST_LOG: Final = "host.log"
"""In a lab's folder: what its host and the processes of its nodes write."""

FORMAT: Final = 1
"""Of the lab folder. A change that an older host could not read raises it."""

SLOTS: Final = 254
"""Slot S is 127.S.x.y; 0 is left to the machine's own 127.0.0.1, 255 to nobody."""

_POLL_SECONDS: Final = 0.01

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class LabRecord(msgspec.Struct, frozen=True):
    """``lab.json``: what a lab is, and which process hosts it."""

    name: str
    runtime: str
    topology: str
    slot: int
    background: bool
    """Hosted by a process of its own; a lab hosted by a thread of another program ends with that."""
    host: ProcessId | None = None
    format: int = FORMAT


class Slot:
    """A slot of loopback addresses, held until closed or until the process ends.

    Args:
        number: 1 to 254.
        descriptor: of the socket, where another process took the slot and handed it on.
    """

    def __init__(self, number: int, *, descriptor: int | None = None) -> None:
        self.number = number
        if descriptor is not None:
            self._socket = socket.socket(fileno=descriptor)
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.bind(f"\0leaselab-slot-{number}")
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the socket's descriptor, to hand it to the host's process."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the slot back."""
        self._socket.close()


class Claim:
    """What a lab's host must hold: the lab's lock and its slot. Both are the kernel's, and end with who holds them.

    Args:
        lock: descriptor of the locked file.
        slot: of loopback addresses.
    """

    def __init__(self, lock: int, slot: Slot) -> None:
        self.lock = lock
        self.slot = slot

    def close(self) -> None:
        """Give both back."""
        os.close(self.lock)
        self.slot.close()


class LabFolder:
    """The folder of one lab, which need not exist.

    Args:
        name: of the lab.
        root: the labs folder; the usual one by default.
    """

    def __init__(self, name: str, *, root: Path | None = None) -> None:
        if not _NAME.fullmatch(name):
            raise CallError(
                f"{name!r} is no name for a lab", hint="use up to 63 letters, digits, dots, dashes and underscores"
            )
        self.name = name
        self.path = (root or labs_folder()) / name

    @property
    def plan(self) -> Path:
        """Where the plan is that the lab was last brought to."""
        return self.path / "plan.json"

    @property
    def socket(self) -> Path:
        """Where the host listens."""
        return self.path / "control.sock"

    @property
    def log(self) -> Path:
        """Where the host's own output goes."""
        return self.path / HOST_LOG

    @property
    def keys(self) -> Path:
        """Where the console key pair and the lab's certificate authority are."""
        return self.path / "keys"

    def exists(self) -> bool:
        """Tell whether there is such a lab, running or not."""
        return self.path.is_dir()

    def create(self, *, runtime: str, topology: str, background: bool, slot: int | None = None) -> Claim:
        """Make the folder of a new lab, and take its lock and a slot. What a crash left under its name goes first.

        Args:
            runtime: of the lab.
            topology: its file.
            background: whether its host is a process of its own.
            slot: the only one that will do; any by default.

        Raises:
            LabExistsError: there is such a lab.
        """
        with explained("make the lab's folder"), _one_at_a_time(self.path.parent):
            if self.exists() and not self.is_hosted() and not self._can_go_on():
                self.remove()
            try:
                self.path.mkdir(mode=0o700)
            except FileExistsError:
                raise LabExistsError(
                    f"a lab named {self.name} is there already",
                    hint=f"`leaselab down {self.name}` removes it; `--name` gives this one another name",
                ) from None
            lock = self.lock()
            try:
                claim = Claim(lock, take_slot(self.name, wanted=slot))
            except BaseException:
                os.close(lock)
                shutil.rmtree(self.path)
                raise
            try:
                number = claim.slot.number
                self.write_record(LabRecord(self.name, runtime, topology, slot=number, background=background))
            except BaseException:
                claim.close()
                shutil.rmtree(self.path)
                raise
            return claim

    def _can_go_on(self) -> bool:
        """Whether somebody could go on with this lab; damage that a person should see counts as yes."""
        return self.plan.exists() and self.record().background

    def record(self) -> LabRecord:
        """Read ``lab.json``.

        Raises:
            UnknownLabError: there is no such lab.
            LeaselabError: its folder cannot be read, or another version made it.
        """
        if not self.exists():
            names = [folder.name for folder in _folders(self.path.parent)]
            near = nearest(self.name, names)
            hint = f"did you mean {near}?" if near else "`leaselab labs` lists them, `leaselab up FILE` makes one"
            raise UnknownLabError(f"there is no lab named {self.name}", hint=hint)
        path = self.path / "lab.json"
        with explained("read the lab's state"):
            content = path.read_bytes()
        try:
            loose: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
            if loose.get("format") != FORMAT:
                made_by = loose.get("format", "unknown")
                raise LeaselabError(
                    f"{path} has state format {made_by}, and this version of leaselab reads {FORMAT}",
                    hint=f"`leaselab down {self.name}` removes the lab; `leaselab up FILE` makes it anew",
                )
            return msgspec.convert(loose, LabRecord)
        except msgspec.MsgspecError as error:
            raise LeaselabError(
                f"{path} is damaged: {error}",
                hint=f"`leaselab down {self.name}` removes the lab; `leaselab up FILE` makes it anew",
            ) from error

    def read_plan(self) -> "Plan | None":
        """Return the plan that the lab was last brought to; ``None`` if it has none yet.

        Raises:
            LeaselabError: another version wrote it.
        """
        from leaselab.testbed.topology.plan import Plan

        try:
            return Plan.from_json(self.plan.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise LeaselabError(f"{self.plan}: {error}", hint=f"`leaselab down {self.name}` removes the lab") from error

    def write_record(self, record: LabRecord) -> None:
        """Write ``lab.json``."""
        with explained("write the lab's state"):
            write_whole(self.path / "lab.json", msgspec.json.encode(record))

    def lock(self) -> int:
        """Take the lab's lock for this process and return its descriptor; it is free again when that is closed.

        Raises:
            LabExistsError: another process hosts the lab.
        """
        with explained("lock the lab"):
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise complaint(error, "lock the lab") from error
            raise LabExistsError(
                f"the lab {self.name} is up already, hosted by another process",
                hint=f"`leaselab status {self.name}` shows it, `leaselab down {self.name}` takes it down",
            ) from None
        return descriptor

    def is_hosted(self) -> bool:
        """Tell whether a process hosts the lab just now."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def await_end(self, seconds: float, *, kept: bool) -> None:
        """Wait until nobody hosts the lab and, unless kept, its folder is gone; at most so long."""
        until = time.monotonic() + seconds
        # The lock goes before the rest of the folder does.
        while (self.is_hosted() if kept else self.exists()) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)

    def remove(self) -> None:
        """End what the journal names and remove the folder. Works on what a crash left at any moment."""
        if not self.exists():
            return
        with explained("take the lab down"):
            clear(self.path)
            shutil.rmtree(self.path)


def labs_folder() -> Path:
    """Return the folder that holds the labs of this user."""
    home = os.environ.get("LEASELAB_HOME")
    if home:
        return Path(home).expanduser() / "labs"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "leaselab" / "labs"


@contextlib.contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Let nobody else make a lab here meanwhile."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (root.parent / "labs.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def all_labs() -> list[LabInfo]:
    """Return every lab of this user, by name; one that cannot be read is listed as that."""
    return [_info(LabFolder(folder.name)) for folder in _folders(labs_folder()) if _NAME.fullmatch(folder.name)]


def take_slot(name: str, *, wanted: int | None = None) -> Slot:
    """Take the slot that a lab's name leads to, or the next one that is free on this machine.

    Args:
        name: of the lab.
        wanted: the slot of a lab that has one already: its addresses are in its plan, no other will do.

    Raises:
        LeaselabError: none is free.
    """
    first = zlib.crc32(name.encode()) % SLOTS
    promised = {info.slot for info in all_labs() if info.name != name}
    for number in [wanted] if wanted else [(first + step) % SLOTS + 1 for step in range(SLOTS)]:
        if wanted or number not in promised:
            try:
                return Slot(number)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise complaint(error, "take a slot of loopback addresses") from error
    if wanted:
        raise LeaselabError(
            f"the addresses of lab {name}, 127.{wanted}.x.y, are in use by another lab",
            hint="take that one down, or this one down and up again: it then gets other addresses",
        )
    raise LeaselabError(f"all {SLOTS} slots of loopback addresses are taken", hint="`leaselab labs` lists your labs")


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(entry for entry in root.iterdir() if entry.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise complaint(error, "list the labs") from error


def _info(folder: LabFolder) -> LabInfo:
    try:
        record = folder.record()
    except LeaselabError:
        return LabInfo(folder.name, runtime="", topology="", state="unreadable", slot=0, pid=0, folder=str(folder.path))
    hosted = folder.is_hosted()
    pid = record.host.pid if hosted and record.host and processes.lives(record.host) else 0
    state = "up" if hosted else "down"
    return LabInfo(folder.name, record.runtime, record.topology, state, record.slot, pid, str(folder.path))
