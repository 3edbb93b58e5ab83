"""A whole lab as one file: plan, clock, histories of all nodes, secrets. Saved while it runs, restored in place.

The archive is a ZIP file, mode 0600, since the plan in it opens everything in the lab. A manifest names each file with
its SHA-256. A restore checks and unpacks all of it beside the lab before anything of the lab is touched; from then on
it is only renames, which a host that was killed in between finishes when it starts again.
"""

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from leaselab.appliance import __version__
from leaselab.appliance.instants import Instant
from leaselab.testbed.errors import CallError, LabExistsError, SnapshotError, nearest
from leaselab.testbed.files import explained
from leaselab.testbed.labs import LabFolder, LabRecord, labs_folder
from leaselab.testbed.topology.plan import Plan

FORMAT: Final = 1
"""Of the archive; one written by another version is not read."""

MANIFEST: Final = "snapshot.json"
PLAN: Final = "plan.json"
MAX_FILE_BYTES: Final = 4 << 30
"""Of one file in an archive: far more than any lab writes, far less than a forged archive could claim."""

_STORES: Final = ("lab.db", "nodes/*/device.db")
_OTHERS: Final = (PLAN, "standing.json", "events.jsonl")
_FILE: Final = re.compile(
    r"plan\.json|standing\.json|events\.jsonl|lab\.db|nodes/[A-Za-z0-9][A-Za-z0-9._-]*/device\.db"
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_CHUNK: Final = 1 << 20

_STAGING: Final = "restoring.part"
_STAGED: Final = "restoring"
_TAKING: Final = "restoring.now"
"""What a restore goes through: being unpacked, unpacked whole, and moved to where it belongs."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive says of itself.

    Attributes:
        lab: whose.
        at: the lab's instant.
        taken: when, on the wall clock.
        slot: the lab's share of the loopback addresses; its certificates name them.
        files: SHA-256 by name.
    """

    lab: str
    runtime: str
    topology: str
    slot: int
    at: Instant
    taken: str
    made_by: str
    files: dict[str, str]
    format: int = FORMAT


class SnapshotInfo(msgspec.Struct, frozen=True):
    """A snapshot in the snapshots folder; ``lab`` is empty where the file cannot be read."""

    name: str
    lab: str
    runtime: str
    at: Instant
    taken: str
    size_bytes: int
    path: str


def folder_of(lab: str) -> Path:
    """Return where a lab's snapshots are. They outlive the lab."""
    return labs_folder().parent / "snapshots" / lab


def path_of(lab: str, name: str) -> Path:
    """Return the file of a snapshot by its name; a name with a slash is the file itself.

    Raises:
        CallError: that is no name for a snapshot.
    """
    if "/" in name:
        return Path(name).absolute()
    if not _NAME.fullmatch(name):
        raise CallError(
            f"{name!r} is no name for a snapshot",
            hint="use up to 63 letters, digits, dots, dashes and underscores, or the path of an archive",
        )
    return folder_of(lab) / f"{name}.zip"


def found(lab: str, name: str) -> Path:
    """Return the file of a snapshot that is there.

    Raises:
        CallError: it is not.
    """
    path = path_of(lab, name)
    if not path.is_file():
        near = nearest(name, [each.name for each in snapshots_of(lab)])
        hint = f"did you mean {near}?" if near else "`leaselab snapshot list` shows those there are"
        raise CallError(f"there is no snapshot {name} of lab {lab}", hint=hint)
    return path


def snapshots_of(lab: str) -> list[SnapshotInfo]:
    """Return the snapshots of a lab, by name; a file that cannot be read is listed as that."""
    with explained("list the snapshots"):
        return [_info(path) for path in sorted(folder_of(lab).glob("*.zip"))]


def labs_with_snapshots() -> list[str]:
    """Return the names of the labs that have snapshots, whether they are there or not."""
    with explained("list the snapshots"):
        return sorted(path.name for path in (labs_folder().parent / "snapshots").glob("*") if path.is_dir())


def _info(path: Path) -> SnapshotInfo:
    size = path.stat().st_size
    try:
        manifest = read_manifest(path)
    except SnapshotError:
        return SnapshotInfo(path.stem, lab="", runtime="", at=0, taken="", size_bytes=size, path=str(path))
    return SnapshotInfo(path.stem, manifest.lab, manifest.runtime, manifest.at, manifest.taken, size, str(path))


def remove(lab: str, name: str) -> None:
    """Remove a snapshot.

    Raises:
        CallError: there is none of that name.
    """
    with explained("remove the snapshot"):
        found(lab, name).unlink()
        with contextlib.suppress(OSError):
            folder_of(lab).rmdir()  # the last one


# --- saving ----------------------------------------------------------------------------------------------------------


def save(path: Path, folder: Path, record: LabRecord, *, at: Instant) -> Manifest:
    """Write the archive of a lab whose clock stands and whose histories are on disk.

    Args:
        path: of the archive, which must not be there yet.
        folder: the lab's.
        record: what the lab is.
        at: its instant.

    Raises:
        LabExistsError: the file is there.
        LeaselabError: the disk is full, or the folder cannot be written.
    """
    if path.exists():
        raise LabExistsError(f"there is a snapshot {path.stem} already", hint="`leaselab snapshot rm` removes it")
    with explained("write the snapshot"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".snapshot-", dir=path.parent) as work:
            copies = dict(_copies(folder, Path(work)))
            manifest = Manifest(
                lab=record.name,
                runtime=record.runtime,
                topology=record.topology,
                slot=record.slot,
                at=at,
                taken=datetime.now(UTC).isoformat(timespec="seconds"),
                made_by=__version__,
                files={name: _digest(copy) for name, copy in copies.items()},
            )
            fresh = Path(work) / "archive"
            with _created(fresh) as file:
                with zipfile.ZipFile(file, "w") as archive:
                    _fill(archive, manifest, copies)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
    return manifest


def _copies(folder: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Yield what belongs to a lab, by name, as files that nobody writes to any more."""
    for name in _OTHERS:
        if (folder / name).exists():
            yield name, Path(shutil.copyfile(folder / name, work / name))
    for pattern in _STORES:
        for number, store in enumerate(sorted(folder.glob(pattern))):
            copy = work / f"{number}-{store.name}"
            with contextlib.closing(sqlite3.connect(store)) as source:
                source.execute("VACUUM INTO ?", (str(copy),))
            yield str(store.relative_to(folder)), copy


def _fill(archive: zipfile.ZipFile, manifest: Manifest, copies: dict[str, Path]) -> None:
    archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    for name, copy in copies.items():
        archive.write(copy, name, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- restoring -------------------------------------------------------------------------------------------------------


def read_manifest(path: Path) -> Manifest:
    """Return what an archive says of itself.

    Raises:
        SnapshotError: it is no archive of this version.
    """
    with _opened(path) as archive:
        return _manifest(path, archive)


def stage(path: Path, lab: LabFolder) -> Plan:
    """Check an archive and unpack it beside the lab it is of; return the lab's plan. Nothing of the lab changes.

    Raises:
        SnapshotError: the archive is damaged, another lab's, or its plan is another version's.
        LeaselabError: the disk is full.
    """
    _must_fit(path, read_manifest(path), lab.record())
    folder, staging = lab.path, lab.path / _STAGING
    with explained("unpack the snapshot"):
        shutil.rmtree(staging, ignore_errors=True)  # of a restore that was killed
        staging.mkdir(mode=0o700)
        try:
            with _opened(path) as archive:
                for name, digest in _manifest(path, archive).files.items():
                    _unpack(path, archive, name, digest, staging / name)
            plan = _plan(path, staging / PLAN)
            staging.rename(folder / _STAGED)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    return plan


def _must_fit(path: Path, manifest: Manifest, record: LabRecord) -> None:
    """Refuse what the lab could not be: its name, addresses and runtime are in all that it is made from."""
    if manifest.lab != record.name:
        raise SnapshotError(f"{path} is of lab {manifest.lab}, not {record.name}", hint=f"use --lab {manifest.lab}")
    for what, its, ours in (("runtime", manifest.runtime, record.runtime), ("slot", manifest.slot, record.slot)):
        if its != ours:
            raise SnapshotError(
                f"{path} is of a lab with {what} {its}; this one has {ours}",
                hint=f"`leaselab down {record.name}` first: the snapshot then brings up its own",
            )


def take(folder: Path) -> bool:
    """Put what :func:`stage` unpacked in the place of the lab's own files; tell whether there was anything.

    Whoever is interrupted here calls it again: what was done stays done.
    """
    staged, taking = folder / _STAGED, folder / _TAKING
    with explained("restore the snapshot"):
        if staged.exists():
            for pattern in (*_OTHERS, *(f"{pattern}*" for pattern in _STORES)):
                for old in folder.glob(pattern):
                    old.unlink()
            staged.rename(taking)
        if not taking.exists():
            return False
        for new in sorted(taking.rglob("*")):
            if new.is_file():
                target = folder / new.relative_to(taking)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                new.rename(target)
        shutil.rmtree(taking)
    return True


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise SnapshotError(
            f"cannot read {path}: {error.strerror or error}", hint="check its owner and mode"
        ) from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except KeyError:
        raise _damaged(path, "it has no manifest") from None
    except (msgspec.MsgspecError, zlib.error) as error:
        raise _damaged(path, f"its manifest: {error}") from error
    if manifest.format != FORMAT:
        raise SnapshotError(
            f"{path} has snapshot format {manifest.format}, this version of leaselab reads {FORMAT}",
            hint=f"restore it with leaselab {manifest.made_by}",
        )
    names = set(archive.namelist()) - {MANIFEST}
    if names != manifest.files.keys() or PLAN not in names:
        raise _damaged(path, "its files are not those of its manifest")
    strange = [name for name in names if not _FILE.fullmatch(name)]
    if strange:
        raise _damaged(path, f"a lab has no file {strange[0]!r}")
    return manifest


def _unpack(path: Path, archive: zipfile.ZipFile, name: str, digest: str, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found_digest = hashlib.sha256()
    try:
        with archive.open(name) as source, _created(target) as file:
            while chunk := source.read(_CHUNK):
                found_digest.update(chunk)
                if file.tell() > MAX_FILE_BYTES:
                    raise _damaged(path, f"{name} is larger than any lab's")
                file.write(chunk)
    except zlib.error as error:
        raise _damaged(path, f"{name}: {error}") from error
    if found_digest.hexdigest() != digest:
        raise _damaged(path, f"{name} is not what was saved")


def _created(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _plan(path: Path, file: Path) -> Plan:
    try:
        return Plan.from_json(file.read_bytes())
    except (ValueError, msgspec.MsgspecError) as error:
        raise SnapshotError(f"{path}: {error}", hint="restore it with the version that saved it") from error


def _damaged(path: Path, why: str) -> SnapshotError:
    return SnapshotError(f"{path} is no snapshot, or is damaged: {why}", hint="the lab is as it was; use another one")
