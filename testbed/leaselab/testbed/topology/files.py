"""Reading topology files: the one part of this package that touches the disk."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from leaselab.testbed.errors import CallError, Problem, TopologyError
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.topology import Topology


def load(source: str | PathLike[str], variables: Mapping[str, str] | None = None) -> Topology:
    """Read a topology.

    Args:
        source: a file, or the text itself: a string with a line break in it is a text.
        variables: values for ``${NAME}``, by name.

    Raises:
        TopologyError: with every problem in it.
        CallError: there is no such file, or it cannot be read.
    """
    if isinstance(source, str) and "\n" in source:
        return read(source, file="<text>", variables=variables)
    path = Path(source)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CallError(f"cannot read {path}: {error.strerror}", hint="give the path of a topology file") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise TopologyError([Problem(str(path), line, 1, "", "this is no UTF-8 text")]) from None
    return read(text, file=str(path), variables=variables)
