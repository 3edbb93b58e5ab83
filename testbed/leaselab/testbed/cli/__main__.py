"""``python -m leaselab.testbed.cli``: the command line where no script is installed."""

import sys

from leaselab.testbed.cli import main

sys.exit(main())
