"""The faults of a lab, as tests and tools use them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from leaselab.appliance.instants import Duration, parse_signed
from leaselab.testbed.errors import CallError
from leaselab.testbed.faults.kinds import Fault
from leaselab.testbed.hostline import Line
from leaselab.testbed.views import FaultRow

_DURATIONS: Final = ("lasts", "every", "delay", "skew")


class Faults:
    """What is wrong in a lab, and what will be.

    .. code-block:: python

        with lab.faults.during("cut", between=("gw1", "vls1")):
            lab.clock.advance(days=1)
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def list(self) -> tuple[FaultRow, ...]:
        """Return the faults in force and those to come, in the order in which they were entered."""
        return msgspec.convert(self._line.call("faults"), tuple[FaultRow, ...])

    def inject(
        self,
        kind: str,
        *,
        between: tuple[str, str] | tuple[()] = (),
        node: str = "",
        network: str = "",
        lasts: str | Duration | None = None,
        **more: Any,
    ) -> FaultRow:
        """Inject a fault; docs/faults.md has every kind and what it takes.

        Args:
            kind: e.g. ``cut``.
            between: two nodes.
            node: one node.
            network: all that goes over one.
            lasts: how long; until it is cleared by default.
            more: any other field of :class:`~leaselab.testbed.faults.kinds.Fault`; durations may be text.

        Raises:
            CallError: there is no such kind or target, or what it takes is missing.
        """
        given: dict[str, Any] = {"kind": kind, "between": between, "node": node, "network": network, "lasts": lasts}
        given |= more
        try:
            given |= {name: parse_signed(each) for name in _DURATIONS if isinstance(each := given.get(name), str)}
            fault = msgspec.convert(given, Fault)
        except (ValueError, TypeError) as error:
            raise CallError(f"fault {kind}: {error}", hint="docs/faults.md has what each takes") from None
        answer = self._line.call("fault_inject", fault=msgspec.to_builtins(fault))
        return msgspec.convert(answer, FaultRow)

    def cut(self, one: str, other: str, *, one_way: bool = False, lasts: str | Duration | None = None) -> FaultRow:
        """Let nothing through between two nodes; ``one_way``: nothing from the first to the second."""
        return self.inject("cut", between=(one, other), one_way=one_way, lasts=lasts)

    def heal(self, one: str, other: str) -> tuple[FaultRow, ...]:
        """Take back every fault between two nodes; return what was taken back."""
        numbers = [row.n for row in self.list() if set(row.between) == {one, other}]
        return self.clear(*numbers) if numbers else ()

    def clear(self, *numbers: int) -> tuple[FaultRow, ...]:
        """Take faults back by number, or all of them, those to come included; return what was taken back.

        Raises:
            CallError: there is no fault of such a number.
        """
        return msgspec.convert(self._line.call("fault_clear", numbers=list(numbers)), tuple[FaultRow, ...])

    @contextmanager
    def during(self, kind: str, **how: Any) -> Iterator[FaultRow]:
        """Inject a fault for as long as a block runs."""
        row = self.inject(kind, **how)
        try:
            yield row
        finally:
            if any(each.n == row.n for each in self.list()):  # it may have ended by itself
                self.clear(row.n)
