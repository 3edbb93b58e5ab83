"""`leaselab events`."""

from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import follow_option, format_option, lab_option

if TYPE_CHECKING:
    from leaselab.testbed.views import LabEvent


@click.command()
@follow_option
@lab_option
@format_option
def events(*, follow: bool, lab: str, as_json: bool) -> None:
    """Print what the testbed did, in virtual and wall time."""
    from leaselab.testbed import shapes
    from leaselab.testbed.cli.output import following, print_json, print_line

    with following(follow):
        for event in chosen_lab(lab).events(follow=follow):
            if as_json:
                print_json(shapes.event(event))
            else:
                print_line(event_line(event))


def event_line(event: "LabEvent") -> str:
    """Return an event as one line: lab time, wall time, node, what."""
    from leaselab.appliance.instants import format_instant

    fields = " ".join(f"{name}={value}" for name, value in event.fields.items())
    return "  ".join(filter(None, (format_instant(event.at), event.wall, event.node or "-", event.kind, fields)))
