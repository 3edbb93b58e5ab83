"""From a topology file to a plan: what each device is told, what is entered on it, and in which order.

.. code-block:: text

    files.load ─ marks ─ variables ─ expand ─ schema ─ checks ─→ Topology
    planner.plan ─ identities ─ credentials ─→ plan.Plan ─ steps.steps ─→ what a converge does

All of it is pure but :mod:`files`, which reads the file. Loading needs pydantic; :mod:`plan` and :mod:`steps` do not.
"""
