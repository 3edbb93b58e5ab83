"""Options and arguments that several verbs share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from leaselab.testbed.errors import CallError


class Format(StrEnum):
    """How data is printed."""

    TEXT = "text"
    JSON = "json"


FormatOption: TypeAlias = Annotated[
    Format, typer.Option("--format", envvar="LEASELAB_FORMAT", help="text for people, json for programs.")
]
LabOption: TypeAlias = Annotated[
    str,
    typer.Option("--lab", "-l", envvar="LEASELAB_LAB", metavar="NAME", help="Which lab; the only one up if left out."),
]
LabArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="[LAB]", envvar="LEASELAB_LAB", help="Which lab; the only one up if left out.")
]
NodesArgument: TypeAlias = Annotated[list[str], typer.Argument(metavar="NODE...", help="Names of nodes.")]
SomeNodesArgument: TypeAlias = Annotated[
    list[str] | None, typer.Argument(metavar="[NODE...]", help="Names of nodes; all of them if left out.")
]
FileArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="The topology file.")]
SetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set", envvar="LEASELAB_SET", metavar="NAME=VALUE", help="Set a variable of the file; may be repeated."
    ),
]
FollowOption: TypeAlias = Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes.")]


def variables(assignments: list[str] | None) -> dict[str, str]:
    """Read ``--set NAME=VALUE`` options.

    Raises:
        CallError: one has no ``=`` or no name.
    """
    pairs: dict[str, str] = {}
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise CallError(
                f"--set {assignment} sets nothing", hint="write --set NAME=VALUE, for example --set users=40"
            )
        pairs[name] = value
    return pairs
