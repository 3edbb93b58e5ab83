"""A lab in one process without sockets, disk or waiting: the same devices, under simulated time and network.

.. code-block:: text

    stores ─ network ─→ world ─→ testing.fleet (tests of rules)
    load ─ invariants ─────────→ run (`leaselab simulate`)

Nothing here reads a clock or draws from anything but the seed it is given: same plan and seed, same history.
"""
