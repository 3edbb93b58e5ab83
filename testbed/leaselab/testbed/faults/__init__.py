"""Faults on a schedule in virtual time: declared in the file or injected, each taken back exactly.

:mod:`~leaselab.testbed.faults.kinds` says what there is, :mod:`~leaselab.testbed.faults.book` what is in force when,
:mod:`~leaselab.testbed.faults.effects` what that means for each node, and :mod:`~leaselab.testbed.faults.engine` puts
it in force, on a running lab as in a simulation.
"""
