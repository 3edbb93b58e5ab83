"""The parent of node processes, as the host holds it; tests/contract/test_runtimes.py has what it is for."""

import signal
import time
from pathlib import Path

from leaselab.testbed.runtimes.parent import Parent

PATIENCE_SECONDS = 120.0


def test_a_parent_whose_line_is_closed_ends_by_itself_and_one_that_is_not_waited_for_is_killed() -> None:
    patient, hasty = Parent(), Parent()

    assert (hasty.end(), patient.end(PATIENCE_SECONDS)) == (-signal.SIGKILL, 0)


def test_a_parent_lets_go_of_its_makers_output_once_it_is_told_the_labs_log(tmp_path: Path) -> None:
    parent = Parent()
    log = tmp_path / "host.log"
    until = time.monotonic() + PATIENCE_SECONDS

    parent.log_to(log)
    while {Path(f"/proc/{parent.pid}/fd/{number}").readlink() for number in (1, 2)} != {log}:
        assert time.monotonic() < until
        time.sleep(0.05)

    assert parent.end(PATIENCE_SECONDS) == 0
