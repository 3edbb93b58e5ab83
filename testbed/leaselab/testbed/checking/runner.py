"""Carries checks out, one after the other: wait, act, look."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from leaselab.testbed.checking.acts import carry_out
from leaselab.testbed.checking.plan import Check, Outcome
from leaselab.testbed.checking.sight import problems
from leaselab.testbed.errors import CallError, LeaselabError

if TYPE_CHECKING:
    from leaselab.testbed.checking.lab import CheckedLab


class Runner:
    """One run of a lab's checks.

    Args:
        lab: the lab.
        on_outcome: told of each check that is through.
    """

    def __init__(self, lab: "CheckedLab", on_outcome: Callable[[Outcome], None] = lambda _outcome: None) -> None:
        self._lab = lab
        self._on_outcome = on_outcome
        self._refused: dict[str, int] = {}
        self._logged: dict[str, int] = {}

    def run(self, checks: Sequence[Check]) -> tuple[Outcome, ...]:
        """Carry out all checks. One that fails does not keep the next from being tried.

        Raises:
            CallError: there are none.
        """
        if not checks:
            raise CallError(f"the lab {self._lab.name} has no checks", hint="docs/checks.md says how to write them")
        for line in self._lab.logs():
            self._logged[line.node] = line.n
        outcomes = []
        for check in checks:
            outcome = self._outcome(check)
            self._on_outcome(outcome)
            outcomes.append(outcome)
        return tuple(outcomes)

    def _outcome(self, check: Check) -> Outcome:
        began = time.perf_counter()
        try:
            found = self._carry_out(check)
        except LeaselabError as error:
            found = [str(error)]
        return Outcome(
            name=check.name,
            passed=not found,
            at=self._lab.clock.now,
            problems=tuple(found),
            seconds=time.perf_counter() - began,
        )

    def _carry_out(self, check: Check) -> list[str]:
        clock = self._lab.clock
        if check.at is not None:
            clock.to(check.at)
        if check.after is not None:
            clock.advance(check.after)
        for act in check.do:
            self._refused |= carry_out(self._lab, act)
        deadline = clock.now + (check.within or 0)
        while found := self._problems(check):
            status = clock.status()
            if status.now >= deadline:
                return found
            clock.to(max(status.now, min(status.next_due, deadline)))  # nothing changes before somebody wakes
        return []

    def _problems(self, check: Check) -> list[str]:
        return [
            problem
            for node, wanted in check.expect.items()
            for problem in problems(
                self._lab,
                node,
                wanted,
                refused=self._refused.get(node, 0),
                logged_after=self._logged.get(node, 0),
            )
        ]
