"""`leaselab timeline`."""

from pathlib import Path

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import lab_option, option, some_nodes_argument


@click.command()
@some_nodes_argument
@lab_option
@option("--feature", default="concurrent-users", metavar="NAME", help="Whose counts to show.")
@option(
    "--format",
    "drawing",
    type=click.Choice(["svg", "html", "mermaid", "json"]),
    default="svg",
    envvar="LEASELAB_TIMELINE_FORMAT",
    help="What to draw it as.",
)
@option("--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Write to this file.")
def timeline(nodes: tuple[str, ...], *, lab: str, feature: str, drawing: str, output: Path | None) -> None:
    """Draw counts, leases and faults over the lab's time.

    Of all nodes that are on, or of those named. It is worked out from the event logs.
    """
    import msgspec

    from leaselab.appliance.licensing.commands import FEATURES
    from leaselab.testbed.cli.output import print_or_write
    from leaselab.testbed.errors import CallError, nearest
    from leaselab.testbed.pictures.timeline import mermaid, timeline_of

    if feature not in FEATURES:
        near = nearest(feature, FEATURES) or f"one of {', '.join(FEATURES)}"
        raise CallError(f"there is no feature {feature!r}", hint=f"did you mean {near}?")
    drawn = timeline_of(chosen_lab(lab), feature=feature, nodes=nodes)
    if drawing == "json":
        text = msgspec.json.encode(drawn).decode() + "\n"
    elif drawing == "mermaid":
        text = mermaid(drawn)
    else:
        from leaselab.testbed.pictures import timeline_svg

        text = timeline_svg.html(drawn) if drawing == "html" else timeline_svg.svg(drawn)
    print_or_write(text, output)
