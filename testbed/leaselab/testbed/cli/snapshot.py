"""`leaselab snapshot`: the whole lab as a file, and back."""

from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab, chosen_name
from leaselab.testbed.cli.options import format_option, lab_option

if TYPE_CHECKING:
    from leaselab.testbed.snapshots import SnapshotInfo


@click.group()
def snapshot() -> None:
    """Save a whole lab as a file, and bring it back to that.

    Clock, leases and secrets are in it. Snapshots outlive the lab; NAME may also be the path of an archive, with a
    slash in it.
    """


@snapshot.command()
@click.argument("name")
@lab_option
@format_option
def save(name: str, *, lab: str, as_json: bool) -> None:
    """Save the lab as it is now, while it runs."""
    from leaselab.testbed.cli.output import print_json, print_line

    path = chosen_lab(lab).snapshots.save(name)
    if as_json:
        print_json({"saved": path.stem, "path": str(path)})
    else:
        print_line(f"saved {path}; whoever can read it can open everything in the lab")


@snapshot.command()
@click.argument("name")
@lab_option
@format_option
def restore(name: str, *, lab: str, as_json: bool) -> None:
    """Bring a lab back to a snapshot, whether it is up or not there at all."""
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import LabFolder
    from leaselab.testbed.snapshots import found, read_manifest

    meant = _meant(name, lab)
    path = found(meant, name)
    if LabFolder(meant).is_hosted():
        Lab.attach(meant).snapshots.restore(str(path))
    else:
        meant = read_manifest(path).lab
        Lab.from_snapshot(path, background=True)
    now = Lab.attach(meant).clock.status().now
    if as_json:
        print_json({"restored": path.stem, "lab": meant, "now": now})
    else:
        from leaselab.appliance.instants import format_instant

        print_line(f"{meant} is as it was at {format_instant(now)}")


@snapshot.command(name="list")
@lab_option
@format_option
def list_(*, lab: str, as_json: bool) -> None:
    """List the snapshots, of all labs unless one is named."""
    from leaselab.testbed.cli.output import print_json, print_table
    from leaselab.testbed.snapshots import labs_with_snapshots, snapshots_of

    there = [one for name in ([lab] if lab else labs_with_snapshots()) for one in snapshots_of(name)]
    if as_json:
        print_json({"snapshots": there})
        return
    print_table(
        ["snapshot", "lab", "runtime", "at", "taken", "#KiB"],
        [_row(one) for one in there],
        empty="no snapshot is here; `leaselab snapshot save NAME` makes one",
    )


@snapshot.command()
@click.argument("name")
@lab_option
@format_option
def rm(name: str, *, lab: str, as_json: bool) -> None:
    """Remove a snapshot."""
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.snapshots import remove

    remove(_meant(name, lab), name)
    if as_json:
        print_json({"removed": name})
    else:
        print_line(f"removed {name}")


def _meant(name: str, lab: str) -> str:
    """Return the lab that a snapshot is of: the one named, the only one that has such a snapshot, the only one up."""
    from leaselab.testbed.labs import all_labs
    from leaselab.testbed.snapshots import labs_with_snapshots, read_manifest, snapshots_of

    if lab:
        return lab
    if "/" in name:
        from pathlib import Path

        return read_manifest(Path(name)).lab
    having = [each for each in labs_with_snapshots() if name in {one.name for one in snapshots_of(each)}]
    return chosen_name("", having or [each.name for each in all_labs() if each.state == "up"])


def _row(one: "SnapshotInfo") -> tuple[object, ...]:
    from leaselab.appliance.instants import format_instant

    if not one.lab:
        return (one.name, "unreadable", "", "", "", one.size_bytes // 1024)
    return (one.name, one.lab, one.runtime, format_instant(one.at), one.taken, one.size_bytes // 1024)
