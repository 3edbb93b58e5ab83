"""`leaselab graph`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import option, set_option
from leaselab.testbed.errors import CallError
from leaselab.testbed.runtimes import RUNTIMES

if TYPE_CHECKING:
    from leaselab.testbed.pictures.graph import Picture


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@option("--lab", "-l", default="", metavar="NAME", help="Draw this running lab, with what is leased now.")
@option(
    "--format",
    "drawing",
    type=click.Choice(["svg", "mermaid", "json"]),
    default="svg",
    envvar="LEASELAB_GRAPH_FORMAT",
    help="What to draw it as.",
)
@option("--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Write to this file.")
@set_option
def graph(file: Path | None, *, lab: str, drawing: str, output: Path | None, values: dict[str, str]) -> None:
    """Draw a topology as SVG, Mermaid or JSON.

    The SVG follows the reader's light or dark scheme. Many equal gateways are drawn as one stack; JSON has each.
    """
    from leaselab.testbed.cli.output import print_or_write

    text = drawn(_picture(file, lab, values), drawing)
    print_or_write(text, output)


def drawn(picture: "Picture", drawing: str) -> str:
    """Return the picture as ``svg``, ``mermaid`` or ``json``."""
    if drawing == "svg":
        from leaselab.testbed.pictures.graph_svg import svg

        return svg(picture)
    if drawing == "mermaid":
        from leaselab.testbed.pictures.graph import mermaid

        return mermaid(picture)
    import msgspec

    return msgspec.json.encode(picture).decode() + "\n"


def _picture(file: Path | None, lab: str, values: dict[str, str]) -> "Picture":
    from leaselab.testbed.pictures.graph import picture_of

    if (file is None) == (not lab):
        raise CallError(
            "give a topology file or a lab, not both" if file else "neither a topology file nor a lab is given",
            hint="`leaselab graph FILE`, or `leaselab graph --lab NAME` for a running lab",
        )
    if file:
        from leaselab.testbed.bringup import dry_run

        plan, _ = dry_run(file, name=None, runtime=RUNTIMES[0], variables=values)
        return picture_of(plan)
    running = chosen_lab(lab)
    return picture_of(running.plan, running.reports())
