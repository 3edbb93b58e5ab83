"""Make what is in the image ready for a read-only root file system, the same for the same input, and tries it."""

import compileall
import os
import py_compile
import sys
from pathlib import Path

SITE = "/opt/leaselab"
EPOCH = 1_514_764_800  # 2018-01-01, where labs begin

# Judged by content, never by time: times are all alike.
done = compileall.compile_dir(SITE, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
for path in sorted(Path(SITE).rglob("*"), reverse=True):
    os.utime(path, (EPOCH, EPOCH))

sys.path.insert(0, SITE)
import leaselab.appliance.main  # noqa: E402 - what it needs and lacks, it says here

leaselab.appliance.main.warm()
sys.exit(not done)
