"""Run one node: ``python -m leaselab.appliance CONFIG --store FILE --lab SOCKET [--now MILLISECONDS]``."""

import argparse
import sys
from pathlib import Path

from leaselab.appliance.main import run_node


def main() -> int:
    """Read the command line and be a node until the lab hangs up."""
    parser = argparse.ArgumentParser(prog="leaselab.appliance", description="Run one emulated appliance.")
    parser.add_argument("config", type=Path, help="its configuration as JSON")
    parser.add_argument("--store", type=Path, required=True, help="its database file")
    parser.add_argument("--lab", type=Path, required=True, help="the lab's socket, to dial out to")
    parser.add_argument("--now", type=int, default=0, help="the lab's instant, in milliseconds since 1970")
    chosen = parser.parse_args()
    return run_node(chosen.config, store=chosen.store, socket_path=chosen.lab, now=chosen.now)


if __name__ == "__main__":
    sys.exit(main())
