"""The file's checks: acts and expectations on a running lab, in its own time.

:mod:`~leaselab.testbed.checking.plan` has what a check says, :mod:`~leaselab.testbed.checking.comparison` how numbers
are compared, :mod:`~leaselab.testbed.checking.acts` what a check does, :mod:`~leaselab.testbed.checking.sight` what it
sees, and :mod:`~leaselab.testbed.checking.runner` carries all of it out.
"""
