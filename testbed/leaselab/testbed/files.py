"""Files that are whole or not there, readable by their owner alone, with errors a person can act on."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from leaselab.testbed.errors import LeaselabError

_HINTS = {
    errno.ENOSPC: "free some space there, or set LEASELAB_HOME to a folder on another disk",
    errno.EDQUOT: "your quota there is used up; free some space, or set LEASELAB_HOME to another folder",
    errno.EACCES: "give yourself the right to it, or set LEASELAB_HOME to a folder of your own",
    errno.EPERM: "give yourself the right to it, or set LEASELAB_HOME to a folder of your own",
    errno.EROFS: "that disk is read-only; set LEASELAB_HOME to a folder you can write to",
    errno.ENOTDIR: "a file is where a folder should be; move it away, or set LEASELAB_HOME to another folder",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`); `leaselab doctor FILE` says what a file needs",
    errno.EADDRINUSE: "see who has it with `ss -ltnp`, and stop that, or take the other lab down",
    errno.EADDRNOTAVAIL: "this machine has no such loopback address; `leaselab doctor` says what is missing",
}


def complaint(error: OSError, what: str) -> LeaselabError:
    """Turn the system's refusal into one line: what could not be done, where, why, and what to do."""
    where = f" ({error.filename})" if error.filename else ""
    hint = _HINTS.get(error.errno or 0, "`leaselab doctor` checks this machine")
    return LeaselabError(f"cannot {what}{where}: {error.strerror or error}", hint=hint)


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn every refusal of the system inside into a :func:`complaint`."""
    try:
        yield
    except OSError as error:
        raise complaint(error, what) from error


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, sync: bool = True) -> None:
    """Replace a file so that a reader, or a crash, sees the old content or the new, never a part.

    Args:
        path: the file.
        content: all of it.
        mode: of the file; its owner's alone by default.
        sync: whether it must survive power loss; what can be made again need not.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
