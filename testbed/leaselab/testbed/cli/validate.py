"""`leaselab validate`."""

from dataclasses import asdict
from pathlib import Path

import click

from leaselab.testbed.cli.options import file_argument, format_option, set_option


@click.command()
@file_argument
@set_option
@format_option
@click.pass_context
def validate(context: click.Context, file: Path, *, values: dict[str, str], as_json: bool) -> None:
    """Check a topology file and list every problem in it.

    Each comes with line, column and field, and the nearest valid name. The exit code is 2 if there is any.
    """
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.errors import TopologyError
    from leaselab.testbed.topology.files import load

    try:
        topology = load(file, values)
    except TopologyError as error:
        if not as_json:
            raise
        print_json({"file": str(file), "valid": False, "problems": [asdict(problem) for problem in error.problems]})
        context.exit(2)
    if as_json:
        print_json({"file": str(file), "valid": True, "problems": []})
    else:
        count = len(topology.nodes)
        print_line(f"{file}: fine, {count} node{'s' if count != 1 else ''}")
