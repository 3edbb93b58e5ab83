"""Hosts of labs that are killed, by themselves, at a step of their journal."""

import subprocess
import sys

_SCRIPT = """
import os, signal, sys
from leaselab.testbed import journal
from leaselab.testbed.lab import Lab

step, runtime, topology, goes_down = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "True"
seen = 0
write = journal.Journal._write

def write_and_maybe_die(self, entries, *, sync):
    global seen
    write(self, entries, sync=sync)
    seen += len(entries)
    if seen >= step:
        os.kill(os.getpid(), signal.SIGKILL)

journal.Journal._write = write_and_maybe_die
lab = Lab.up(topology, runtime=runtime)
if goes_down:
    lab.down()
os._exit(0)
"""


def exit_code_of_one_that_dies(step: int, topology: str, *, runtime: str, goes_down: bool = False) -> int:
    """Bring a lab up in a process that dies once its journal has so many lines, and down again if it gets there."""
    arguments = [str(step), runtime, topology, str(goes_down)]
    return subprocess.run([sys.executable, "-c", _SCRIPT, *arguments], check=False, timeout=200).returncode
