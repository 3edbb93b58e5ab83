"""Variables: ``${NAME}`` and ``${NAME:-default}`` in any text of a topology, given with ``--set NAME=value``.

``$${`` stands for a ``${`` that is meant as such. A variable fills a scalar; it cannot bring structure with it.
"""

import re
from collections.abc import Mapping
from typing import Final

from leaselab.testbed.errors import nearest

_VARIABLE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_-]*)(?::-([^{}]*))?\}|\$\{")


class Variables:
    """The values given, and which of them the file had a use for.

    Args:
        given: values by name.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.names: set[str] = set()

    def fill(self, text: str) -> str:
        """Return the text with its variables replaced.

        Raises:
            ValueError: a variable has neither a value nor a default, or is not written as one.
        """
        return _VARIABLE.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        name, default = match[1], match[2]
        if name is None:
            raise ValueError(
                "a variable is written ${NAME} or ${NAME:-default}; write $${ for the characters themselves"
            )
        self.names.add(name)
        value = self._given.get(name, default)
        if value is None:
            raise ValueError(f"${{{name}}} has no value; give one with --set {name}=…, or a default: ${{{name}:-…}}")
        return value

    def unused(self) -> list[tuple[str, str]]:
        """Return each name that was given but is nowhere in the file, with the nearest that is (or an empty text)."""
        return [(name, nearest(name, self.names)) for name in sorted(set(self._given) - self.names)]
