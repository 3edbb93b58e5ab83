"""`leaselab schema`."""

import click


@click.command()
def schema() -> None:
    """Print the topology file's JSON Schema, for editors.

    Save it beside the file and put `# yaml-language-server: $schema=schema.json` on the file's first line.
    """
    import json

    from leaselab.testbed.cli.output import print_line
    from leaselab.testbed.topology.schema import json_schema

    print_line(json.dumps(json_schema(), indent=2, ensure_ascii=False))
