"""The command line: `leaselab VERB …`. A thin layer over :class:`leaselab.testbed.lab.Lab`, one file a verb.

Nothing heavy is imported here: `leaselab version` answers before a lab's libraries could load.
"""

import os
import sys
from collections.abc import Sequence

from leaselab.testbed.errors import LeaselabError

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one call of the command line and return its exit code: 0 fine, 1 the lab says no, 2 the call is wrong.

    Args:
        arguments: the words after ``leaselab``; those of this process if left out.
    """
    from leaselab.testbed.cli.app import run

    try:
        return run(arguments)
    except LeaselabError as error:
        complain(str(error), error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
        return 1
    except Exception as error:
        if os.environ.get("LEASELAB_DEBUG"):
            raise
        complain(
            f"unexpected {type(error).__name__}: {error}",
            "this is a fault of leaselab; LEASELAB_DEBUG=1 shows where it arose",
        )
        return 1


def complain(what: str, hint: str = "") -> None:
    """Write ``error: what`` and ``hint: …`` to stderr; a file's problems are several errors with one hint."""
    red, plain = ("\33[31m", "\33[0m") if sys.stderr.isatty() and "NO_COLOR" not in os.environ else ("", "")
    for line in what.splitlines():
        sys.stderr.write(f"{red}error:{plain} {line}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")
