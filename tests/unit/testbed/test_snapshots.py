"""A restore that was interrupted is finished by whoever comes next."""

import contextlib
import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

from leaselab.testbed import snapshots


def lab_folder(path: Path) -> Path:
    """Return a lab's folder with a snapshot unpacked beside the old files."""
    for name in ("plan.json", "lab.db", "lab.db-wal", "nodes/gw1/device.db", "nodes/gw2/device.db", "journal.jsonl"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("old")
    for name in ("plan.json", "events.jsonl", "lab.db", "nodes/gw1/device.db"):
        (path / "restoring" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "restoring" / name).write_text("new")
    return path


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


RESTORED = {
    "plan.json": "new",
    "events.jsonl": "new",
    "lab.db": "new",
    "nodes/gw1/device.db": "new",
    "journal.jsonl": "old",
}


class PowerCutError(Exception):
    """The machine goes off."""


@pytest.mark.parametrize("step", range(12))
def test_a_restore_cut_off_at_any_step_is_finished_by_the_next_host(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lab_folder(tmp_path)
    steps = itertools.count()

    def cut(act: Any) -> Any:
        def done_or_cut(*words: Any, **named: Any) -> Any:
            if next(steps) == step:
                raise PowerCutError
            return act(*words, **named)

        return done_or_cut

    with monkeypatch.context() as patched:
        for act in ("unlink", "rename"):
            patched.setattr(Path, act, cut(getattr(Path, act)))
        patched.setattr(shutil, "rmtree", cut(shutil.rmtree))
        with contextlib.suppress(PowerCutError):
            snapshots.take(folder)
    snapshots.take(folder)

    assert content(folder) == RESTORED
    assert not list(folder.glob("restoring*"))


def test_a_lab_without_a_restore_under_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("old")

    assert not snapshots.take(tmp_path)
    assert content(tmp_path) == {"plan.json": "old"}
