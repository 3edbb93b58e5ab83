"""`leaselab validate`."""

from leaselab.testbed.cli.options import FileArgument, Format, FormatOption, SetOption, variables


def validate(file: FileArgument, *, assignments: SetOption = None, form: FormatOption = Format.TEXT) -> None:
    """Check a topology file and list every problem in it.

    Each comes with line, column and field, and the nearest valid name. The exit code is 2 if there is any.
    """
    from dataclasses import asdict

    import typer

    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.errors import TopologyError
    from leaselab.testbed.topology.files import load

    try:
        topology = load(file, variables(assignments))
    except TopologyError as error:
        if form is Format.TEXT:
            raise
        print_json({"file": str(file), "valid": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(2) from None
    if form is Format.JSON:
        print_json({"file": str(file), "valid": True, "problems": []})
        return
    print_line(f"{file}: fine, {len(topology.nodes)} nodes")
