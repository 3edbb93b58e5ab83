"""`leaselab version`."""

import platform

import click

from leaselab.appliance import __version__
from leaselab.testbed.cli.options import format_option


@click.command()
@format_option
def version(*, as_json: bool) -> None:
    """Print the version."""
    if not as_json:
        click.echo(f"leaselab {__version__}")
        return
    from leaselab.testbed.cli.output import print_json

    print_json({"version": __version__, "python": platform.python_version(), "system": platform.system().lower()})
