"""Options and arguments that several verbs share, each with its environment variable, and what a shell completes."""

from functools import partial
from pathlib import Path

import click

from leaselab.testbed.errors import CallError, LeaselabError
from leaselab.testbed.runtimes import RUNTIMES

option = partial(click.option, show_envvar=True)
"""A verb's own option; its variable is ``LEASELAB_<VERB>_<OPTION>``."""


def _is_json(_context: click.Context, _option: click.Parameter, value: str) -> bool:
    return value == "json"


def _variables(_context: click.Context, _option: click.Parameter, assignments: tuple[str, ...]) -> dict[str, str]:
    return variables(assignments)


def _labs_there(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a lab."""
    from leaselab.testbed.labs import all_labs

    return [lab.name for lab in all_labs() if lab.name.startswith(begun)]


def nodes_there(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the name of a node of the lab meant; of none if that is not clear yet."""
    from leaselab.testbed.cli.choice import chosen_lab

    try:
        return [name for name in chosen_lab(context.params.get("lab") or "").names() if name.startswith(begun)]
    except LeaselabError:
        return []


format_option = option(
    "--format",
    "as_json",
    type=click.Choice(["text", "json"]),
    default="text",
    callback=_is_json,
    envvar="LEASELAB_FORMAT",
    help="text for people, json for programs.",
)
lab_option = option(
    "--lab",
    "-l",
    default="",
    metavar="NAME",
    envvar="LEASELAB_LAB",
    shell_complete=_labs_there,
    help="Which lab; the only one if left out.",
)
lab_argument = click.argument("lab", default="", metavar="[LAB]", envvar="LEASELAB_LAB", shell_complete=_labs_there)
node_argument = click.argument("node", shell_complete=nodes_there)
nodes_argument = click.argument("nodes", nargs=-1, required=True, metavar="NODE...", shell_complete=nodes_there)
some_nodes_argument = click.argument("nodes", nargs=-1, metavar="[NODE...]", shell_complete=nodes_there)
file_argument = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
set_option = option(
    "--set",
    "values",
    multiple=True,
    callback=_variables,
    envvar="LEASELAB_SET",
    metavar="NAME=VALUE",
    help="Set a variable of the file; may be repeated.",
)
follow_option = option("--follow", "-f", is_flag=True, help="Go on printing what comes, until Ctrl-C.")

runtime_option = option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default=RUNTIMES[0],
    help="embedded: all nodes in one process; process: one each; docker: a container each; swarm: over many machines.",
)


def variables(assignments: tuple[str, ...]) -> dict[str, str]:
    """Read ``--set NAME=VALUE`` options.

    Raises:
        CallError: one has no ``=`` or no name.
    """
    pairs: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise CallError(
                f"--set {assignment} sets nothing", hint="write --set NAME=VALUE, for example --set users=40"
            )
        pairs[name] = value
    return pairs
