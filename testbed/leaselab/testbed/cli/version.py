"""`leaselab version`."""

import platform

import typer

from leaselab.appliance import __version__
from leaselab.testbed.cli.options import Format, FormatOption


def version(*, form: FormatOption = Format.TEXT) -> None:
    """Print the version."""
    if form is Format.TEXT:
        typer.echo(f"leaselab {__version__}")
        return
    from leaselab.testbed.cli.output import print_json

    print_json({"version": __version__, "python": platform.python_version(), "system": platform.system().lower()})
