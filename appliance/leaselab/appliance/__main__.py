"""Run one node: ``python -m leaselab.appliance CONFIG --lab SOCKET --store FILE [--now MILLISECONDS]``.

On another machine than its lab: ``python -m leaselab.appliance PAPERS --lab ADDRESS:PORT``; the lab keeps its store.
"""

import argparse
import sys
from pathlib import Path

from leaselab.appliance.alone import run_far_node, run_node


def main() -> int:
    """Read the command line and be a node until the lab hangs up."""
    parser = argparse.ArgumentParser(prog="leaselab.appliance", description="Run one emulated appliance.")
    parser.add_argument("config", type=Path, help="its configuration as JSON")
    parser.add_argument("--store", type=Path, help="its database file; without it the lab keeps its history")
    parser.add_argument("--lab", required=True, help="the lab's socket, to dial out to; without a store ADDRESS:PORT")
    parser.add_argument("--now", type=int, default=0, help="the lab's instant, in milliseconds since 1970")
    chosen = parser.parse_args()
    if chosen.store is None:
        return run_far_node(chosen.config, lab=chosen.lab, now=chosen.now)
    return run_node(chosen.config, store=chosen.store, socket_path=Path(chosen.lab), now=chosen.now)


if __name__ == "__main__":
    sys.exit(main())
