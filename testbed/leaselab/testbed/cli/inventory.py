"""`leaselab inventory`: the lab as other tools' files."""

from pathlib import Path

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, option


@click.command()
@click.argument("tool", type=click.Choice(["ssh", "ansible", "prometheus"]))
@lab_option
@option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Write files here.")
@format_option
def inventory(tool: str, *, lab: str, output: Path | None, as_json: bool) -> None:
    r"""Print the lab as a file that ssh, Ansible or Prometheus reads.

    \b
    leaselab inventory ssh -o lab     then: ssh -F lab/ssh_config gw1
    leaselab inventory ansible        an inventory in YAML
    leaselab inventory prometheus     targets for file_sd_configs
    """
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.files import explained, write_whole

    files = chosen_lab(lab).inventory(tool, folder=output.absolute() if output else None)
    if output:
        with explained("write the inventory"):
            output.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                write_whole(output / name, text.encode(), mode=0o644)
    paths = [str(output / name) for name in files] if output else []
    if as_json:
        print_json({"files": files, "written": paths})
    elif output:
        for path in paths:
            print_line(path)
    else:
        click.echo(next(iter(files.values())), nl=False)
