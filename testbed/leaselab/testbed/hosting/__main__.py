"""Host a lab in a process of its own: ``python -m leaselab.testbed.hosting DESCRIPTOR RUNTIME``.

The lab comes over the socket of that descriptor, once it has been planned.
"""

import signal
import sys

from leaselab.testbed.runtimes.parent import Parent


def main() -> None:
    """Start what takes longest first, then import the host and run it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us to judge
    descriptor, runtime = int(sys.argv[1]), sys.argv[2]
    parent = Parent() if runtime == "process" else None
    from leaselab.testbed.hosting.host import serve_one

    serve_one(descriptor, runtime, parent)


if __name__ == "__main__":
    main()
