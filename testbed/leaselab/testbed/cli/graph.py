"""`leaselab graph`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leaselab.testbed.cli.options import SetOption, variables
from leaselab.testbed.errors import CallError


class Drawing(StrEnum):
    """How a topology is drawn."""

    SVG = "svg"
    MERMAID = "mermaid"
    JSON = "json"


def graph(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The topology file.")] = None,
    *,
    lab: Annotated[
        str, typer.Option("--lab", "-l", metavar="NAME", help="Draw this running lab, with what is leased now.")
    ] = "",
    format: Annotated[Drawing, typer.Option("--format", help="svg, mermaid or json.")] = Drawing.SVG,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to a file, not to the terminal.")
    ] = None,
    assignments: SetOption = None,
) -> None:
    """Draw a topology as SVG, Mermaid or JSON.

    The SVG follows the reader's light or dark scheme. Many equal gateways are drawn as one stack; JSON has each.
    """
    from leaselab.testbed.graph import Picture, mermaid

    if (file is None) == (not lab):
        raise CallError(
            "give a topology file or a lab, not both" if file else "no topology file is given",
            hint="`leaselab graph FILE`, or `leaselab graph --lab NAME` for a running lab",
        )
    picture: Picture = _of_lab(lab) if file is None else _of_file(file, assignments)
    if format is Drawing.SVG:
        from leaselab.testbed.graph_svg import svg

        text = svg(picture)
    elif format is Drawing.MERMAID:
        text = mermaid(picture)
    else:
        import msgspec

        text = msgspec.json.encode(picture).decode() + "\n"
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)
