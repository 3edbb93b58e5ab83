"""Files that are whole or not there, and what a person is told where the system refuses."""

import errno
from pathlib import Path

import pytest

from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.files import complaint, explained, write_whole


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_replaced_whole_and_is_its_owners_alone(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")

    write_whole(path, b"new", sync=sync)

    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_content_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")

    with pytest.raises(TypeError):
        write_whole(path, "no bytes")  # type: ignore[arg-type] # as a full disk would, in the middle

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free some space there"),
        (errno.EACCES, "give yourself the right to it"),
        (errno.EMFILE, "raise the limit of open files"),
        (errno.EIO, "`leaselab doctor` checks this machine"),
    ],
)
def test_a_refusal_of_the_system_says_what_where_why_and_what_to_do(number: int, hint: str) -> None:
    told = complaint(OSError(number, "why", "/labs/one"), "write the plan")

    assert told.message == "cannot write the plan (/labs/one): why"
    assert told.hint.startswith(hint)


def test_a_refusal_inside_is_explained_and_what_is_no_refusal_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(LeaselabError, match="cannot read the plan") as caught, explained("read the plan"):
        (tmp_path / "missing").read_text()
    assert isinstance(caught.value.__cause__, FileNotFoundError)

    with pytest.raises(KeyError), explained("read the plan"):
        raise KeyError("another")
