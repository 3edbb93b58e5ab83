"""Comparisons as a file writes them: ``75``, ``">= 600"``, ``"!= 0"``, ``down``. Pure."""

import operator
import re
from collections.abc import Callable
from typing import Any, Final

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}

_COMPARISON: Final = re.compile(r"(==|!=|>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")


def parse(wanted: str) -> tuple[str, float]:
    """Read a comparison with a number.

    Raises:
        ValueError: the text is none.
    """
    found = _COMPARISON.fullmatch(wanted.strip())
    if found is None:
        raise ValueError(f"{wanted!r} is no comparison; write a number, or for example >= 50, < 3, != 0")
    return found[1], float(found[2])


def holds(wanted: int | str, found: float) -> bool:
    """Tell whether a number is as it is wanted."""
    if isinstance(wanted, int):
        return found == wanted
    sign, number = parse(wanted)
    return OPERATORS[sign](found, number)
